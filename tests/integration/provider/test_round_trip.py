"""A program's functions, queue and API work together on this machine, each function with its own role's rights only."""

import base64
import json
import time

import httpx
import pytest

from fluxa.local.emulator import Emulator
from fluxa.local.provider.aws.lambda_ import InvocationFailed
from tests.integration.provider.conftest import Deploy

FUNCTIONS = '''
    import json, pulumi, pulumi_aws as aws

    CODE = """
import json, os
import botocore.session

def client(service):
    return botocore.session.get_session().create_client(service)

def ingest(event, context):
    body = event["body"] or ""
    print(json.dumps({"received": len(body)}))
    if event["path"] == "/forbidden":
        try:
            client("sqs").send_message(QueueUrl=os.environ["OTHER_QUEUE_URL"], MessageBody="x")
        except Exception as error:
            return {"statusCode": 403, "body": json.dumps({"error": str(error)})}
    client("sqs").send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=body)
    return {"statusCode": 202, "body": json.dumps({"base64": event["isBase64Encoded"]})}

def process(event, context):
    for record in event["Records"]:
        client("s3").put_object(Bucket=os.environ["BUCKET"], Key="seen", Body=record["body"].encode())
    print("processed", len(event["Records"]))
    return {"batchItemFailures": []}

def broken(event, context):
    print("about to fail on", event["task"])
    raise RuntimeError("no such table")
"""

    class Function:
        def __init__(self, name, handler, statements, environment={}):
            trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            self.role = aws.iam.Role(
                f"{name}-role", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
            )
            policy = aws.iam.RolePolicy(
                f"{name}-policy",
                role=self.role.id,
                policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements}),
            )
            logs = aws.cloudwatch.LogGroup(f"{name}-logs", name=f"/trip/{name}", retention_in_days=7)
            self.function = aws.lambda_.Function(
                name,
                role=self.role.arn,
                runtime="python3.11",
                handler=f"code.{handler}",
                code=pulumi.AssetArchive({"code.py": pulumi.StringAsset(CODE)}),
                timeout=10,
                memory_size=256,
                environment={"variables": environment},
                logging_config={"log_format": "Text", "log_group": logs.name},
                opts=pulumi.ResourceOptions(depends_on=[policy]),
            )

    def allow(actions, resource):
        return {"Effect": "Allow", "Action": actions, "Resource": resource}
'''

TRIP = (
    FUNCTIONS
    + """
    queue, other = aws.sqs.Queue("trip-queue"), aws.sqs.Queue("trip-other")
    bucket = aws.s3.Bucket("trip-bucket")
    deny = {
        "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": bucket.arn.apply(lambda arn: f"{arn}/*"),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    aws.s3.BucketPolicy(
        "trip-tls", bucket=bucket.id,
        policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [deny]}),
    )
    ingest = Function(
        "trip-ingest", "ingest", [allow("sqs:SendMessage", queue.arn)],
        {"QUEUE_URL": queue.url, "OTHER_QUEUE_URL": other.url},
    ).function
    process = Function(
        "trip-process", "process",
        [
            allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], queue.arn),
            allow("s3:PutObject", bucket.arn.apply(lambda arn: f"{arn}/*")),
        ],
        {"BUCKET": bucket.bucket},
    ).function
    aws.lambda_.EventSourceMapping(
        "trip-feed", event_source_arn=queue.arn, function_name=process.arn, batch_size=10,
        function_response_types=["ReportBatchItemFailures"], scaling_config={"maximum_concurrency": 2},
    )

    def operation(invoke_arn, **extra):
        return {
            "operationId": extra.pop("name"),
            "security": [{"key": []}],
            "responses": {"202": {"description": "ok"}},
            "x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": invoke_arn},
            **extra,
        }

    def problem(status, code):
        return {
            "statusCode": status,
            "responseTemplates": {"application/json": json.dumps({"code": code, "message": "$context.error.message"})},
            "responseParameters": {"gatewayresponse.header.Content-Type": "'application/problem+json'"},
        }

    def document(invoke_arn):
        item = {"$ref": "#/components/schemas/Line"}
        return {
            "openapi": "3.0.1",
            "info": {"title": "trip", "version": "1"},
            "x-amazon-apigateway-request-validators": {"all": {"validateRequestBody": True, "validateRequestParameters": True}},
            "x-amazon-apigateway-request-validator": "all",
            "x-amazon-apigateway-binary-media-types": ["application/octet-stream"],
            "x-amazon-apigateway-gateway-responses": {
                "BAD_REQUEST_BODY": problem("400", "bad_body"),
                "BAD_REQUEST_PARAMETERS": problem("400", "bad_parameters"),
                "INVALID_API_KEY": problem("403", "bad_key"),
                "MISSING_AUTHENTICATION_TOKEN": problem("404", "not_found"),
            },
            "paths": {
                "/orders": {
                    "post": operation(
                        invoke_arn, name="order",
                        requestBody={"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}},
                    )
                },
                "/orders/{id}": {
                    "parameters": [{"$ref": "#/components/parameters/Trace"}],
                    "get": operation(
                        invoke_arn, name="find",
                        parameters=[{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                    ),
                },
                "/raw": {"put": operation(invoke_arn, name="raw")},
                "/forbidden": {"post": operation(invoke_arn, name="forbidden")},
            },
            "components": {
                "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "x-api-key"}},
                "parameters": {"Trace": {"name": "X-Trace", "in": "header", "required": True, "schema": {"type": "string"}}},
                "schemas": {
                    "Order": {
                        "type": "object",
                        "required": ["type"],
                        "additionalProperties": False,
                        "properties": {
                            "type": {"type": "string", "example": "order.created"},
                            "note": {"type": "string", "nullable": True},
                            "lines": {"type": "array", "items": item},
                        },
                    },
                    "Line": {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}, "parts": {"type": "array", "items": item}}},
                },
            },
        }

    api = aws.apigateway.RestApi("trip-api", body=ingest.invoke_arn.apply(lambda arn: json.dumps(document(arn))))
    deployment = aws.apigateway.Deployment("trip-deployment", rest_api=api.id, triggers={"body": "1"})
    stage = aws.apigateway.Stage("trip-stage", rest_api=api.id, deployment=deployment.id, stage_name="v1")
    aws.lambda_.Permission(
        "trip-permission", function=ingest.name, action="lambda:InvokeFunction", principal="apigateway.amazonaws.com",
        source_arn=api.execution_arn.apply(lambda arn: f"{arn}/*"),
    )
    key = aws.apigateway.ApiKey("trip-key")
    plan = aws.apigateway.UsagePlan(
        "trip-plan", api_stages=[{"api_id": api.id, "stage": stage.stage_name}],
        throttle_settings={"rate_limit": 1000, "burst_limit": 1000},
    )
    aws.apigateway.UsagePlanKey("trip-plan-key", key_id=key.id, key_type="API_KEY", usage_plan_id=plan.id)
    pulumi.export("url", stage.invoke_url)
    pulumi.export("key", key.value)
    pulumi.export("bucket", bucket.bucket)
    """
)


@pytest.fixture
def api(deploy: Deploy, running_emulator: Emulator):
    """An HTTP client of the deployed API that sends the key, and the stack's outputs."""
    outputs = deploy(TRIP).outputs
    with httpx.Client(base_url=outputs["url"], headers={"x-api-key": outputs["key"]}, timeout=20) as client:
        yield client, outputs


def seen(emulator: Emulator, bucket: str, expected: str) -> str:
    s3 = emulator.client("s3")
    deadline = time.monotonic() + 20
    found = ""
    while time.monotonic() < deadline and found != expected:
        try:
            found = s3.get_object(Bucket=bucket, Key="seen")["Body"].read().decode()
        except s3.exceptions.NoSuchKey:
            found = ""
        time.sleep(0.05)
    return found


def test_what_is_posted_travels_through_the_queue_to_the_second_function(api, running_emulator: Emulator):
    client, outputs = api
    body = json.dumps({"type": "order.created", "note": None, "lines": [{"sku": "a", "parts": [{"sku": "b"}]}]})

    answer = client.post("/orders", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 202
    assert body == seen(running_emulator, outputs["bucket"], body)


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"type": 1}',
        '{"type": "a", "surprise": 1}',
        '{"type": "a", "lines": [{"sku": "a", "parts": [{}]}]}',
        '{"type": "a"',
    ],
)
def test_a_body_that_breaks_its_schema_is_refused_by_the_gateways_own_answer(api, body: str):
    client, _ = api

    answer = client.post("/orders", content=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_body")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_required_parameter_is_required(api):
    client, _ = api

    without, having = client.get("/orders/1"), client.get("/orders/1", headers={"X-Trace": "t"})

    assert (without.status_code, without.json()["code"]) == (400, "bad_parameters")
    assert having.status_code == 202


def test_without_a_key_of_the_plan_nothing_is_served(api):
    client, _ = api

    answers = [client.post("/orders", json={"type": "a"}, headers={"x-api-key": key}) for key in ("", "x" * 40)]

    assert [(403, "bad_key")] * 2 == [(answer.status_code, answer.json()["code"]) for answer in answers]


def test_an_unknown_path_and_method_are_not_found(api):
    client, _ = api

    answers = [client.get("/nowhere"), client.delete("/orders")]

    assert [(404, "not_found")] * 2 == [(answer.status_code, answer.json()["code"]) for answer in answers]


def test_a_binary_media_type_reaches_the_function_as_base64(api, running_emulator: Emulator):
    client, outputs = api
    content = bytes(range(256))

    answer = client.put("/raw", content=content, headers={"Content-Type": "application/octet-stream"})

    assert answer.json() == {"base64": True}
    encoded = base64.b64encode(content).decode()
    assert encoded == seen(running_emulator, outputs["bucket"], encoded)


def test_a_function_may_do_what_its_role_says_and_nothing_else(api):
    client, _ = api

    answer = client.post("/forbidden", json={"type": "a"})

    assert answer.status_code == 403
    assert "AccessDenied" in answer.json()["error"]


def test_an_api_keeps_its_address_over_restarts(deploy: Deploy):
    assert deploy(TRIP).outputs["url"] == deploy(TRIP).outputs["url"]


INVOCATION = (
    FUNCTIONS
    + """
    broken = Function("call-broken", "broken", [allow("sqs:ListQueues", "*")]).function
    aws.lambda_.Invocation("call", function_name=broken.name, input=json.dumps({"task": "migrate"}))
    """
)


def test_a_failed_invocation_fails_the_deployment_with_the_functions_own_words(deploy: Deploy):
    with pytest.raises(InvocationFailed, match=r"The function call-broken-\w{7} failed: .*no such table") as caught:
        deploy(INVOCATION)

    assert "about to fail on migrate" in str(caught.value)
