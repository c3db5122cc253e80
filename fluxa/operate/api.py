"""The stack's HTTP API as the operator's commands use it: patient with a busy stack, plain about a refusal."""

import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import httpx

from fluxa.errors import OperatorError
from fluxa.operate.target import Target

TIMEOUT_SECONDS = 35.0
"""API Gateway gives an answer or an error after 29."""

ATTEMPTS = 8
BACK_OFF_BASE_SECONDS = 0.5
BACK_OFF_MAX_SECONDS = 20.0
"""Eight attempts spread over about a minute: longer than a fail-over of the database takes."""

_WORTH_ANOTHER_TRY = frozenset({429, 500, 502, 503, 504})
"""500 among them: a bug that one request met may be a function that was just being replaced."""


class Refused(OperatorError):
    """The API answered, and the answer is no.

    Args:
        message: The sentence.
        code: The problem's own code, for whoever can do something about it.
    """

    def __init__(self, message: str, *, code: str | None) -> None:
        super().__init__(message)
        self.code = code


class Stopped(Exception):
    """Somebody else gave up, so this request's wait is over."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a request is tried again."""

    attempts: int = ATTEMPTS
    base_seconds: float = BACK_OFF_BASE_SECONDS
    max_seconds: float = BACK_OFF_MAX_SECONDS

    def seconds(self, attempt: int, *, asked_for: float = 0.0) -> float:
        """Return the wait after an attempt, counted from 1: full jitter, never less than the server asked for."""
        limit = min(self.max_seconds, self.base_seconds * 2 ** (attempt - 1))
        jittered = random.uniform(0, limit)  # noqa: S311 - no secret is made of it
        return max(min(asked_for, self.max_seconds), jittered)


class Api:
    """Speaks to one stack; usable from any thread, in a `with` block."""

    def __init__(self, target: Target, *, connections: int = 4, patience: Patience | None = None) -> None:
        self.patience = patience or Patience()
        self._name = target.name
        self._url = target.api_url
        self._stopped = threading.Event()
        self._client = httpx.Client(
            base_url=target.api_url,
            headers={} if target.api_key is None else {"x-api-key": target.api_key},
            timeout=httpx.Timeout(TIMEOUT_SECONDS, connect=5.0),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            # A proxy in the terminal's environment would be asked for this machine.
            trust_env=target.emulator is None,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._client.close()

    def stop(self) -> None:
        """End every wait; requests after this raise `Stopped` instead of waiting."""
        self._stopped.set()

    def wait(self, seconds: float) -> None:
        """Wait, but not longer than anybody is interested.

        Raises:
            Stopped: The work was given up meanwhile.
        """
        if self._stopped.wait(seconds):
            raise Stopped

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Return the first answer that is not a call to come back later.

        Raises:
            OperatorError: There is none, or the stack refuses the key.
            Stopped: The work was given up meanwhile.
        """
        trouble = ""
        for attempt in range(1, self.patience.attempts + 1):
            asked_for = 0.0
            try:
                answer = self._client.request(method, path, **options)
            except httpx.TransportError as error:
                trouble = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            else:
                if answer.status_code not in _WORTH_ANOTHER_TRY:
                    return self._admitted(answer)
                trouble = problem_of(answer)
                asked_for = _retry_after(answer)
            if attempt < self.patience.attempts:
                self.wait(self.patience.seconds(attempt, asked_for=asked_for))
        raise OperatorError(
            f"The API of {self._name} at {self._url} did not take the request in {self.patience.attempts} attempts "
            f"({trouble})."
        )

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """Return the JSON that a path answers with.

        Raises:
            Refused: The API refuses the request.
            OperatorError: It cannot be reached.
        """
        answer = self.request("GET", path, params=params)
        if not answer.is_success:
            message = f"The API of {self._name} refused the request: {problem_of(answer)}."
            raise Refused(message, code=_code_of(answer))
        return answer.json()

    def find(self, path: str) -> Any | None:
        """Return the JSON that a path answers with, or None when there is nothing.

        Raises:
            OperatorError: The API refuses the request, or cannot be reached.
        """
        answer = self.request("GET", path)
        if answer.status_code in {httpx.codes.NOT_FOUND, httpx.codes.BAD_REQUEST}:
            return None
        if not answer.is_success:
            raise OperatorError(f"The API of {self._name} refused the request: {problem_of(answer)}.")
        return answer.json()

    def _admitted(self, answer: httpx.Response) -> httpx.Response:
        if answer.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            raise OperatorError(
                f"The API of {self._name} does not admit this key ({problem_of(answer)}): are these the outputs of the "
                "stack as it is deployed now?"
            )
        return answer


def problem_of(answer: httpx.Response) -> str:
    """Return an answer's own words about what is wrong: a problem document's, or its status."""
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    status = f"{answer.status_code} {answer.reason_phrase}".strip()
    return f"{status}: {explain(problem)}" if isinstance(problem, dict) and explain(problem) else status


def _code_of(answer: httpx.Response) -> str | None:
    try:
        problem = answer.json()
    except ValueError:
        return None
    code = problem.get("code") if isinstance(problem, dict) else None
    return code if isinstance(code, str) else None


def explain(problem: Mapping[str, Any]) -> str:
    """Return a problem document in one line: its detail, and each field with what is wrong."""
    detail = str(problem.get("detail") or problem.get("message") or problem.get("title") or "").rstrip(".")
    fields = [
        f"{item.get('field')}: {str(item.get('message')).rstrip('.')}"
        for item in problem.get("errors") or []
        if isinstance(item, dict)
    ]
    return "; ".join(filter(None, (detail, *fields)))


def _retry_after(answer: httpx.Response) -> float:
    # An HTTP date is allowed as well; API Gateway and the functions send seconds.
    try:
        return float(answer.headers.get("Retry-After", 0))
    except ValueError:
        return 0.0
