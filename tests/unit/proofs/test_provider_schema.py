"""The schema check finds every kind of fault in the inputs of a resource, nested ones too."""

import pytest

from tests.support.provider_schema import schema_faults

QUEUE = "aws:sqs/queue:Queue"
FUNCTION = "aws:lambda/function:Function"
INSTANCE = "aws:rds/instance:Instance"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
PERMISSION = {"action": "lambda:InvokeFunction", "function": "f", "principal": "x"}
RULE = {"id": "archive", "status": "Enabled", "transitions": [{"days": 30, "storageClass": "GLACIER_IR"}]}


@pytest.mark.parametrize(
    ("type_", "inputs"),
    [
        (QUEUE, {"visibilityTimeoutSeconds": 180, "redrivePolicy": "{}", "tags": {"a": "b"}}),
        (FUNCTION, {"role": "r", "runtime": "python3.13", "architectures": ["arm64"], "vpcConfig": {
            "subnetIds": ["s"], "securityGroupIds": ["g"]}, "environment": {"variables": {"A": "B"}}}),
        (LIFECYCLE, {"bucket": "b", "rules": [RULE]}),
        ("aws:lambda/permission:Permission", PERMISSION),
        ("aws:s3/bucketVersioning:BucketVersioning", {
            "bucket": "b", "versioningConfiguration": {"status": "Enabled"}}),
        ("pulumi:providers:aws", {"region": "eu-central-1", "defaultTags": '{"tags": {"a": "b"}}'}),
        (INSTANCE, {"instanceClass": "db.m7g.large"}),
    ],
)  # fmt: skip
def test_what_the_provider_takes_passes(type_, inputs):
    assert [] == schema_faults(type_, inputs)


@pytest.mark.parametrize(
    ("type_", "inputs", "fault"),
    [
        ("aws:sqs/quue:Quue", {}, "aws:sqs/quue:Quue: the installed SDK has no such type"),
        (QUEUE, {"visibilityTimeout": 180}, f"{QUEUE}.visibilityTimeout: unknown property"),
        (QUEUE, {"visibilityTimeoutSeconds": "180"}, f"{QUEUE}.visibilityTimeoutSeconds: expected int, got '180'"),
        (QUEUE, {"fifoQueue": "true"}, f"{QUEUE}.fifoQueue: expected bool, got 'true'"),
        (QUEUE, {"delaySeconds": True}, f"{QUEUE}.delaySeconds: expected int, got True"),
        (QUEUE, {"tags": ["a"]}, f"{QUEUE}.tags: expected a map, got ['a']"),
        (QUEUE, {"tags": {"a": 1}}, f"{QUEUE}.tags.a: expected str, got 1"),
        (QUEUE, {"deduplicationScope": "message"}, "is none of ['messageGroup', 'queue']"),
        ("aws:lambda/permission:Permission", {"action": "a", "function": "f"}, "Permission.principal: missing"),
        (FUNCTION, {"role": "r", "runtime": "python3.133"}, "Function.runtime: 'python3.133' is none of ['dotnet"),
        (FUNCTION, {"role": "r", "architectures": "arm64"}, "Function.architectures: expected a list, got 'arm64'"),
        (FUNCTION, {"role": "r", "vpcConfig": {"subnetIds": ["s"]}}, "Function.vpcConfig.securityGroupIds: missing"),
        (FUNCTION, {"role": "r", "environment": "A=B"}, "environment: expected FunctionEnvironmentArgs, got 'A=B'"),
        (FUNCTION, {"role": "r", "code": "bundle.zip"}, "Function.code: expected Archive, got 'bundle.zip'"),
        (LIFECYCLE, {"bucket": "b", "rules": [{"id": "a"}]}, f"{LIFECYCLE}.rules[0].status: missing"),
        (LIFECYCLE, {"bucket": "b", "rules": [{**RULE, "transitions": [{"day": 30, "storageClass": "GLACIER"}]}]},
            f"{LIFECYCLE}.rules[0].transitions[0].day: unknown property"),
        ("aws:s3/bucket:Bucket", {"acl": "private"}, "aws:s3/bucket:Bucket.acl: deprecated property"),
        ("aws:s3/bucketVersioning:BucketVersioning", {"bucket": "b"}, "versioningConfiguration: missing"),
        ("pulumi:providers:aws", {"defaultTag": "{}"}, "pulumi:providers:aws.defaultTag: unknown property"),
    ],
)  # fmt: skip
def test_every_kind_of_fault_is_found(type_, inputs, fault):
    faults = schema_faults(type_, inputs)

    assert 1 == len(faults), faults
    assert fault in faults[0]


def test_a_type_on_its_way_out_is_found():
    assert ["aws:s3/bucketV2:BucketV2: deprecated type"] == schema_faults("aws:s3/bucketV2:BucketV2", {})
