"""Sight: what the pages of a stack's dashboards are drawn from, and the shapes that several of them have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.alarm_specs import AlarmSpec
from components.dashboards.widgets import COLUMNS, Line, Mark, Row, Widget, graph, heading, problems
from components.measures import FunctionMetric, Metric, Watched
from functions.common.names import Service

HALF, THIRD = COLUMNS // 2, COLUMNS // 3
_MS_PER_SECOND = 1_000


@dataclass(frozen=True, kw_only=True)
class Sight:
    """The metrics of a stack, its table of alarms, and the alarms themselves."""

    watched: Watched
    specs: Mapping[str, AlarmSpec]
    alarm_arns: Mapping[str, pulumi.Input[str]]
    region: str

    def heading(self, title: str, sentence: str) -> Row:
        return [heading(f"## {self.watched.stack}: {title}\n{sentence}")]

    def graph(self, title: str, lines: Sequence[Line], *, width: int = THIRD, marks: Sequence[Mark] = ()) -> Widget:
        return graph(title, lines, region=self.region, width=width, marks=marks)

    def lines(self, title: str, *labelled: tuple[str, Metric], width: int = THIRD) -> Widget:
        """Return a graph of metrics by their labels."""
        return self.graph(title, [Line(shows=metric, label=label) for label, metric in labelled], width=width)

    def alarm(self, title: str, *names: str, width: int = THIRD) -> Widget:
        """Return a graph of what alarms watch, and of the level from which the first of them is on.

        Alarms that this stack does not have are left out.
        """
        specs = [self.specs[name] for name in names if name in self.specs]
        return graph(
            title,
            [Line(shows=spec.watches, label=spec.name) for spec in specs],
            region=self.region,
            width=width,
            marks=[Mark(label=f"alarm: {specs[0].name}", value=specs[0].threshold)],
            period_seconds=specs[0].period_seconds,
        )

    def function(self, service: Service) -> Row:
        """Return how one function runs: how often, for how long, and how many at one time."""
        runs = (
            ("started", FunctionMetric.INVOCATIONS),
            ("raised", FunctionMetric.ERRORS),
            ("throttled", FunctionMetric.THROTTLES),
        )
        timeout_ms = self.watched.timeouts_seconds[service] * _MS_PER_SECOND
        return [
            self.lines(
                f"{service.value}: invocations",
                *((label, self.watched.of_function(service, name, "Sum")) for label, name in runs),
            ),
            self.graph(
                f"{service.value}: duration (ms)",
                [
                    Line(shows=self.watched.of_function(service, FunctionMetric.DURATION, statistic), label=statistic)
                    for statistic in ("p50", "p99", "Maximum")
                ],
                marks=[Mark(label="cut off", value=timeout_ms)],
            ),
            self._at_one_time(service),
        ]

    def problems(self, *services: Service) -> Row:
        """Return the latest warnings and errors of functions, from their logs."""
        groups = [pulumi.Output.concat("/aws/lambda/", self.watched.functions[service]) for service in services]
        title = f"Warnings and errors: {', '.join(service.value for service in services)}"
        return [problems(title, groups, region=self.region)]

    def _at_one_time(self, service: Service) -> Widget:
        title = f"{service.value}: at one time"
        name = f"concurrency-near-limit-{service.value}"
        if name in self.specs:
            return self.alarm(title, name)
        return self.lines(
            title, (service.value, self.watched.of_function(service, FunctionMetric.CONCURRENT, "Maximum"))
        )
