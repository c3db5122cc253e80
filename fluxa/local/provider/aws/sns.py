"""SNS: topics that alarms publish to."""

from fluxa.local.engine import Created
from fluxa.local.provider.policies import without_tls_rule
from fluxa.local.provider.registry import resource
from fluxa.local.provider.request import Request, document

LONGEST_NAME = 256


@resource("aws:sns/topic:Topic")
def topic(request: Request) -> Created:
    """Create a topic; creating an existing one returns it."""
    name = request.physical_name(longest=LONGEST_NAME)
    attributes = request.inputs.renamed(
        {"displayName": "DisplayName", "kmsMasterKeyId": "KmsMasterKeyId", "policy": "Policy"}
    )
    sns = request.client("sns")
    arn = sns.create_topic(Name=name, Attributes=attributes, Tags=request.tag_list())["TopicArn"]
    return Created(id=arn, outputs={"name": name, "arn": arn, "tagsAll": request.tags()})


@resource("aws:sns/topicPolicy:TopicPolicy")
def topic_policy(request: Request) -> Created:
    """Set who may publish."""
    arn = request.inputs.require("arn")
    policy = without_tls_rule(document(request.inputs.require("policy")))
    request.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    return Created(id=arn)


@resource("aws:sns/topicSubscription:TopicSubscription")
def topic_subscription(request: Request) -> Created:
    """Subscribe an address; no mail leaves this machine."""
    made = request.client("sns").subscribe(
        **request.inputs.renamed({"endpoint": "Endpoint", "protocol": "Protocol", "topic": "TopicArn"}),
        ReturnSubscriptionArn=True,
    )
    arn = made["SubscriptionArn"]
    return Created(id=arn, outputs={"arn": arn})
