"""The functions of these tests' programs, as they run in the emulator."""

import json
import os

import botocore.session
from botocore.exceptions import ClientError


def client(service):
    return botocore.session.get_session().create_client(service)


def ingest(event, context):
    body = event["body"] or "nothing"
    print(json.dumps({"received": len(body)}))
    if event["path"] == "/forbidden":
        try:
            client("sqs").send_message(QueueUrl=os.environ["OTHER_QUEUE_URL"], MessageBody="x")
        except ClientError as error:
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
    message = "no such table"
    raise RuntimeError(message)
