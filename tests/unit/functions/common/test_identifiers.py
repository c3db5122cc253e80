"""Which ids are taken, and what ours look like."""

import time
import uuid

import pytest

from functions.common.correlation import correlation_id_from
from functions.common.identifiers import is_identifier, new_id


def test_new_ids_are_uuid_version_7_and_sort_by_time() -> None:
    first = new_id()
    time.sleep(0.002)
    second = new_id()

    parsed = uuid.UUID(first)
    assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
    assert first < second
    assert abs((parsed.int >> 80) - time.time() * 1000) < 5_000


@pytest.mark.parametrize("text", ["a", "A-Z.a_z:0-9", "x" * 128, "..."])
def test_ids_of_the_alphabet_are_taken(text: str) -> None:
    assert is_identifier(text)


@pytest.mark.parametrize("text", ["", "x" * 129, "a b", "a/b", "é", "a\n", ".", "..", "a\0"])
def test_other_ids_are_not(text: str) -> None:
    assert not is_identifier(text)


def test_a_correlation_id_is_taken_when_well_formed_and_made_otherwise() -> None:
    made = correlation_id_from("not good")

    assert correlation_id_from("mine") == "mine"
    assert uuid.UUID(made).version == 7
    assert uuid.UUID(correlation_id_from(None)).version == 7
