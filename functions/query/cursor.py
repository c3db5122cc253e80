"""Where the next page starts, as text that clients hand back unread.

A cursor is base64url of: version, the last row's `received_at` and `event_id`, a fingerprint of the list, which is its
filters and its order, and an HMAC over all of it. The signature keeps the place in the list ours to choose: nobody can
make a cursor that we did not.
The limit is no part of it, so a client may change the page size on the way.
"""

import base64
import binascii
import dataclasses
import hashlib
import hmac
import json
import struct
from datetime import UTC, datetime, timedelta

from functions.common.errors import FieldProblem, InvalidCursor
from functions.query.ports import EventFilters, Order, PageKey

_VERSION = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)  # PostgreSQL's resolution: a rounded key would skip or repeat rows.
_FINGERPRINT_BYTES = 16
_HEAD = struct.Struct(f">Bq{_FINGERPRINT_BYTES}s")
_SIGNATURE_BYTES = hashlib.sha256().digest_size


def encode(key: PageKey, filters: EventFilters, order: Order = Order.NEWEST, *, secret: bytes) -> str:
    """Return the cursor of the page that follows `key` in the list that `filters` select, in this order."""
    microseconds = (key.received_at - _EPOCH) // _MICROSECOND
    content = _HEAD.pack(_VERSION, microseconds, _fingerprint(filters, order)) + key.event_id.encode()
    return _to_text(content + _sign(content, secret))


def decode(cursor: str, filters: EventFilters, order: Order = Order.NEWEST, *, secret: bytes) -> PageKey:
    """Return the key inside a cursor.

    Raises:
        InvalidCursor: This API did not make it with this key, or made it for other filters or the other order.
    """
    content, signature = _split(cursor)
    if not hmac.compare_digest(signature, _sign(content, secret)):
        raise _refused("The cursor was changed, or is too old; start again from the first page.")
    # Only what we signed is read from here on, so its shape needs no more checks.
    version, microseconds, fingerprint = _HEAD.unpack_from(content)
    if version != _VERSION:
        raise _refused("The cursor is of another version of this API; start again from the first page.")
    if fingerprint != _fingerprint(filters, order):
        for other in set(Order) - {order}:
            if fingerprint == _fingerprint(filters, other):
                raise _refused(f"The cursor was made for the order {other}; repeat that of the first page.")
        raise _refused("The cursor was made for other filters; repeat those of the first page.")
    return PageKey(received_at=_EPOCH + microseconds * _MICROSECOND, event_id=content[_HEAD.size :].decode())


def _split(cursor: str) -> tuple[bytes, bytes]:
    try:
        whole = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (binascii.Error, ValueError) as error:
        raise _refused("The cursor is not one that this API made.") from error
    # The decoder skips characters outside its alphabet and ignores spare bits at the end; a cursor has one spelling.
    if len(whole) <= _HEAD.size + _SIGNATURE_BYTES or _to_text(whole) != cursor:
        raise _refused("The cursor is not one that this API made.")
    return whole[:-_SIGNATURE_BYTES], whole[-_SIGNATURE_BYTES:]


def _to_text(whole: bytes) -> str:
    return base64.urlsafe_b64encode(whole).rstrip(b"=").decode()


def _sign(content: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, content, "sha256")


def _fingerprint(filters: EventFilters, order: Order) -> bytes:
    # In UTC, because two spellings of one moment are the same filter.
    values = {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
        for name, value in dataclasses.asdict(filters).items()
    }
    # The first order there was goes without saying, so cursors from before there were two are still good.
    if order is not Order.NEWEST:
        values["order"] = order.value
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()[:_FINGERPRINT_BYTES]


def _refused(message: str) -> InvalidCursor:
    return InvalidCursor(message, problems=[FieldProblem(field="cursor", message=message)])
