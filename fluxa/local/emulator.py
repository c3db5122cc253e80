"""The local platform's AWS: an emulator with authentication on, so that each function runs with its own role's rights.

Every start is a deployment to an empty account, except for what events are made of: queue messages and payload objects
outlive the emulator. Objects are written at once; messages when it stops, so `kill -9` of the emulator itself loses
those that are in its queues. `kill -9` of the platform does not: the emulator goes on, and the next start stops it.
"""

import http.client
import json
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil

from fluxa.errors import OperatorError
from fluxa.local import calls, emulator_environment, processes
from fluxa.local.aws_clients import AwsClients
from fluxa.local.ports import LOOPBACK, START_ATTEMPTS, find_free, is_free, last_used, remember
from fluxa.local.project import PROJECT_DIR

START_TIMEOUT_SECONDS = 20.0
"""From start to the first answer; half a second on an idle machine."""

FUNCTIONS_TIMEOUT_SECONDS = 1.0
"""For what the functions are doing when the emulator is stopped; then they are killed, as AWS does at a time-out."""

SAVE_TIMEOUT_SECONDS = 2.5
"""For the emulator to write its messages down after that; in all, the platform must be gone in five seconds."""

LONG_SAVE_SECONDS = 60.0
"""For an emulator that is still writing when that is over: to lose its messages would be worse than to be late. On an
idle machine it writes 100,000 in less than the time above."""

KILL_ATTEMPTS = 5
"""How often we look for processes left over."""

KEPT_SERVICES = ("sqs", "s3")
"""Services whose state is read back at the next start; the program deploys all others anew."""

_ACCOUNT_ID = "000000000000"

_POLL_SECONDS = 0.03

_PROGRAM = Path(__file__).with_name("emulator_program") / "__main__.py"
"""Run as a file by the emulator's interpreter, which has no `fluxa`. `-P` keeps its neighbours from standing in for
modules of the same name."""


@dataclass(frozen=True, kw_only=True)
class Emulator:
    """A running emulator that answers requests."""

    endpoint_url: str
    region: str = "us-east-1"
    account_id: str = _ACCOUNT_ID
    # The emulator takes an account's number for the key of its root user, whatever the secret. That is for deploying
    # and for the operator; functions get their own role's.
    access_key_id: str = _ACCOUNT_ID
    secret_access_key: str = field(default="local", repr=False)
    state_dir: Path
    process: subprocess.Popen[bytes] = field(repr=False, compare=False)

    @cached_property
    def clients(self) -> AwsClients:
        """Every client of this emulator with the account's root rights."""
        return AwsClients(
            endpoint_url=self.endpoint_url,
            region=self.region,
            access_key_id=self.access_key_id,
            secret_access_key=self.secret_access_key,
        )

    def client(self, service: str) -> Any:
        """Return the boto3 client of a service, e.g. `sqs`; made once, usable in any thread."""
        return self.clients.get(service)


def start(state_dir: Path, *, port: int | None = None, record_calls: bool = False) -> Emulator:
    """Start an emulator that keeps its state in `state_dir`, installing it first when need be.

    One left running by a killed platform is stopped first, so that it writes its messages down.

    Args:
        port: the port to listen on; None finds a free one, the last one used when possible.
        record_calls: write down what roles ask of AWS, for `fluxa.local.calls` to read.

    Raises:
        OperatorError: the port is taken, the installation failed, the kept state cannot be read, or it does not start.
    """
    if port is not None and not is_free(port):
        raise OperatorError(
            f"Port {port} is in use: choose another one for the AWS emulator, or none to have one found."
        )
    python = emulator_environment.ensure(PROJECT_DIR)
    state_dir = state_dir.resolve()
    stop_orphans(state_dir)
    folder = _folder(state_dir)
    for part in (folder, _scratch(state_dir), folder / "state", folder / "s3"):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
    _keep_only_events(folder / "state")
    command: list[str | Path] = [python, *_arguments(state_dir, record_calls=record_calls)]
    for _ in range(START_ATTEMPTS):
        chosen = port or find_free(last_used(folder / "port"))
        process = _launch(command, state_dir, chosen)
        if process is not None:
            remember(folder / "port", chosen)
            return Emulator(endpoint_url=f"http://{LOOPBACK}:{chosen}", state_dir=state_dir, process=process)
    raise OperatorError(f"The AWS emulator found no port to listen on: see {log_of(state_dir)}.")


def stop(emulator: Emulator) -> None:
    """Stop the emulator and its functions within five seconds; does nothing when it is already gone."""
    # An open connection is one the emulator would wait for.
    emulator.clients.close()
    stop_orphans(emulator.state_dir)
    emulator.process.wait()


def stop_orphans(state_dir: Path) -> None:
    """Stop whatever runs on the state in `state_dir`, whoever started it, and remove its temporary files."""
    state_dir = state_dir.resolve()
    family = _processes(state_dir)
    emulators = processes.heads(family)
    asked_at = time.time()
    processes.send(emulators, signal.SIGTERM)
    if not _wait_until_saved(state_dir, emulators, asked_at, FUNCTIONS_TIMEOUT_SECONDS):
        processes.send([process for process in family if process not in emulators], signal.SIGKILL)
        _wait_until_saved(state_dir, emulators, asked_at, SAVE_TIMEOUT_SECONDS)
    _kill_all(state_dir)


def _wait_until_saved(state_dir: Path, emulators: list[psutil.Process], asked_at: float, seconds: float) -> bool:
    """Wait until the messages are written down: the emulator has nothing to do after that but wait for its threads."""
    state = _folder(state_dir) / "state"
    kept = [state / f"{service}.json" for service in KEPT_SERVICES]
    deadline = time.monotonic() + seconds
    while unwritten := [path for path in kept if not (path.exists() and path.stat().st_mtime >= asked_at)]:
        if processes.wait_until_gone(emulators, _POLL_SECONDS):
            return True
        # The messages come last: between the two it collects them.
        has_begun = any(state.glob("*.json.tmp")) or (len(unwritten) < len(kept) and state / "sqs.json" in unwritten)
        if time.monotonic() > deadline + (LONG_SAVE_SECONDS if has_begun else 0):
            return False
    return True


def log_of(state_dir: Path) -> Path:
    """Return where the emulator writes what it has to say."""
    return _folder(state_dir) / "emulator.log"


def _folder(state_dir: Path) -> Path:
    return state_dir / "emulator"


def _scratch(state_dir: Path) -> Path:
    """Temporary files of the emulator and its functions, and the mark by which their processes are known."""
    return _folder(state_dir) / "tmp"


def _processes(state_dir: Path) -> list[psutil.Process]:
    return processes.started_with("TMPDIR", str(_scratch(state_dir)))


def _kill_all(state_dir: Path) -> None:
    """Kill the emulator and the functions' processes that outlive it, then remove their files."""
    # More than once: a process may have started another while we looked.
    for _ in range(KILL_ATTEMPTS):
        running = _processes(state_dir)
        if not running:
            break
        processes.send(running, signal.SIGKILL)
        processes.wait_until_gone(running, 0.2)
    # Every function process had a copy of its code, so after a burst there are tens of thousands of files: this takes
    # a third of the time of shutil's way, and five seconds are promised in all.
    subprocess.run(["/bin/rm", "-rf", "--", _scratch(state_dir)], check=False)


def _arguments(state_dir: Path, *, record_calls: bool) -> list[str]:
    kept = [f"--keep={service}" for service in KEPT_SERVICES]
    recorded = [f"--record-calls={calls.file_of(state_dir)}"] if record_calls else []
    return ["-P", str(_PROGRAM), *kept, *recorded]


def _keep_only_events(folder: Path) -> None:
    kept = {f"{service}.json" for service in KEPT_SERVICES}
    for found in folder.iterdir():
        if found.is_dir():
            shutil.rmtree(found)
        elif found.name not in kept:
            found.unlink()
    for found in folder.iterdir():
        try:
            json.loads(found.read_bytes())
        except ValueError:
            raise OperatorError(
                f"{found} is damaged: run `fluxa dev --reset` to start clean, without the messages in it."
            ) from None


def _launch(command: Sequence[str | Path], state_dir: Path, port: int) -> subprocess.Popen[bytes] | None:
    """Start the emulator and wait until it answers; None when somebody else has taken the port."""
    log = log_of(state_dir)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=_scratch(state_dir),
            env=_environment(Path(command[0]), state_dir, port),
            # Ctrl-C at the terminal is for `fluxa dev`, which stops the emulator itself.
            start_new_session=True,
        )
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            said = log.read_text(encoding="utf-8", errors="replace")
            if "in use" in said:
                return None
            raise OperatorError(f"The AWS emulator stopped while starting: see {log}.")
        if _answers(port):
            return process
        time.sleep(_POLL_SECONDS)
    _kill_all(state_dir)
    process.wait()
    raise OperatorError(f"The AWS emulator did not answer after {START_TIMEOUT_SECONDS:.0f} s: see {log}.")


def _environment(python: Path, state_dir: Path, port: int) -> dict[str, str]:
    """Nothing of the terminal's: the emulator hands its own environment on to every function."""
    folder, scratch = _folder(state_dir), str(_scratch(state_dir))
    return {
        "PATH": f"{python.parent}:/usr/bin:/bin",
        "HOME": scratch,
        "TMPDIR": scratch,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        # Not GATEWAY_PORT: that number becomes part of every queue's address in the kept state, and the queues would
        # be lost at the next start on another port. Callers get addresses with the port they called.
        "EDGE_PORT": str(port),
        "BIND_HOST": LOOPBACK,
        "AUTH": "true",
        "LOG_LEVEL": "WARNING",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(folder / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(folder / "s3"),
        # Servers of services that no stack of ours has, on fixed ports.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # Without this it looks for containers of its own on the machine's Docker, and removes them.
        "DOCKER_HOST": f"unix://{scratch}/no-docker",
    }


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
