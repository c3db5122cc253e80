"""One correlation id from hop to hop: what was logged, sent and recorded, in the order of time."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from fluxa.errors import OperatorError
from fluxa.operate.api import Api
from fluxa.operate.events import EventFeed
from fluxa.operate.timeline import path_of
from functions.common.events import parse_timestamp
from functions.common.identifiers import IDENTIFIER_RULE, is_identifier
from functions.common.names import EventStatus

EVENTS_AT_MOST = 1000
"""Of one correlation id: a batch has 500."""

TIMELINES_AT_MOST = 20
"""Events whose messages are shown as well: each is a request of its own, and a batch has 500."""

_BEFORE_ACCEPTANCE = timedelta(minutes=1)
"""Ingest logs a little after the moment it writes down, and clocks differ."""

_QUEUE = "queue"
_MILLISECOND = timedelta(microseconds=999)
_TOLD_BY_TIMELINES_ONLY = {
    "queued": _QUEUE,
    "replayed": _QUEUE,
    "replay_processed": "database",
    "duplicate": "database",
}
"""Kinds of a timeline's entries, and where each happened."""

_IN_THE_TABLE_ALREADY = frozenset({"timestamp", "message", "service", "level", "correlation_id"})


@dataclass(frozen=True, kw_only=True)
class Hop:
    """One thing that happened."""

    at: datetime
    hop: str
    """The function that logged it, or `queue`, or `database`."""
    what: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Trace:
    """What is known of a correlation id."""

    hops: tuple[Hop, ...]
    """In the order of time."""
    gaps: tuple[str, ...]
    """Sentences about what could not be read."""


@dataclass(frozen=True, kw_only=True)
class Tracer:
    """Reads traces."""

    api: Api
    logs: Any
    """boto3's client of CloudWatch Logs."""
    functions: Mapping[str, str]

    def trace(self, correlation_id: str, *, since: datetime) -> Trace:
        """Gather every hop of one id.

        Args:
            since: Where the logs are read from when no event is stored that would say when it began.

        Raises:
            OperatorError: The API refuses the id, or cannot be reached.
        """
        events = list(self._events(correlation_id))
        gaps: list[str] = []
        hops = [hop for event in events for hop in _recorded(event)]
        hops += self._messages(events, gaps)
        start = min((hop.at for hop in hops), default=since + _BEFORE_ACCEPTANCE) - _BEFORE_ACCEPTANCE
        for service, function in self.functions.items():
            group = f"/aws/lambda/{function}"
            try:
                hops += self._logged(service, group, correlation_id, start)
            except self.logs.exceptions.ResourceNotFoundException:
                gaps.append(f"{service} has logged nothing yet: there is no log group {group}.")
            except (BotoCoreError, ClientError) as error:
                gaps.append(f"The logs of {service} cannot be read: {error}")
        return Trace(hops=tuple(sorted(hops, key=_place)), gaps=tuple(gaps))

    def _events(self, correlation_id: str) -> Iterator[dict[str, Any]]:
        feed = EventFeed(api=self.api)
        for status in EventStatus:
            yield from feed.newest({"correlation_id": correlation_id, "status": status.value}, limit=EVENTS_AT_MOST)

    def _messages(self, events: Sequence[Mapping[str, Any]], gaps: list[str]) -> list[Hop]:
        """Return when messages were sent, and replays handled: only timelines have it."""
        if len(events) > TIMELINES_AT_MOST:
            gaps.append(f"Of {len(events):,} events the messages are left out: `fluxa timeline EVENT_ID` has them.")
            return []
        try:
            return [hop for event in events for hop in _sent(event, self.api.find(path_of(event["event_id"])))]
        except OperatorError as error:
            gaps.append(f"When messages were sent cannot be read: {error}")
            return []

    def _logged(self, service: str, group: str, correlation_id: str, start: datetime) -> Iterator[Hop]:
        pages = self.logs.get_paginator("filter_log_events").paginate(
            logGroupName=group,
            startTime=int(start.timestamp() * 1000),
            # In quotes it is searched for as it is: an id may hold characters that mean something in a pattern.
            filterPattern=f'"{correlation_id}"',
        )
        for page in pages:
            for entry in page["events"]:
                hop = _hop(service, entry, correlation_id)
                if hop is not None:
                    yield hop


def _hop(service: str, entry: Mapping[str, Any], correlation_id: str) -> Hop | None:
    """Return what a log line tells; None for metrics, and for lines that only mention the id."""
    try:
        line = json.loads(entry["message"])
    except ValueError:
        return None
    if not isinstance(line, dict) or line.get("correlation_id") != correlation_id or "_aws" in line:
        return None
    try:
        at = parse_timestamp(line.get("timestamp"))
    except ValueError:
        at = datetime.fromtimestamp(entry["timestamp"] / 1000, UTC)
    details = {name: value for name, value in line.items() if name not in _IN_THE_TABLE_ALREADY and value is not None}
    return Hop(at=at, hop=service, what=str(line.get("message")), details=details)


def _recorded(event: Mapping[str, Any]) -> Iterator[Hop]:
    def hop(moment: str | None, what: str, **details: Any) -> Iterator[Hop]:
        if moment is not None:
            given = {name: value for name, value in details.items() if value is not None}
            details = {"event_id": event["event_id"], **given}
            yield Hop(at=parse_timestamp(moment), hop="database", what=what, details=details)

    yield from hop(event["received_at"], "received", type=event["type"], payload_bytes=event["payload_bytes"])
    for failure in event["errors"]:
        details = {name: failure[name] for name in ("attempt", "code", "message")}
        yield from hop(failure["at"], "attempt_failed", **details)
    if event["status"] == EventStatus.COMPLETED:
        yield from hop(event["completed_at"], "completed", attempts=event["attempts"])
    else:
        yield from hop(event["updated_at"], event["status"], attempts=event["attempts"])


def _sent(event: Mapping[str, Any], timeline: Mapping[str, Any] | None) -> Iterator[Hop]:
    for entry in timeline["entries"] if timeline else ():
        hop = _TOLD_BY_TIMELINES_ONLY.get(entry["kind"])
        if hop is not None:
            details = {"event_id": event["event_id"]}
            if "replay_id" in entry:
                details["replay_id"] = entry["replay_id"]
            yield Hop(at=parse_timestamp(entry["at"]), hop=hop, what=entry["kind"], details=details)


def _place(hop: Hop) -> datetime:
    # SQS cuts times off to milliseconds: its message was sent some time within this one.
    return hop.at + _MILLISECOND if hop.hop == _QUEUE else hop.at


def require_identifier(text: str) -> str:
    """Return the id, or refuse what no correlation id can be.

    Raises:
        OperatorError: It is none; as a log's search pattern it might find anything.
    """
    if not is_identifier(text):
        raise OperatorError(f"A correlation id has {IDENTIFIER_RULE}; {text!r:.80} is none.")
    return text
