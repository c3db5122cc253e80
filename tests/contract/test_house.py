"""What a stranger finds at the door: commands that work, a licence, rules with reasons."""

import hashlib
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SOURCES = ("components", "fluxa", "functions", "policy", "tests")

COMMANDS = [
    "help",
    "setup",
    "dev",
    "demo",
    "test",
    "unit",
    "proofs",
    "integration",
    "e2e",
    "scale",
    "lint",
    "types",
    "fmt",
]
COMMANDS += ["reference", "bundle", "bench", "clean"]


def python_files() -> list[Path]:
    return [file for folder in SOURCES for file in (PROJECT / folder).rglob("*.py")]


def make(*arguments: str, cwd: Path = PROJECT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ("make", *arguments),
        cwd=cwd,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_lists_every_command():
    listed = re.findall(r"^  make (\w+) +\S", make().stdout, re.MULTILINE)

    assert COMMANDS == listed


def test_continuous_integration_runs_exactly_what_a_developer_runs():
    script = PROJECT / ".ci" / "run"

    assert os.access(script, os.X_OK)
    assert ["set -euo pipefail", 'cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."', "exec make test"] == [
        line for line in script.read_text(encoding="utf-8").splitlines() if not line.startswith("#")
    ]


@pytest.fixture
def bare_clone(tmp_path: Path) -> Path:
    """What `make` looks at, in a folder with a space in its name."""
    clone = tmp_path / "a clone"
    clone.mkdir()
    for name in ("Makefile", "pyproject.toml", "uv.lock"):
        shutil.copy(PROJECT / name, clone)
    return clone


def tools_with_python(folder: Path, version: str, *, is_suitable: bool) -> str:
    """Make a PATH that holds what the Makefile calls, and one python3 that says it is `version`."""
    folder.mkdir()
    for tool in ("make", "sh", "cat", "rm", "awk", "sed", "cut"):
        (folder / tool).symlink_to(shutil.which(tool))
    python = folder / "python3"
    answer = "exit 0" if is_suitable else "exit 1"
    python.write_text(f'#!/bin/sh\ncase "$1" in --version) echo "Python {version}";; *) {answer};; esac\n')
    python.chmod(0o755)
    return str(folder)


def test_a_python_that_is_too_old_is_told_in_one_sentence(bare_clone: Path, tmp_path: Path):
    done = make("lint", cwd=bare_clone, PATH=tools_with_python(tmp_path / "bin", "3.9.2", is_suitable=False))

    assert 0 != done.returncode
    assert (
        "Fluxa needs Python 3.11 or later with the venv module, and found Python 3.9.2: install one "
        "(on Debian and Ubuntu: python3 and python3-venv) or name it with 'make PYTHON=/path/to/python3'."
    ) == done.stderr.splitlines()[0]
    assert not (bare_clone / ".venv").exists()


def test_nothing_is_prepared_twice(bare_clone: Path):
    """The stamp is newer than what it was made from: `make` has nothing to do but the check itself."""
    stamp = bare_clone / ".venv" / ".fluxa-ready"
    stamp.parent.mkdir()
    stamp.write_text(str(bare_clone.resolve()))

    planned = make("--dry-run", "lint", cwd=bare_clone).stdout.splitlines()
    assert ["exec .venv/bin/python -m tests.tiers lint"] == planned


def test_a_moved_clone_is_prepared_anew(bare_clone: Path):
    """Scripts in .venv hold absolute paths; an environment that was moved with its folder would run another's code."""
    stamp = bare_clone / ".venv" / ".fluxa-ready"
    stamp.parent.mkdir()
    stamp.write_text("/where/it/was/before")

    assert "uv sync --frozen" in make("--dry-run", "lint", cwd=bare_clone).stdout


def test_the_licence_is_apache_2_0_word_for_word():
    text = (PROJECT / "LICENSE").read_bytes()

    # Of https://www.apache.org/licenses/LICENSE-2.0.txt
    assert "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30" == hashlib.sha256(text).hexdigest()


def test_every_rule_that_is_switched_off_says_why():
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    lint = text[text.index("[tool.ruff.lint]") : text.index("[tool.ruff.lint.flake8-builtins]")]
    rules = [line for line in lint.splitlines() if re.match(r'\s+"[A-Z]+\d*",', line)]

    assert len(rules) > 20
    assert [] == [line.strip() for line in rules if not re.search(r'", +# \S.{8,}', line)]


def test_every_ignored_type_error_has_a_code_and_a_reason():
    ignored = [
        (str(file.relative_to(PROJECT)), line.strip())
        for file in python_files()
        if file != Path(__file__)
        for line in file.read_text(encoding="utf-8").splitlines()
        if re.search(r"#\s*type:\s*ignore", line)
    ]

    assert [] == [found for found in ignored if not re.search(r"# type: ignore\[[a-z-]+\]\s+[#-] ?\w.{8,}", found[1])]


def test_every_aws_service_that_components_use_is_type_checked():
    """The others are skipped, and skipped means `Any`: a service missing from the list would go unchecked."""
    overrides = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]["overrides"]
    checked = {
        module for override in overrides if override["follow_imports"] == "normal" for module in override["module"]
    }
    used = {
        f"pulumi_aws.{service.strip()}.*"
        for file in (PROJECT / "components").rglob("*.py")
        for names in re.findall(r"^from pulumi_aws import (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
        for service in names.split(",")
    }

    assert set() == used - checked


def test_every_marker_of_a_test_tier_is_declared():
    options = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]

    assert ["integration", "e2e", "scale", "slow", "aws"] == [marker.split(":")[0] for marker in options["markers"]]
    assert "error" == options["filterwarnings"][0]
    assert options["xfail_strict"] is True


def test_the_changelog_has_a_place_for_what_comes_next():
    assert "## [Unreleased]" in (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
