"""A payload is proven before anything else happens, and only this event's own object is ever read."""

from dataclasses import replace

import pytest

from functions.common.envelope import PayloadReference, payload_digest
from functions.common.errors import PayloadMissing, PayloadStoreUnavailable
from functions.common.names import EventStatus
from tests.support.envelopes import BUCKET, a_message, an_envelope, an_offloaded_envelope, with_fields
from tests.support.fakes_processor import MAX_RECEIVE_COUNT, Stage

PAYLOAD = '{"large": "é"}'


@pytest.fixture
def stage():
    return Stage()


@pytest.fixture
def offloaded():
    return an_offloaded_envelope("e-1", payload=PAYLOAD)


def put(stage, envelope, content=PAYLOAD):
    stage.payloads.objects[envelope.payload_ref.key] = content.encode()


def outcome_of(result):
    return result.outcome, result.reason


def test_an_offloaded_event_is_stored_by_reference(stage, offloaded):
    put(stage, offloaded)

    assert ["processed"] == stage.outcomes(a_message(offloaded))
    assert offloaded == stage.store.events["e-1"]


def test_handlers_read_an_offloaded_payload_as_if_it_had_come_along(stage, offloaded):
    put(stage, offloaded)
    seen = []
    stage.registry.on("order.created")(lambda event, _connection: seen.append((event.payload_text, event.payload)))

    stage.run(a_message(offloaded))

    assert [(PAYLOAD, {"large": "é"})] == seen


@pytest.mark.parametrize("receive_count", [1, 2])
def test_an_object_that_is_not_there_yet_is_looked_for_again(stage, offloaded, receive_count):
    (result,) = stage.run(a_message(offloaded, receive_count=receive_count))

    assert ("retry", "payload_missing") == outcome_of(result)
    assert EventStatus.FAILED == stage.store.status("e-1")


@pytest.mark.parametrize("receive_count", [3, 9])
def test_an_object_that_never_came_is_lost(stage, offloaded, receive_count):
    (result,) = stage.run(a_message(offloaded, receive_count=receive_count))

    assert ("dead_lettered", "payload_missing") == outcome_of(result)


@pytest.mark.parametrize("receive_count", [1, MAX_RECEIVE_COUNT - 1])
def test_a_store_that_does_not_answer_never_costs_an_event(stage, offloaded, receive_count):
    stage.payloads.broken = PayloadStoreUnavailable("AccessDenied")

    (result,) = stage.run(a_message(offloaded, receive_count=receive_count))

    assert ("retry", "payload_store_unavailable") == outcome_of(result)


@pytest.mark.parametrize(
    "content",
    [PAYLOAD + " ", PAYLOAD[:-1], PAYLOAD.replace("large", "small"), ""],
    ids=["longer", "cut", "other", "empty"],
)
def test_an_object_with_other_content_is_refused(stage, offloaded, content):
    put(stage, offloaded, content)

    (result,) = stage.run(a_message(offloaded))

    assert ("dead_lettered", "payload_hash_mismatch") == outcome_of(result)
    assert {} == stage.store.events


@pytest.mark.parametrize(
    "fields",
    [{"payload": '{"n": 2}'}, {"payload": '{"n": 1} '}, {"payload_bytes": 9}, {"payload": "\ud800"}],
    ids=["hash", "length", "claimed length", "half a character"],
)
def test_an_inline_payload_that_changed_on_the_way_is_refused(stage, fields):
    (result,) = stage.run(a_message(with_fields(an_envelope("e-1"), **fields)))

    assert ("dead_lettered", "payload_hash_mismatch") == outcome_of(result)
    assert {} == stage.store.events


OTHER_SHA256 = payload_digest(b"other")


@pytest.mark.parametrize(
    "changed",
    [
        lambda ref: replace(ref, bucket="somebody-elses"),
        lambda ref: replace(ref, key=ref.key.replace("payloads/", "private/")),
        lambda ref: replace(ref, key=ref.key.replace("e-1", "e-2")),
        lambda ref: replace(ref, key=ref.key.replace("/e-1/", "/x-e-1/")),
        lambda ref: replace(ref, key=ref.key.rpartition("/")[0] + f"/{OTHER_SHA256}.json"),
        lambda ref: replace(ref, key="payloads/"),
        lambda ref: replace(ref, key=f"/{ref.key}"),
    ],
    ids=["bucket", "prefix", "event", "event's ending", "hash", "folder", "leading slash"],
)
def test_a_reference_to_anything_but_the_events_own_object_is_refused_unread(stage, offloaded, changed):
    elsewhere = replace(offloaded, payload_ref=changed(offloaded.payload_ref))
    stage.payloads.objects[elsewhere.payload_ref.key] = PAYLOAD.encode()

    (result,) = stage.run(a_message(elsewhere))

    assert ("dead_lettered", "payload_reference_refused") == outcome_of(result)
    assert [] == stage.payloads.reads


def test_the_bucket_is_asked_for_no_more_than_was_announced(stage, offloaded):
    asked = []
    stage.registry.on("order.created")(lambda _event, _connection: None)
    stage.payloads.get = lambda reference, **limits: asked.append((reference, limits)) or PAYLOAD.encode()

    stage.run(a_message(offloaded))

    ((reference, limits),) = asked
    assert PayloadReference(bucket=BUCKET, key=offloaded.payload_ref.key) == reference
    assert {"expected_bytes": len(PAYLOAD.encode()), "within_seconds": 28.0} == limits


def test_a_missing_object_of_one_event_hurts_no_neighbour(stage, offloaded):
    stage.payloads.broken = PayloadMissing("none")

    assert ["processed", "retry", "processed"] == stage.outcomes(a_message(), a_message(offloaded), a_message())
