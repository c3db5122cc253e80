"""Replays: which event was handled again, by which replay; and when an event's message was sent, for its timeline."""

from alembic import op

revision = "0006"
down_revision = "0005"

# A migration is a fixed point, so the names stand here as they were when it was written.
PROCESSOR = "fluxa_processor"
QUERY = "fluxa_query"

# Of the first message known to have brought the event. NULL for keys from before.
QUEUED_AT = "ALTER TABLE idempotency_keys ADD COLUMN queued_at timestamptz"

# The row commits with what the handlers did, so a replay that is delivered twice is handled once.
REPLAYS = """
CREATE TABLE replays (
    event_id     text        COLLATE "C" NOT NULL REFERENCES idempotency_keys ON DELETE CASCADE,
    replay_id    text        COLLATE "C" NOT NULL,
    requested_at timestamptz NOT NULL,
    processed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id, replay_id)
)
"""

RIGHTS = (
    # What handlers' own tables are open for by default is more than this one needs.
    f"REVOKE ALL ON replays FROM {PROCESSOR}",
    f"GRANT SELECT, INSERT ON replays TO {PROCESSOR}",
    f"GRANT SELECT ON replays TO {QUERY}",
)


def upgrade() -> None:
    """Add the column and the table."""
    for statement in (QUEUED_AT, REPLAYS, *RIGHTS):
        op.execute(statement)
