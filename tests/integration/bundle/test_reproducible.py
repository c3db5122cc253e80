import filecmp
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from components.bundle import Bundler
from tests.integration.bundle.conftest import PROJECT, PYTHON, a_bundler
from tests.support.upcasters import EURO, write_registry

BUILD = """
import os, sys
from pathlib import Path
os.umask(int(sys.argv[4], 8))
from components.bundle import Bundler
bundler = Bundler(Path(sys.argv[1]), sys.argv[2], sys.argv[3], Path("fluxa/demo/handlers"), build=True)
for path in bundler.build_missing(*sys.argv[5:]).values():
    print(path)
"""


def a_copy(folder: Path, *, modified_at: int) -> Path:
    """Copy what bundles are made of, with other dates than the original's."""
    for part in ("functions", "fluxa/demo/handlers", "schemas"):
        shutil.copytree(PROJECT / part, folder / part)
    write_registry(folder, v2=EURO)
    for name in ("pyproject.toml", "uv.lock", "README.md"):
        shutil.copy(PROJECT / name, folder / name)
    for file in folder.rglob("*"):
        os.utime(file, (modified_at, modified_at))
    return folder


def start_build(
    project: Path, architecture: str, *functions: str, umask: str, cwd: Path, **environment: str
) -> subprocess.Popen:
    return subprocess.Popen(
        (sys.executable, "-c", BUILD, str(project), PYTHON, architecture, umask, *functions),
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(PROJECT), **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


def built_by(process: subprocess.Popen) -> list[Path]:
    output, _ = process.communicate(timeout=100)
    assert 0 == process.returncode
    return [Path(line) for line in output.splitlines()]


@pytest.mark.slow
def test_two_builds_elsewhere_and_otherwise_give_the_same_bytes(tmp_path):
    """Other folders, dates of files, umask, time zone, hash seed and working directory; each with an empty cache."""
    here = a_copy(tmp_path / "here", modified_at=1_000_000_000)
    there = a_copy(tmp_path / "a longer way there", modified_at=1_700_000_000)
    what = ("arm64", "ingest", "processor")
    first = start_build(here, *what, umask="022", cwd=here, TZ="UTC", PYTHONHASHSEED="1")
    second = start_build(there, *what, umask="077", cwd=tmp_path, TZ="Asia/Kathmandu", PYTHONHASHSEED="2", LANG="C")
    one, other = built_by(first), built_by(second)

    assert [path.name for path in one] == [path.name for path in other]
    assert [True, True] == [filecmp.cmp(*pair, shallow=False) for pair in zip(one, other, strict=True)]


def test_two_processes_that_build_at_once_do_not_disturb_each_other(tmp_path):
    project = a_copy(tmp_path / "project", modified_at=1_000_000_000)
    processes = [start_build(project, "host", "ingest", umask="022", cwd=tmp_path) for _ in range(2)]
    one, other = (built_by(process) for process in processes)

    assert one == other
    assert sorted(one) == sorted((project / ".fluxa" / "bundles").iterdir())


def test_an_existing_bundle_is_not_built_again(tmp_path):
    bundler = a_bundler("host", tmp_path)
    existing = bundler.path("ingest")
    existing.write_bytes(b"built earlier")

    assert {"ingest": existing} == bundler.build_missing("ingest")
    assert b"built earlier" == existing.read_bytes()


def test_naming_alone_writes_nothing(tmp_path):
    project = a_copy(tmp_path, modified_at=1_000_000_000)
    bundler = Bundler(project, "3.13", "arm64", Path("fluxa/demo/handlers"), build=False)

    digest = bundler.digest("processor")
    assert f".fluxa/bundles/processor-arm64-py3.13-{digest[:12]}.zip" == bundler.archive("processor").path
    assert not (project / ".fluxa").exists()


def test_a_changed_handler_renames_the_processors_bundle_and_no_other(tmp_path):
    project = a_copy(tmp_path, modified_at=1_000_000_000)
    before = {name: a_bundler("arm64", tmp_path, project).digest(name) for name in ("ingest", "processor", "query")}
    (project / "fluxa" / "demo" / "handlers" / "another.py").touch()
    after = {name: a_bundler("arm64", tmp_path, project).digest(name) for name in ("ingest", "processor", "query")}

    assert ["processor"] == [name for name in before if before[name] != after[name]]
