"""Dashboards: what each page shows, and that CloudWatch takes it."""

import json
from typing import Any

import pytest

from components.alarms import AlarmUnit, AlarmUnitArgs
from components.dashboards import Dashboards, DashboardsArgs
from components.dashboards.unit import PAGES
from components.dashboards.widgets import COLUMNS, Line, graph, heading, lay_out
from components.measures import Formula, Watched
from components.settings import StackSettings
from tests.support.dashboard_body import complaints, drawing, metrics_of
from tests.support.pulumi_recorder import Recorder, deploy
from tests.support.stack_builders import a_platform
from tests.support.watched_stack import EVERYTHING, a_watched_stack

DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
LAMBDA_LOGS = "/aws/lambda/the-"


def dashboards(settings: dict[str, Any], watched: Watched) -> Recorder:
    def program() -> None:
        parsed, platform = StackSettings.model_validate(settings), a_platform()
        alarms = AlarmUnit("alarms", AlarmUnitArgs(settings=parsed, platform=platform, watched=watched))
        Dashboards("dashboards", DashboardsArgs(platform=platform, watched=watched, alarms=alarms))

    return deploy(program)


@pytest.fixture(scope="module")
def everything() -> dict[str, dict[str, Any]]:
    return bodies(dashboards(EVERYTHING, a_watched_stack()))


@pytest.fixture(scope="module")
def least() -> dict[str, dict[str, Any]]:
    return bodies(dashboards({}, a_watched_stack(replica=None, proxy=None)))


def bodies(stack: Recorder) -> dict[str, dict[str, Any]]:
    return {
        item.name.removeprefix("dashboards-"): json.loads(item.inputs["dashboardBody"])
        for item in stack.of_type(DASHBOARD)
    }


def of_type(body: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [widget["properties"] for widget in body["widgets"] if widget["type"] == kind]


def titled(body: dict[str, Any], title: str) -> dict[str, Any]:
    return next(properties for properties in of_type(body, "metric") if properties["title"] == title)


def test_there_is_one_page_for_everybody_and_one_for_each_hop():
    names = [item.inputs["dashboardName"] for item in dashboards(EVERYTHING, a_watched_stack()).of_type(DASHBOARD)]

    hops = ["health", "ingest", "queue", "processor", "database", "query"]
    assert sorted(f"fluxa-test-{hop}" for hop in hops) == sorted(names)


@pytest.mark.parametrize("page", PAGES)
def test_cloudwatch_takes_the_page(page: str, everything: dict[str, Any], least: dict[str, Any]):
    for body in (everything[page], least[page]):
        assert [] == complaints(body), drawing(body)


@pytest.mark.parametrize("page", PAGES)
def test_rows_fill_the_page_where_a_stack_has_everything(page: str, everything: dict[str, Any]):
    rows: dict[int, list[dict[str, Any]]] = {}
    for widget in everything[page]["widgets"]:
        rows.setdefault(widget["y"], []).append(widget)

    uneven = [y for y, row in rows.items() if sum(widget["width"] for widget in row) != COLUMNS]
    assert [] == uneven, drawing(everything[page])
    assert all(len({widget["height"] for widget in row}) == 1 for row in rows.values()), drawing(everything[page])


def test_every_widget_with_metrics_or_logs_says_its_region(everything: dict[str, Any]):
    regions = {
        properties["region"]
        for body in everything.values()
        for kind in ("metric", "log")
        for properties in of_type(body, kind)
    }

    assert {"eu-central-1"} == regions


def test_the_first_page_shows_the_state_of_every_alarm_and_the_worst_one_first(everything: dict[str, Any]):
    (status,) = of_type(everything["health"], "alarm")

    assert "arn:aws:test:::alarms-service-unhealthy" == status["alarms"][0]
    assert 37 == len(set(status["alarms"]))


@pytest.mark.parametrize(
    ("page", "functions"),
    [
        ("health", ["ingest", "processor", "query", "maintenance"]),
        ("ingest", ["ingest"]),
        ("queue", ["processor"]),
        ("processor", ["processor"]),
        ("database", ["maintenance"]),
        ("query", ["query"]),
    ],
)
def test_each_page_ends_with_the_latest_trouble_of_its_functions(
    page: str, functions: list[str], everything: dict[str, Any]
):
    (log,) = of_type(everything[page], "log")

    sources = "".join(f"SOURCE '{LAMBDA_LOGS}{function}' | " for function in functions)
    assert log["query"].startswith(f'{sources}filter level in ["warning", "error"] | fields @timestamp')
    assert "log" == everything[page]["widgets"][-1]["type"]


@pytest.mark.parametrize(
    ("page", "title", "value"),
    [
        ("health", "Oldest event in the queue (s)", 900),
        ("health", "Answered with 5xx (%)", 1),
        ("health", "Database: processor (%)", 85),
        ("query", "query: at one time", 18),
        ("ingest", "ingest: duration (ms)", 25_000),
    ],
)
def test_a_graph_shows_from_where_on_it_is_trouble(page: str, title: str, value: float, everything: dict[str, Any]):
    (mark,) = titled(everything[page], title)["annotations"]["horizontal"]

    assert value == mark["value"]


def test_a_formula_is_drawn_with_the_alarms_own_expression_and_period(everything: dict[str, Any]):
    """Counted by the minute, five errors would be another thing than what the alarm counts."""
    properties = titled(everything["health"], "Answered with 5xx (%)")

    hidden, also_hidden, (result,) = properties["metrics"]
    assert ("IF(errors >= 5, 100 * errors / requests, 0)", 300) == (result["expression"], properties["period"])
    assert [False, False] == [hidden[-1]["visible"], also_hidden[-1]["visible"]]


def test_the_replica_and_the_proxy_are_drawn_where_there_are_such(everything: dict[str, Any], least: dict[str, Any]):
    drawn, drawn_without = (
        {value for body in pages.values() for *_, dimensions in metrics_of(body) for value in dimensions.values()}
        for pages in (everything, least)
    )

    assert {"the-replica", "the-proxy"} <= drawn
    assert set() == {"the-replica", "the-proxy"} & drawn_without


def test_a_row_that_is_too_wide_is_refused():
    with pytest.raises(ValueError, match=r"a row takes 48 columns, and there are 24"):
        lay_out([[heading("one"), heading("two")]])


def test_a_widget_that_is_wider_than_the_page_is_refused():
    with pytest.raises(ValueError, match=r"a widget is 1 to 24 columns wide, got 25"):
        graph("wide", [], region="eu-central-1", width=25)


def test_two_formulas_with_the_same_names_are_not_put_into_one_graph():
    formula = Formula(expression="a + 1", metrics={}, label="a")

    with pytest.raises(
        ValueError, match=r"both: two formulas of one widget use the same names: \['result', 'result'\]"
    ):
        graph("both", [Line(shows=formula, label="a")] * 2, region="eu-central-1", width=8)
