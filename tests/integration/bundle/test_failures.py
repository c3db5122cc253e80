import shutil
from pathlib import Path

import pytest

from components.bundle import BundleError, Bundler
from components.bundling.interpreter import interpreter_for
from tests.integration.bundle.conftest import PROJECT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(PROJECT / "functions", tmp_path / "functions")
    for name in ("pyproject.toml", "uv.lock", "README.md"):
        shutil.copy(PROJECT / name, tmp_path / name)
    (tmp_path / "handlers").mkdir()
    return tmp_path


def test_a_python_that_is_not_here_is_named_with_the_way_to_get_it():
    with pytest.raises(BundleError, match=r"No Python 3\.99 was found .* run 'uv python install 3\.99'"):
        interpreter_for("3.99")


def test_a_pyenv_python_is_found_though_its_shim_refuses(tmp_path, monkeypatch):
    """A shim for a version that is not active fails, and uv gives up at it; the interpreter beneath is fine."""
    shim, real = tmp_path / "shims" / "python3.77", tmp_path / "versions" / "3.77.1" / "bin" / "python3.77"
    for script, body in (
        (shim, "echo 'pyenv: python3.77: command not found' >&2; exit 127"),
        (real, """echo '["cpython", "3.77", "3.77.1", "cpython-377"]'"""),
    ):
        script.parent.mkdir(parents=True)
        script.write_text(f"#!/bin/sh\n{body}\n")
        script.chmod(0o755)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", str(shim.parent), prepend=":")

    assert ("3.77.1", real) == (interpreter_for("3.77").version, interpreter_for("3.77").executable)


def test_a_handler_that_does_not_compile_is_named(project):
    (project / "handlers" / "orders.py").write_text("def on_order(:\n")
    bundler = Bundler(project, "", "host", Path("handlers"), build=True)

    with pytest.raises(BundleError, match=r"^handlers/orders\.py does not compile: .*invalid syntax"):
        bundler.build_missing("processor")


def test_a_project_without_its_lock_file_is_told_so(project):
    (project / "uv.lock").unlink()

    with pytest.raises(BundleError, match=r"uv could not read the locked dependencies of ingest: .*uv\.lock"):
        Bundler(project, "3.13", "arm64", Path("handlers"), build=False).path("ingest")


def test_a_folder_that_cannot_be_written_is_named(project, monkeypatch):
    def refuse(*_args: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied", str(project / ".fluxa"))

    monkeypatch.setattr(Path, "mkdir", refuse)

    with pytest.raises(BundleError, match=r"you may not write to .*/\.fluxa\.$"):
        Bundler(project, "", "host", Path("handlers"), build=True).build_missing("ingest")
