"""The API's calls about erasures: what a client is told, and what nobody is."""

import contextlib
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.common import log
from functions.common.errors import DatabaseUnavailable, MalformedRequest
from functions.common.names import Service
from functions.maintenance.erasure import ErasureTables
from functions.maintenance.erasure_calls import CALL_SECONDS, ErasureCalls, read_user_id
from tests.support.fakes_erasure import NOON, FakeTraces, an_erasure

DONE = {"events": 3, "keys": 2, "payload_objects": 1, "dead_letters": 4}


class FakeRecords:
    def __init__(self):
        self.begun = []
        self.known = {}

    def begin(self, user_id):
        self.begun.append(user_id)
        erasure = an_erasure(user_id=user_id)
        self.known.setdefault(erasure.erasure_id, erasure)
        return erasure

    def find(self, erasure_id):
        return self.known.get(erasure_id)


class FakeEraser:
    """Finishes, or does not."""

    def __init__(self, records, *, finishes=True):
        self.records = records
        self.finishes = finishes
        self.error = None
        self.seconds = []

    def work(self, _traces, erasures, seconds_left):
        self.seconds.append(seconds_left())
        if self.error is not None:
            raise self.error
        for erasure in erasures:
            completed_at = NOON + timedelta(seconds=1) if self.finishes else None
            self.records.known[erasure.erasure_id] = replace(erasure, completed_at=completed_at, **DONE)


class Stage:
    def __init__(self, *, finishes=True):
        self.records = FakeRecords()
        self.eraser = FakeEraser(self.records, finishes=finishes)
        self.now = 100.0

    @contextlib.contextmanager
    def tables(self):
        yield ErasureTables(records=self.records, traces=FakeTraces())

    def call(self, method, resource, *, seconds=300.0, **parameters):
        calls = ErasureCalls(tables=self.tables, eraser=self.eraser, clock=lambda: self.now)
        event = {"httpMethod": method, "resource": resource, "pathParameters": parameters}
        answer = calls.answer(event | {"headers": {"X-Correlation-Id": "c-1"}}, lambda: seconds)
        assert "c-1" == answer["headers"]["X-Correlation-Id"]
        return answer["statusCode"], json.loads(answer["body"]), answer["headers"]

    def erase(self, user_id):
        return self.call("DELETE", "/users/{user_id}/events", user_id=user_id)


def test_an_erasure_that_is_done_is_answered_with_its_receipt_which_does_not_name_the_user():
    status, receipt, headers = Stage().erase("u-1")

    assert 200 == status
    assert {
        "erasure_id": "er-1",
        "user_sha256": "a" * 64,
        "status": "completed",
        "requested_at": "2026-11-23T12:00:00+00:00",
        "completed_at": "2026-11-23T12:00:01+00:00",
        "watched_until": "2026-12-18T12:00:00+00:00",
        "erased": DONE,
    } == receipt
    assert "Retry-After" not in headers


def test_one_that_is_not_done_is_202_and_says_when_to_ask_again():
    status, receipt, headers = Stage(finishes=False).erase("u-1")

    assert (202, "in_progress", None, "2") == (
        status,
        receipt["status"],
        receipt["completed_at"],
        headers["Retry-After"],
    )


@pytest.mark.parametrize(("seconds", "worked"), [(300.0, CALL_SECONDS), (7.0, 7.0)])
def test_a_call_works_for_less_than_the_gateway_waits_and_no_longer_than_the_function_lives(seconds, worked):
    stage = Stage()

    stage.call("DELETE", "/users/{user_id}/events", user_id="u-1", seconds=seconds)

    assert [worked] == stage.eraser.seconds


def test_a_receipt_can_be_asked_for_and_an_unknown_one_is_404():
    stage = Stage()
    stage.erase("u-1")

    assert 200 == stage.call("GET", "/erasures/{erasure_id}", erasure_id="er-1")[0]
    status, problem, _ = stage.call("GET", "/erasures/{erasure_id}", erasure_id="er-2")
    assert (404, "erasure_not_found") == (status, problem["code"])


@pytest.mark.parametrize(
    ("raw", "user_id"),
    [
        ("u-1", "u-1"),
        ("a%2Fb", "a/b"),
        ("%C3%A9%20x", "é x"),
        ("100%25", "100%"),
        ("%2541", "%41"),
        ("a+b", "a+b"),
        ("x" * 255, "x" * 255),
    ],
)
def test_a_users_id_is_decoded_once(raw, user_id):
    assert user_id == read_user_id(raw)


@pytest.mark.parametrize("raw", ["", "%00", "a%0Ab", "%FF", "x" * 256, "%ED%A0%80", "\udc00"])
def test_what_no_events_user_can_be_is_refused_by_its_name_and_begins_nothing(raw):
    stage = Stage()

    status, problem, _ = stage.erase(raw)

    assert (400, "malformed_request", ["user_id"]) == (
        status,
        problem["code"],
        [item["field"] for item in problem["errors"]],
    )
    assert [] == stage.records.begun
    with pytest.raises(MalformedRequest, match="no event can have"):
        read_user_id(raw)


def test_an_erasures_id_is_checked():
    status, problem, _ = Stage().call("GET", "/erasures/{erasure_id}", erasure_id="no%20id")

    assert (400, "erasure_id") == (status, problem["errors"][0]["field"])


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(DatabaseUnavailable("gone"), 503, "database_unavailable"), (RuntimeError("u-1"), 500, "unexpected")],
)
def test_what_goes_wrong_is_answered_and_logged_without_naming_the_user(error, status, code, capsys):
    log.configure(Service.MAINTENANCE, "INFO")
    stage = Stage()
    stage.eraser.error = error

    answered, problem, _ = stage.erase("user-of-ours")

    assert (status, code) == (answered, problem["code"])
    out = capsys.readouterr().out
    assert "er-1" in out
    assert "user-of-ours" not in out


def test_a_call_that_is_none_of_the_two_is_refused():
    status, problem, _ = Stage().call("GET", "/users/{user_id}/events", user_id="u-1")

    assert (404, "route_not_found") == (status, problem["code"])
