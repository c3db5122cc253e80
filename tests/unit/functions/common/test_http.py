"""API Gateway's shapes, and what a client is told when something goes wrong."""

import json

import pytest

from functions.common.errors import DatabaseUnavailable, FieldProblem, InvalidEvent, MalformedRequest
from functions.common.http import Request, json_response, problem_response
from tests.support.ingest_fakes import a_request


@pytest.mark.parametrize("name", ["X-Correlation-Id", "x-correlation-id", "X-CORRELATION-ID"])
def test_header_names_compare_without_case(name: str) -> None:
    assert Request.from_event(a_request(headers={name: "c-1"})).correlation_id == "c-1"


def test_a_request_without_anything_optional_is_read() -> None:
    request = Request.from_event({"httpMethod": "GET", "path": "/health", "headers": None, "body": None})

    assert (request.method, request.path, request.body(), request.query) == ("GET", "/health", b"", {})


def test_a_binary_body_is_decoded() -> None:
    assert Request.from_event(a_request(b"\x1f\x8b")).body() == b"\x1f\x8b"


def test_a_body_that_cannot_be_decoded_is_the_clients_problem() -> None:
    request = Request.from_event(a_request("???") | {"isBase64Encoded": True})

    with pytest.raises(MalformedRequest, match="neither UTF-8 text nor"):
        request.body()


def test_a_problem_names_every_field() -> None:
    error = InvalidEvent("1 field is wrong.", problems=[FieldProblem(field="type", message="Field required.")])

    answer = problem_response(error, correlation_id="c-1")

    assert answer["statusCode"] == 422
    assert json.loads(answer["body"]) == {
        "type": "about:blank",
        "title": "The event is not valid",
        "status": 422,
        "detail": "1 field is wrong.",
        "code": "invalid_event",
        "correlation_id": "c-1",
        "errors": [{"field": "type", "message": "Field required."}],
    }


def test_a_transient_problem_says_when_to_return_and_nothing_of_our_inside() -> None:
    answer = problem_response(DatabaseUnavailable("db-1.internal refused"), correlation_id="c-1")

    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (503, "2")
    assert "db-1" not in answer["body"]


def test_answers_are_never_cached_and_always_correlated() -> None:
    answer = json_response(200, {"a": 1}, correlation_id="c-1")

    assert answer["headers"] == {
        "Content-Type": "application/json",
        "Cache-Control": "no-store",
        "X-Correlation-Id": "c-1",
    }
