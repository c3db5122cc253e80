"""Runs in the scanner's own environment: scans the plans named on the command line, prints what it found as JSON.

One process for all plans: loading checkov's checks takes longer than scanning ten stacks.
"""

import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

from checkov.runner_filter import RunnerFilter
from checkov.terraform.plan_runner import Runner

logging.disable(logging.WARNING)


def scanned(path: str) -> Iterator[dict[str, Any]]:
    # A plan of its own for each run: the resources of one graph would be linked with another's of the same name.
    report = Runner().run(files=[path], runner_filter=RunnerFilter(framework=["terraform_plan"]))
    if report.parsing_errors:
        raise SystemExit(f"checkov cannot read {report.parsing_errors}")
    for passed, records in ((True, report.passed_checks), (False, report.failed_checks)):
        for record in records:
            yield {"check": record.check_id, "title": record.check_name, "at": record.resource, "passed": passed}


if __name__ == "__main__":
    json.dump({path: list(scanned(path)) for path in sys.argv[1:]}, sys.stdout)
