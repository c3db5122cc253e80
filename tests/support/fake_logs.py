"""CloudWatch and CloudWatch Logs in memory, as far as the metrics bridge uses them."""

import threading
from typing import Any


class FakeAws:
    """Both services; `fail_with` makes every call raise."""

    def __init__(self) -> None:
        self.groups: dict[str, list[dict[str, Any]]] = {}
        self.put: list[dict[str, Any]] = []
        self.put_happened = threading.Event()
        self.fail_with: Exception | None = None
        self.exceptions = self

    class ResourceNotFoundException(Exception):
        """The log group does not exist."""

    def client(self, service: str) -> "FakeAws":
        return self

    def log(self, group: str, message: str, *, at: int) -> None:
        """Log one line as the emulator does for an invocation: in a stream of its own."""
        events = self.groups.setdefault(group, [])
        events.append({"logStreamName": f"stream-{len(events)}", "timestamp": at, "message": message})

    def filter_log_events(self, **request: Any) -> dict[str, Any]:
        if self.fail_with:
            raise self.fail_with
        if request["logGroupName"] not in self.groups:
            raise self.ResourceNotFoundException
        events = [event for event in self.groups[request["logGroupName"]] if event["timestamp"] >= request["startTime"]]
        return {"events": [event for event in events if request["filterPattern"] in event["message"]]}

    def put_metric_data(self, **request: Any) -> None:
        self.put += [{"Namespace": request["Namespace"], **datum} for datum in request["MetricData"]]
        self.put_happened.set()
