"""Runs the emulator: `python -P …/emulator_program/__main__.py`, in the emulator's environment."""

import argparse
import importlib.metadata
import sys
from pathlib import Path

# At the end, so that nothing of ours stands in for a module of the emulator's or of the standard library.
sys.path.append(str(Path(__file__).resolve().parents[3]))

from ministack import app  # type: ignore[import-not-found]  # it is not installed here
from ministack.core import iam_evaluator, lambda_runtime, persistence  # type: ignore[import-not-found]  # it is not installed here
from ministack.core.responses import get_account_id  # type: ignore[import-not-found]  # it is not installed here
from ministack.services import cloudwatch_logs, lambda_svc, sqs  # type: ignore[import-not-found]  # it is not installed here

from fluxa.local.emulator_program import code_folders, keeping, log_streams, queues, recording

MADE_FOR = "1.5.33"
"""The version of the emulator whose functions are replaced. For another: read what changed in those that `queues`,
`keeping` and `recording` name, run tests/integration/services, then change this."""


def main() -> None:
    """Run the emulator until it is stopped."""
    found = importlib.metadata.version("ministack")
    if found != MADE_FOR:
        sys.exit(f"The emulator is ministack {found}, and we change how {MADE_FOR} works: see MADE_FOR in {__file__}.")
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", metavar="SERVICE", action="append", default=[], help="keep its state")
    parser.add_argument("--record-calls", metavar="FILE", type=Path, help="write down what roles ask for")
    options = parser.parse_args()
    queues.install(sqs)
    code_folders.install(lambda_runtime)
    log_streams.install(lambda_svc, cloudwatch_logs)
    keeping.install(app, persistence, options.keep)
    if options.record_calls:
        recording.install(iam_evaluator, get_account_id, options.record_calls)
    # The emulator reads its own options from there.
    sys.argv[1:] = []
    app.main()


if __name__ == "__main__":
    main()
