"""The two tables: one row for each event id ever seen, and the events themselves."""

from alembic import op

revision = "0001"
down_revision = None

IDEMPOTENCY_KEYS = """
CREATE TABLE idempotency_keys (
    -- "C" orders by code point: the order that the functions lock and page in, whatever locale the server has.
    event_id        text        COLLATE "C" PRIMARY KEY,
    payload_sha256  bytea       NOT NULL CHECK (octet_length(payload_sha256) = 32),
    -- No state says "in progress": claim and effect share one transaction, so nothing can be stuck in one.
    status          text        NOT NULL CHECK (status IN ('completed', 'failed', 'dead_lettered')),
    attempts        integer     NOT NULL CHECK (attempts > 0),
    first_seen_at   timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    completed_at    timestamptz CHECK ((completed_at IS NOT NULL) = (status = 'completed')),
    -- The same value as in events: looking an event up by its id starts here and then reads one partition only.
    received_at     timestamptz NOT NULL,
    last_error_code text,
    errors          jsonb       NOT NULL DEFAULT '[]' CHECK (jsonb_array_length(errors) <= 20),
    -- Filled when a failure is recorded: an event that never reached the other table must be found as well.
    type            text,
    source          text,
    user_id         text,
    correlation_id  text
)
"""

UNFINISHED_KEYS = """
CREATE INDEX idempotency_keys_unfinished ON idempotency_keys (status, received_at DESC, event_id DESC)
 WHERE status <> 'completed'
"""

EVENTS = """
CREATE TABLE events (
    event_id       text        COLLATE "C" NOT NULL,
    received_at    timestamptz NOT NULL,
    type           text        NOT NULL,
    source         text,
    user_id        text,
    correlation_id text        NOT NULL,
    schema_version text,
    occurred_at    timestamptz,
    processed_at   timestamptz NOT NULL DEFAULT now(),
    attributes     jsonb,
    -- json, not jsonb: it keeps the text as it was sent, so that it can be checked against its hash for ever.
    payload        json,
    payload_ref    jsonb,
    payload_bytes  bigint      NOT NULL,
    payload_sha256 bytea       NOT NULL,
    PRIMARY KEY (event_id, received_at),
    CHECK ((payload IS NULL) <> (payload_ref IS NULL))
)
-- There is no DEFAULT partition: rows in it would have to be moved before their month could get a partition.
PARTITION BY RANGE (received_at)
"""

LIST_INDEXES = (
    "CREATE INDEX events_by_time ON events (received_at DESC, event_id DESC)",
    "CREATE INDEX events_by_type ON events (type, received_at DESC, event_id DESC)",
    "CREATE INDEX events_by_source ON events (source, received_at DESC, event_id DESC) WHERE source IS NOT NULL",
    "CREATE INDEX events_by_user ON events (user_id, received_at DESC, event_id DESC) WHERE user_id IS NOT NULL",
    "CREATE INDEX events_by_correlation ON events (correlation_id, received_at DESC, event_id DESC)",
)


def upgrade() -> None:
    """Create everything; partitions are made by the maintenance function right after."""
    for statement in (IDEMPOTENCY_KEYS, UNFINISHED_KEYS, EVENTS, *LIST_INDEXES):
        op.execute(statement)
