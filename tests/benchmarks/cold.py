"""Cold starts: everything ingest does before its first request, over importing the packages it stands on.

Both halves of a pair run in a new interpreter, from the same unpacked bundle, and see nothing else that is installed.
"""

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.benchmarks.bundles import NotBuilt, build
from tests.benchmarks.effort import Effort
from tests.benchmarks.report import Report
from tests.benchmarks.timing import Sample, compare

INGEST = """
import functions.ingest.handler
functions.ingest.wiring.ingest()
"""
IMPORTS = """
import boto3
from pydantic import BaseModel

class Event(BaseModel):
    type: str
"""
# Time of the processor, from when the interpreter is up: how long the disk takes is the machine's business.
_MEASURED = """
import sys, time
sys.path.insert(0, sys.argv[1])
started = time.process_time()
{code}
print(time.process_time() - started)
"""

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "made-up",
    "AWS_SECRET_ACCESS_KEY": "made-up",
    "AWS_DEFAULT_REGION": "us-east-1",
    "STACK": "bench",
    "FLUXA_VERSION": "0",
    "SETTINGS_FINGERPRINT": "0",
    "QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/000000000000/events",
    "PAYLOAD_BUCKET": "bench-payloads",
    "INLINE_LIMIT_BYTES": "262144",
}


def measure(folder: Path, effort: Effort, report: Report) -> None:
    """Add the figure of ingest's cold start."""
    try:
        archive = build("ingest", architecture="host", folder=folder)["ingest"]
    except NotBuilt as reason:
        report.missing("cold_ingest_vs_imports", str(reason))
        return
    bundle = folder / "unpacked"
    with zipfile.ZipFile(archive) as files:
        files.extractall(bundle)
    comparison = compare(
        _new_interpreter(INGEST, bundle), over=_new_interpreter(IMPORTS, bundle), pairs=effort.cold_pairs
    )
    report.ratio("cold_ingest_vs_imports", comparison)


def _new_interpreter(code: str, bundle: Path) -> Sample:
    # Isolated and without site-packages: only the bundle and the standard library are there, as in Lambda.
    command = (sys.executable, "-I", "-S", "-B", "-c", _MEASURED.format(code=code), str(bundle))

    def sample() -> float:
        done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True)
        return float(done.stdout.splitlines()[-1])

    return sample
