"""Who may know whom, and that knowing somebody costs nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from functions.common.names import Service

PROJECT = Path(__file__).resolve().parents[2]

IMPORT_INERTLY = """
import sys

def refuse(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        raise SystemExit(f"{event} during import: {args}")

sys.path.insert(0, sys.argv[1])
sys.addaudithook(refuse)
__import__(sys.argv[2])
print(callable(sys.modules[sys.argv[2]].handler))
"""


def test_imports_follow_the_allowed_arrows():
    """The contracts and their reasons are in pyproject.toml, under [tool.importlinter]."""
    done = subprocess.run(
        (sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-logo"),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == done.returncode, done.stdout


@pytest.mark.parametrize("service", list(Service))
def test_importing_a_handler_reads_nothing_and_connects_nowhere(service: Service):
    """An empty environment and refused sockets: whatever is missing is missed by the first event, with a message."""
    done = subprocess.run(
        (sys.executable, "-I", "-c", IMPORT_INERTLY, str(PROJECT), f"functions.{service}.handler"),
        cwd="/",
        env={},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, "True\n", "") == (done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("package", ["components", "functions", "fluxa", "policy"])
def test_no_file_is_longer_than_anybody_reads(package: str):
    lengths = {
        str(file.relative_to(PROJECT)): len(file.read_text(encoding="utf-8").splitlines())
        for file in (PROJECT / package).rglob("*.py")
    }

    assert {} == {file: length for file, length in lengths.items() if length > 300}


def test_the_stack_is_a_wiring_diagram():
    program = (PROJECT / "__main__.py").read_text(encoding="utf-8")

    assert 100 >= len(program.splitlines())
    assert "pulumi_aws" not in program


@pytest.mark.parametrize("service", list(Service))
def test_a_handler_only_translates(service: Service):
    """At most sixty lines: AWS's shape in, AWS's shape out; what to do is the use case's."""
    handler = PROJECT / "functions" / service / "handler.py"

    assert 60 >= len(handler.read_text(encoding="utf-8").splitlines())
