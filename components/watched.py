"""From a stack's components to the names by which CloudWatch knows them."""

from collections.abc import Mapping

from components.api import PublicApi
from components.database import EventDatabase
from components.function_unit import FunctionUnit
from components.measures import Watched
from components.messaging import EventQueue
from components.platform import StackPlatform
from components.schedules import FailedRuns
from functions.common.names import Service


def watch(
    platform: StackPlatform,
    queue: EventQueue,
    api: PublicApi,
    database: EventDatabase,
    failed_runs: FailedRuns,
    functions: Mapping[str, FunctionUnit],
) -> Watched:
    """Return what alarms and dashboards look at.

    Args:
        platform: Knows what the functions call the stack.
        queue: With its dead letters.
        api: With its stage.
        database: With its replica and proxy, where it has them.
        failed_runs: What maintenance could not do.
        functions: By service; all of them.
    """
    units = {service: functions[service] for service in Service}
    return Watched(
        stack=platform.naming.stack,
        queue=queue.name,
        dead_letters=queue.dead_letter_name,
        failed_runs=failed_runs.name,
        api=api.api_name,
        stage=api.stage_name,
        functions={service: unit.name for service, unit in units.items()},
        timeouts_seconds={service: unit.timeout_seconds for service, unit in units.items()},
        database=database.identifier,
        replica=database.replica_identifier,
        proxy=database.proxy_name,
    )
