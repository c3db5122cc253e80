"""The demonstration's judge: it must see a loss and a double when there is one."""

from collections import Counter

import pytest

from fluxa.demo.evidence import Evidence
from fluxa.demo.run import DemoResult, Sent
from fluxa.demo.traffic import Kind, Sending, first_wave, second_wave

A, B = ("a", "hash-a"), ("b", "hash-b")


def test_an_event_that_is_nowhere_is_lost():
    evidence = Evidence(stored=Counter([A]))

    assert {B} == evidence.lost({A, B})


def test_an_event_that_was_parked_is_not_lost():
    evidence = Evidence(stored=Counter([A]), dead_letters=Counter([B]))

    assert set() == evidence.lost({A, B})


def test_an_event_stored_under_its_id_with_other_content_is_lost():
    evidence = Evidence(stored=Counter([("a", "other")]))

    assert {A} == evidence.lost({A})


@pytest.mark.parametrize(
    ("evidence", "copies"),
    [
        (Evidence(stored=Counter([A, B]), dead_letters=Counter([("a", "other")])), 0),
        (Evidence(stored=Counter([A, A])), 1),
        (Evidence(stored=Counter([A, ("a", "other")])), 1),
        (Evidence(dead_letters=Counter([A, A, A])), 2),
        (Evidence(stored=Counter([A]), dead_letters=Counter([A])), 1),
    ],
)
def test_every_copy_too_many_is_counted(evidence, copies):
    assert copies == evidence.doubled()


def test_the_traffic_holds_every_class_that_was_promised():
    first = first_wave("run")
    second = second_wave(first)

    counts = Counter(item.kind for item in [*first, *second])
    assert {
        Kind.ORDINARY: 200,
        Kind.LARGE: 5,
        Kind.DUPLICATE: 10,
        Kind.CONFLICT: 1,
        Kind.REJECTED: 3,
        Kind.FLAKY: 3,
    } == counts
    assert all(len(item.body) <= 5 * 1024 * 1024 for item in first)
    identities = {item.identity for item in first}
    assert all((item.identity in identities) == (item.kind is Kind.DUPLICATE) for item in second)
    assert all(item.event_id.startswith("run-") for item in first)


def test_a_result_that_is_not_as_promised_is_a_surprise():
    sending = Sending(kind=Kind.ORDINARY, event_id="a", type="t", payload="1")
    lost = DemoResult(sent=[Sent(sending=sending, status=202)], evidence=Evidence(), duplicates=0)
    refused = DemoResult(sent=[Sent(sending=sending, status=500)], evidence=Evidence(), duplicates=0)

    assert ["lost is 1, expected 0"] == lost.surprises()
    assert ["accepted is 0, expected 1"] == refused.surprises()
