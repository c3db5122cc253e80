"""EventBridge Scheduler: what starts the maintenance function, by the emulator's own clock."""

from fluxa.local.engine import Created
from fluxa.local.provider.registry import resource
from fluxa.local.provider.request import Request, existing

LONGEST_NAME = 64

_DEFAULT_GROUP = "default"


@resource("aws:scheduler/schedule:Schedule")
def schedule(request: Request) -> Created:
    """Create a schedule, or bring an existing one up to date."""
    scheduler = request.client("scheduler")
    name = request.physical_name(longest=LONGEST_NAME)
    group = request.inputs.get("groupName") or _DEFAULT_GROUP
    window = request.inputs.section("flexibleTimeWindow").renamed(
        {"mode": "Mode", "maximumWindowInMinutes": "MaximumWindowInMinutes"}
    )
    options = request.inputs.renamed(
        {
            "actionAfterCompletion": "ActionAfterCompletion",
            "description": "Description",
            "endDate": "EndDate",
            "kmsKeyArn": "KmsKeyArn",
            "scheduleExpression": "ScheduleExpression",
            "scheduleExpressionTimezone": "ScheduleExpressionTimezone",
            "startDate": "StartDate",
            "state": "State",
        }
    )
    definition = {
        "Name": name,
        "GroupName": group,
        "FlexibleTimeWindow": window,
        "Target": _target(request),
        **options,
    }
    if existing(lambda: scheduler.create_schedule(**definition), "ConflictException"):
        scheduler.update_schedule(**definition)
    arn = request.arn("scheduler", f"schedule/{group}/{name}")
    return Created(id=f"{group}/{name}", outputs={"name": name, "arn": arn, "groupName": group})


def _target(request: Request) -> dict[str, object]:
    target = request.inputs.section("target")
    retries = target.section("retryPolicy").renamed(
        {"maximumEventAgeInSeconds": "MaximumEventAgeInSeconds", "maximumRetryAttempts": "MaximumRetryAttempts"}
    )
    dead_letters = target.section("deadLetterConfig").renamed({"arn": "Arn"})
    return {
        **target.renamed({"arn": "Arn", "roleArn": "RoleArn", "input": "Input"}),
        **({"RetryPolicy": retries} if retries else {}),
        **({"DeadLetterConfig": dead_letters} if dead_letters else {}),
    }
