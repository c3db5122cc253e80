"""`fluxa dev` as a person or a script runs it: a process of its own that is sent signals."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import psutil

START_TIMEOUT_SECONDS = 90.0
"""Far above the promised twenty: a busy machine fails no test here, the promise is measured elsewhere."""


class DevProcess:
    """One `fluxa dev --json`; use it in a `with` block, after which nothing of it runs, whatever happened.

    Args:
        state_dir: The platform's state.
        scratch: What the process takes for the system's temporary folder.
    """

    def __init__(self, state_dir: Path, scratch: Path, *arguments: str) -> None:
        scratch.mkdir(exist_ok=True)
        self.state_dir = state_dir
        self.scratch = scratch
        # Several may share a state, one after the other or in vain; each says its own.
        self._log = scratch.with_name(f"{scratch.name}-{time.monotonic_ns()}.log").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fluxa.cli", "dev", "--json", "--state-dir", str(state_dir), *arguments],
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, "TMPDIR": str(scratch)},
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        from fluxa.local.platform import stop_everything

        self.process.kill()
        self.process.wait()
        stop_everything(self.state_dir)
        assert self.process.stdout
        self.process.stdout.close()
        self._log.close()

    def outputs(self) -> dict[str, Any]:
        """Wait until the platform is ready and return what it printed."""
        assert self.process.stdout
        readable, _, _ = select.select([self.process.stdout], [], [], START_TIMEOUT_SECONDS)
        assert readable, f"not ready after {START_TIMEOUT_SECONDS} s:\n{self.said()}"
        line = self.process.stdout.readline()
        assert line, f"it ended instead:\n{self.said()}"
        outputs: dict[str, Any] = json.loads(line)
        return outputs

    def said(self) -> str:
        """Return what it wrote to standard error so far."""
        self._log.flush()
        return Path(self._log.name).read_text(encoding="utf-8")

    def family(self) -> list[psutil.Process]:
        """Return every process it has started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def wait_for_children(self, count: int) -> None:
        """Wait until it has started so many processes."""
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while len(self.family()) < count:
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.02)

    def stop(self, number: signal.Signals = signal.SIGTERM, *, times: int = 1) -> float:
        """Send a signal, wait for the end, and return the seconds it took."""
        started = time.monotonic()
        for _ in range(times):
            self.process.send_signal(number)
            time.sleep(0.1)
        self.process.wait(timeout=60)
        return time.monotonic() - started
