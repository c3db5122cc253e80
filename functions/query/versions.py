"""An event in the schema version that a client asked for, whichever version was sent."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from functions.common.errors import FieldProblem, MalformedRequest
from functions.common.schema_errors import SchemaVersionUnreachable, UpcastFailed
from functions.common.schema_versions import unknown_version
from functions.common.upcasting import Upcasters
from functions.query.ports import StoredEvent

PARAMETER = "schema_version"
LATEST = "latest"

UPCAST_BYTES_MAX = 5_000_000
"""Of an upcast payload as it lies in an answer, of which Lambda takes 6 MB. One as it was sent has at most 1 MB."""

_VERSION = re.compile(r"(0|[1-9][0-9]{0,8})(\.(0|[1-9][0-9]{0,8})){0,2}")


def read_version(query: Mapping[str, Sequence[str]]) -> str | None:
    """Return the version that the query string asks for, `latest` among them; None when it asks for none.

    Raises:
        MalformedRequest: It is given more than once, or is no version; or there are other parameters, most of which are
            typing errors.
    """
    given = query.get(PARAMETER)
    problems = [
        FieldProblem(field=name, message=f"Is not a parameter of this call; known is {PARAMETER}.")
        for name in query
        if name != PARAMETER
    ]
    if given is not None and not (len(given) == 1 and (given[0] == LATEST or _VERSION.fullmatch(given[0]))):
        message = f"Must be given once, as a version such as 2 or 1.2, or as {LATEST}."
        problems.append(FieldProblem(field=PARAMETER, message=message))
    if problems:
        count = f"{len(problems)} query parameter{' is' if len(problems) == 1 else 's are'}"
        raise MalformedRequest(f"{count} not valid.", problems=problems)
    return None if given is None else given[0]


def in_version(event: StoredEvent, wanted: str, upcasters: Upcasters) -> StoredEvent:
    """Return an event with its payload, and its `schema_version`, in the version asked for.

    An event that failed has no payload to convert, and a type without schemas has no newest version: they stay as they
    are.

    Raises:
        UnknownSchemaVersion: The event's type has no schema of this version.
        SchemaVersionUnreachable: The event is newer, or its own version does not exist, or its payload is too large.
        UpcastFailed: An upcaster did not do its work.
        UpcasterBroken: A file is no upcaster.
    """
    event_type, own = event.summary.type, event.summary.schema_version
    versions = upcasters.versions(event_type) if event_type is not None else ()
    if wanted == LATEST:
        version = versions[0] if versions else None
    elif event_type is None or wanted in versions:
        version = wanted
    else:
        raise unknown_version(versions)
    if event_type is None or version is None or (event.payload is None and event.payload_ref is None):
        return event
    payload = event.payload
    if payload is not None:
        payload = upcasters.upcast(event_type, payload, own, version)
        _refuse_huge(payload, event.payload)
    elif upcasters.steps(event_type, own, version):
        raise _too_large()
    return replace(event, summary=replace(event.summary, schema_version=version), payload=payload)


def _too_large() -> SchemaVersionUnreachable:
    message = (
        "The payload is too large to be converted here; without this parameter payload_url gives it as it was sent."
    )
    return SchemaVersionUnreachable(message, problems=[FieldProblem(field=PARAMETER, message=message)])


def _refuse_huge(payload: str, sent: str | None) -> None:
    # The body is a JSON string inside Lambda's own JSON, where quotes and backslashes take two bytes.
    if payload is not sent and len(json.dumps(payload)) > UPCAST_BYTES_MAX:
        raise UpcastFailed("The upcasters made the payload larger than an answer may be.")
