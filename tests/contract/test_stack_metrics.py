"""Alarms watch and dashboards draw what there is, by the words of those who say it."""

import ast
import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.alarm_specs import RUNBOOKS, service_unhealthy
from components.alarm_specs.delivery import INTEGRITY_REASONS
from components.alarm_specs.functions import UNEXPECTED
from components.settings import StackSettings
from functions.common import errors
from functions.common.names import METRICS_NAMESPACE, Dimension, MetricName
from tests.support.dashboard_body import complaints, drawing, metrics_of
from tests.support.stack_builders import REPOSITORY
from tests.support.watched_stack import the_table
from tests.support.whole_stack import STACKS, recorded

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"

Watched = tuple[str, str, dict[str, str]]

OWNERS = {
    # Dimension → type and input of what it names.
    "QueueName": ("aws:sqs/queue:Queue", "name"),
    "FunctionName": ("aws:lambda/function:Function", "name"),
    "DBInstanceIdentifier": ("aws:rds/instance:Instance", "identifier"),
    "ProxyName": ("aws:rds/proxy:Proxy", "name"),
    "ApiName": ("aws:apigateway/restApi:RestApi", "name"),
    "Stage": ("aws:apigateway/stage:Stage", "stageName"),
}


def emitted_by(service: str) -> set[str]:
    """Return the values of the `MetricName` members that a function's code names."""
    found = set()
    for path in sorted((REPOSITORY / "functions" / service).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "MetricName":
                found.add(MetricName[node.attr].value)
    return found


def watched_by(alarm: dict[str, Any]) -> Iterator[Watched]:
    """Return namespace, name and dimensions of every metric that an alarm watches."""
    queries = [query["metric"] for query in alarm.get("metricQueries", []) if "metric" in query] or [alarm]
    for metric in queries:
        yield metric["namespace"], metric["metricName"], metric["dimensions"]


@functools.cache
def pages(stack: str) -> dict[str, dict[str, Any]]:
    return {
        item.inputs["dashboardName"]: json.loads(item.inputs["dashboardBody"])
        for item in recorded(stack).of_type(DASHBOARD)
    }


def alarmed(stack: str) -> list[Watched]:
    return [metric for item in recorded(stack).of_type(ALARM) for metric in watched_by(item.inputs)]


def drawn(stack: str) -> list[Watched]:
    return [metric for page in pages(stack).values() for metric in metrics_of(page)]


def ours(metrics: list[Watched]) -> list[tuple[str, dict[str, str]]]:
    return [(name, dimensions) for namespace, name, dimensions in metrics if namespace == METRICS_NAMESPACE]


def names_in(stack: str, dimension: str) -> set[str]:
    """Return what the stack has of the things that a dimension of AWS's names."""
    type_, key = OWNERS[dimension]
    return {item.outputs.get(key, item.inputs.get(key)) for item in recorded(stack).of_type(type_)}


def test_metrics_of_ours_are_watched_and_drawn():
    assert len(ours(alarmed("prod"))) >= 9
    assert len(ours(drawn("prod"))) >= 20


@pytest.mark.parametrize("stack", STACKS)
def test_every_metric_of_ours_is_emitted_by_the_function_it_is_expected_from(stack: str):
    emitted = {service: emitted_by(service) for service in ("ingest", "processor", "query", "maintenance")}

    assert [] == [
        (name, dimensions)
        for name, dimensions in ours(alarmed(stack)) + ours(drawn(stack))
        if name not in emitted[dimensions[Dimension.SERVICE]]
    ]


@pytest.mark.parametrize("metric", MetricName)
def test_every_metric_with_a_name_is_emitted_somewhere(metric: MetricName):
    assert metric.value in emitted_by(".")


def test_every_metric_with_a_name_is_drawn_somewhere():
    assert set(MetricName) == {name for name, _ in ours(drawn("prod"))}


@pytest.mark.parametrize("stack", STACKS)
def test_alarms_and_dashboards_name_only_dimensions_that_metrics_carry(stack: str):
    ways = {
        frozenset({Dimension.STACK, Dimension.SERVICE}),
        frozenset({Dimension.STACK, Dimension.SERVICE, Dimension.REASON}),
    }

    for name, dimensions in ours(alarmed(stack)) + ours(drawn(stack)):
        assert frozenset(dimensions) in ways, name
        assert stack == dimensions[Dimension.STACK]


def test_reasons_are_codes_of_errors_that_there_are():
    codes = {kind.code for kind in vars(errors).values() if hasattr(kind, "code")} | {errors.UNEXPECTED}

    assert UNEXPECTED == errors.UNEXPECTED
    assert set(INTEGRITY_REASONS) <= codes
    assert {UNEXPECTED, *INTEGRITY_REASONS} == {
        dimensions[Dimension.REASON] for _, dimensions in ours(alarmed("prod")) if Dimension.REASON in dimensions
    }


def test_reasons_of_integrity_are_all_that_say_that_a_payload_is_not_what_was_accepted():
    kinds = (errors.PayloadHashMismatch, errors.PayloadMissing, errors.PayloadReferenceRefused)

    assert tuple(kind.code for kind in kinds) == INTEGRITY_REASONS


@pytest.mark.parametrize("stack", STACKS)
def test_everything_that_aws_measures_for_us_is_something_that_the_stack_has(stack: str):
    assert [] == [
        (name, dimension, value)
        for namespace, name, dimensions in alarmed(stack) + drawn(stack)
        if namespace != METRICS_NAMESPACE
        for dimension, value in dimensions.items()
        if value not in names_in(stack, dimension)
    ]


@pytest.mark.parametrize("stack", STACKS)
def test_dashboards_exist_where_the_settings_ask_for_them_and_cloudwatch_takes_them(stack: str):
    assert {"dev": 0, "pr": 0, "local": 6, "prod": 6}[stack] == len(pages(stack))
    for page in pages(stack).values():
        assert [] == complaints(page), drawing(page)


def test_dashboards_look_for_trouble_in_log_groups_that_there_are():
    queries = [
        widget["properties"]["query"]
        for page in pages("prod").values()
        for widget in page["widgets"]
        if widget["type"] == "log"
    ]

    groups = {item.inputs["name"] for item in recorded("prod").of_type("aws:cloudwatch/logGroup:LogGroup")}
    sources = {group for query in queries for group in re.findall(r"SOURCE '([^']+)'", query)}
    assert 4 == len(sources)
    assert sources <= groups


def test_the_first_page_shows_every_alarm_of_the_stack():
    (status,) = (widget for widget in pages("prod")["fluxa-prod-health"]["widgets"] if widget["type"] == "alarm")
    alarms = [*recorded("prod").of_type(ALARM), *recorded("prod").of_type(COMPOSITE)]

    assert {item.outputs["arn"] for item in alarms} == set(status["properties"]["alarms"])


def test_every_alarm_has_a_runbook_and_every_runbook_an_alarm():
    table = the_table()
    pages_named = {spec.runbook for spec in table.values()} | {service_unhealthy(tuple(table.values())).runbook}

    assert pages_named == {
        str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / RUNBOOKS).glob("*.md") if path.stem != "README"
    }


@pytest.mark.parametrize("stack", STACKS)
def test_every_alarm_says_where_its_runbook_is(stack: str):
    alarms = [*recorded(stack).of_type(ALARM), *recorded(stack).of_type(COMPOSITE)]
    named = {item.inputs["alarmDescription"].rpartition("Runbook: ")[2] for item in alarms}

    assert [] == [name for name in named if not (REPOSITORY / name).is_file()]


def test_a_runbook_of_several_alarms_names_them():
    shared: dict[str, list[str]] = {}
    for spec in the_table().values():
        shared.setdefault(spec.runbook, []).append(spec.name)

    for runbook, names in shared.items():
        text = (REPOSITORY / runbook).read_text(encoding="utf-8")
        assert len(names) == 1 or [] == [name for name in names if f"`{name}`" not in text], runbook


@pytest.mark.parametrize("runbook", sorted((REPOSITORY / RUNBOOKS).glob("*.md")), ids=lambda path: path.stem)
def test_a_runbook_says_what_it_means_where_to_look_what_to_do_and_when_it_is_over(runbook: Path):
    text = runbook.read_text(encoding="utf-8")
    parts = ["**Meaning.**", "**Urgency.**", "## First look", "## Remedy", "## Verify"]

    assert text.startswith(f"# {runbook.stem}\n")
    assert [part for part in parts if part in text] == sorted(parts, key=text.find)
    # Something to type, and how the alarm ends.
    assert "```" in text.partition("## First look")[2]
    assert re.search(r"end[s ]", text.partition("## Verify")[2])


@pytest.mark.parametrize("runbook", sorted((REPOSITORY / RUNBOOKS).glob("*.md")), ids=lambda path: path.stem)
def test_a_runbook_speaks_of_settings_outputs_logs_and_dashboards_that_there_are(runbook: Path):
    text = runbook.read_text(encoding="utf-8").replace("fluxa-<stack>-<function>", "fluxa-<stack>-query")
    sections = {name: field.annotation.model_fields for name, field in StackSettings.model_fields.items()}
    settings = {f"{name}.{key}" for name, keys in sections.items() for key in keys}
    stack = recorded("prod")
    groups = {item.inputs["name"] for item in stack.of_type("aws:cloudwatch/logGroup:LogGroup")}

    named = set(re.findall(rf"`((?:{'|'.join(sections)})\.[a-z_0-9]+)`", text))
    assert set() == named - settings
    assert set() == set(re.findall(r"pulumi stack output (\w+)", text)) - set(stack.outputs)
    assert set() == set(re.findall(r"ashboard `([^`]+)`", text.replace("<stack>", "prod"))) - set(pages("prod"))
    assert set() == set(re.findall(r"on `(/[^`]+)`", text.replace("<stack>", "prod"))) - groups
    assert [] == [link for link in re.findall(r"\]\(([^)]+)\)", text) if not (runbook.parent / link).is_file()]


def test_runbooks_speak_of_graphs_that_dashboards_have():
    titles = {
        widget["properties"].get("title")
        for page in (*pages("prod").values(), *pages("local").values())
        for widget in page["widgets"]
    }

    quoted = {
        title
        for runbook in (REPOSITORY / RUNBOOKS).glob("*.md")
        for title in re.findall(r"\"([A-Z][^\"]{3,}|[a-z]+: [a-z ()]+)\"", _prose(runbook.read_text(encoding="utf-8")))
    }
    assert len(quoted) >= 10
    assert set() == {title for title in quoted if not any(shown and title in shown for shown in titles)} - {
        "Replica behind, while events are stored (s)"  # Of stacks with a replica, which no preset has.
    }


def _prose(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)
