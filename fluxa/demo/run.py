"""Runs the demonstration against a platform: send, wait until everything has settled, judge."""

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from fluxa.demo.evidence import Evidence, EvidenceReader, Identity
from fluxa.demo.traffic import Kind, Sending, first_wave, second_wave

PARALLEL_REQUESTS = 8
SETTLE_TIMEOUT_SECONDS = 90.0
"""How long events may take to arrive; a transient failure waits seconds for its next attempt."""
_POLL_SECONDS = 0.5

Progress = Callable[[str, int, int], None]
"""Told the step, how much of it is done and how much there is."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One request and its answer."""

    sending: Sending
    status: int


@dataclass(frozen=True, kw_only=True)
class DemoResult:
    """Everything that happened."""

    sent: list[Sent]
    evidence: Evidence
    duplicates: int
    """Deliveries that the processor recognised as duplicates, by its own metric."""

    @property
    def accepted(self) -> set[Identity]:
        return {item.sending.identity for item in self.sent if item.status == httpx.codes.ACCEPTED}

    def of(self, kind: Kind) -> list[Sent]:
        """Return the requests of one kind."""
        return [item for item in self.sent if item.sending.kind is kind]

    def summary(self) -> dict[str, int]:
        """Return the figures that the last line shows."""
        return {
            "sent": len(self.sent),
            "accepted": sum(item.status == httpx.codes.ACCEPTED for item in self.sent),
            "stored": self.evidence.stored.total(),
            "via_s3": len(self.evidence.via_s3),
            "duplicates": self.duplicates,
            "dead_lettered": self.evidence.dead_letters.total(),
            "retried": len(self.evidence.retried),
            "lost": len(self.evidence.lost(self.accepted)),
            "doubled": self.evidence.doubled(),
        }

    def surprises(self) -> list[str]:
        """Return, in sentences, what is not as it should be; empty when all is well."""
        summary = self.summary()
        expected = {
            "accepted": summary["sent"],
            "via_s3": len(self.of(Kind.LARGE)),
            "duplicates": len(self.of(Kind.DUPLICATE)),
            "dead_lettered": len(self.of(Kind.REJECTED)) + len(self.of(Kind.CONFLICT)),
            "retried": len(self.of(Kind.FLAKY)),
            "lost": 0,
            "doubled": 0,
        }
        return [
            f"{name} is {summary[name]}, expected {value}" for name, value in expected.items() if summary[name] != value
        ]


def new_run() -> str:
    """Return a prefix for one run's event ids."""
    return f"demo-{uuid.uuid4().hex[:8]}"


def send_all(api_url: str, api_key: str, sendings: Iterable[Sending], progress: Progress) -> list[Sent]:
    """Post every event and return the answers."""
    pending = list(sendings)
    headers = {"x-api-key": api_key, "Content-Type": "application/json"}
    with (
        httpx.Client(base_url=api_url, headers=headers, timeout=30) as client,
        ThreadPoolExecutor(PARALLEL_REQUESTS) as pool,
    ):

        def send(sending: Sending) -> Sent:
            return Sent(sending=sending, status=client.post("/events", content=sending.body).status_code)

        answers = []
        for answer in pool.map(send, pending):
            answers.append(answer)
            progress("Sending", len(answers), len(pending))
    return answers


def settle(reader: EvidenceReader, expected: set[Identity], progress: Progress) -> Evidence:
    """Wait until every event has arrived somewhere, or the time is up, and return what is where."""
    deadline = time.monotonic() + SETTLE_TIMEOUT_SECONDS
    while True:
        evidence = reader.read()
        progress("Arriving", len(expected & evidence.settled()), len(expected))
        if expected <= evidence.settled() or time.monotonic() > deadline:
            return evidence
        time.sleep(_POLL_SECONDS)


def run_demo(
    *,
    api_url: str,
    api_key: str,
    reader: Callable[[str], EvidenceReader],
    count_duplicates: Callable[[], int],
    progress: Progress,
) -> DemoResult:
    """Send both waves and follow every event to its end.

    Args:
        api_url: Base URL of the deployed API.
        api_key: A key of its usage plan.
        reader: Makes the reader of one run's evidence.
        count_duplicates: Returns how many duplicates the processor has counted so far.
        progress: Told how far each step is.
    """
    run = new_run()
    evidence_reader = reader(run)
    try:
        first = send_all(api_url, api_key, first_wave(run), progress)
        settle(evidence_reader, _accepted(first), progress)
        second = send_all(api_url, api_key, second_wave([item.sending for item in first]), progress)
        settle(evidence_reader, _accepted([*first, *second]), progress)
        duplicates = _await_duplicates(count_duplicates, Counter(item.sending.kind for item in second)[Kind.DUPLICATE])
        return DemoResult(sent=[*first, *second], evidence=evidence_reader.read(), duplicates=duplicates)
    finally:
        evidence_reader.close()


def _accepted(sent: list[Sent]) -> set[Identity]:
    return {item.sending.identity for item in sent if item.status == httpx.codes.ACCEPTED}


def _await_duplicates(count_duplicates: Callable[[], int], expected: int) -> int:
    deadline = time.monotonic() + SETTLE_TIMEOUT_SECONDS
    while (counted := count_duplicates()) < expected and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return counted
