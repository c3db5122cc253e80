"""A handful of sample events, so that the first look at a new platform shows something, and where it ended."""

import time
from dataclasses import dataclass
from typing import Any

import httpx

from fluxa.errors import OperatorError
from fluxa.local.outputs import PlatformOutputs

ARRIVAL_TIMEOUT_SECONDS = 15.0
"""For an event to be stored; it takes a fraction of a second, but the first ones find the functions cold."""

_POLL_SECONDS = 0.05

_SAMPLES: tuple[dict[str, Any], ...] = (
    {"type": "user.signed_up", "user_id": "u-1001", "payload": {"plan": "free", "country": "PT"}},
    {"type": "order.created", "user_id": "u-1001", "payload": {"order": "o-1", "total": 42.50, "currency": "EUR"}},
    {"type": "payment.captured", "user_id": "u-1001", "source": "billing", "payload": {"order": "o-1"}},
    {"type": "sensor.read", "source": "greenhouse-3", "payload": [19.4, 19.6, 19.5]},
    # Above the inline limit: it travels through the payload bucket.
    {"type": "report.exported", "user_id": "u-1002", "payload": {"rows": ["a row of the report"] * 15_000}},
)


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """Where one sample event ended."""

    event_id: str
    type: str
    payload_bytes: int
    way: str
    """`inline` in the queue message, or through `S3`."""
    status: str


def send_samples(outputs: PlatformOutputs) -> list[Arrival]:
    """Post the sample events through the API and wait until each is stored.

    Raises:
        OperatorError: one is refused, or is not stored in time.
    """
    with httpx.Client(
        base_url=outputs.api_url, headers={"x-api-key": outputs.api_key}, timeout=30, trust_env=False
    ) as client:
        accepted = [_expect(client.post("/events", json=sample), httpx.codes.ACCEPTED) for sample in _SAMPLES]
        return [_arrival(client, answer["event_id"]) for answer in accepted]


def _arrival(client: httpx.Client, event_id: str) -> Arrival:
    deadline = time.monotonic() + ARRIVAL_TIMEOUT_SECONDS
    while (answer := client.get(f"/events/{event_id}")).status_code == httpx.codes.NOT_FOUND:
        if time.monotonic() > deadline:
            raise OperatorError(
                f"The event {event_id} was accepted and is not stored after {ARRIVAL_TIMEOUT_SECONDS:.0f} s."
            )
        time.sleep(_POLL_SECONDS)
    event = _expect(answer, httpx.codes.OK)
    return Arrival(
        event_id=event_id,
        type=event["type"],
        payload_bytes=event["payload_bytes"],
        way="S3" if "payload_url" in event else "inline",
        status=event["status"],
    )


def _expect(answer: httpx.Response, status: httpx.codes) -> Any:
    if answer.status_code != status:
        raise OperatorError(f"The API answered a sample event with {answer.status_code}: {answer.text[:300]}")
    return answer.json()
