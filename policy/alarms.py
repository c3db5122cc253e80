"""Alarms and schedules: what tells people, and what happens by itself."""

from collections.abc import Iterator

from policy.model import Resource, Stack
from policy.rule import Rule
from policy.tokens import ALARM, COMPOSITE_ALARM, SCHEDULE


def _has_a_runbook(alarm: Resource, _: Stack) -> Iterator[str]:
    if "docs/runbooks/" not in alarm.value("alarmDescription", default=""):
        yield "tells nobody what to do: name a page of docs/runbooks/ in alarmDescription"


def _says_what_silence_means(alarm: Resource, _: Stack) -> Iterator[str]:
    if not alarm.value("treatMissingData"):
        yield "leaves open what missing data means: set treatMissingData"


def _tells_the_end_too(alarm: Resource, _: Stack) -> Iterator[str]:
    raised, ended = alarm.value("alarmActions", default=[]), alarm.value("okActions", default=[])
    if sorted(raised) != sorted(ended):
        yield "does not tell the same people when all is well again: set okActions to alarmActions"
    if alarm.value("actionsEnabled", default=True) is False:
        yield "tells nobody: remove actionsEnabled"


def _retries(schedule: Resource, _: Stack) -> Iterator[str]:
    policy = schedule.inputs.get("target", {})
    retries = policy.get("retryPolicy") if isinstance(policy, dict) else None
    if not retries:
        yield "is retried for a day, as is AWS's default: set target.retryPolicy"


def _gives_up_somewhere(schedule: Resource, _: Stack) -> Iterator[str]:
    target = schedule.inputs.get("target", {})
    if not (isinstance(target, dict) and target.get("deadLetterConfig")):
        yield "is forgotten when its target stays away: set target.deadLetterConfig"


RULES = (
    Rule(
        id="alarm-has-runbook",
        title="Every alarm names its runbook",
        why="It is read at night by somebody who did not write it.",
        types=frozenset({ALARM, COMPOSITE_ALARM}),
        check=_has_a_runbook,
    ),
    Rule(
        id="alarm-missing-data",
        title="Every alarm says what missing data means",
        why="AWS's default keeps the last state, whatever it was.",
        types=frozenset({ALARM}),
        check=_says_what_silence_means,
    ),
    Rule(
        id="alarm-tells-the-end",
        title="Who is told of an alarm is told of its end",
        why="People stop looking at alarms that never end.",
        types=frozenset({ALARM, COMPOSITE_ALARM}),
        check=_tells_the_end_too,
    ),
    Rule(
        id="schedule-retries",
        title="A schedule says how often it is retried",
        why="The default is 185 times in a day, long after the next run.",
        types=frozenset({SCHEDULE}),
        check=_retries,
    ),
    Rule(
        id="schedule-gives-up-somewhere",
        title="A schedule that fails leaves a message",
        why="Work that happens by itself is missed by nobody.",
        types=frozenset({SCHEDULE}),
        check=_gives_up_somewhere,
    ),
)
