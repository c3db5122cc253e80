"""A function with a role of its own, for the programs of these tests."""

import json

import pulumi
import pulumi_aws as aws

TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


def allow(actions, resource):
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


def a_function(name, handler, statements, environment=None, **options):
    role = aws.iam.Role(f"{name}-role", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [TRUST]}))
    policy = aws.iam.RolePolicy(
        f"{name}-policy",
        role=role.id,
        policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements}),
    )
    logs = aws.cloudwatch.LogGroup(f"{name}-logs", name=f"/tests/{name}", retention_in_days=7)
    return aws.lambda_.Function(
        name,
        role=role.arn,
        runtime="python3.11",
        handler=f"shop_functions.{handler}",
        code=pulumi.AssetArchive({"shop_functions.py": pulumi.FileAsset("shop_functions.py")}),
        timeout=10,
        memory_size=256,
        environment={"variables": environment or {}},
        logging_config={"log_format": "Text", "log_group": logs.name},
        opts=pulumi.ResourceOptions(depends_on=[policy]),
        **options,
    )
