"""An ingest function with its world in memory, driven by API Gateway's events."""

import json
from collections.abc import Mapping
from typing import Any

from functions.common.metrics import Metrics
from functions.common.names import Service
from functions.ingest.accept import Acceptor
from functions.ingest.handler import handle
from functions.ingest.wiring import Ingest
from tests.support.ingest_fakes import NOW, FakePayloads, FakeQueue, FakeUploads, a_request

Body = str | bytes | dict[str, Any] | list[Any]


class World:
    """Its queue and bucket keep what they are given."""

    def __init__(self) -> None:
        self.queue = FakeQueue()
        self.payloads = FakePayloads()
        self.uploads = FakeUploads()
        self.metric_lines: list[str] = []
        self.headers: Mapping[str, str] = {}
        self.app = Ingest(
            acceptor=Acceptor(
                queue=self.queue,
                payloads=self.payloads,
                uploads=self.uploads,
                clock=lambda: NOW,
                inline_limit_bytes=262_144,
            ),
            metrics=Metrics(service=Service.INGEST, stack="test", write=self.metric_lines.append),
        )

    def post(self, body: Body, *, path: str = "/events", **headers: str) -> tuple[int, dict[str, Any]]:
        """Return the answer's status and document; a header's name is written with underscores."""
        request = a_request(body, path=path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = handle(request, self.app, within_seconds=5.0)
        self.headers = answer["headers"]
        return answer["statusCode"], json.loads(answer["body"])

    def post_batch(self, body: Body, **headers: str) -> dict[str, Any]:
        status, answer = self.post(body, path="/events/batch", **headers)
        assert 207 == status, answer
        return answer

    def problem(self, body: Body, *, path: str = "/events", **headers: str) -> tuple[int, str, list[str]]:
        """Return status, code and fields of a refusal that queued nothing."""
        status, document = self.post(body, path=path, **headers)
        assert self.headers["Content-Type"] == "application/problem+json"
        assert self.queue.sent == []
        return status, document["code"], [item["field"] for item in document.get("errors", [])]

    def counted(self) -> dict[tuple[str, str | None], int]:
        """Return each metric's sum, by its name and reason."""
        found = {}
        for line in map(json.loads, self.metric_lines):
            for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]:
                found[metric["Name"], line.get("Reason")] = line[metric["Name"]]
        return found
