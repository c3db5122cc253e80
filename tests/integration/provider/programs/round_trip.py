"""Two functions, a queue between them and an API in front."""

import json

import pulumi
import pulumi_aws as aws
from shop_document import document
from shop_parts import a_function, allow

queue, other = aws.sqs.Queue("trip-queue"), aws.sqs.Queue("trip-other")
bucket = aws.s3.Bucket("trip-bucket")
objects = pulumi.Output.concat(bucket.arn, "/*")
aws.s3.BucketPolicy(
    "trip-tls",
    bucket=bucket.id,
    policy=pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": objects,
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ],
        }
    ),
)
ingest = a_function(
    "trip-ingest",
    "ingest",
    [allow("sqs:SendMessage", queue.arn)],
    {"QUEUE_URL": queue.url, "OTHER_QUEUE_URL": other.url},
)
process = a_function(
    "trip-process",
    "process",
    [
        allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], queue.arn),
        allow("s3:PutObject", objects),
    ],
    {"BUCKET": bucket.bucket},
)
aws.lambda_.EventSourceMapping(
    "trip-feed",
    event_source_arn=queue.arn,
    function_name=process.arn,
    batch_size=10,
    function_response_types=["ReportBatchItemFailures"],
    scaling_config={"maximum_concurrency": 2},
)

api = aws.apigateway.RestApi("trip-api", body=ingest.invoke_arn.apply(lambda arn: json.dumps(document(arn))))
deployment = aws.apigateway.Deployment("trip-deployment", rest_api=api.id, triggers={"body": "1"})
stage = aws.apigateway.Stage("trip-stage", rest_api=api.id, deployment=deployment.id, stage_name="v1")
aws.lambda_.Permission(
    "trip-permission",
    function=ingest.name,
    action="lambda:InvokeFunction",
    principal="apigateway.amazonaws.com",
    source_arn=pulumi.Output.concat(api.execution_arn, "/*"),
)
key = aws.apigateway.ApiKey("trip-key")
plan = aws.apigateway.UsagePlan(
    "trip-plan",
    api_stages=[{"api_id": api.id, "stage": stage.stage_name}],
    throttle_settings={"rate_limit": 1000, "burst_limit": 1000},
)
aws.apigateway.UsagePlanKey("trip-plan-key", key_id=key.id, key_type="API_KEY", usage_plan_id=plan.id)

pulumi.export("url", stage.invoke_url)
pulumi.export("key", key.value)
pulumi.export("bucket", bucket.bucket)
