"""Stand-ins for ingest's ports, and API Gateway requests to drive it with."""

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from functions.common.envelope import Envelope, MessageAttributes, decode
from functions.common.errors import PayloadStoreUnavailable, QueueUnavailable

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass
class FakeQueue:
    """Keeps what was sent, or refuses everything."""

    down: bool = False
    sent: list[tuple[str, MessageAttributes]] = field(default_factory=list)

    def send(self, body: str, attributes: MessageAttributes) -> None:
        if self.down:
            raise QueueUnavailable("down")
        self.sent.append((body, attributes))

    def envelopes(self) -> list[Envelope]:
        return [decode(body) for body, _ in self.sent]


@dataclass
class FakePayloads:
    """Keeps what was stored, or refuses everything."""

    down: bool = False
    bucket: str = "payload-bucket"
    stored: dict[str, bytes] = field(default_factory=dict)

    def put_new(self, key: str, body: bytes, sha256: str) -> None:
        if self.down:
            raise PayloadStoreUnavailable("down")
        assert sha256 in key
        self.stored[key] = body


def a_request(
    body: str | bytes | dict[str, Any] = "", *, method: str = "POST", headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """An API Gateway proxy event for `POST /events`."""
    text = json.dumps(body) if isinstance(body, dict) else body
    if isinstance(text, bytes):
        encoded, text = True, base64.b64encode(text).decode()
    else:
        encoded = False
    return {
        "httpMethod": method,
        "path": "/events",
        "resource": "/events",
        "headers": {"Content-Type": "application/json", **(headers or {})},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "body": text,
        "isBase64Encoded": encoded,
        "requestContext": {"stage": "test", "requestId": "r-1"},
    }
