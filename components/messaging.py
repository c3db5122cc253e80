"""EventQueue: the buffer between ingest and processing, and the place where events wait that cannot be stored."""

from dataclasses import dataclass

import pulumi
from pulumi_aws import sqs

from components.platform import StackPlatform
from components.policy import PolicyStatement
from components.queues import create_queue
from components.settings import ProcessingSettings, QueueSettings

# AWS advises six times the consumer's timeout, so that a throttled batch is not handed out again while its first
# attempt still runs, plus the time a batch is gathered.
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
VISIBILITY_TIMEOUT_FACTOR = 6

_TAKING = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility")


@dataclass(frozen=True, kw_only=True)
class EventQueueArgs:
    """What the queue depends on."""

    settings: QueueSettings
    consumer: ProcessingSettings
    """Whose timeout and batching window decide how long a message stays hidden."""
    platform: StackPlatform


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
        settings = args.settings
        self._key = args.platform.key_for(settings.encryption)
        self._dead_letters = create_queue(
            f"{name}-dead-letters",
            parent=self,
            key=self._key,
            retention_days=settings.dead_letter_retention_days,
            protect=settings.deletion_protection,
        )
        self._queue = create_queue(
            f"{name}-main",
            parent=self,
            key=self._key,
            retention_days=settings.retention_days,
            protect=settings.deletion_protection,
            visibility_timeout_seconds=(
                VISIBILITY_TIMEOUT_FACTOR * args.consumer.timeout_seconds + args.consumer.batching_window_seconds
            ),
            redrive_policy=pulumi.Output.json_dumps(
                {"deadLetterTargetArn": self._dead_letters.arn, "maxReceiveCount": settings.max_receive_count}
            ),
        )
        sqs.RedriveAllowPolicy(
            f"{name}-redrive-allow",
            queue_url=self._dead_letters.url,
            redrive_allow_policy=pulumi.Output.json_dumps(
                {"redrivePermission": "byQueue", "sourceQueueArns": [self._queue.arn]}
            ),
            opts=pulumi.ResourceOptions(parent=self),
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

    def send_statements(self) -> tuple[PolicyStatement, ...]:
        """Offer sending events."""
        return (_of(self._queue, "sqs:SendMessage"), *self._encrypting())

    def consume_statements(self) -> tuple[PolicyStatement, ...]:
        """Offer taking events: receiving and deleting for Lambda's poller, visibility for the processor's back-off."""
        decrypting = () if self._key is None else (self._key.read_statement("sqs"),)
        return (self._consuming(), *decrypting)

    def dead_letter_statements(self) -> tuple[PolicyStatement, ...]:
        """Offer parking an event that can never be stored."""
        return (self._parking(), *self._encrypting())

    def inspect_statements(self) -> tuple[PolicyStatement, ...]:
        """Offer asking whether the queue answers."""
        return (_of(self._queue, "sqs:GetQueueAttributes"),)

    def depth_statements(self) -> tuple[PolicyStatement, ...]:
        """Offer counting what waits in both queues."""
        return (
            PolicyStatement(actions=("sqs:GetQueueAttributes",), resources=(self._queue.arn, self._dead_letters.arn)),
        )

    def sift_statements(self) -> tuple[PolicyStatement, ...]:
        """Offer looking through the dead letters, and deleting some of them."""
        decrypting = () if self._key is None else (self._key.read_statement("sqs"),)
        return (self._sifting(), *decrypting)

    def inside_statements(self) -> tuple[PolicyStatement, ...]:
        """Offer what functions inside the network may do, for the endpoint they do it through.

        Nothing of KMS: SQS asks it itself, from elsewhere.
        """
        return (self._consuming(), self._parking(), self._sifting(), *self.depth_statements())

    def _consuming(self) -> PolicyStatement:
        return _of(self._queue, *_TAKING)

    def _sifting(self) -> PolicyStatement:
        return _of(self._dead_letters, *_TAKING)

    def _parking(self) -> PolicyStatement:
        return _of(self._dead_letters, "sqs:SendMessage")

    def _encrypting(self) -> tuple[PolicyStatement, ...]:
        return () if self._key is None else (self._key.write_statement("sqs"),)


def _of(queue: sqs.Queue, *actions: str) -> PolicyStatement:
    return PolicyStatement(actions=actions, resources=(queue.arn,))
