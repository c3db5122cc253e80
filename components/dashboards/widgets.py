"""What a dashboard is made of. Rows are laid out from left to right and from top to bottom, so nothing overlaps.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pulumi

from components.measures import Formula, Metric

COLUMNS = 24
"""The width of every dashboard."""
GRAPH_HEIGHT = 6
NUMBER_HEIGHT = 3
LOG_HEIGHT = 7

_LOG_LINES = 50

MINUTE = 60
"""The period of every graph that does not say another; what functions and AWS report in."""

View = Literal["timeSeries", "singleValue"]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a graph, or one number."""

    shows: Metric | Formula
    label: str


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A level drawn across a graph, e.g. the one from which an alarm is on."""

    label: str
    value: float


@dataclass(frozen=True, kw_only=True)
class Widget:
    """One rectangle of a dashboard."""

    type: Literal["text", "metric", "log", "alarm"]
    width: int
    height: int
    properties: dict[str, Any]

    def __post_init__(self) -> None:
        if not 1 <= self.width <= COLUMNS:
            raise ValueError(f"a widget is 1 to {COLUMNS} columns wide, got {self.width}")


Row = Sequence[Widget]


def lay_out(rows: Iterable[Row]) -> dict[str, Any]:
    """Return a dashboard's body, each row below the tallest widget of the row before.

    Raises:
        ValueError: A row is wider than a dashboard.
    """
    placed: list[dict[str, Any]] = []
    top = 0
    for row in rows:
        left = 0
        for widget in row:
            if left + widget.width > COLUMNS:
                raise ValueError(f"a row takes {sum(each.width for each in row)} columns, and there are {COLUMNS}")
            placed.append(
                {
                    "type": widget.type,
                    "x": left,
                    "y": top,
                    "width": widget.width,
                    "height": widget.height,
                    "properties": widget.properties,
                }
            )
            left += widget.width
        top += max(widget.height for widget in row)
    return {"widgets": placed}


def heading(markdown: str) -> Widget:
    """Return a line of text across the dashboard."""
    return Widget(type="text", width=COLUMNS, height=2, properties={"markdown": markdown})


def graph(
    title: str,
    lines: Sequence[Line],
    *,
    region: str,
    width: int,
    marks: Sequence[Mark] = (),
    period_seconds: int = MINUTE,
) -> Widget:
    """Return lines over time."""
    properties = _metrics(title, lines, region, "timeSeries", period_seconds)
    # Counts and shares have no meaning below nothing, and a line near the bottom should look like one.
    properties["yAxis"] = {"left": {"min": 0}}
    if marks:
        properties["annotations"] = {"horizontal": [{"label": mark.label, "value": mark.value} for mark in marks]}
    return Widget(type="metric", width=width, height=GRAPH_HEIGHT, properties=properties)


def totals(title: str, lines: Sequence[Line], *, region: str, width: int) -> Widget:
    """Return figures of the whole time range that is looked at."""
    properties = _metrics(title, lines, region, "singleValue", MINUTE)
    properties["setPeriodToTimeRange"] = True
    return Widget(type="metric", width=width, height=NUMBER_HEIGHT, properties=properties)


def latest(title: str, lines: Sequence[Line], *, region: str, width: int) -> Widget:
    """Return figures as they are now."""
    properties = _metrics(title, lines, region, "singleValue", MINUTE)
    return Widget(type="metric", width=width, height=NUMBER_HEIGHT, properties=properties)


def alarm_status(title: str, arns: Sequence[pulumi.Input[str]], *, height: int) -> Widget:
    """Return the state of alarms, those that are on first."""
    properties = {"title": title, "alarms": list(arns), "sortBy": "stateUpdatedTimestamp"}
    return Widget(type="alarm", width=COLUMNS, height=height, properties=properties)


def problems(title: str, log_groups: Sequence[pulumi.Input[str]], *, region: str) -> Widget:
    """Return the latest warnings and errors of some functions."""
    sources = [pulumi.Output.concat("SOURCE '", group, "' | ") for group in log_groups]
    query = pulumi.Output.concat(
        *sources,
        'filter level in ["warning", "error"]'
        " | fields @timestamp, service, level, message, reason, code, event_id, correlation_id"
        f" | sort @timestamp desc | limit {_LOG_LINES}",
    )
    properties = {"title": title, "query": query, "region": region, "view": "table"}
    return Widget(type="log", width=COLUMNS, height=LOG_HEIGHT, properties=properties)


def _metrics(title: str, lines: Sequence[Line], region: str, view: View, period_seconds: int) -> dict[str, Any]:
    metrics = [entry for line in lines for entry in _entries(line)]
    ids = [entry[-1]["id"] for entry in metrics if "id" in entry[-1]]
    if len(ids) != len(set(ids)):
        raise ValueError(f"{title}: two formulas of one widget use the same names: {sorted(ids)}")
    return {"title": title, "metrics": metrics, "region": region, "view": view, "period": period_seconds}


def _entries(line: Line) -> list[list[Any]]:
    """Return a line in the form that CloudWatch reads: one array for each metric, and one for what comes of them."""
    if isinstance(line.shows, Metric):
        return [_entry(line.shows, {"label": line.label})]
    inputs = [_entry(metric, {"id": id, "visible": False}) for id, metric in line.shows.metrics.items()]
    return [*inputs, [{"id": "result", "expression": line.shows.expression, "label": line.label}]]


def _entry(metric: Metric, options: dict[str, Any]) -> list[Any]:
    dimensions = [part for dimension in metric.dimensions for part in dimension]
    return [metric.namespace, metric.name, *dimensions, {"stat": metric.statistic, **options}]
