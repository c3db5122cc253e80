"""The parts of our emulator that need none to be tested."""

import tomllib

import pytest

from fluxa.local.emulator_program.log_streams import KEPT_STREAMS, forget_oldest
from fluxa.local.emulator_program.made_for import MADE_FOR, refuse_another
from fluxa.local.project import PROJECT_DIR


def test_what_is_changed_is_the_version_that_is_installed():
    groups = tomllib.loads((PROJECT_DIR / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]

    assert [f"ministack=={MADE_FOR}"] == groups["emulator"]


def test_another_version_is_refused_with_a_sentence_that_says_where_to_look():
    refuse_another(MADE_FOR)

    with pytest.raises(SystemExit, match=rf"is ministack 9\.9\.9, .* made for {MADE_FOR}: see .*made_for\.py"):
        refuse_another("9.9.9")


def test_the_newest_streams_are_kept():
    streams = {str(number): {} for number in range(KEPT_STREAMS + 7)}

    forget_oldest(streams)

    assert [str(number) for number in range(7, KEPT_STREAMS + 7)] == list(streams)
