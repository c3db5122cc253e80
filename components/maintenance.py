"""MaintenanceUnit: the function that brings the tables up to date when deployed, looks after them, and erases."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pulumi
from pulumi_aws import lambda_

from components.function_unit import FunctionUnit, FunctionUnitArgs
from components.inside_services import read_metrics_statement
from components.platform import StackPlatform
from components.policy import PolicyStatement
from components.schedules import FailedRuns, FailedRunsArgs, Schedules, SchedulesArgs, TaskSchedule
from components.settings import MAINTENANCE_CONNECTIONS, StackSettings, message_lifetime_days
from components.stores import Stores
from functions.common.names import DatabaseRole, Service

_TIMEOUT_SECONDS = 300
"""A migration may have to wait for its lock and build an index; Lambda's longest is 900."""
_MEMORY_MB = 512

_KEY_MARGIN_DAYS = 7
"""A replayed message is handed out and dead-lettered like a new one; each attempt keeps its key for as long again."""

# In UTC, not on the hour, when everybody starts, and apart from each other.
_PARTITIONS = TaskSchedule(
    task="partitions",
    # Once in every UTC day, which is also how the alarm on partitions counts.
    expression="cron(17 3 * * ? *)",
    description="Prepares the partitions of the months to come",
)
_RETENTION = TaskSchedule(
    task="retention", expression="cron(47 3 * * ? *)", description="Removes events that are older than they are kept"
)
_RECONCILE = TaskSchedule(
    task="reconcile", expression="cron(7 * * * ? *)", description="Compares what was accepted with what was stored"
)
# Each hour looks at another day's payloads, of those that are due.
_ORPHANS = TaskSchedule(
    task="orphans", expression="cron(27 * * * ? *)", description="Removes payloads that nothing refers to"
)
_ERASURES = TaskSchedule(
    task="erasures", expression="cron(37 * * * ? *)", description="Goes on with erasures, and erases what came late"
)


@dataclass(frozen=True, kw_only=True)
class MaintenanceUnitArgs:
    """What maintenance depends on."""

    settings: StackSettings
    platform: StackPlatform
    stores: Stores


class MaintenanceUnit(pulumi.ComponentResource):
    """The maintenance function, its run at deployment, and its schedules."""

    function: FunctionUnit
    migrated: pulumi.Resource
    """Exists when the tables, and the roles that log in, are those that this version's functions expect."""
    failed_runs: FailedRuns
    """Where scheduled runs end up that came to nothing."""

    def __init__(self, name: str, args: MaintenanceUnitArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:maintenance:MaintenanceUnit", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        settings, database = args.settings, args.stores.database
        login, secrets = database.login(DatabaseRole.ADMIN), database.role_secrets()
        self.failed_runs = FailedRuns(
            f"{name}-failed-runs", FailedRunsArgs(platform=args.platform, encryption=settings.queue.encryption), child
        )
        self.function = FunctionUnit(
            name,
            FunctionUnitArgs(
                service=Service.MAINTENANCE,
                platform=args.platform,
                memory_mb=_MEMORY_MB,
                timeout_seconds=_TIMEOUT_SECONDS,
                environment={
                    **login.environment,
                    **secrets.environment,
                    **_retention(settings),
                    "QUEUE_URL": args.stores.queue.url,
                    "DEAD_LETTER_QUEUE_URL": args.stores.queue.dead_letter_url,
                    "PAYLOAD_BUCKET": args.stores.payloads.name,
                    "MESSAGE_LIFETIME_DAYS": str(_longest_lifetime_days(settings)),
                },
                statements=(
                    *login.statements,
                    *secrets.statements,
                    *_sweeping(args),
                    *_reconciling(args),
                    *args.stores.queue.sift_statements(),
                    *args.stores.payloads.erase_statements(),
                    *self.failed_runs.send_statements(),
                ),
                placement=database.placement,
                reserved_concurrency=MAINTENANCE_CONNECTIONS,
            ),
            child,
        )
        self.migrated = lambda_.Invocation(
            f"{name}-migrate",
            function_name=self.function.name,
            qualifier=self.function.qualifier,
            input=json.dumps({"task": "migrate"}),
            # Everything the function is made of, the instance, and where roles' passwords are: whatever changed, the
            # tables and the logins are looked at again.
            triggers={
                "bundle": args.platform.bundles.digest(Service.MAINTENANCE.value),
                "instance": database.instance_id,
                **secrets.environment,
            },
            # Nothing of the network is an input of the call, yet without its rules and endpoints it would hang.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*self.function.ready, *database.ready]),
        )
        database.rotate_with(self.function, pulumi.ResourceOptions(parent=self, depends_on=[self.migrated]))
        Schedules(
            f"{name}-schedules",
            SchedulesArgs(
                platform=args.platform,
                function=self.function,
                failed_runs=self.failed_runs,
                tasks=tuple(_tasks(settings)),
                after=[self.migrated],
            ),
            child,
        )
        self.register_outputs({"function": self.function.name, "failed_runs": self.failed_runs.name})

    def operations(self) -> dict[str, FunctionUnit]:
        """Offer what it answers, by the API's operation ids."""
        return dict.fromkeys(("eraseUser", "getErasure"), self.function)


def _retention(settings: StackSettings) -> dict[str, str]:
    kept_days = settings.database.retention_days
    # No key goes before its event, by which it is found, nor while a message may come again that it would recognise.
    key_days = max(message_lifetime_days(settings) + _KEY_MARGIN_DAYS, kept_days or 0)
    kept = {} if kept_days is None else {"RETENTION_DAYS": str(kept_days)}
    return {**kept, "KEY_RETENTION_DAYS": str(key_days)}


def _longest_lifetime_days(settings: StackSettings) -> int:
    # A dead letter that is sent again on its last day lives in both queues once more.
    return message_lifetime_days(settings) + settings.queue.retention_days + settings.queue.dead_letter_retention_days


def _sweeping(args: MaintenanceUnitArgs) -> tuple[PolicyStatement, ...]:
    payloads = args.stores.payloads
    return (*args.stores.queue.depth_statements(), *payloads.list_statements(), *payloads.remove_statements())


def _reconciling(args: MaintenanceUnitArgs) -> tuple[PolicyStatement, ...]:
    if not args.settings.observability.reconciliation:
        return ()
    return (read_metrics_statement(),)


def _tasks(settings: StackSettings) -> Iterator[TaskSchedule]:
    yield _PARTITIONS
    yield _ORPHANS
    yield _ERASURES
    if settings.database.retention_days is not None:
        yield _RETENTION
    if settings.observability.reconciliation:
        yield _RECONCILE
