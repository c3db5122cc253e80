"""Dashboards: the pages as resources of CloudWatch, one for each."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pulumi
from pulumi_aws import cloudwatch

from components.alarms import AlarmUnit
from components.dashboards.health import health_page
from components.dashboards.hops import ingest_page, processor_page, query_page, queue_page
from components.dashboards.sight import Sight
from components.dashboards.stores import database_page
from components.dashboards.widgets import Row, lay_out
from components.measures import Watched
from components.platform import StackPlatform

DASHBOARD_NAME_LENGTH = 255
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html"""

PAGES: Mapping[str, Callable[[Sight], Iterator[Row]]] = {
    "health": health_page,
    "ingest": ingest_page,
    "queue": queue_page,
    "processor": processor_page,
    "database": database_page,
    "query": query_page,
}
"""Last part of a dashboard's name → its rows. The first one is for everybody, the others follow an event's way."""


@dataclass(frozen=True, kw_only=True)
class DashboardsArgs:
    """What the dashboards depend on."""

    platform: StackPlatform
    watched: Watched
    alarms: AlarmUnit
    """Whose table is drawn, and whose states are shown."""


class Dashboards(pulumi.ComponentResource):
    """Every dashboard of a stack."""

    def __init__(self, name: str, args: DashboardsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:dashboards:Dashboards", name, None, opts)
        sight = Sight(
            watched=args.watched,
            specs=args.alarms.specs,
            alarm_arns=args.alarms.arns,
            region=args.platform.account.region,
        )
        for page, rows in PAGES.items():
            cloudwatch.Dashboard(
                f"{name}-{page}",
                dashboard_name=args.platform.naming.physical(page, max_length=DASHBOARD_NAME_LENGTH),
                dashboard_body=pulumi.Output.json_dumps(lay_out(rows(sight))),
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
