"""An upcaster runs in the bundles of those who read events, from bytecode, and one that does not compile stops them."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from components.bundle import BundleError
from tests.integration.bundle.conftest import PROJECT, a_bundler
from tests.integration.bundle.test_reproducible import a_copy
from tests.support.upcasters import EURO, write_registry

PROBE = """
import json, os, sys
root = sys.argv[1]
compiled = []
def watch(event, args):
    if event == "compile" and str(args[1]).endswith(".py"):
        compiled.append(os.fsdecode(args[1]))
sys.addaudithook(watch)
sys.path.insert(0, root)
from functions.common.upcasting import Upcasters
made = Upcasters().upcast("order.created", '{"euro": 1.5}', "1", "2")
try:
    Upcasters().upcast("order.created", '{"eur": 1.5}', "1", "2")
except Exception as error:
    print(json.dumps([made, str(error), compiled]))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = a_copy(tmp_path / "project", modified_at=1_700_000_000)
    # What this project's own bundles needed is not installed once more.
    (PROJECT / ".fluxa" / "cache").mkdir(parents=True, exist_ok=True)
    (project / ".fluxa").mkdir()
    (project / ".fluxa" / "cache").symlink_to(PROJECT / ".fluxa" / "cache")
    return project


@pytest.mark.parametrize("function", ["processor", "query"])
def test_a_bundle_upcasts_without_compiling_anything(project, tmp_path, function):
    write_registry(project, v2=EURO)
    with zipfile.ZipFile(a_bundler("host", tmp_path / "out", project).build_missing(function)[function]) as archive:
        archive.extractall(tmp_path / "task")

    done = subprocess.run(
        (sys.executable, "-I", "-S", "-c", PROBE, str(tmp_path / "task")),
        env={},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "" == done.stderr
    made, error, compiled = json.loads(done.stdout)
    assert ('{"cents": 150}', []) == (made, compiled)
    # The file is named as the project has it, though the bytecode was made elsewhere.
    assert "The upcaster order.created 1 → 2 raised KeyError in line 2 of schemas/order.created/2.py." == error


def test_an_upcaster_that_does_not_compile_is_named(project, tmp_path):
    write_registry(project, v2="def upcast(payload:\n")

    with pytest.raises(BundleError, match=r"^schemas/order\.created/2\.py does not compile: "):
        a_bundler("host", tmp_path / "out", project).build_missing("query")
