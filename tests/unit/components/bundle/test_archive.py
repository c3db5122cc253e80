import os
import stat
import zipfile
from pathlib import Path

import pytest

from components.bundling.archive import forget_old, write_zip


def test_order_dates_and_modes_of_files_do_not_change_the_zip(tmp_path: Path):
    first, second = tmp_path / "first.py", tmp_path / "second.py"
    first.write_text("1")
    second.write_text("2")
    write_zip(tmp_path / "one.zip", {"b.py": second, "a.py": first}, level=9)
    os.utime(first, (1, 1))
    second.chmod(0o700)
    write_zip(tmp_path / "two.zip", {"a.py": first, "b.py": second}, level=9)

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_entries_are_sorted_dated_1980_and_readable_by_anyone(tmp_path: Path):
    write_zip(tmp_path / "a.zip", {"z.py": b"", "a/b.so": b"\x7fELF", "a.py": b""}, level=1)

    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        entries = archive.infolist()
    assert ["a.py", "a/b.so", "z.py"] == [entry.filename for entry in entries]
    assert {(1980, 1, 1, 0, 0, 0)} == {entry.date_time for entry in entries}
    assert {stat.S_IFREG | 0o644} == {entry.external_attr >> 16 for entry in entries}


def test_the_zip_itself_is_readable_by_anyone_under_a_strict_umask(tmp_path: Path):
    before = os.umask(0o077)
    try:
        write_zip(tmp_path / "a.zip", {"a.py": b""}, level=1)
    finally:
        os.umask(before)

    assert 0o644 == stat.S_IMODE((tmp_path / "a.zip").stat().st_mode)


def test_a_zip_that_cannot_be_finished_leaves_nothing_behind(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match="absent"):
        write_zip(tmp_path / "out" / "a.zip", {"a.py": b"", "b.py": tmp_path / "absent"}, level=1)

    assert [] == list((tmp_path / "out").iterdir())


def test_old_bundles_of_the_same_series_are_forgotten_and_young_ones_kept(tmp_path: Path):
    old = [_bundle(tmp_path / f"query-arm64-py3.13-{number}.zip", age_seconds=90_000 + number) for number in range(9)]
    young = _bundle(tmp_path / "query-arm64-py3.13-young.zip", age_seconds=60)
    other = _bundle(tmp_path / "ingest-arm64-py3.13-0.zip", age_seconds=900_000)
    newest = _bundle(tmp_path / "query-arm64-py3.13-new.zip", age_seconds=0)

    forget_old(newest, "query-arm64-py3.13")

    assert {newest, young, other, *old[:2]} == set(tmp_path.iterdir())


def test_a_bundle_in_use_is_kept_however_many_came_after_it(tmp_path: Path):
    bundles = {_bundle(tmp_path / f"query-host-py3.11-{number}.zip", age_seconds=number) for number in range(9)}

    forget_old(tmp_path / "query-host-py3.11-0.zip", "query-host-py3.11")

    assert bundles == set(tmp_path.iterdir())


def _bundle(path: Path, *, age_seconds: int) -> Path:
    path.touch()
    written_at = path.stat().st_mtime - age_seconds
    os.utime(path, (written_at, written_at))
    return path
