"""For every rule a stack that keeps it and one that breaks it."""

import json
from dataclasses import dataclass
from typing import Any

from policy import Stack, tokens
from tests.support.policy_stacks import PROVIDER, item, stack


@dataclass(frozen=True)
class Case:
    """The smallest stacks that differ in what one rule is about."""

    kept: Stack
    broken: Stack
    at: str = "it"
    """Logical name of the resource that breaks the rule."""


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str, resource: str = "arn:x", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": [action], "Resource": [resource], **more}


TLS_ONLY = policy(
    {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": ["*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
)


def single(type_: str, kept: dict[str, Any], broken: dict[str, Any]) -> Case:
    """A rule about one resource alone."""
    return Case(stack(item(type_, inputs=kept)), stack(item(type_, inputs=broken)))


def transport(type_: str, policy_type: str, key: str) -> Case:
    target = item(type_)
    return Case(
        stack(target, item(policy_type, "policy", {"policy": TLS_ONLY}, links={key: [target]})),
        stack(target, item(policy_type, "policy", {"policy": policy(allow("x:Do"))}, links={key: [target]})),
    )


# Queues.
DEAD = item(tokens.QUEUE, "dead", {"messageRetentionSeconds": 1_209_600})
DEAD_TOO_SOON = item(tokens.QUEUE, "dead", {"messageRetentionSeconds": 345_600})
MAIN = item(
    tokens.QUEUE, "it", {"redrivePolicy": '{"deadLetterTargetArn": "arn:dead"}'}, links={"redrivePolicy": [DEAD]}
)
ALLOW = item(
    tokens.REDRIVE_ALLOW,
    "allow",
    {"redriveAllowPolicy": '{"redrivePermission": "byQueue", "sourceQueueArns": ["arn:main"]}'},
    links={"queueUrl": [DEAD]},
)


def fed(visibility: int) -> Stack:
    queue = item(tokens.QUEUE, "queue", {"visibilityTimeoutSeconds": visibility})
    function = item(tokens.FUNCTION, "function", {"timeout": 30})
    alias = item(tokens.FUNCTION_ALIAS, "alias", links={"functionName": [function]})
    feed = item(
        tokens.FEED,
        "it",
        {"maximumBatchingWindowInSeconds": 5},
        links={"eventSourceArn": [queue], "functionName": [alias]},
    )
    return stack(queue, function, alias, feed)


# Functions.
GROUP = item(tokens.LOG_GROUP, "group")
LOGGING = {"loggingConfig": {"logGroup": "/aws/lambda/it"}}


def warm(*, publish: bool) -> Stack:
    function = item(tokens.FUNCTION, "function", {"publish": publish})
    alias = item(tokens.FUNCTION_ALIAS, "alias", links={"functionName": [function]})
    return stack(function, alias, item(tokens.PROVISIONED, links={"qualifier": [alias]}))


def variables(**values: str) -> dict[str, Any]:
    return {"environment": {"variables": values}}


# The API.
STAGE = item(tokens.API_STAGE, "it", {"stageName": "v1"})


def throttled(**limits: int) -> Stack:
    settings = {"methodPath": "*/*", "settings": limits}
    return stack(STAGE, item(tokens.METHOD_SETTINGS, "settings", settings, links={"stageName": [STAGE]}))


def permitted(path: str) -> dict[str, Any]:
    return {"principal": "apigateway.amazonaws.com", "sourceArn": f"arn:aws:execute-api:eu-central-1:1:api{path}"}


# Databases.
def database(inputs: dict[str, Any], **parameters: str) -> Stack:
    listed = [{"name": name.replace("__", "."), "value": value} for name, value in parameters.items()]
    group = item(tokens.PARAMETER_GROUP, "parameters", {"parameters": listed})
    return stack(group, item(tokens.INSTANCE, "it", inputs, links={"parameterGroupName": [group]}, protect=True))


KEPT_DATABASE = item(tokens.INSTANCE, "database", {"deletionProtection": True})


def exported(group_name: str) -> Stack:
    group = item(tokens.LOG_GROUP, "group", {"name": group_name})
    inputs = {"identifier": "db", "enabledCloudwatchLogsExports": ["postgresql"]}
    return stack(group, item(tokens.INSTANCE, "it", inputs, after=[group]))


# Networks.
VPC = item(tokens.VPC)


def default_group(**rules: Any) -> Stack:
    return stack(VPC, item(tokens.DEFAULT_GROUP, "default", rules, links={"vpcId": [VPC]}))


# Roles.
def trust(principal: dict[str, Any], **condition: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {"assumeRolePolicy": policy(statement | ({"Condition": condition} if condition else {}))}


def granted(action: str, service: str = "lambda.amazonaws.com") -> Stack:
    role = item(tokens.ROLE, "role", trust({"Service": service}))
    return stack(role, item(tokens.ROLE_POLICY, "it", {"policy": policy(allow(action))}, links={"role": [role]}))


SCHEDULER = {"Service": "scheduler.amazonaws.com"}
FOR_THIS_ACCOUNT = {"StringEquals": {"aws:SourceAccount": "1"}}
ROOT = {"AWS": "arn:aws:iam::1:root"}

CASES: dict[str, Case] = {
    "queue-gives-up-somewhere": Case(stack(DEAD, MAIN), stack(item(tokens.QUEUE))),
    "dead-letters-outlive-the-queue": Case(stack(DEAD, MAIN), stack(DEAD_TOO_SOON, MAIN)),
    "dead-letters-by-name": Case(stack(DEAD, MAIN, ALLOW), stack(DEAD, MAIN), at="dead"),
    "queue-long-polling": single(tokens.QUEUE, {"receiveWaitTimeSeconds": 20}, {}),
    "queue-visibility": Case(fed(185), fed(184)),
    "queue-tls-only": transport(tokens.QUEUE, tokens.QUEUE_POLICY, "queueUrl"),
    "feed-reports-single-failures": single(
        tokens.FEED, {"functionResponseTypes": ["ReportBatchItemFailures"]}, {"functionResponseTypes": []}
    ),
    "feed-is-bounded": single(tokens.FEED, {"scalingConfig": {"maximumConcurrency": 2}}, {}),
    "function-log-group-first": Case(
        stack(GROUP, item(tokens.FUNCTION, "it", LOGGING, links={"loggingConfig": [GROUP]})),
        stack(GROUP, item(tokens.FUNCTION, "it", LOGGING)),
    ),
    "function-runtime": single(tokens.FUNCTION, {"runtime": "python3.13"}, {"runtime": "python3.9"}),
    "function-environment-without-secrets": single(
        tokens.FUNCTION,
        variables(DATABASE_SECRET="/fluxa/test/password", LOG_LEVEL="INFO", KEY_RETENTION_DAYS="30"),
        variables(DATABASE_PASSWORD="correct horse"),
    ),
    "function-releases-security-groups": single(
        tokens.FUNCTION, {"vpcConfig": {}, "replaceSecurityGroupsOnDestroy": True}, {"vpcConfig": {"subnetIds": ["s"]}}
    ),
    "provisioned-behind-alias": Case(warm(publish=True), warm(publish=False)),
    "permission-names-its-source": single(tokens.PERMISSION, {"sourceArn": "arn:x"}, {}),
    "api-no-data-trace": single(tokens.METHOD_SETTINGS, {"settings": {}}, {"settings": {"dataTraceEnabled": True}}),
    "api-deployment-triggers": single(tokens.API_DEPLOYMENT, {"triggers": {"body": "hash"}}, {}),
    "api-stage-throttled": Case(
        throttled(throttlingRateLimit=10, throttlingBurstLimit=20), throttled(throttlingRateLimit=10)
    ),
    "api-permission-exact": single(tokens.PERMISSION, permitted("/v1/GET/events/*"), permitted("/*/GET/events")),
    "database-private": Case(
        database({"publiclyAccessible": False}), database({"publiclyAccessible": True, "deletionProtection": True})
    ),
    "database-gp3": single(tokens.INSTANCE, {"storageType": "gp3"}, {}),
    "database-authority": single(tokens.INSTANCE, {"caCertIdentifier": "rds-ca-rsa2048-g1"}, {}),
    "database-forces-tls": Case(database({}, rds__force_ssl="1"), database({}, rds__force_ssl="0")),
    "database-logs-no-values": Case(
        database({}, log_parameter_max_length="0", log_parameter_max_length_on_error="0"),
        database({}, log_parameter_max_length="0"),
    ),
    "database-log-groups-first": Case(
        exported("/aws/rds/instance/db/postgresql"), exported("/aws/rds/instance/other/postgresql")
    ),
    "database-last-snapshot": Case(
        database({"deletionProtection": True, "skipFinalSnapshot": False}),
        database({"deletionProtection": True, "skipFinalSnapshot": True}),
    ),
    "proxy-forces-tls": Case(
        stack(KEPT_DATABASE, item(tokens.RDS_PROXY, inputs={"requireTls": True})),
        stack(KEPT_DATABASE, item(tokens.RDS_PROXY, inputs={"requireTls": False})),
    ),
    "network-rule-described": single(tokens.INGRESS_RULE, {"description": "PostgreSQL for the functions"}, {}),
    "network-no-open-door": single(tokens.INGRESS_RULE, {"cidrIpv4": "203.0.113.0/24"}, {"cidrIpv6": "::/0"}),
    "network-narrow-exit": single(
        tokens.EGRESS_RULE,
        {"cidrIpv4": "0.0.0.0/0", "ipProtocol": "tcp", "fromPort": 443, "toPort": 443},
        {"cidrIpv4": "0.0.0.0/0", "ipProtocol": "-1"},
    ),
    "network-rules-apart": single(tokens.GROUP, {}, {"ingress": [{"fromPort": 5432}]}),
    "network-default-group-empty": Case(default_group(), default_group(ingress=[{"protocol": "-1"}])),
    "role-trusts-one-service": single(
        tokens.ROLE, trust({"Service": "lambda.amazonaws.com"}), trust({"AWS": "arn:aws:iam::2:root"})
    ),
    "role-for-this-account": single(tokens.ROLE, trust(SCHEDULER, **FOR_THIS_ACCOUNT), trust(SCHEDULER)),
    "policy-names-actions": single(
        tokens.ROLE_POLICY, {"policy": policy(allow("s3:GetObject"))}, {"policy": policy(allow("s3:*"))}
    ),
    "policy-names-resources": single(
        tokens.ROLE_POLICY,
        {"policy": policy(allow("xray:PutTraceSegments", "*"))},
        {"policy": policy(allow("s3:GetObject", "*"))},
    ),
    "policy-no-log-groups": Case(granted("logs:PutLogEvents"), granted("logs:CreateLogGroup")),
    "bucket-tls-only": transport(tokens.BUCKET, tokens.BUCKET_POLICY, "bucket"),
    "topic-tls-only": transport(tokens.TOPIC, tokens.TOPIC_POLICY, "arn"),
    "topic-own-key": single(tokens.TOPIC, {"kmsMasterKeyId": "key-id"}, {"kmsMasterKeyId": "alias/aws/sns"}),
    "key-rotates": single(tokens.KEY, {"enableKeyRotation": True}, {}),
    "key-policy-narrow": single(
        tokens.KEY,
        {"policy": policy(allow("kms:*", Principal=ROOT))},
        {"policy": policy(allow("kms:Decrypt", Principal={"AWS": "*"}))},
    ),
    "log-retention": single(tokens.LOG_GROUP, {"retentionInDays": 14}, {}),
    "alarm-has-runbook": single(
        tokens.ALARM, {"alarmDescription": "Runbook: docs/runbooks/x.md"}, {"alarmDescription": "Help!"}
    ),
    "alarm-missing-data": single(tokens.ALARM, {"treatMissingData": "notBreaching"}, {}),
    "alarm-tells-the-end": single(
        tokens.ALARM, {"alarmActions": ["a"], "okActions": ["a"]}, {"alarmActions": ["a"], "okActions": []}
    ),
    "schedule-retries": single(
        tokens.SCHEDULE, {"target": {"retryPolicy": {"maximumRetryAttempts": 3}}}, {"target": {}}
    ),
    "schedule-gives-up-somewhere": single(
        tokens.SCHEDULE, {"target": {"deadLetterConfig": {"arn": "arn:dead"}}}, {"target": {}}
    ),
    "explicit-provider": Case(stack(item(tokens.LOG_GROUP)), stack(item(tokens.LOG_GROUP, provider=""))),
    "component-parent": Case(stack(item(tokens.LOG_GROUP)), stack(item(tokens.LOG_GROUP, parent=PROVIDER.urn))),
    "default-tags": single(
        tokens.PROVIDER, {"defaultTags": {"tags": {"project": "p", "stack": "s", "managed-by": "m"}}}, {}
    ),
    "guarded-twice": Case(
        stack(item(tokens.BUCKET, protect=True)), stack(item(tokens.BUCKET, inputs={"forceDestroy": False}))
    ),
    "no-secret-in-state": single(
        tokens.PARAMETER,
        {"type": "SecureString", "valueWo": "s", "valueWoVersion": 1},
        {"type": "SecureString", "value": "s"},
    ),
}
