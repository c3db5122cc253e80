"""Schedules: what runs maintenance by the clock, and where a run ends up that came to nothing."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import iam, lambda_, scheduler, sqs

from components.function_unit import FunctionUnit
from components.platform import StackPlatform
from components.policy import PolicyStatement, policy_json, trust_json
from components.queues import create_queue

_SCHEDULER_PRINCIPAL = "scheduler.amazonaws.com"
_START_RETRIES = 3
"""Scheduler's, when Lambda does not take the run."""
_RUN_RETRIES = 2
"""Lambda's, when the run fails; its most."""
_GIVE_UP_AFTER_SECONDS = 3_600
"""For both. A run that is an hour late is overtaken by the next hourly one; daily ones may wait for tomorrow."""
_FAILED_RUN_DAYS = 14
"""SQS's longest."""
_SCHEDULE_NAME_LENGTH = 64
"""https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html"""


@dataclass(frozen=True, kw_only=True)
class TaskSchedule:
    """One task of the function, and when it runs."""

    task: str
    """What the event names."""
    expression: str
    """Scheduler's, in UTC, e.g. `cron(17 3 * * ? *)`."""
    description: str


@dataclass(frozen=True, kw_only=True)
class FailedRunsArgs:
    """What the queue depends on."""

    platform: StackPlatform
    encryption: str
    """Of queues, by the stack's settings: `sqs` or `kms`."""


class FailedRuns(pulumi.ComponentResource):
    """The queue of runs that failed for good. Nothing is lost with it: the next run does the work."""

    arn: pulumi.Output[str]
    name: pulumi.Output[str]
    """What an alarm watches."""

    def __init__(self, name: str, args: FailedRunsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:schedules:FailedRuns", name, None, opts)
        self._key = args.platform.key_for(args.encryption)
        self._queue: sqs.Queue = create_queue(
            f"{name}-queue", parent=self, key=self._key, retention_days=_FAILED_RUN_DAYS
        )
        self.arn, self.name = self._queue.arn, self._queue.name
        self.register_outputs({"arn": self.arn, "name": self.name})

    def send_statements(self) -> tuple[PolicyStatement, ...]:
        """Offer parking a run that failed."""
        send = PolicyStatement(actions=("sqs:SendMessage",), resources=(self.arn,))
        return (send,) if self._key is None else (send, self._key.write_statement("sqs"))


@dataclass(frozen=True, kw_only=True)
class SchedulesArgs:
    """What the schedules depend on."""

    platform: StackPlatform
    function: FunctionUnit
    """Runs the tasks; its role may send to `failed_runs`, because Lambda parks a failed run in its name."""
    failed_runs: FailedRuns
    tasks: Sequence[TaskSchedule]
    after: Sequence[pulumi.Resource]
    """What must be done before the first run: the migrations."""


class Schedules(pulumi.ComponentResource):
    """One schedule for each task, under one role that can start the function and nothing else."""

    def __init__(self, name: str, args: SchedulesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:schedules:Schedules", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = iam.Role(
            f"{name}-role",
            description="Lets EventBridge Scheduler start maintenance",
            # Scheduler acts for whoever asks it; the account keeps others' schedules out.
            assume_role_policy=trust_json(_SCHEDULER_PRINCIPAL, account_id=args.platform.account.account_id),
            opts=child,
        )
        policy = iam.RolePolicy(
            f"{name}-policy",
            role=role.id,
            policy=policy_json([args.function.invoke_statement(), *args.failed_runs.send_statements()]),
            opts=child,
        )
        retries = self._bound_retries(name, args)
        for schedule in args.tasks:
            self._create_schedule(name, schedule, args, role, after=[policy, retries])
        self.register_outputs({})

    def _bound_retries(self, name: str, args: SchedulesArgs) -> lambda_.FunctionEventInvokeConfig:
        """Say what becomes of a run that Lambda took and that failed: Scheduler does not wait for its end."""
        return lambda_.FunctionEventInvokeConfig(
            f"{name}-retries",
            function_name=args.function.name,
            qualifier=args.function.qualifier,
            maximum_retry_attempts=_RUN_RETRIES,
            maximum_event_age_in_seconds=_GIVE_UP_AFTER_SECONDS,
            destination_config={"on_failure": {"destination": args.failed_runs.arn}},
            # Lambda refuses a destination that the function's role may not send to.
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.function.ready),
        )

    def _create_schedule(
        self, name: str, schedule: TaskSchedule, args: SchedulesArgs, role: iam.Role, *, after: list[pulumi.Resource]
    ) -> None:
        scheduler.Schedule(
            f"{name}-{schedule.task}",
            # Pulumi's own would pass the limit in a stack with a long name.
            name=args.platform.naming.physical(f"{name}-{schedule.task}", max_length=_SCHEDULE_NAME_LENGTH),
            description=schedule.description,
            schedule_expression=schedule.expression,
            schedule_expression_timezone="UTC",
            flexible_time_window={"mode": "OFF"},
            target={
                "arn": args.function.alias_arn,
                "role_arn": role.arn,
                "input": json.dumps({"task": schedule.task}),
                "retry_policy": {
                    "maximum_retry_attempts": _START_RETRIES,
                    "maximum_event_age_in_seconds": _GIVE_UP_AFTER_SECONDS,
                },
                "dead_letter_config": {"arn": args.failed_runs.arn},
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*after, *args.after], delete_before_replace=True),
        )
