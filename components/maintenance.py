"""MaintenanceUnit: the function that brings the tables up to date at each deployment and prepares partitions daily."""

import json
from dataclasses import dataclass

import pulumi
from pulumi_aws import iam, lambda_, scheduler

from components.account import Account
from components.database import EventDatabase
from components.function_unit import FunctionPlatform, FunctionUnit, FunctionUnitArgs
from components.network import PrivateNetwork
from components.policy import policy_json, trust_json
from functions.common.names import Service

_TIMEOUT_SECONDS = 300
"""A migration may have to wait for its lock and build an index; Lambda's longest is 900."""
_MEMORY_MB = 512

_DAILY = "cron(17 3 * * ? *)"
"""Once in every UTC day, which is also how the alarm on partitions counts; not on the hour, when everybody starts."""
_RETRIES = 3
_GIVE_UP_AFTER_SECONDS = 3_600
"""Partitions are made months ahead: what fails for an hour may wait for tomorrow. The alarm watches what counts."""


@dataclass(frozen=True, kw_only=True)
class MaintenanceUnitArgs:
    """What maintenance depends on."""

    platform: FunctionPlatform
    account: Account
    network: PrivateNetwork
    database: EventDatabase


class MaintenanceUnit(pulumi.ComponentResource):
    """The maintenance function, its run at deployment, and its daily schedule."""

    function: FunctionUnit
    migrated: pulumi.Resource
    """Exists when the tables are those that this version's functions expect."""

    def __init__(self, name: str, args: MaintenanceUnitArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:maintenance:MaintenanceUnit", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.function = FunctionUnit(
            name,
            FunctionUnitArgs(
                service=Service.MAINTENANCE,
                platform=args.platform,
                memory_mb=_MEMORY_MB,
                timeout_seconds=_TIMEOUT_SECONDS,
                environment=args.database.environment(),
                statements=(args.database.password_statement(),),
                placement=args.network.functions,
            ),
            child,
        )
        self.migrated = lambda_.Invocation(
            f"{name}-migrate",
            function_name=self.function.name,
            input=json.dumps({"task": "migrate"}),
            # Everything the function is made of: whatever changed, the tables are looked at again.
            triggers={"bundle": args.platform.bundles.digest(Service.MAINTENANCE.value)},
            # Nothing of the network is an input of the call, yet without its rules and endpoints it would hang.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*self.function.ready, args.network, args.database]),
        )
        self._schedule(name, args.account, child)
        self.register_outputs({"function": self.function.name})

    def _schedule(self, name: str, account: Account, opts: pulumi.ResourceOptions) -> None:
        role = iam.Role(
            f"{name}-schedule-role",
            description="Lets EventBridge Scheduler start maintenance",
            # Scheduler acts for whoever asks it; the account keeps others' schedules out.
            assume_role_policy=trust_json("scheduler.amazonaws.com", account_id=account.account_id),
            opts=opts,
        )
        policy = iam.RolePolicy(
            f"{name}-schedule-policy",
            role=role.id,
            policy=policy_json([self.function.invoke_statement()]),
            opts=opts,
        )
        scheduler.Schedule(
            f"{name}-schedule",
            description="Prepares the partitions of the months to come",
            schedule_expression=_DAILY,
            schedule_expression_timezone="UTC",
            flexible_time_window={"mode": "OFF"},
            target={
                "arn": self.function.arn,
                "role_arn": role.arn,
                "input": json.dumps({"task": "partitions"}),
                "retry_policy": {
                    "maximum_retry_attempts": _RETRIES,
                    "maximum_event_age_in_seconds": _GIVE_UP_AFTER_SECONDS,
                },
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy, self.migrated]),
        )
