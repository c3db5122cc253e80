"""Undoes gzip and zstd, in a stream and never further than a limit: a bomb costs no more than a large body."""

import sys
import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from functions.common.errors import MalformedRequest, PayloadTooLarge

if TYPE_CHECKING:
    from types import ModuleType

# 16 + the largest window: zlib reads gzip's header and checks its trailer.
_GZIP = 16 + zlib.MAX_WBITS

ZSTD_WINDOW_LOG = 23
"""8 MiB: what HTTP's zstd may ask a reader to keep in memory; zstd itself would allow 128 MiB and more.
https://www.rfc-editor.org/rfc/rfc9659#section-2
"""

MAGIC: Mapping[str, bytes] = {"gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}
"""How each coding's data starts. No JSON starts like either."""

# A gateway that takes the bytes for text replaces those that are none.
_DAMAGED = tuple(magic.decode(errors="replace").encode() for magic in MAGIC.values())


class _Inflater(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def is_compressed(body: bytes, coding: str) -> bool:
    """Tell whether a body starts like data of this coding."""
    return body.startswith(MAGIC[coding])


def is_damaged(body: bytes) -> bool:
    """Tell whether a body was compressed data before somebody took it for text."""
    return body.startswith(_DAMAGED)


def inflate(body: bytes, coding: str, *, limit_bytes: int) -> bytes:
    """Return the data inside; one member or frame is all there may be.

    Raises:
        PayloadTooLarge: It would be more than the limit.
        MalformedRequest: The body is not of this coding, incomplete, followed by something else,
            or needs more memory to be read than HTTP allows.
    """
    inflater, refusal = _INFLATERS[coding]()
    try:
        # One byte above the limit is enough to know.
        inflated = inflater.decompress(body, limit_bytes + 1)
    except refusal:
        raise MalformedRequest(f"The body says it is {coding}, and cannot be read as such.") from None
    if len(inflated) > limit_bytes:
        raise PayloadTooLarge(f"The body inflates to more than {limit_bytes} bytes.")
    if not inflater.eof or inflater.unused_data:
        raise MalformedRequest(f"The {coding} data in the body is incomplete or is followed by something else.")
    return inflated


def _gzip() -> tuple[_Inflater, type[Exception]]:
    return zlib.decompressobj(_GZIP), zlib.error


def _zstd() -> tuple[_Inflater, type[Exception]]:
    zstd = _zstd_module()
    options = {zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG}
    return zstd.ZstdDecompressor(options=options), zstd.ZstdError


def _zstd_module() -> "ModuleType":
    # Loaded when the first such body comes: hardly any cold start has to do with one.
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415 - as above
    else:
        from backports import zstd  # noqa: PLC0415 - as above
    return zstd


_INFLATERS: Mapping[str, Callable[[], tuple[_Inflater, type[Exception]]]] = {"gzip": _gzip, "zstd": _zstd}
