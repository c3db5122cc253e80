"""EventQueue: the buffer between ingest and processing, and the place where events wait that cannot be stored."""

from dataclasses import dataclass

import pulumi
from pulumi_aws import sqs

from components.policy import PolicyStatement, policy_json, tls_only
from components.settings import ProcessingSettings, QueueSettings

# AWS advises six times the consumer's timeout, so that a throttled batch is not handed out again while its first
# attempt still runs, plus the time a batch is gathered.
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
VISIBILITY_TIMEOUT_FACTOR = 6

LONG_POLL_SECONDS = 20
"""SQS's longest. Its default is 0, by which empty answers are billed all day."""

MAX_MESSAGE_BYTES = 1_048_576
"""SQS's limit, written out because its default has changed before."""

_SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, kw_only=True)
class EventQueueArgs:
    """What the queue depends on."""

    settings: QueueSettings
    consumer: ProcessingSettings
    """Whose timeout and batching window decide how long a message stays hidden."""


class EventQueue(pulumi.ComponentResource):
    """A standard queue with a dead-letter queue that accepts from it alone."""

    url: pulumi.Output[str]
    arn: pulumi.Output[str]
    name: pulumi.Output[str]
    dead_letter_url: pulumi.Output[str]
    max_receive_count: int
    """Deliveries of one message before it is given up."""
    dead_letter_name: pulumi.Output[str]

    def __init__(self, name: str, args: EventQueueArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:messaging:EventQueue", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        settings = args.settings
        self._dead_letters = sqs.Queue(
            f"{name}-dead-letters",
            message_retention_seconds=settings.dead_letter_retention_days * _SECONDS_PER_DAY,
            receive_wait_time_seconds=LONG_POLL_SECONDS,
            max_message_size=MAX_MESSAGE_BYTES,
            sqs_managed_sse_enabled=True,
            opts=child,
        )
        self._queue = sqs.Queue(
            f"{name}-main",
            visibility_timeout_seconds=(
                VISIBILITY_TIMEOUT_FACTOR * args.consumer.timeout_seconds + args.consumer.batching_window_seconds
            ),
            message_retention_seconds=settings.retention_days * _SECONDS_PER_DAY,
            receive_wait_time_seconds=LONG_POLL_SECONDS,
            max_message_size=MAX_MESSAGE_BYTES,
            sqs_managed_sse_enabled=True,
            redrive_policy=pulumi.Output.json_dumps(
                {"deadLetterTargetArn": self._dead_letters.arn, "maxReceiveCount": settings.max_receive_count}
            ),
            opts=child,
        )
        sqs.RedriveAllowPolicy(
            f"{name}-redrive-allow",
            queue_url=self._dead_letters.url,
            redrive_allow_policy=pulumi.Output.json_dumps(
                {"redrivePermission": "byQueue", "sourceQueueArns": [self._queue.arn]}
            ),
            opts=child,
        )
        for role, queue in (("main", self._queue), ("dead-letters", self._dead_letters)):
            sqs.QueuePolicy(
                f"{name}-{role}-policy",
                queue_url=queue.url,
                policy=policy_json([tls_only("sqs:*", queue.arn)]),
                opts=child,
            )
        self.max_receive_count = settings.max_receive_count
        self.url, self.arn, self.name = self._queue.url, self._queue.arn, self._queue.name
        self.dead_letter_url, self.dead_letter_name = self._dead_letters.url, self._dead_letters.name
        self.register_outputs(
            {
                "url": self.url,
                "arn": self.arn,
                "name": self.name,
                "dead_letter_url": self.dead_letter_url,
                "dead_letter_name": self.dead_letter_name,
            }
        )

    def send_statement(self) -> PolicyStatement:
        """Offer sending events."""
        return PolicyStatement(actions=("sqs:SendMessage",), resources=(self._queue.arn,))

    def consume_statement(self) -> PolicyStatement:
        """Offer taking events: receiving and deleting for Lambda's poller, visibility for the processor's back-off."""
        return PolicyStatement(
            actions=(
                "sqs:ReceiveMessage",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ChangeMessageVisibility",
            ),
            resources=(self._queue.arn,),
        )

    def dead_letter_statement(self) -> PolicyStatement:
        """Offer parking an event that can never be stored."""
        return PolicyStatement(actions=("sqs:SendMessage",), resources=(self._dead_letters.arn,))

    def inspect_statement(self) -> PolicyStatement:
        """Offer asking whether the queue answers."""
        return PolicyStatement(actions=("sqs:GetQueueAttributes",), resources=(self._queue.arn,))

    def inside_statements(self) -> tuple[PolicyStatement, ...]:
        """Offer what functions inside the network may do, for the endpoint they do it through."""
        return (self.consume_statement(), self.dead_letter_statement())
