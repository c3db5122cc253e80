"""checkov over recorded stacks, in an environment of its own, and the findings that are suppressed with a reason."""

import fnmatch
import functools
import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.settings import StackSettings
from fluxa.local.locked_environment import LockedEnvironment
from tests.support.stack_builders import REPOSITORY

SCANNER = LockedEnvironment(folder="scanner-env", project="security", name="The security scanner")
PROGRAM = Path(__file__).with_name("checkov_program.py")
SUPPRESSIONS = REPOSITORY / "security" / "suppressions.yaml"


@dataclass(frozen=True, kw_only=True, order=True)
class Outcome:
    """One check on one resource."""

    check: str
    title: str
    at: str
    """Terraform's address: the type and the logical name."""
    passed: bool


@dataclass(frozen=True, kw_only=True)
class Suppression:
    """A finding that stays, and why."""

    id: str
    where: str
    """Pattern of addresses, such as `aws_lambda_function.*`."""
    reason: str
    only_while: Mapping[str, Any]
    """Setting → the value (or list of values) with which the finding is expected; empty for always."""

    def covers(self, outcome: Outcome, settings: Mapping[str, Any]) -> bool:
        return (
            outcome.check == self.id
            and fnmatch.fnmatchcase(outcome.at, self.where)
            and all(_setting(settings, key) in _listed(value) for key, value in self.only_while.items())
        )


def scan(documents: Mapping[str, Mapping[str, Any]], folder: Path) -> dict[str, list[Outcome]]:
    """Scan plans, as many at a time as there are processors.

    Raises:
        OperatorError: the scanner cannot be installed.
    """
    paths = {str(folder / f"{number:03}.json"): name for number, name in enumerate(documents)}
    for path, name in paths.items():
        Path(path).write_text(json.dumps(documents[name]), encoding="utf-8")
    python, shares = SCANNER.ensure(REPOSITORY), os.cpu_count() or 1
    with ThreadPoolExecutor(shares) as threads:
        parts = threads.map(lambda share: _scan(python, list(paths)[share::shares], folder), range(shares))
        found = {path: outcomes for part in parts for path, outcomes in part.items()}
    return {name: found[path] for path, name in paths.items()}


def _scan(python: Path, paths: Sequence[str], folder: Path) -> dict[str, list[Outcome]]:
    if not paths:
        return {}
    done = subprocess.run((python, PROGRAM, *paths), capture_output=True, text=True, check=False, cwd=folder)
    assert 0 == done.returncode, done.stderr
    return {path: [Outcome(**outcome) for outcome in outcomes] for path, outcomes in json.loads(done.stdout).items()}


@functools.cache
def suppressions() -> Sequence[Suppression]:
    """Read the one file of suppressions."""
    entries = yaml.safe_load(SUPPRESSIONS.read_text(encoding="utf-8"))
    return [Suppression(**{"only_while": {}, **entry}) for entry in entries]


def unexplained(outcomes: Iterable[Outcome], settings: StackSettings) -> Iterator[Outcome]:
    """Yield the findings that nothing suppresses."""
    values = settings.model_dump(mode="json")
    for outcome in outcomes:
        if not outcome.passed and not any(entry.covers(outcome, values) for entry in suppressions()):
            yield outcome


def used(outcomes: Iterable[Outcome], settings: StackSettings) -> Iterator[Suppression]:
    """Yield the suppressions that explain something."""
    values = settings.model_dump(mode="json")
    failed = [outcome for outcome in outcomes if not outcome.passed]
    return (entry for entry in suppressions() if any(entry.covers(outcome, values) for outcome in failed))


def _setting(settings: Mapping[str, Any], path: str) -> Any:
    section, key = path.split(".")
    return settings[section][key]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
