"""Queues: nothing that failed may expire unseen, and nothing is handed out twice while it is still worked on."""

from collections.abc import Iterator

from policy.model import Resource, Stack
from policy.rule import Rule
from policy.tokens import FEED, FUNCTION, INVOKE_CONFIG, QUEUE, QUEUE_POLICY, REDRIVE_ALLOW, SCHEDULE
from policy.transport import missing_tls_policy

VISIBILITY_FACTOR = 6
"""AWS's advice: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""

_DEFAULT_RETENTION_SECONDS = 345_600
_DEFAULT_VISIBILITY_SECONDS = 30
_DEFAULT_TIMEOUT_SECONDS = 3
_LONGEST_POLL_SECONDS = 20


_GIVING_UP = {QUEUE: "redrivePolicy", SCHEDULE: "target", INVOKE_CONFIG: "destinationConfig"}
"""Type → the input that says where failures go."""


def _dead_letter_queues(stack: Stack, *types: str) -> set[str]:
    """URNs of the queues that something of these types gives up to."""
    return {
        target.urn
        for source in stack.of_type(*types)
        for target in stack.behind(source, _GIVING_UP[source.type], QUEUE)
    }


def _has_somewhere_to_give_up_to(queue: Resource, stack: Stack) -> Iterator[str]:
    # That there is one can be seen even before its content can be known.
    if queue.urn not in _dead_letter_queues(stack, *_GIVING_UP) and not queue.inputs.get("redrivePolicy"):
        yield "has no dead-letter queue, so what always fails comes back until it expires: set redrivePolicy"


def _dead_letters_outlive_it(queue: Resource, stack: Stack) -> Iterator[str]:
    kept = queue.value("messageRetentionSeconds", _DEFAULT_RETENTION_SECONDS)
    for target in stack.behind(queue, "redrivePolicy", QUEUE):
        longer = target.value("messageRetentionSeconds", _DEFAULT_RETENTION_SECONDS)
        if longer <= kept:
            yield (
                f"keeps messages {kept} s and its dead-letter queue {target.name} only {longer} s, counted from when a "
                "message was first sent: raise the dead-letter queue's messageRetentionSeconds"
            )


def _takes_dead_letters_by_name(queue: Resource, stack: Stack) -> Iterator[str]:
    if queue.urn not in _dead_letter_queues(stack, QUEUE):
        return
    allowed = stack.leading_to(queue, REDRIVE_ALLOW, "queueUrl")
    documents = [item.document("redriveAllowPolicy") for item in allowed]
    if not any(found.get("redrivePermission") == "byQueue" and found.get("sourceQueueArns") for found in documents):
        yield "takes dead letters of any queue: give it a RedriveAllowPolicy that names its sources, byQueue"


def _is_polled_long(queue: Resource, _: Stack) -> Iterator[str]:
    seconds = queue.value("receiveWaitTimeSeconds", 0)
    if seconds != _LONGEST_POLL_SECONDS:
        yield (
            f"answers an empty receive after {seconds} s, and each is billed: "
            f"set receiveWaitTimeSeconds to {_LONGEST_POLL_SECONDS}"
        )


def _hides_messages_long_enough(feed: Resource, stack: Stack) -> Iterator[str]:
    window = feed.value("maximumBatchingWindowInSeconds", 0)
    for function in stack.behind(feed, "functionName", FUNCTION):
        for queue in stack.behind(feed, "eventSourceArn", QUEUE):
            needed = VISIBILITY_FACTOR * function.value("timeout", _DEFAULT_TIMEOUT_SECONDS) + window
            hidden = queue.value("visibilityTimeoutSeconds", _DEFAULT_VISIBILITY_SECONDS)
            if hidden < needed:
                yield (
                    f"hands out messages of {queue.name} again after {hidden} s, less than {VISIBILITY_FACTOR} × the "
                    f"time-out of {function.name} + the batching window: set visibilityTimeoutSeconds to {needed}"
                )


def _refuses_plain_text(queue: Resource, stack: Stack) -> list[str]:
    return missing_tls_policy(queue, stack, QUEUE_POLICY, "queueUrl")


RULES = (
    Rule(
        id="queue-gives-up-somewhere",
        title="Every queue has a dead-letter queue, or is one",
        why="Without one a message that always fails is retried until it expires, and is gone.",
        types=frozenset({QUEUE}),
        check=_has_somewhere_to_give_up_to,
    ),
    Rule(
        id="dead-letters-outlive-the-queue",
        title="A dead-letter queue keeps messages longer than the queue it serves",
        why="SQS counts a message's age from its first queue; with equal retention it can expire as it arrives.",
        types=frozenset({QUEUE}),
        check=_dead_letters_outlive_it,
    ),
    Rule(
        id="dead-letters-by-name",
        title="A dead-letter queue names the queues that may give up to it",
        why="Any queue of the account may otherwise fill it.",
        types=frozenset({QUEUE}),
        check=_takes_dead_letters_by_name,
    ),
    Rule(
        id="queue-long-polling",
        title="Queues are polled long",
        why="SQS's default is no waiting at all, and every empty answer is billed.",
        types=frozenset({QUEUE}),
        check=_is_polled_long,
    ),
    Rule(
        id="queue-visibility",
        title="A message stays hidden for six time-outs of its consumer and the batching window",
        why="A throttled batch is handed out again while its first attempt still runs.",
        types=frozenset({FEED}),
        check=_hides_messages_long_enough,
    ),
    Rule(
        id="queue-tls-only",
        title="Queues refuse requests without TLS",
        why="SQS accepts plain HTTP by default.",
        types=frozenset({QUEUE}),
        check=_refuses_plain_text,
    ),
)
