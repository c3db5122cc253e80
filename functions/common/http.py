"""API Gateway's proxy events in, its answers out; the one table from error to status.

Errors are RFC 9457 problem documents. Clients see an error's code and what to do about it, never a stack trace.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from functions.common.correlation import correlation_id_from
from functions.common.errors import UNEXPECTED, FluxaError, MalformedRequest, TransientError
from functions.common.names import Header

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
PROBLEMS_SHOWN = 20
FIELD_SHOWN = 128
"""Fields named in one problem, and characters of a name: an answer must never outgrow what Lambda may return."""
RETRY_AFTER_SECONDS = 2
"""How long a client should wait after a 503: most transient errors are a throttle or a fail-over's first second."""


class Headers(Mapping[str, str]):
    """HTTP headers; names compare without case, as RFC 9110 has it and as gateways differ in practice."""

    def __init__(self, raw: Mapping[str, str | None] | None) -> None:
        self._values = {name.lower(): value for name, value in (raw or {}).items() if value is not None}

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


@dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request, without API Gateway's wrapping."""

    method: str
    path: str
    """Below the stage, e.g. `/events/42`."""
    resource: str
    """The route that matched, e.g. `/events/{event_id}`."""
    headers: Headers
    query: Mapping[str, list[str]] = field(default_factory=dict)
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    correlation_id: str
    _body: str = ""
    _body_is_base64: bool = False

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> Self:
        """Read a Lambda proxy event (payload version 1.0)."""
        headers = Headers(event.get("headers"))
        return cls(
            method=event.get("httpMethod") or "",
            path=event.get("path") or "",
            resource=event.get("resource") or "",
            headers=headers,
            query={
                key: list(values or []) for key, values in (event.get("multiValueQueryStringParameters") or {}).items()
            },
            path_parameters=dict(event.get("pathParameters") or {}),
            correlation_id=correlation_id_from(headers.get(Header.CORRELATION_ID)),
            _body=event.get("body") or "",
            _body_is_base64=bool(event.get("isBase64Encoded")),
        )

    def body(self) -> bytes:
        """Return the body's bytes as the client sent them.

        Raises:
            MalformedRequest: The gateway's encoding of the body cannot be undone.
        """
        try:
            if self._body_is_base64:
                return base64.b64decode(self._body, validate=True)
            return self._body.encode()
        except (binascii.Error, UnicodeEncodeError) as error:
            raise MalformedRequest("The body is neither UTF-8 text nor a binary media type of this API.") from error


def json_response(
    status: int,
    body: Mapping[str, Any] | str,
    *,
    correlation_id: str,
    headers: Mapping[str, str] | None = None,
    content_type: str = JSON,
) -> dict[str, Any]:
    """Answer with JSON; a `str` body is JSON text already."""
    return {
        "statusCode": status,
        "headers": {
            "Content-Type": content_type,
            "Cache-Control": "no-store",
            Header.CORRELATION_ID.value: correlation_id,
            **(headers or {}),
        },
        "body": body if isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
    }


def problem_response(error: Exception, *, correlation_id: str) -> dict[str, Any]:
    """Answer with a problem document."""
    problem = problem_document(error, correlation_id=correlation_id)
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if isinstance(error, TransientError) else None
    return json_response(
        problem["status"], problem, correlation_id=correlation_id, headers=headers, content_type=PROBLEM_JSON
    )


def problem_document(error: Exception, *, correlation_id: str, fields_shown: int = PROBLEMS_SHOWN) -> dict[str, Any]:
    """Describe an error to a client. One that is not ours says nothing about its inside."""
    if not isinstance(error, FluxaError):
        return {
            "type": "about:blank",
            "title": "Internal error",
            "status": 500,
            "detail": "The request failed for a reason on our side. Quote the correlation id when you report it.",
            "code": UNEXPECTED,
            "correlation_id": correlation_id,
        }
    transient = isinstance(error, TransientError)
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        # What is wrong with a request is the client's business; what is wrong with us is not.
        "detail": "Nothing was lost; send the same request again shortly." if transient else error.message,
        "code": error.code,
        "correlation_id": correlation_id,
    }
    if error.problems:
        shown = error.problems[:fields_shown]
        problem["errors"] = [{"field": item.field[:FIELD_SHOWN], "message": item.message} for item in shown]
    return problem
