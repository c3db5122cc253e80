"""What CloudWatch accepts as a dashboard's body, and a drawing of one that a person can judge.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

import itertools
import re
from collections.abc import Iterator
from typing import Any

COLUMNS = 24
WIDGETS_OF_A_DASHBOARD = 500
LINES_OF_A_WIDGET = 500
LINES_OF_A_DASHBOARD = 2_500
DIMENSIONS_OF_A_METRIC = 30

_PLACE = {"type": str, "x": int, "y": int, "width": int, "height": int, "properties": dict}
_PROPERTIES: dict[str, tuple[set[str], set[str]]] = {
    # Required, optional.
    "text": ({"markdown"}, {"background"}),
    "alarm": ({"alarms"}, {"title", "sortBy", "states"}),
    "log": ({"query", "region"}, {"title", "view", "accountId"}),
    "metric": (
        {"metrics", "region"},
        {
            "accountId",
            "annotations",
            "legend",
            "liveData",
            "period",
            "setPeriodToTimeRange",
            "sparkline",
            "stacked",
            "stat",
            "timezone",
            "title",
            "trend",
            "view",
            "yAxis",
        },
    ),
}
_METRIC_OPTIONS = {"accountId", "color", "id", "label", "period", "region", "stat", "visible", "yAxis"}
_EXPRESSION_OPTIONS = {"color", "expression", "id", "label", "period", "region", "visible", "yAxis"}
_ID = re.compile(r"[a-z][A-Za-z0-9_]*")
_STATISTIC = re.compile(r"SampleCount|Average|Sum|Minimum|Maximum|p\d{1,2}(\.\d+)?")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATORS = {"AND", "OR", "IF", "FILL"}
_VIEWS = {"metric": {"timeSeries", "singleValue", "gauge", "bar", "pie", "table"}, "log": {"table", "bar", "pie"}}
_SORTED_BY = {"default", "stateUpdatedTimestamp", "timestamp"}
_LETTERS = {"text": "T", "metric": "M", "log": "L", "alarm": "A"}


def complaints(body: dict[str, Any]) -> list[str]:
    """Return everything that CloudWatch would refuse, or show other than it was meant."""
    widgets = body["widgets"]
    unknown = set(body) - {"widgets", "start", "end", "periodOverride"}
    found = [f"unknown {sorted(unknown)}"] if unknown else []
    if not 1 <= len(widgets) <= WIDGETS_OF_A_DASHBOARD:
        found.append(f"{len(widgets)} widgets")
    lines = sum(len(widget["properties"].get("metrics", [])) for widget in widgets)
    if lines > LINES_OF_A_DASHBOARD:
        found.append(f"{lines} lines")
    found += [f"widget {index}: {text}" for index, widget in enumerate(widgets) for text in _of_widget(widget)]
    return found + [f"widgets {one} and {other} overlap" for one, other in _overlaps(widgets)]


def drawing(body: dict[str, Any]) -> str:
    """Return the layout, a letter for what each widget is, and the titles beside the rows in which they begin."""
    widgets = body["widgets"]
    rows = [["."] * COLUMNS for _ in range(max(widget["y"] + widget["height"] for widget in widgets))]
    titles: dict[int, list[str]] = {}
    for widget in widgets:
        for y in range(widget["y"], widget["y"] + widget["height"]):
            for x in range(widget["x"], widget["x"] + widget["width"]):
                rows[y][x] = "|" if x == widget["x"] else _LETTERS[widget["type"]]
        text = widget["properties"].get("title") or widget["properties"].get("markdown", "").splitlines()[0]
        titles.setdefault(widget["y"], []).append(text)
    return "\n".join(f"{''.join(row)}|  {'; '.join(titles.get(y, []))}".rstrip() for y, row in enumerate(rows))


def metrics_of(body: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Return the namespace, name and dimensions of every metric that is drawn."""
    for widget in body["widgets"]:
        for entry in widget["properties"].get("metrics", []):
            if isinstance(entry[0], str):
                namespace, name, *pairs, _ = entry
                yield namespace, name, dict(zip(pairs[::2], pairs[1::2], strict=True))


def _of_widget(widget: dict[str, Any]) -> Iterator[str]:
    for key, kind in _PLACE.items():
        if not isinstance(widget.get(key), kind):
            yield f"{key} must be {kind.__name__}, got {widget.get(key)!r}"
            return
    if set(widget) != set(_PLACE):
        yield f"unknown {sorted(set(widget) - set(_PLACE))}"
    if not (widget["x"] >= 0 and widget["width"] >= 1 and widget["x"] + widget["width"] <= COLUMNS):
        yield f"columns {widget['x']} to {widget['x'] + widget['width']} of {COLUMNS}"
    if not (widget["y"] >= 0 and 1 <= widget["height"] <= 1_000):
        yield f"{widget['height']} high at {widget['y']}"
    if widget["type"] not in _PROPERTIES:
        yield f"no such type: {widget['type']}"
        return
    yield from _of_properties(widget["type"], widget["properties"])


def _of_properties(kind: str, properties: dict[str, Any]) -> Iterator[str]:
    required, optional = _PROPERTIES[kind]
    if missing := required - set(properties):
        yield f"lacks {sorted(missing)}"
    if unknown := set(properties) - required - optional:
        yield f"unknown {sorted(unknown)}"
    if "view" in properties and properties["view"] not in _VIEWS[kind]:
        yield f"no such view: {properties['view']}"
    if kind == "alarm":
        yield from _of_alarms(properties)
    if kind == "log" and not properties["query"].startswith("SOURCE '"):
        yield "a query names its log groups first"
    if kind == "metric":
        yield from _of_metrics(properties)


def _of_alarms(properties: dict[str, Any]) -> Iterator[str]:
    if not 1 <= len(properties["alarms"]) <= 100:
        yield f"{len(properties['alarms'])} alarms"
    if any(not arn.startswith("arn:") for arn in properties["alarms"]):
        yield "alarms are named by ARN"
    if properties.get("sortBy", "default") not in _SORTED_BY:
        yield f"cannot be sorted by {properties['sortBy']}"


def _of_metrics(properties: dict[str, Any]) -> Iterator[str]:
    entries = properties["metrics"]
    if not 1 <= len(entries) <= LINES_OF_A_WIDGET:
        yield f"{len(entries)} lines"
    if properties.get("period", 60) % 60 or properties.get("period", 60) < 60:
        yield f"a period of {properties['period']} s"
    ids = [entry[-1]["id"] for entry in entries if isinstance(entry[-1], dict) and "id" in entry[-1]]
    if len(ids) != len(set(ids)):
        yield f"ids that are not unique: {ids}"
    yield from (f"not an id: {id}" for id in ids if not _ID.fullmatch(id))
    for entry in entries:
        yield from _of_expression(entry[0], ids) if isinstance(entry[0], dict) else _of_metric(entry)
    for mark in properties.get("annotations", {}).get("horizontal", []):
        if not isinstance(mark.get("value"), int | float):
            yield f"a mark without a value: {mark}"


def _of_metric(entry: list[Any]) -> Iterator[str]:
    namespace, name, *pairs, options = entry
    if not all(isinstance(part, str) and part for part in (namespace, name, *pairs)):
        yield f"not a metric: {entry}"
    if len(pairs) % 2 or len(pairs) > 2 * DIMENSIONS_OF_A_METRIC:
        yield f"dimensions come in pairs: {pairs}"
    if unknown := set(options) - _METRIC_OPTIONS:
        yield f"unknown {sorted(unknown)}"
    if not _STATISTIC.fullmatch(options.get("stat", "Average")):
        yield f"no such statistic: {options['stat']}"


def _of_expression(options: dict[str, Any], ids: list[str]) -> Iterator[str]:
    if unknown := set(options) - _EXPRESSION_OPTIONS:
        yield f"unknown {sorted(unknown)}"
    if strangers := set(_WORD.findall(options["expression"])) - _OPERATORS - set(ids):
        yield f"an expression of what is not there: {sorted(strangers)}"


def _overlaps(widgets: list[dict[str, Any]]) -> Iterator[tuple[int, int]]:
    for (one, a), (other, b) in itertools.combinations(enumerate(widgets), 2):
        beside = a["x"] + a["width"] <= b["x"] or b["x"] + b["width"] <= a["x"]
        above = a["y"] + a["height"] <= b["y"] or b["y"] + b["height"] <= a["y"]
        if not (beside or above):
            yield one, other
