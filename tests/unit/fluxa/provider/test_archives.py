"""A function's code reaches the emulator as a zip of exactly its files."""

import io
import os
import zipfile
from pathlib import Path

import pulumi
import pytest

from fluxa.local.provider.archives import zipped


def contents(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def a_folder(folder: Path) -> Path:
    (folder / "inner").mkdir(parents=True)
    (folder / "a.py").write_text("A = 1\n")
    (folder / "inner" / "b.py").write_text("B = 2\n")
    return folder


def test_a_zip_file_is_taken_as_it_is(tmp_path: Path):
    path = tmp_path / "bundle.zip"
    path.write_bytes(b"the bundle's own bytes")

    assert zipped(pulumi.FileArchive(str(path))) == b"the bundle's own bytes"


def test_a_folder_and_assets_become_their_files(tmp_path: Path):
    code = pulumi.AssetArchive(
        {
            "lib": pulumi.FileArchive(str(a_folder(tmp_path / "src"))),
            "main.py": pulumi.StringAsset("import lib"),
            "copied.py": pulumi.FileAsset(str(tmp_path / "src" / "a.py")),
        }
    )

    assert contents(zipped(code)) == {
        "lib/a.py": b"A = 1\n",
        "lib/inner/b.py": b"B = 2\n",
        "main.py": b"import lib",
        "copied.py": b"A = 1\n",
    }


def test_equal_files_make_equal_zips_whenever_they_were_written(tmp_path: Path):
    first, second = a_folder(tmp_path / "one"), a_folder(tmp_path / "two")
    os.utime(first / "a.py", (0, 0))

    zips = [zipped(pulumi.FileArchive(str(folder))) for folder in (first, second)]

    assert zips[0] == zips[1]
    with zipfile.ZipFile(io.BytesIO(zips[0])) as archive:
        assert {(1980, 1, 1, 0, 0, 0)} == {entry.date_time for entry in archive.infolist()}


def test_a_bundle_that_was_not_built_is_named(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match=r"ingest\.zip is neither a zip nor a folder"):
        zipped(pulumi.FileArchive(str(tmp_path / "ingest.zip")))


def test_code_from_elsewhere_is_refused():
    with pytest.raises(TypeError, match="cannot be a RemoteArchive on this machine"):
        zipped(pulumi.RemoteArchive("https://example.org/a.zip"))
