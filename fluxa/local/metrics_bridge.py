"""Carries metrics from the functions' log lines to the emulator's CloudWatch, which on AWS happens by itself."""

import logging
import threading
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Protocol

from fluxa.local import emf

POLL_SECONDS = 0.5
"""How old a metric may be before it is seen; CloudWatch takes longer."""

OVERLAP_MILLISECONDS = 2_000
"""How far each look reaches back: functions that run side by side do not log in the order of their clocks."""

DATA_PER_CALL = 500
"""`PutMetricData` takes a thousand, and one megabyte."""

STOP_TIMEOUT_SECONDS = 2.0

_log = logging.getLogger(__name__)


class Aws(Protocol):
    """Where logs are read and metrics are put."""

    def client(self, service: str) -> Any: ...


class MetricsBridge:
    """Follows the log groups in a thread of its own, from `start` to `stop`."""

    def __init__(self, aws: Aws, log_groups: Sequence[str]) -> None:
        self._logs = aws.client("logs")
        self._cloudwatch = aws.client("cloudwatch")
        self._followers = [_Follower(self._logs, group) for group in log_groups]
        self._stopping = threading.Event()
        self._said: set[str] = set()
        # A daemon: a platform that has lost its emulator must still be able to leave.
        self._thread = threading.Thread(target=self._run, name="metrics-bridge", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop within two seconds; the metrics of the last half second may be missing."""
        self._stopping.set()
        self._thread.join(STOP_TIMEOUT_SECONDS)

    def carry(self) -> int:
        """Carry over what was logged since the last call; return how many metrics that was."""
        return sum(self._carry_from(follower) for follower in self._followers)

    def _carry_from(self, follower: "_Follower") -> int:
        data: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for line in follower.new_lines():
            for datum in self._read(line):
                data[datum.namespace].append(datum.body)
        for namespace, bodies in data.items():
            for first in range(0, len(bodies), DATA_PER_CALL):
                self._cloudwatch.put_metric_data(Namespace=namespace, MetricData=bodies[first : first + DATA_PER_CALL])
        return sum(map(len, data.values()))

    def _run(self) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        while not self._stopping.wait(POLL_SECONDS):
            try:
                self.carry()
            except (BotoCoreError, ClientError) as error:
                self._say(f"Metrics could not be carried over: {type(error).__name__}")

    def _read(self, line: str) -> list[emf.Datum]:
        try:
            return emf.read(line)
        except emf.MalformedMetrics as error:
            self._say(f"A function logged metrics that CloudWatch would drop: {error}")
            return []

    def _say(self, sentence: str) -> None:
        """Say it once: a fault in a function repeats with every event."""
        if sentence not in self._said and not self._stopping.is_set():
            self._said.add(sentence)
            _log.warning(sentence)


class _Follower:
    """Remembers how far one log group has been read.

    The emulator gives every invocation a log stream of its own and writes its lines at once, without event ids; so a
    stream has been read whole or not at all.
    """

    def __init__(self, logs: Any, group: str) -> None:
        self._logs = logs
        self._group = group
        self._newest = 0
        self._seen: dict[str, int] = {}

    def new_lines(self) -> list[str]:
        try:
            answer = self._logs.filter_log_events(
                logGroupName=self._group,
                startTime=max(0, self._newest - OVERLAP_MILLISECONDS),
                filterPattern=emf.MARK,
            )
        except self._logs.exceptions.ResourceNotFoundException:
            return []  # The function has not logged yet.
        fresh = [event for event in answer["events"] if event["logStreamName"] not in self._seen]
        self._seen.update((event["logStreamName"], event["timestamp"]) for event in fresh)
        self._newest = max([self._newest, *(event["timestamp"] for event in fresh)])
        horizon = self._newest - OVERLAP_MILLISECONDS
        self._seen = {stream: at for stream, at in self._seen.items() if at >= horizon}
        return [event["message"] for event in fresh]
