"""SQS. Queues and their messages outlive a deployment, so a queue that exists is brought up to date."""

import json
from typing import Any

from fluxa.local.engine import Created
from fluxa.local.provider.policies import without_tls_rule
from fluxa.local.provider.registry import resource
from fluxa.local.provider.request import Request, document

LONGEST_NAME = 80

_ATTRIBUTES = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deduplicationScope": "DeduplicationScope",
    "delaySeconds": "DelaySeconds",
    "fifoQueue": "FifoQueue",
    "fifoThroughputLimit": "FifoThroughputLimit",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "redrivePolicy": "RedrivePolicy",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}

_WHEN_UNSET = {
    "DelaySeconds": "0",
    "KmsMasterKeyId": "",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "Policy": "",
    "ReceiveMessageWaitTimeSeconds": "0",
    "RedriveAllowPolicy": "",
    "RedrivePolicy": "",
    "VisibilityTimeout": "30",
}
"""What an existing queue goes back to when the program no longer sets it.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""


@resource("aws:sqs/queue:Queue")
def queue(request: Request) -> Created:
    """Create a queue, or give the one from the last run its new attributes."""
    sqs = request.client("sqs")
    name = request.physical_name(longest=LONGEST_NAME)
    attributes = {key: _text(value) for key, value in request.inputs.renamed(_ATTRIBUTES).items()}
    try:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={**_WHEN_UNSET, **attributes})
    except sqs.exceptions.QueueDoesNotExist:
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    if request.tags():
        sqs.tag_queue(QueueUrl=url, Tags=request.tags())
    return Created(
        id=url,
        outputs={"url": url, "arn": request.arn("sqs", name), "name": name, "tagsAll": request.tags()},
    )


@resource("aws:sqs/queuePolicy:QueuePolicy")
def queue_policy(request: Request) -> Created:
    """Set who else may use a queue."""
    url = request.inputs.require("queueUrl")
    policy = without_tls_rule(document(request.inputs.require("policy")))
    request.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return Created(id=url)


@resource("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy")
def redrive_allow_policy(request: Request) -> Created:
    """Set which queues may use this one for dead letters."""
    url = request.inputs.require("queueUrl")
    policy = document(request.inputs.require("redriveAllowPolicy"))
    request.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"RedriveAllowPolicy": policy})
    return Created(id=url)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value)
