"""The page of alarms tells what a stack with default settings really gets. That it is up to date: test_reference.py."""

import re
from typing import Any

from components.alarm_specs import AlarmSpec, service_unhealthy
from fluxa.reference.alarms_page import alarms_page, page_specs
from tests.support.stack_builders import REPOSITORY
from tests.support.watched_stack import the_table
from tests.support.whole_stack import recorded

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
PAGE = "docs/reference/alarms.md"


def figures(spec: AlarmSpec) -> tuple[Any, ...]:
    return spec.threshold, spec.evaluation_periods, spec.comparison, spec.missing_data


def built(alarm: dict[str, Any]) -> tuple[Any, ...]:
    keys = ("threshold", "evaluationPeriods", "comparisonOperator", "treatMissingData")
    return tuple(alarm[key] for key in keys)


def test_the_page_has_every_alarm_that_there_can_be():
    assert set(the_table()) == {spec.name for spec in page_specs()}
    assert set(the_table()) == set(re.findall(r"^\| \[`([^`]+)`\]", alarms_page(), re.MULTILINE))


def test_the_page_shows_what_a_stack_of_defaults_builds():
    """The preset dev leaves everything that alarms depend on as it is."""
    told = {spec.name: figures(spec) for spec in page_specs()}
    alarms = {
        item.inputs["name"].removeprefix("fluxa-dev-"): built(item.inputs) for item in recorded("dev").of_type(ALARM)
    }

    assert len(alarms) >= 25
    assert alarms == {name: told[name] for name in alarms}


def test_alarms_that_not_every_stack_has_name_their_setting():
    present = {item.inputs["name"].removeprefix("fluxa-dev-") for item in recorded("dev").of_type(ALARM)}

    assert {spec.name for spec in page_specs() if spec.only_with} == {spec.name for spec in page_specs()} - present


def test_the_page_says_which_alarm_to_be_woken_by_and_what_it_is_made_of():
    woken = alarms_page().partition("## To be woken by")[2].partition("## All")[0]

    assert list(service_unhealthy(page_specs()).members) == re.findall(r"^- `([^`]+)`$", woken, re.MULTILINE)


def test_every_link_leads_somewhere():
    page = REPOSITORY / PAGE
    links = set(re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")))
    headings = {line.removeprefix("### ") for line in alarms_page().splitlines() if line.startswith("### ")}

    files = {link for link in links if not link.startswith("#")}
    assert len(files) >= 20
    assert [] == [link for link in files if not (page.parent / link).is_file()]
    assert headings == {link.removeprefix("#") for link in links - files}
