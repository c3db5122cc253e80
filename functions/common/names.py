"""The words both worlds share: what the functions emit and what the stack alarms on.

Standard library only: `components/` may import this module and no other from `functions/`.
"""

from enum import StrEnum

METRICS_NAMESPACE = "Fluxa"
"""CloudWatch namespace of every metric the functions emit."""

ENVELOPE_VERSION = "1"
"""Version of the queue message's JSON; a processor refuses versions it does not know."""


class Outcome(StrEnum):
    """How one delivery of one message ended. Exactly one applies to each delivery."""

    PROCESSED = "processed"
    """Stored, with every effect of its handlers, in one transaction."""
    DUPLICATE = "duplicate"
    """Already stored earlier with the same content; acknowledged without effect."""
    DEAD_LETTERED = "dead_lettered"
    """Can never succeed; parked in the dead-letter queue with its reason, then acknowledged."""
    RETRY = "retry"
    """May succeed later; left on the queue."""


class EventStatus(StrEnum):
    """What `idempotency_keys.status` may hold. No in-progress state exists, so nothing can be stuck in it."""

    COMPLETED = "completed"
    FAILED = "failed"
    DEAD_LETTERED = "dead_lettered"


class MetricName(StrEnum):
    """Every metric Fluxa emits. Alarms and widgets use these members, never literals."""

    EVENTS_ACCEPTED = "EventsAccepted"
    EVENTS_REJECTED = "EventsRejected"
    EVENTS_FAILED = "EventsFailed"
    """Deliveries that did not end in the table, by `Reason`: the error's code."""
    EVENTS_PROCESSED = "EventsProcessed"
    EVENTS_DUPLICATED = "EventsDuplicated"
    EVENTS_REPLAYED = "EventsReplayed"
    """Stored events that a replay asked for once more, handled now or by the same replay before.

    Counted apart from those that are stored: reconciliation takes duplicates for events that were accepted.
    """
    EVENTS_DEAD_LETTERED = "EventsDeadLettered"
    EVENTS_RETRIED = "EventsRetried"
    PAYLOADS_OFFLOADED = "PayloadsOffloaded"
    """Events whose payload travelled through S3."""
    SCHEMA_VIOLATIONS = "SchemaViolations"
    """Events that broke their type's schema and were accepted all the same, in mode `warn`, by `Reason`."""
    EVENT_LATENCY = "EventLatency"
    """Milliseconds from acceptance at the API to the commit in PostgreSQL."""
    QUERIES_SERVED = "QueriesServed"
    QUERIES_FAILED = "QueriesFailed"
    MIGRATIONS_APPLIED = "MigrationsApplied"
    PARTITIONS_AHEAD = "PartitionsAhead"
    """Partitions of `events` that lie wholly in the future. At 0 inserts are about to fail."""
    PARTITIONS_DROPPED = "PartitionsDropped"
    """Months of `events` that retention removed."""
    KEYS_DELETED = "KeysDeleted"
    """Idempotency keys that retention removed, each after its event."""
    OLDEST_EVENT_DAYS = "OldestEventDays"
    """Age of the oldest event there is, once retention has run: its month goes when the whole of it is old enough."""
    EVENTS_ERASED = "EventsErased"
    """Stored events that were removed because their user's were to be erased."""
    RECONCILIATION_DRIFT = "ReconciliationDrift"
    """Events that were accepted and are nowhere to be found: not stored, not failed, not erased, in no queue.
    Always reported."""
    PAYLOADS_ORPHANED = "PayloadsOrphaned"
    """Payload objects a day old that no event refers to, and no failed one: of the day that was looked at."""
    PAYLOADS_REMOVED = "PayloadsRemoved"
    """Those of them that were removed, because no message can refer to them either."""


class Dimension(StrEnum):
    """Every dimension a metric may carry. Ids never become dimensions: each value is billed as a metric."""

    STACK = "Stack"
    SERVICE = "Service"
    REASON = "Reason"


class Service(StrEnum):
    """The functions, as logs and metrics name them."""

    INGEST = "ingest"
    PROCESSOR = "processor"
    QUERY = "query"
    MAINTENANCE = "maintenance"


class DatabaseRole(StrEnum):
    """The roles that log in to PostgreSQL, one for each kind of work. Ingest has none: it needs no database."""

    ADMIN = "fluxa_admin"
    """Owns the tables: migrations, partitions, retention. Only maintenance logs in as it."""
    PROCESSOR = "fluxa_processor"
    """Stores events and what its handlers write; makes and drops nothing."""
    QUERY = "fluxa_query"
    """Reads."""


class Header(StrEnum):
    """HTTP headers with a meaning of ours. Compare case-insensitively."""

    CORRELATION_ID = "X-Correlation-Id"
    IDEMPOTENCY_KEY = "Idempotency-Key"


class MessageAttribute(StrEnum):
    """SQS message attributes. A message may have ten; dead-lettering adds its own to these four."""

    CORRELATION_ID = "correlation_id"
    ENVELOPE_VERSION = "envelope_version"
    EVENT_TYPE = "event_type"
    REPLAY_ID = "replay_id"
    """Only on messages that an operator sent again: which redrive or replay it was."""


class DeadLetterAttribute(StrEnum):
    """Attributes the processor adds when it parks a message itself."""

    REASON = "dead_letter_reason"
    ERROR = "dead_letter_error"
    MESSAGE_ID = "original_message_id"


PAYLOAD_PREFIX = "payloads/"
"""Every payload object's key starts here; the processor refuses references outside it."""

UPLOAD_PREFIX = "uploads/"
"""Here lies what clients upload, until an event's payload is made of it, or a day has passed."""
