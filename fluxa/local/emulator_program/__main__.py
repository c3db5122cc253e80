"""Runs the emulator: `python -P …/emulator_program/__main__.py`, in the emulator's environment."""

import argparse
import importlib.metadata
import sys
from pathlib import Path

# At the end, so that nothing of ours stands in for a module of the emulator's or of the standard library.
sys.path.append(str(Path(__file__).resolve().parents[3]))

from hypercorn.config import Config  # type: ignore[import-not-found]  # it is not installed here
from ministack import app  # type: ignore[import-not-found]  # it is not installed here
from ministack.core import iam_evaluator, lambda_runtime, persistence  # type: ignore[import-not-found]  # it is not installed here
from ministack.core.responses import get_account_id  # type: ignore[import-not-found]  # it is not installed here
from ministack.services import cloudwatch_logs, lambda_svc, sqs  # type: ignore[import-not-found]  # it is not installed here

from fluxa.local.emulator_program import code_folders, keeping, log_streams, made_for, queues, recording, remembered


def main() -> None:
    """Run the emulator until it is stopped."""
    made_for.refuse_another(importlib.metadata.version("ministack"))
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", metavar="SERVICE", action="append", default=[], help="keep its state")
    parser.add_argument("--record-calls", metavar="FILE", type=Path, help="write down what roles ask for")
    options = parser.parse_args()
    queues.install(sqs)
    remembered.install(sqs, iam_evaluator)
    code_folders.install(lambda_runtime)
    log_streams.install(lambda_svc, cloudwatch_logs)
    keeping.install(app, persistence, Config, options.keep)
    if options.record_calls:
        recording.install(iam_evaluator, get_account_id, options.record_calls)
    # The emulator reads its own options from there.
    sys.argv[1:] = []
    app.main()


if __name__ == "__main__":
    main()
