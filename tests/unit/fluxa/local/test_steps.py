import io
import re

import pytest

from fluxa.local.steps import PlainSteps


def test_a_step_is_one_line_with_its_time():
    stream = io.StringIO()

    with PlainSteps(stream).step("PostgreSQL"):
        pass

    assert re.fullmatch(r"PostgreSQL +ok +0\.0 s\n", stream.getvalue())


def test_a_failed_step_is_shown_as_such_and_fails():
    stream = io.StringIO()

    with pytest.raises(ZeroDivisionError, match="division"), PlainSteps(stream).step("AWS emulator"):
        _ = 1 / 0

    assert re.fullmatch(r"AWS emulator +FAILED +0\.0 s\n", stream.getvalue())
