"""What PostgreSQL did to answer a query: its plans, run and read."""

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
from psycopg import sql

Plan = dict[str, Any]


def explain(connection: psycopg.Connection[Any], query: sql.Composable, values: Mapping[str, Any]) -> Plan:
    """Run a query and return its plan, with what each of its nodes did."""
    [[[plan]]] = connection.execute(sql.SQL("EXPLAIN (ANALYZE, FORMAT JSON) ") + query, values).fetchall()
    found: Plan = plan["Plan"]
    return found


def nodes(plan: Plan) -> Iterator[Plan]:
    """Yield every node of a plan."""
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def scans(plan: Plan) -> list[Plan]:
    """Return the scans of partitions of `events` that really ran."""
    return [
        node for node in nodes(plan) if node.get("Relation Name", "").startswith("events_") and node["Actual Loops"]
    ]


def scanned_partitions(plan: Plan) -> set[str]:
    """Return the partitions of `events` that were really read."""
    return {scan["Relation Name"] for scan in scans(plan)}


def rows_read(plan: Plan) -> int:
    """Return how many rows all scans of partitions produced."""
    return int(sum(scan["Actual Rows"] * scan["Actual Loops"] for scan in scans(plan)))
