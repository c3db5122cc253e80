"""What can be wrong between an event's payload and the schemas of its type; part of the tree in `errors.py`."""

from functions.common.errors import PermanentError


class SchemaViolated(PermanentError):
    """The payload is not what the schema of the event's type asks for."""

    code = "schema_violated"
    status = 422
    title = "The payload does not fit its schema"


class UnknownSchemaVersion(PermanentError):
    """The event's type has schemas, and none of the version that the event names."""

    code = "unknown_schema_version"
    status = 422
    title = "There is no such version of the schema"


class SchemaVersionUnreachable(PermanentError):
    """The event cannot be had in the schema version asked for: it is of a newer one, or of one that does not exist."""

    code = "schema_version_unreachable"
    status = 409
    title = "The event cannot be had in that version"


class UpcastFailed(PermanentError):
    """An upcaster did not make a payload of the next version out of this one."""

    code = "upcast_failed"
    status = 409
    title = "The payload could not be brought to that version"


class SchemaUnchecked(PermanentError):
    """The event's type has a schema, and its payload was uploaded, where nothing reads it before it is accepted."""

    code = "schema_unchecked"
    status = 422
    title = "An uploaded payload cannot be held to a schema"
