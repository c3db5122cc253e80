"""Payloads that were uploaded: proven without being kept, held only within the memory, and read at a handler's risk."""

from dataclasses import replace

import pytest
from pydantic import BaseModel

from functions.common.envelope import content_digest, payload_digest
from tests.support.envelopes import a_message, an_offloaded_envelope
from tests.support.fakes_processor import HANDLED_BYTES_AT_MOST, Stage


class Report(BaseModel):
    n: int


@pytest.fixture
def stage():
    return Stage()


def uploaded(stage, event_id, content):
    """An event whose payload is these bytes, which may be no text."""
    event = an_offloaded_envelope(event_id)
    sha256 = payload_digest(content)
    reference = replace(event.payload_ref, key=event.payload_ref.key.replace(event.payload_sha256, sha256))
    event = replace(event, payload_ref=reference, payload_bytes=len(content), payload_sha256=sha256)
    stage.payloads.objects[reference.key] = content
    return replace(event, content_sha256=content_digest(event))


def outcome_of(result):
    return result.outcome, result.reason


def test_a_payload_that_no_handler_wants_is_proven_and_not_kept_whatever_its_size(stage):
    event = uploaded(stage, "e-1", b"1" * (HANDLED_BYTES_AT_MOST + 1))

    assert ["processed"] == stage.outcomes(a_message(event))
    assert [event.payload_ref.key] == stage.payloads.digests


def test_a_payload_that_is_not_kept_is_proven_all_the_same(stage):
    event = uploaded(stage, "e-1", b"1" * 100)
    stage.payloads.objects[event.payload_ref.key] = b"1" * 99 + b"2"

    (result,) = stage.run(a_message(event))

    assert ("dead_lettered", "payload_hash_mismatch") == outcome_of(result)
    assert {} == stage.store.events


def test_a_payload_that_handlers_could_not_hold_is_parked_unread_and_hurts_no_neighbour(stage):
    """A function that runs out of memory takes the whole batch with it, at every delivery."""
    fits = uploaded(stage, "e-1", b"1" * HANDLED_BYTES_AT_MOST)
    large = uploaded(stage, "e-2", b"1" * (HANDLED_BYTES_AT_MOST + 1))
    stage.registry.on("order.created")(lambda event, _connection: event.payload_text)

    results = stage.run(a_message(fits), a_message(large))

    assert [("processed", None), ("dead_lettered", "payload_beyond_memory")] == [outcome_of(one) for one in results]
    assert [fits.payload_ref.key] == stage.payloads.reads
    assert "more memory, and redrive" in results[1].explanation


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"%PDF-1.7", "no JSON at line 1, column 1."),
        (b"", "no JSON at line 1, column 1."),
        (b'{"secret', "no JSON at line 1, column 2."),
        (b'"\xff"', "not UTF-8 at byte 1."),
        (b"[" * 50_000, "nested too deeply to be read."),
        (b"1" * 5_000, "no JSON."),
    ],
    ids=["another format", "empty", "cut", "no text", "deep", "endless number"],
)
def test_a_handler_that_reads_what_is_no_json_parks_the_event_with_the_reason(stage, content, what):
    event = uploaded(stage, "e-1", content)
    stage.registry.on("order.created")(lambda event, _connection: event.payload)

    (result,) = stage.run(a_message(event))

    assert ("dead_lettered", "payload_not_json") == outcome_of(result)
    assert result.explanation.startswith("The payload is")
    assert result.explanation.endswith(what)


@pytest.mark.parametrize(
    ("content", "reason"), [(b"%PDF", "payload_unfit"), (b"[" * 50_000, "payload_unfit"), (b"\xff", "payload_not_json")]
)
def test_no_model_is_made_of_what_is_no_json(stage, content, reason):
    event = uploaded(stage, "e-1", content)
    stage.registry.on("order.created", schema=Report)(lambda _event, _connection, _model: None)

    assert [("dead_lettered", reason)] == [outcome_of(one) for one in stage.run(a_message(event))]
