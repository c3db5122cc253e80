from pathlib import Path

import pytest

from fluxa.errors import OperatorError
from fluxa.local import emulator_environment


def test_without_a_lock_file_the_operator_is_told_where_to_run(tmp_path: Path):
    with pytest.raises(OperatorError, match=r"There is no uv\.lock in .*: run `fluxa` from a clone of the repository"):
        emulator_environment.ensure(tmp_path)


def test_an_installation_that_fails_is_one_sentence_and_is_tried_again(tmp_path: Path):
    (tmp_path / "uv.lock").write_text("version = 1\n", encoding="utf-8")

    for _ in range(2):
        with pytest.raises(OperatorError, match=r"The AWS emulator could not be installed: .* missing field"):
            emulator_environment.ensure(tmp_path)
