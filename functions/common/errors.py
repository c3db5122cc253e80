"""What can go wrong, grouped by what to do about it.

FluxaError
├── PermanentError              the same input fails the same way every time
│   ├── MalformedRequest        malformed_request        400
│   │   ├── MalformedJson       malformed_json           400
│   │   └── InvalidCursor       invalid_cursor           400
│   ├── EventNotFound           event_not_found          404
│   ├── ErasureNotFound         erasure_not_found        404
│   ├── RouteNotFound           route_not_found          404
│   ├── EventIdReused           event_id_reused          409
│   ├── PayloadTooLarge         payload_too_large        413
│   ├── UnsupportedMediaType    unsupported_media_type   415
│   ├── InvalidEvent            invalid_event            422
│   ├── SchemaViolated          schema_violated          422
│   ├── UnknownSchemaVersion    unknown_schema_version   422
│   ├── SchemaVersionUnreachable schema_version_unreachable 409
│   ├── UpcastFailed            upcast_failed            409
│   ├── SchemaUnchecked         schema_unchecked         422
│   ├── InvalidUpload           invalid_upload           422
│   ├── UploadMissing           upload_missing           422
│   ├── UploadMismatch          upload_mismatch          422
│   ├── PayloadUnfit            payload_unfit            —
│   ├── PayloadNotJson          payload_not_json         —
│   ├── PayloadBeyondMemory     payload_beyond_memory    —
│   ├── InvalidEnvelope         invalid_envelope         —
│   ├── PayloadHashMismatch     payload_hash_mismatch    —
│   ├── PayloadMissing          payload_missing          —
│   ├── PayloadArchived         payload_archived         —
│   └── PayloadReferenceRefused payload_reference_refused —
└── TransientError              the same input may succeed later
    ├── DatabaseUnavailable     database_unavailable     503
    ├── DatabaseBusy            database_busy            503
    ├── QueueUnavailable        queue_unavailable        503
    ├── PayloadStoreUnavailable payload_store_unavailable 503
    ├── SecretUnavailable       secret_unavailable       503
    └── OutOfTime               out_of_time              —

Anything else is a bug of ours, not the event's fault: it is retried and it alarms.

The message is for a developer, `code` for machines: it is the same word in log, metric, database and API.
Errors never log; whoever handles one logs it, once.

Those about schemas and their versions are in `schema_errors.py`; a handler's own derive from the two groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

UNEXPECTED = "unexpected"
"""The code of every exception that is not a `FluxaError`."""


@dataclass(frozen=True, kw_only=True)
class FieldProblem:
    """One field of a request that was refused."""

    field: str
    """Path of the field as the client wrote it, e.g. `payload.items[3]`; a header's name for a header."""
    message: str
    """What is wrong and what would be right, in one sentence. Never the value itself: it may be secret."""


class FluxaError(Exception):
    """Base of every error of ours; never raised directly."""

    code: ClassVar[str]
    status: ClassVar[int] = 500
    """The HTTP status an API function answers with."""
    title: ClassVar[str] = "Error"
    """RFC 9457 `title`: the same for every occurrence of this code."""

    def __init__(self, message: str, *, problems: Sequence[FieldProblem] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.problems = tuple(problems)


class PermanentError(FluxaError):
    """The same input fails the same way every time; handlers may raise their own subclass of it."""

    code = "permanent_error"


class MalformedRequest(PermanentError):
    """The request cannot be read."""

    code = "malformed_request"
    status = 400
    title = "The request cannot be read"


class MalformedJson(MalformedRequest):
    """The body is not JSON that can be stored unchanged."""

    code = "malformed_json"
    title = "The body is not acceptable JSON"


class InvalidCursor(MalformedRequest):
    """The cursor was not made by this API, or for other filters."""

    code = "invalid_cursor"
    title = "The cursor is not valid for this query"


class EventNotFound(PermanentError):
    """No event with this id has been stored or has failed."""

    code = "event_not_found"
    status = 404
    title = "No such event"


class ErasureNotFound(PermanentError):
    """There was never an erasure with this id."""

    code = "erasure_not_found"
    status = 404
    title = "No such erasure"


class RouteNotFound(PermanentError):
    """The API routes a call to a function that does not answer it; the two were deployed apart."""

    code = "route_not_found"
    status = 404
    title = "No such call"


class EventIdReused(PermanentError):
    """The id was used before, with other content."""

    code = "event_id_reused"
    status = 409
    title = "The event id was used before with other content"


class PayloadTooLarge(PermanentError):
    """The body is above the limit."""

    code = "payload_too_large"
    status = 413
    title = "The body is too large"


class UnsupportedMediaType(PermanentError):
    """The content type or encoding is not one we read."""

    code = "unsupported_media_type"
    status = 415
    title = "The media type is not supported"


class InvalidEvent(PermanentError):
    """The JSON is fine, the event in it is not."""

    code = "invalid_event"
    status = 422
    title = "The event is not valid"


class InvalidUpload(PermanentError):
    """The JSON is fine, what it says of an upload is not."""

    code = "invalid_upload"
    status = 422
    title = "The upload is not valid"


class UploadMissing(PermanentError):
    """Nothing was uploaded under the event's reference, or it has expired."""

    code = "upload_missing"
    status = 422
    title = "There is no such upload"


class UploadMismatch(PermanentError):
    """What was uploaded is not what the event says."""

    code = "upload_mismatch"
    status = 422
    title = "The upload is not what the event says"


class PayloadUnfit(PermanentError):
    """The payload does not fit the model that a handler declared."""

    code = "payload_unfit"


class PayloadNotJson(PermanentError):
    """An uploaded payload is read for the first time, by a handler, and is no JSON text."""

    code = "payload_not_json"


class PayloadBeyondMemory(PermanentError):
    """The event's type has handlers, and its payload is larger than the processor's memory is meant for."""

    code = "payload_beyond_memory"


class InvalidEnvelope(PermanentError):
    """A queue message is not one that this version of ingest writes."""

    code = "invalid_envelope"


class PayloadHashMismatch(PermanentError):
    """The payload is not, byte for byte, the one that was accepted."""

    code = "payload_hash_mismatch"


class PayloadMissing(PermanentError):
    """The payload object does not exist."""

    code = "payload_missing"


class PayloadArchived(PermanentError):
    """The payload object lies in an archive, from which somebody has to restore it."""

    code = "payload_archived"


class PayloadReferenceRefused(PermanentError):
    """A message points outside the payload bucket or prefix."""

    code = "payload_reference_refused"


class TransientError(FluxaError):
    """The same input may succeed later; handlers may raise their own subclass of it."""

    code = "transient_error"
    status = 503
    title = "Temporarily unavailable"


class DatabaseUnavailable(TransientError):
    """PostgreSQL cannot be reached, or takes no work at the moment."""

    code = "database_unavailable"


class DatabaseBusy(TransientError):
    """PostgreSQL answers, but a lock, a deadlock or a time-out kept this statement from finishing."""

    code = "database_busy"


class QueueUnavailable(TransientError):
    """SQS did not acknowledge."""

    code = "queue_unavailable"


class PayloadStoreUnavailable(TransientError):
    """S3 did not answer."""

    code = "payload_store_unavailable"


class SecretUnavailable(TransientError):
    """A parameter or secret could not be read."""

    code = "secret_unavailable"


class OutOfTime(TransientError):
    """Too little of the invocation is left to finish this message."""

    code = "out_of_time"


def code_of(error: BaseException) -> str:
    """Return the stable code of any exception."""
    return error.code if isinstance(error, FluxaError) else UNEXPECTED
