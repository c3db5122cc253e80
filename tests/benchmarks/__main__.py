"""`make bench`: measures speed and size, each figure against a floor that is taken in the same run."""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from fluxa.errors import OperatorError
from tests.benchmarks import bundles, cold, ingest, pages, processor
from tests.benchmarks.database import a_database
from tests.benchmarks.effort import FULL, QUICK, Effort
from tests.benchmarks.report import Report, say

HELP = """\
Each figure is a ratio of two kinds of work done alternately on this machine, the median of many pairs, so a
busy or slow machine changes it little. Progress, goals and spread go to standard error; the last line on
standard output is one JSON object. Nothing outside this machine is asked, and a missed goal is no failure.

what the figures say:
  processor_vs_raw_sql              events per second of the whole handler over those of psycopg with the same
                                    statement, one connection, batches of ten new events of 1 KB
  processor_roundtrips_clean_batch  what such a batch costs on the wire
  redelivered_batch                 time for a batch that is stored already over that for a new one
  one_poison_in_ten                 time for a batch with one event that PostgreSQL refuses over that for a clean one
  ingest_vs_floor_…                 CPU time of the whole handler, queue faked, over pydantic's model_validate_json,
                                    SHA-256 and model_dump_json of the same body
  page_10000_vs_page_1              time to list page 10,000 over page 1, on page_rows events
  bundle_kb                         zip for Lambda on arm64, in thousands of bytes
  cold_ingest_vs_imports            CPU time from a new interpreter to being ready for the first request, over
                                    importing boto3 and defining one pydantic model
"""

Measure = Callable[[Effort, Report], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print all figures in one line."""
    parser = _parser()
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.groups) - set(GROUPS))
    if unknown:
        parser.error(f"no such group: {', '.join(unknown)}; there are: {', '.join(GROUPS)}")
    # A database server must not outlive whoever asked for it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    effort = QUICK if options.quick else FULL
    report = Report()
    if options.quick:
        report.fact("quick", True)
    for name in options.groups or GROUPS:
        started = time.monotonic()
        say(f"{name} …")
        GROUPS[name](effort, report)
        say(f"{name} took {time.monotonic() - started:.0f} s")
    print(report.closing_line(), flush=True)
    return 0


def _processor(effort: Effort, report: Report) -> None:
    with a_database() as url:
        processor.measure(url, effort, report)


def _pages(effort: Effort, report: Report) -> None:
    with a_database() as url:
        pages.measure(url, effort, report)


def _bundles(_effort: Effort, report: Report) -> None:
    with tempfile.TemporaryDirectory(prefix="fluxa-bench-") as folder:
        bundles.measure(Path(folder), report)


def _cold(effort: Effort, report: Report) -> None:
    with tempfile.TemporaryDirectory(prefix="fluxa-bench-") as folder:
        cold.measure(Path(folder), effort, report)


GROUPS: dict[str, Measure] = {
    "processor": _processor,
    "ingest": ingest.measure,
    "pages": _pages,
    "bundles": _bundles,
    "cold": _cold,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=f"{__doc__}\n\n{HELP}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "groups", nargs="*", metavar="GROUP", help=f"which figures: {', '.join(GROUPS)}; all by default"
    )
    parser.add_argument("--quick", action="store_true", help="a smoke run of some seconds, too short to be trusted")
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except OperatorError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
