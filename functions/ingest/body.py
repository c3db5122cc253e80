"""The request body's bytes: compression undone, the size limit kept.

Compressed bytes reach a function unharmed only when the gateway knows the media type as a binary one, so clients send
them as `application/gzip` or `application/zstd`. With `Content-Encoding`, as HTTP has it, the gateway takes them for
text and damages them, unless it is set to inflate them itself; then it keeps the header. What arrived is told by how
it starts, never by the header alone.
"""

from functions.common.errors import MalformedRequest, PayloadTooLarge, UnsupportedMediaType
from functions.common.http import Request
from functions.ingest.inflate import inflate, is_compressed, is_damaged

BODY_LIMIT_BYTES = 5 * 1024 * 1024
"""After any inflating. Lambda takes 6 MB, which has to hold API Gateway's wrapping and escaping as well."""

COMPRESSED_TYPES = {"application/gzip": "gzip", "application/zstd": "zstd"}
"""Media types that say how the body is compressed, and not what is inside. Base64 makes them a third longer on their
way, so about 4.4 MB of them fit into Lambda's 6 MB."""

_CODINGS = {"gzip": "gzip", "x-gzip": "gzip", "zstd": "zstd"}
_DAMAGED = (
    "The compressed body was damaged on its way, because its media type is not a binary one here: "
    "send it as Content-Type: application/gzip or application/zstd."
)


def media_type_of(request: Request) -> str:
    """Return the body's media type in lower case, without parameters; empty when the request names none."""
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def read_body(request: Request) -> bytes:
    """Return the body as the client meant it.

    Raises:
        PayloadTooLarge: It is, or would inflate to, more than `BODY_LIMIT_BYTES`.
        UnsupportedMediaType: It has a content encoding other than gzip and zstd, or two that differ.
        MalformedRequest: It cannot be inflated.
    """
    body = request.body()
    by_type = COMPRESSED_TYPES.get(media_type_of(request))
    coding = _coding_of(request, by_type)
    if is_damaged(body):
        raise MalformedRequest(_DAMAGED)
    # A gateway that inflates says so by nothing but the bytes, and touches no media type.
    if coding is not None and (by_type or is_compressed(body, coding)):
        return inflate(body, coding, limit_bytes=BODY_LIMIT_BYTES)
    if len(body) > BODY_LIMIT_BYTES:
        raise PayloadTooLarge(f"The body has {len(body)} bytes; at most {BODY_LIMIT_BYTES} are accepted.")
    return body


def _coding_of(request: Request, by_type: str | None) -> str | None:
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding in {"", "identity"}:
        return by_type
    by_encoding = _CODINGS.get(encoding)
    if by_encoding is None:
        raise UnsupportedMediaType("The content encoding is not supported; send the body as gzip, zstd or as it is.")
    if by_type not in {None, by_encoding}:
        raise UnsupportedMediaType("The content type and the content encoding name different compressions.")
    return by_encoding
