"""AlarmSpec: one line of the table of alarms."""

from dataclasses import dataclass
from typing import Literal

from components.measures import Formula, Metric

RUNBOOKS = "docs/runbooks"
"""Folder of the runbooks, from the project's; each is named after its alarm."""

MINUTE = 60
FIVE_MINUTES = 300
"""For ratios, percentiles and trends: one minute of a quiet stack holds too little to judge."""
HOUR = 3_600
DAY = 86_400

Comparison = Literal["GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold"]


@dataclass(frozen=True, kw_only=True)
class AlarmSpec:
    """One alarm, named `<what>-<condition>`."""

    name: str
    watches: Metric | Formula
    reason: str
    """One sentence for whoever is woken: what it means."""
    threshold: float
    because: str
    """Why this threshold and these periods, and no other."""
    comparison: Comparison = "GreaterThanThreshold"
    period_seconds: int = MINUTE
    evaluation_periods: int = 1
    datapoints: int | None = None
    """How many of the periods must be bad; all of them when none."""
    missing_data: Literal["notBreaching", "breaching"] = "notBreaching"
    """Metrics of most things stop when nothing happens, which is fine; where silence is the failure, `breaching`."""
    shared_runbook: str | None = None
    """The runbook's name where several alarms have one; the alarm's own name otherwise."""
    only_with: str | None = None
    """The setting without which there is no such alarm."""
    hurts_now: bool = False
    """Whether somebody outside is hurt while it is on, so that it makes the service unhealthy."""

    @property
    def runbook(self) -> str:
        """Where the runbook is, from the project's folder."""
        return f"{RUNBOOKS}/{self.shared_runbook or self.name}.md"


@dataclass(frozen=True, kw_only=True)
class CompositeSpec:
    """An alarm about alarms: on while any of its members is."""

    name: str
    members: tuple[str, ...]
    reason: str

    @property
    def runbook(self) -> str:
        """Where the runbook is, from the project's folder."""
        return f"{RUNBOOKS}/{self.name}.md"
