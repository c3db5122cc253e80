import json
import os
import re
from pathlib import Path

import pytest

from fluxa.errors import OperatorError
from fluxa.local import state


def test_a_second_platform_is_told_who_holds_the_folder_and_what_to_do(tmp_path: Path):
    with (
        state.claimed(tmp_path),
        pytest.raises(
            OperatorError,
            match=rf"already running in {re.escape(str(tmp_path))}, process {os.getpid()} since \d\d:\d\d: stop it, or "
            r"name another folder with --state-dir",
        ),
        state.claimed(tmp_path),
    ):
        pass


@pytest.mark.parametrize("content", ["", "{", "[]", "{}"])
def test_a_damaged_lock_file_still_says_that_the_folder_is_taken(tmp_path: Path, content: str):
    with state.claimed(tmp_path):
        (tmp_path / state.LOCK).write_text(content, encoding="utf-8")

        with pytest.raises(OperatorError, match="A platform is already running in"), state.claimed(tmp_path):
            pass


def test_a_lock_file_that_a_killed_platform_left_holds_nobody_up(tmp_path: Path):
    (tmp_path / state.LOCK).write_text(json.dumps({"pid": 1, "since": "09:00"}), encoding="utf-8")

    with state.claimed(tmp_path):
        assert os.getpid() == json.loads((tmp_path / state.LOCK).read_text(encoding="utf-8"))["pid"]


def test_the_folder_is_free_again_afterwards(tmp_path: Path):
    for _ in range(2):
        with state.claimed(tmp_path):
            pass

    assert "" == (tmp_path / state.LOCK).read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path):
    (tmp_path / "file").touch()

    with (
        pytest.raises(OperatorError, match=r"Cannot write in .*/file/state \(Not a directory\): make it writable, or"),
        state.claimed(tmp_path / "file" / "state"),
    ):
        pass


def test_git_never_sees_the_folder(tmp_path: Path):
    with state.claimed(tmp_path / "anywhere"):
        pass

    assert "*\n" == (tmp_path / "anywhere" / ".gitignore").read_text(encoding="utf-8")


def test_a_reset_removes_what_a_platform_keeps_and_nothing_else(tmp_path: Path):
    ours = ["postgres/PG_VERSION", "postgres.password", "postgres.log", "emulator/state/sqs.json", "stack/secrets.json"]
    not_ours = ["emulator-env/bin/python", "bundles/ingest.zip", "platform.lock", "thesis.doc", "photos/postgres.jpg"]
    for name in ours + not_ours:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    state.reset(tmp_path)

    assert sorted(not_ours) == sorted(
        str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if not path.is_dir()
    )


def test_a_reset_follows_no_link(tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "kept").mkdir(parents=True)
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "postgres").symlink_to(elsewhere)

    state.reset(folder)

    assert (elsewhere / "kept").exists()
    assert not (folder / "postgres").is_symlink()
