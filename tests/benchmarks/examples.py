"""Events as shops send them, of a wanted size: names, numbers, nesting and a few characters beyond ASCII."""

import json
from itertools import count
from typing import Any


def a_payload(size_bytes: int) -> dict[str, Any]:
    """An order whose JSON has about as many bytes; more bytes mean more lines, not longer ones."""
    order: dict[str, Any] = {
        "order_id": "o-2026-118842",
        "customer": {"id": "u-7731", "name": "Zoë Ångström", "newsletter": False, "tags": ["returning", "b2b"]},
        "currency": "EUR",
        "lines": [],
    }
    room = size_bytes - len(_text(order).encode())
    for number in count(1):
        line = {
            "line": number,
            "sku": f"SKU-{number * 7919 % 100_000:05d}",
            "title": "Notebook, ruled, 96 pages",
            "quantity": number % 5 + 1,
            "unit_price": number * 37 % 9_000 / 100,
            "gift": number % 3 == 0,
            "note": None,
        }
        room -= len(_text(line).encode()) + 2
        if room < 0:
            return order
        order["lines"].append(line)
    raise AssertionError("an endless count ended")


def payload_text(size_bytes: int) -> str:
    return _text(a_payload(size_bytes))


def request_body(size_bytes: int) -> str:
    """The body of a `POST /events`, about as large."""
    event = {"type": "order.created", "source": "shop", "user_id": "u-7731", "occurred_at": "2026-11-23T12:00:00Z"}
    return _text(event | {"payload": a_payload(size_bytes - len(_text(event)) - 14)})


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
