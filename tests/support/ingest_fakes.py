"""Stand-ins for ingest's ports, and API Gateway requests to drive it with."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from functions.common.envelope import Envelope, MessageAttributes, decode
from functions.common.errors import PayloadStoreUnavailable, QueueUnavailable, UploadMissing
from functions.common.uploads import UploadReference
from functions.ingest.ports import Offer, OutgoingMessage

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass
class FakeQueue:
    """Keeps what was sent, or refuses everything, or the events with certain ids."""

    down: bool = False
    refuses: frozenset[str] = frozenset()
    sent: list[tuple[str, MessageAttributes]] = field(default_factory=list)

    def send(self, body: str, attributes: MessageAttributes) -> None:
        if self.down:
            raise QueueUnavailable("down")
        self.sent.append((body, attributes))

    def send_many(self, messages: Sequence[OutgoingMessage], *, within_seconds: float) -> list[Exception | None]:
        return [self._outcome(message) for message in messages]

    def _outcome(self, message: OutgoingMessage) -> Exception | None:
        if decode(message.body).event_id in self.refuses:
            return QueueUnavailable("refused")
        try:
            self.send(message.body, message.attributes)
        except QueueUnavailable as error:
            return error
        return None

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


@dataclass
class FakeUploads:
    """Keeps what was offered and taken; `made` are the uploads that exist, `broken` is what taking any raises."""

    made: list[UploadReference] = field(default_factory=list)
    offered: list[UploadReference] = field(default_factory=list)
    taken: list[tuple[UploadReference, str]] = field(default_factory=list)
    broken: Exception | None = None

    def offer(self, upload: UploadReference) -> Offer:
        self.offered.append(upload)
        return Offer(url=f"https://uploads.test/{upload.key}", headers={"x-bound": upload.sha256}, valid_seconds=900)

    def take(self, upload: UploadReference, key: str) -> None:
        if self.broken is not None:
            raise self.broken
        if upload not in self.made:
            raise UploadMissing("none")
        self.taken.append((upload, key))


def a_request(
    body: str | bytes | dict[str, Any] | list[Any] = "",
    *,
    method: str = "POST",
    path: str = "/events",
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    """An API Gateway proxy event for `POST /events`, or for another path; bytes arrive as a binary media type does."""
    text = json.dumps(body) if isinstance(body, dict | list) else body
    if isinstance(text, bytes):
        encoded, text = True, base64.b64encode(text).decode()
    else:
        encoded = False
    return {
        "httpMethod": method,
        "path": path,
        "resource": path,
        "headers": {"Content-Type": "application/json", **(headers or {})},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "body": text,
        "isBase64Encoded": encoded,
        "requestContext": {"stage": "test", "requestId": "r-1"},
    }
