"""CloudWatch: log groups, and alarms as definitions (the emulator evaluates only the simplest)."""

from typing import Any

from fluxa.local.engine import Created
from fluxa.local.provider.inputs import Inputs
from fluxa.local.provider.registry import resource
from fluxa.local.provider.request import Request, document, existing

LONGEST_NAME = 255
LONGEST_LOG_GROUP_NAME = 512


@resource("aws:cloudwatch/logGroup:LogGroup", ignored={"skipDestroy": "nothing is destroyed"})
def log_group(request: Request) -> Created:
    """Create a log group before its function writes to it."""
    logs = request.client("logs")
    name = request.physical_name(longest=LONGEST_LOG_GROUP_NAME)
    options = request.inputs.renamed({"kmsKeyId": "kmsKeyId", "logGroupClass": "logGroupClass"})
    tags = {"tags": request.tags()} if request.tags() else {}
    existing(lambda: logs.create_log_group(logGroupName=name, **options, **tags), "ResourceAlreadyExistsException")
    days = request.inputs.get("retentionInDays")
    if days:
        logs.put_retention_policy(logGroupName=name, retentionInDays=days)
    return Created(
        id=name,
        outputs={"name": name, "arn": request.arn("logs", f"log-group:{name}"), "tagsAll": request.tags()},
    )


@resource("aws:cloudwatch/metricAlarm:MetricAlarm")
def metric_alarm(request: Request) -> Created:
    """Define an alarm."""
    name = request.physical_name(longest=LONGEST_NAME)
    options = request.inputs.renamed(
        {
            "actionsEnabled": "ActionsEnabled",
            "alarmActions": "AlarmActions",
            "alarmDescription": "AlarmDescription",
            "comparisonOperator": "ComparisonOperator",
            "datapointsToAlarm": "DatapointsToAlarm",
            "evaluateLowSampleCountPercentiles": "EvaluateLowSampleCountPercentile",
            "evaluationPeriods": "EvaluationPeriods",
            "extendedStatistic": "ExtendedStatistic",
            "insufficientDataActions": "InsufficientDataActions",
            "metricName": "MetricName",
            "namespace": "Namespace",
            "okActions": "OKActions",
            "period": "Period",
            "statistic": "Statistic",
            "threshold": "Threshold",
            "thresholdMetricId": "ThresholdMetricId",
            "treatMissingData": "TreatMissingData",
            "unit": "Unit",
        }
    )
    dimensions = _dimensions(request.inputs.get("dimensions"))
    queries = [_metric_query(query) for query in request.inputs.sections("metricQueries")]
    request.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Tags=request.tag_list(),
        **options,
        **({"Dimensions": dimensions} if dimensions else {}),
        **({"Metrics": queries} if queries else {}),
    )
    return Created(
        id=name,
        outputs={"name": name, "arn": request.arn("cloudwatch", f"alarm:{name}"), "tagsAll": request.tags()},
    )


@resource(
    "aws:cloudwatch/compositeAlarm:CompositeAlarm",
    ignored={"actionsSuppressor": "the emulator suppresses nothing"},
)
def composite_alarm(request: Request) -> Created:
    """Define an alarm about alarms. The emulator refuses one about an alarm that it does not have."""
    name = request.physical_name(longest=LONGEST_NAME, input_name="alarmName")
    request.client("cloudwatch").put_composite_alarm(
        AlarmName=name,
        AlarmRule=request.inputs.require("alarmRule"),
        Tags=request.tag_list(),
        **request.inputs.renamed(
            {
                "actionsEnabled": "ActionsEnabled",
                "alarmActions": "AlarmActions",
                "alarmDescription": "AlarmDescription",
                "insufficientDataActions": "InsufficientDataActions",
                "okActions": "OKActions",
            }
        ),
    )
    return Created(id=name, outputs={"arn": request.arn("cloudwatch", f"alarm:{name}"), "tagsAll": request.tags()})


@resource("aws:cloudwatch/dashboard:Dashboard")
def dashboard(request: Request) -> Created:
    """Store a dashboard."""
    name = request.inputs.require("dashboardName")
    body = request.inputs.require("dashboardBody")
    request.client("cloudwatch").put_dashboard(DashboardName=name, DashboardBody=body)
    return Created(id=name, outputs={"dashboardArn": request.arn("cloudwatch", f"dashboard/{name}", regional=False)})


@resource("aws:cloudwatch/logResourcePolicy:LogResourcePolicy")
def log_resource_policy(request: Request) -> Created:
    """Let another service write to log groups."""
    name = request.inputs.require("policyName")
    policy = document(request.inputs.require("policyDocument"))
    request.client("logs").put_resource_policy(policyName=name, policyDocument=policy)
    return Created(id=name)


def _metric_query(query: Inputs) -> dict[str, Any]:
    named = query.renamed(
        {
            "id": "Id",
            "expression": "Expression",
            "label": "Label",
            "returnData": "ReturnData",
            "period": "Period",
            "accountId": "AccountId",
        }
    )
    metric = query.section("metric")
    if not metric:
        return named
    statistic = metric.renamed({"period": "Period", "stat": "Stat", "unit": "Unit"})
    described: dict[str, Any] = metric.renamed({"metricName": "MetricName", "namespace": "Namespace"})
    described["Dimensions"] = _dimensions(metric.get("dimensions"))
    return {**named, "MetricStat": {**statistic, "Metric": described}}


def _dimensions(values: dict[str, str] | None) -> list[dict[str, str]]:
    return [{"Name": key, "Value": value} for key, value in sorted((values or {}).items())]
