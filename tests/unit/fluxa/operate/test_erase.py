"""An erasure is asked for until it is done, and the receipt is that of the first question."""

from typing import Any

import httpx
import pytest

from fluxa.errors import OperatorError
from fluxa.operate.erase import Erasing, NotFinished


def a_receipt(events: int = 0, *, done: bool = False, erasure_id: str = "er-1") -> dict[str, Any]:
    return {
        "erasure_id": erasure_id,
        "status": "completed" if done else "in_progress",
        "erased": {"events": events, "keys": 0, "payload_objects": 0, "dead_letters": 0},
    }


class Stack:
    """An API that answers with one receipt after another, the last one for ever."""

    def __init__(self, *receipts: dict[str, Any], status: int = 202) -> None:
        self.receipts = list(receipts)
        self.status = status
        self.asked: list[tuple[str, str]] = []
        self.now = 0.0

    def request(self, method: str, path: str) -> httpx.Response:
        self.asked.append((method, path))
        receipt = self.receipts.pop(0) if len(self.receipts) > 1 else self.receipts[0]
        return httpx.Response(self.status, json=receipt)

    def get(self, path: str) -> dict[str, Any]:
        self.asked.append(("GET", path))
        return a_receipt(7, done=True)

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def erase(self, user_id: str = "u-1") -> tuple[dict[str, Any], list[int]]:
        seen: list[int] = []
        erasing = Erasing(api=self, patience_seconds=30.0, clock=lambda: self.now)  # type: ignore[arg-type]  # as much of it as is used
        return erasing.run(user_id, lambda receipt: seen.append(receipt["erased"]["events"])), seen


def test_it_is_asked_for_until_it_is_done_and_each_step_is_reported():
    stack = Stack(a_receipt(500), a_receipt(900), a_receipt(1000, done=True))

    receipt, seen = stack.erase()

    assert (1000, [500, 900]) == (receipt["erased"]["events"], seen)
    assert [("DELETE", "/users/u-1/events")] * 3 == stack.asked


@pytest.mark.parametrize(("user_id", "path"), [("a/b", "a%2Fb"), ("é %", "%C3%A9%20%25"), ("x?y#z", "x%3Fy%23z")])
def test_a_users_id_is_one_part_of_the_path_whatever_it_holds(user_id: str, path: str):
    stack = Stack(a_receipt(done=True))

    stack.erase(user_id)

    assert [("DELETE", f"/users/{path}/events")] == stack.asked


def test_when_the_hourly_run_was_faster_its_receipt_is_fetched_and_not_that_of_another_erasure():
    stack = Stack(a_receipt(5), a_receipt(0, done=True, erasure_id="er-2"))

    receipt, _ = stack.erase()

    assert ("er-1", 7) == (receipt["erasure_id"], receipt["erased"]["events"])
    assert ("GET", "/erasures/er-1") == stack.asked[-1]


def test_without_progress_it_is_left_to_the_stack_and_with_progress_it_is_not():
    with pytest.raises(NotFinished, match="er-1 is not finished") as caught:
        Stack(a_receipt(5)).erase()
    assert 3 == caught.value.exit_code

    slow = Stack(*(a_receipt(n) for n in range(40)), a_receipt(40, done=True))
    assert 40 == slow.erase()[0]["erased"]["events"]


def test_a_refusal_is_told_in_the_apis_words():
    problem = {"detail": "The path names a user_id that no event can have.", "errors": []}

    with pytest.raises(OperatorError, match="Nothing was erased: 400 Bad Request: The path names"):
        Stack(problem, status=400).erase()
