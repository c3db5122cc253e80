"""One batch to its end: every event accepted, or rejected with a reason; what failed for the moment is sent again."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from fluxa.errors import OperatorError
from fluxa.operate.api import Api, explain, problem_of
from fluxa.operate.batches import Batch, body_of
from fluxa.operate.lines import Line

PATH = "/events/batch"

_BATCH_IS_TO_BLAME = frozenset(
    {httpx.codes.BAD_REQUEST, httpx.codes.REQUEST_ENTITY_TOO_LARGE, httpx.codes.UNPROCESSABLE_ENTITY}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """A line that will not become an event as it is."""

    line: int
    reason: str
    event_id: str | None = None
    code: str | None = None
    """The API's own code; None for what never reached it."""


@dataclass(frozen=True, kw_only=True)
class Posted:
    """What became of a batch."""

    batch: Batch
    accepted: int
    rejections: tuple[Rejection, ...]
    """In the lines' order."""


@dataclass(frozen=True, kw_only=True)
class Poster:
    """Posts batches."""

    api: Api
    compress: bool = False

    def post(self, batch: Batch) -> Posted:
        """Return once nothing of the batch is undecided.

        Raises:
            OperatorError: Some of it stays undecided; sending it again does no harm.
            Stopped: The work was given up meanwhile.
        """
        rejections = [
            Rejection(line=line.number, reason=line.reason) for line in batch.lines if line.reason is not None
        ]
        refused = self._settle(batch.sendable)
        accepted = len(batch.sendable) - len(refused)
        ordered = sorted((*rejections, *refused), key=lambda rejection: rejection.line)
        return Posted(batch=batch, accepted=accepted, rejections=tuple(ordered))

    def _settle(self, lines: Sequence[Line]) -> list[Rejection]:
        rejections: list[Rejection] = []
        patience = self.api.patience
        for attempt in range(1, patience.attempts + 1):
            if not lines:
                return rejections
            answer = self._send(lines)
            if answer.status_code in _BATCH_IS_TO_BLAME:
                return rejections + self._divide(lines, answer)
            lines, refused, trouble = _sort(lines, _items(answer, len(lines)))
            rejections += refused
            if lines and attempt == patience.attempts:
                raise OperatorError(
                    f"The API could not take {len(lines)} events in {patience.attempts} attempts ({trouble})."
                )
            if lines:
                self.api.wait(patience.seconds(attempt))
        return rejections

    def _send(self, lines: Sequence[Line]) -> httpx.Response:
        body = body_of(lines)
        if not self.compress:
            return self.api.request("POST", PATH, content=body, headers={"Content-Type": "application/json"})
        # As a media type, not as a content encoding: the gateway would take that for text and damage it.
        packed = gzip.compress(body, compresslevel=6, mtime=0)
        return self.api.request("POST", PATH, content=packed, headers={"Content-Type": "application/gzip"})

    def _divide(self, lines: Sequence[Line], answer: httpx.Response) -> list[Rejection]:
        """Find out which line the whole batch was refused for."""
        if len(lines) > 1:
            middle = len(lines) // 2
            return self._settle(lines[:middle]) + self._settle(lines[middle:])
        line = lines[0]
        return [Rejection(line=line.number, reason=f"{problem_of(answer)}.", event_id=line.event_id)]


def _items(answer: httpx.Response, count: int) -> list[dict[str, Any]]:
    if answer.status_code in {httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED}:
        raise OperatorError("This stack does not know POST /events/batch: deploy the version that this command is of.")
    if answer.status_code != httpx.codes.MULTI_STATUS:
        raise OperatorError(f"The API refused the batch: {problem_of(answer)}.")
    try:
        items = sorted(answer.json()["items"], key=lambda item: item["index"])
        complete = list(range(count)) == [item["index"] for item in items]
    except (KeyError, TypeError, ValueError):
        complete, items = False, []
    if not complete:
        raise OperatorError("The API did not say what became of each event of a batch.")
    return items


def _sort(lines: Sequence[Line], items: Sequence[dict[str, Any]]) -> tuple[list[Line], list[Rejection], str]:
    """Return what has to be sent again, what never will be accepted, and why the former failed."""
    again: list[Line] = []
    rejections: list[Rejection] = []
    trouble = ""
    for line, item in zip(lines, items, strict=True):
        problem = item.get("error") or {}
        if item["status"] == "rejected":
            rejections.append(
                Rejection(
                    line=line.number,
                    reason=f"{explain(problem)}.",
                    event_id=line.event_id,
                    code=problem.get("code"),
                )
            )
        elif item["status"] != "accepted":
            again.append(line)
            trouble = explain(problem)
    return again, rejections, trouble
