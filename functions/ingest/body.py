"""The request body's bytes: content encodings undone, the size limit kept."""

import zlib

from functions.common.errors import MalformedRequest, PayloadTooLarge, UnsupportedMediaType
from functions.common.http import Request

BODY_LIMIT_BYTES = 5 * 1024 * 1024
"""After any inflating. Lambda takes 6 MB, which has to hold API Gateway's wrapping and escaping as well."""

# 16 + the largest window: zlib reads gzip's header and checks its trailer.
_GZIP = 16 + zlib.MAX_WBITS


def read_body(request: Request) -> bytes:
    """Return the body as the client meant it.

    Raises:
        PayloadTooLarge: It is, or would inflate to, more than `BODY_LIMIT_BYTES`.
        UnsupportedMediaType: It has a content encoding other than gzip.
        MalformedRequest: It says gzip and is not.
    """
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    body = request.body()
    if encoding in {"gzip", "x-gzip"}:
        body = _inflate(body)
    elif encoding not in {"", "identity"}:
        raise UnsupportedMediaType("The content encoding is not supported; send the body uncompressed.")
    if len(body) > BODY_LIMIT_BYTES:
        raise PayloadTooLarge(f"The body has {len(body)} bytes; at most {BODY_LIMIT_BYTES} are accepted.")
    return body


def _inflate(body: bytes) -> bytes:
    inflater = zlib.decompressobj(_GZIP)
    try:
        # One byte above the limit is enough to know; a bomb is never inflated further.
        inflated = inflater.decompress(body, BODY_LIMIT_BYTES + 1)
    except zlib.error:
        raise MalformedRequest("Content-Encoding says gzip, but the body is not gzip data.") from None
    if len(inflated) > BODY_LIMIT_BYTES:
        raise PayloadTooLarge(f"The body inflates to more than {BODY_LIMIT_BYTES} bytes.")
    if not inflater.eof or inflater.unused_data:
        raise MalformedRequest("The gzip data in the body is incomplete or is followed by something else.")
    return inflated
