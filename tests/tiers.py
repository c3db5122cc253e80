"""What `make test` runs: every check in order of cost, all of them even when one fails, one closing line.

`python -m tests.tiers [TIER…]` runs some of them, and those that run only when they are named.
"""

import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REPORTS = ROOT / ".fluxa" / "tests"

PYTHON = (sys.executable, "-m")
PARALLEL = ("-n", "logical", "--dist", "worksteal")


@dataclass(frozen=True, kw_only=True)
class Tier:
    """Commands that answer one question about the code."""

    commands: tuple[tuple[str, ...], ...] = ()
    tests: tuple[str, ...] = ()
    """Folders for pytest; its counts go into the closing line."""
    options: tuple[str, ...] = ()
    on_request: bool = False
    """Takes minutes, and proves what few changes can break: runs when it is named."""


TIERS = {
    "lint": Tier(
        commands=(
            (*PYTHON, "ruff", "check", "--quiet", "."),
            (*PYTHON, "ruff", "format", "--quiet", "--check", "."),
            (*PYTHON, "codespell_lib"),
            (sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-logo"),
            (*PYTHON, "fluxa.cli", "schema", "check"),
        ),
    ),
    "types": Tier(commands=((*PYTHON, "mypy"),)),
    "unit": Tier(tests=("tests/unit", "tests/contract"), options=PARALLEL),
    "proofs": Tier(tests=("tests/proofs",), options=PARALLEL),
    # A file stays with one worker: its tests share a server, which is started once.
    "integration": Tier(tests=("tests/integration",), options=("-n", "logical", "--dist", "loadfile")),
    "e2e": Tier(tests=("tests/e2e",)),
    # What was measured is printed, whether the promise held or not.
    "scale": Tier(tests=("tests/scale",), options=("--capture=no",), on_request=True),
}


@dataclass(kw_only=True)
class Tally:
    """What happened so far."""

    counts: dict[str, int] = field(default_factory=lambda: {"passed": 0, "failed": 0, "skipped": 0})
    seconds: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def add_report(self, report: Path) -> None:
        """Add the counts of one JUnit file; pytest writes none when it cannot start."""
        if not report.exists():
            return
        for suite in ET.parse(report).iter("testsuite"):
            failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            skipped = int(suite.get("skipped", 0))
            self.counts["failed"] += failed
            self.counts["skipped"] += skipped
            self.counts["passed"] += int(suite.get("tests", 0)) - failed - skipped

    def closing_line(self) -> str:
        """Say it all in one line, shaped like pytest's own."""
        counts = ", ".join(f"{count} {word}" for word, count in self.counts.items() if count) or "checked"
        times = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in self.seconds.items())
        verdict = f"FAILED: {', '.join(self.failed)}" if self.failed else "all green"
        return f"==== {counts} in {sum(self.seconds.values()):.2f}s ({times}): {verdict} ===="


def main(names: Sequence[str]) -> int:
    """Run the named tiers, or all that need not be named; return the exit code."""
    unknown = [name for name in names if name not in TIERS]
    if unknown:
        print(f"No such tier: {', '.join(unknown)}. There are: {', '.join(TIERS)}.", file=sys.stderr)
        return 2
    tally = Tally()
    for name in names or [name for name, tier in TIERS.items() if not tier.on_request]:
        print(f"\n—— {name} ——", flush=True)
        started = time.monotonic()
        if not _run(name, TIERS[name], tally):
            tally.failed.append(name)
        tally.seconds[name] = time.monotonic() - started
    print(f"\n{tally.closing_line()}", flush=True)
    return 1 if tally.failed else 0


def _run(name: str, tier: Tier, tally: Tally) -> bool:
    outcomes = [_succeeds(command) for command in tier.commands]
    if tier.tests:
        report = REPORTS / f"{name}.xml"
        report.unlink(missing_ok=True)
        outcomes.append(_succeeds((*PYTHON, "pytest", f"--junit-xml={report}", "-q", *tier.options, *tier.tests)))
        tally.add_report(report)
    return all(outcomes)


def _succeeds(command: Sequence[str]) -> bool:
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
