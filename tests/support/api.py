"""The running local platform as a test sees it: its API over HTTP, and where events may end."""

import json
import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

import boto3
import httpx

from functions.common.names import METRICS_NAMESPACE

T = TypeVar("T")

ARRIVAL_TIMEOUT_SECONDS = 20.0
"""Far above what an event needs, so that a busy machine fails no test; the promise itself is measured elsewhere."""


def eventually(look: Callable[[], T | None], *, timeout_seconds: float = ARRIVAL_TIMEOUT_SECONDS) -> T:
    """Return the first truthy answer of `look`, asked again and again."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)


class Api:
    """The platform's outputs (the keys of `fluxa dev --json`), made usable."""

    def __init__(self, outputs: dict[str, Any]) -> None:
        self.outputs = outputs
        self.client = httpx.Client(base_url=outputs["api_url"], headers={"x-api-key": outputs["api_key"]}, timeout=60)
        self._clients: dict[str, Any] = {}
        self._aws: dict[str, Any] = {}
        self._session = boto3.session.Session(
            aws_access_key_id=outputs["access_key_id"],
            aws_secret_access_key=outputs["secret_access_key"],
            region_name=outputs["region"],
        )

    def aws(self, service: str) -> Any:
        if service not in self._clients:
            endpoint = self.outputs["aws_endpoint_url"]
            self._clients[service] = self._session.client(service, endpoint_url=endpoint)  # type: ignore[call-overload]  # any service by name
        return self._clients[service]

    def close(self) -> None:
        self.client.close()
        for client in self._clients.values():
            client.close()

    def post(self, event: dict[str, Any], **options: Any) -> httpx.Response:
        return self.client.post("/events", json=event, **options)

    def get_event(self, event_id: str) -> dict[str, Any]:
        """Wait until the event is known, and return it."""

        def look() -> dict[str, Any] | None:
            answer = self.client.get(f"/events/{event_id}")
            assert answer.status_code in {200, 404}, answer.text
            return answer.json() if answer.status_code == 200 else None

        return eventually(look)

    def list_events(self, **filters: Any) -> dict[str, Any]:
        answer = self.client.get("/events", params=filters)
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page

    def erase(self, user_id: str) -> dict[str, Any]:
        """Erase all of a user's events, as often as it takes while others look at the dead letters."""

        def look() -> dict[str, Any] | None:
            answer = self.client.delete(f"/users/{quote(user_id, safe='')}/events")
            assert answer.status_code in {200, 202}, answer.text
            return answer.json() if answer.status_code == 200 else None

        return eventually(look)

    def dead_letters(self) -> list[dict[str, Any]]:
        """Look at the whole dead-letter queue without taking anything out of it for long."""
        found: dict[str, dict[str, Any]] = {}
        while True:
            answer = self.aws("sqs").receive_message(
                QueueUrl=self.outputs["dead_letter_queue_url"],
                MaxNumberOfMessages=10,
                MessageAttributeNames=["All"],
                VisibilityTimeout=2,
                WaitTimeSeconds=0,
            )
            messages = answer.get("Messages", [])
            if not messages:
                return list(found.values())
            found |= {message["MessageId"]: message for message in messages}

    def log_lines(self, function: str, *fragments: str) -> list[str]:
        """Return the function's log lines that contain every fragment."""
        logs = self.aws("logs")
        group = f"/aws/lambda/{self.outputs['functions'][function]}"
        events = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        lines = [event["message"] for page in events for event in page["events"]]
        return [line for line in lines if all(fragment in line for fragment in fragments)]

    def metric_names(self) -> set[str]:
        metrics = self.aws("cloudwatch").list_metrics(Namespace=METRICS_NAMESPACE)["Metrics"]
        return {metric["MetricName"] for metric in metrics}

    def json_log_lines(self, function: str, *fragments: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log_lines(function, *fragments) if line.startswith("{")]
