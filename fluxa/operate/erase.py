"""One user's erasure by the API, asked for again until it is done."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from fluxa.errors import OperatorError
from fluxa.operate.api import Api, problem_of

PAUSE_SECONDS = 2.0
"""Between two calls, each of which works for up to twenty seconds."""

PATIENCE_SECONDS = 15 * 60.0
"""Without anything more erased: then somebody else is at work, or holds dead letters back; the hourly run goes on."""

Receipt = dict[str, Any]


class NotFinished(OperatorError):
    """The stack goes on by itself."""

    exit_code = 3


@dataclass(frozen=True, kw_only=True)
class Erasing:
    """Erases all events of one user."""

    api: Api
    pause_seconds: float = PAUSE_SECONDS
    patience_seconds: float = PATIENCE_SECONDS
    clock: Callable[[], float] = field(default=time.monotonic)

    def run(self, user_id: str, report: Callable[[Receipt], None]) -> Receipt:
        """Return the receipt once nothing is left.

        Raises:
            NotFinished: For a while nothing more was erased.
            OperatorError: The API refuses, or cannot be reached.
        """
        first = receipt = self._ask(user_id)
        last_progress = self.clock()
        while receipt["status"] != "completed":
            report(receipt)
            if self.clock() - last_progress > self.patience_seconds:
                raise NotFinished(
                    f"The erasure {receipt['erasure_id']} is not finished: somebody else works at it, or looks at the "
                    "dead letters. The stack goes on by itself every hour; the same command shows how far it is."
                )
            self.api.wait(self.pause_seconds)
            before, receipt = receipt, self._ask(user_id)
            if receipt["erasure_id"] != first["erasure_id"]:
                # The hourly run has finished it meanwhile, and this was the beginning of another.
                return self._receipt(first["erasure_id"])
            if receipt["erased"] != before["erased"]:
                last_progress = self.clock()
        return receipt

    def _ask(self, user_id: str) -> Receipt:
        answer = self.api.request("DELETE", f"/users/{quote(user_id, safe='')}/events")
        if answer.status_code not in {httpx.codes.OK, httpx.codes.ACCEPTED}:
            raise OperatorError(f"Nothing was erased: {problem_of(answer)}.")
        receipt: Receipt = answer.json()
        return receipt

    def _receipt(self, erasure_id: str) -> Receipt:
        receipt: Receipt = self.api.get(f"/erasures/{erasure_id}")
        return receipt
