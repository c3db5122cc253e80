"""What the demonstration sends: every kind of event that a day in production brings."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from functions.common.envelope import payload_digest


class Kind(StrEnum):
    """A class of events and, in words, what should become of it."""

    ORDINARY = "ordinary"
    LARGE = "above the inline limit"
    DUPLICATE = "exact duplicate"
    CONFLICT = "same id, other content"
    REJECTED = "rejected by its handler"
    FLAKY = "fails once, then works"


@dataclass(frozen=True, kw_only=True)
class Sending:
    """One request to make."""

    kind: Kind
    event_id: str
    type: str
    payload: str
    """JSON text."""

    @property
    def body(self) -> bytes:
        head = json.dumps({"event_id": self.event_id, "type": self.type, "user_id": "demo", "source": "fluxa/demo"})
        return f'{head[:-1]}, "payload": {self.payload}}}'.encode()

    @property
    def identity(self) -> tuple[str, str]:
        """What makes it this event and no other: its id and its content."""
        return self.event_id, payload_digest(self.payload.encode())


ORDINARY_EVENTS = 200
# Around the default threshold of 256 KiB, and one that fills the 5 MiB a body may have.
LARGE_BYTES = (270_000, 400_000, 800_000, 2_000_000, 5_200_000)
DUPLICATES = 10
FAILING = 3

_TYPES = (
    "order.created",
    "order.paid",
    "order.shipped",
    "user.signed_up",
    "user.renamed",
    "page.viewed",
    "invoice.sent",
    "sensor.measured",
)


def first_wave(run: str) -> list[Sending]:
    """Everything that stands on its own."""
    # The same events in every run, but under new ids.
    source = random.Random(20_261_123)  # noqa: S311 - no secret is made of it
    sendings = [*_ordinary(run, source), *_large(run, source), *_failing(run)]
    source.shuffle(sendings)
    return sendings


def second_wave(first: list[Sending]) -> list[Sending]:
    """What repeats the first wave: duplicates, and one id used again for other content."""
    ordinary = sorted((item for item in first if item.kind is Kind.ORDINARY), key=lambda item: item.event_id)
    again = [
        Sending(kind=Kind.DUPLICATE, event_id=item.event_id, type=item.type, payload=item.payload)
        for item in ordinary[:DUPLICATES]
    ]
    victim = ordinary[DUPLICATES]
    other = Sending(kind=Kind.CONFLICT, event_id=victim.event_id, type=victim.type, payload='{"other": "content"}')
    return [*again, other]


def _ordinary(run: str, source: random.Random) -> Iterator[Sending]:
    for number in range(ORDINARY_EVENTS):
        payload: Any = {
            "number": number,
            "amount": source.randint(1, 100_000) / 100,
            "note": "grüezi ✓" * source.randint(0, 40),
            "lines": [{"sku": f"sku-{source.randint(1, 99)}", "quantity": source.randint(1, 5)}],
        }
        yield Sending(
            kind=Kind.ORDINARY,
            event_id=f"{run}-ordinary-{number:03}",
            type=_TYPES[number % len(_TYPES)],
            payload=json.dumps(payload, ensure_ascii=number % 2 == 0),
        )


def _large(run: str, source: random.Random) -> Iterator[Sending]:
    for size in LARGE_BYTES:
        # Letters, since quotes and backslashes double on their way through API Gateway's JSON.
        block = "".join(source.choices("abcdefghijklmnopqrstuvwxyz", k=1_000))
        yield Sending(
            kind=Kind.LARGE,
            event_id=f"{run}-large-{size}",
            type="document.scanned",
            payload=json.dumps((block * (size // 1_000))[:size]),
        )


def _failing(run: str) -> Iterator[Sending]:
    for number in range(FAILING):
        payload = json.dumps({"number": number})
        yield Sending(kind=Kind.REJECTED, event_id=f"{run}-declined-{number}", type="payment.declined", payload=payload)
        yield Sending(kind=Kind.FLAKY, event_id=f"{run}-reserved-{number}", type="stock.reserved", payload=payload)
