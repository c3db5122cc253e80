"""Erasures: whose events were erased, since when, and how many; and keys that are found by their user."""

from alembic import op

revision = "0007"
down_revision = "0006"

# A migration is a fixed point, so the names stand here as they were when it was written.
PROCESSOR = "fluxa_processor"

ERASURES = """
CREATE TABLE erasures (
    erasure_id      text        COLLATE "C" PRIMARY KEY,
    -- Forgotten once nothing of the user can appear any more; without it nothing is looked for.
    user_id         text,
    user_sha256     bytea       NOT NULL CHECK (octet_length(user_sha256) = 32),
    -- Events received later are not meant.
    requested_at    timestamptz NOT NULL,
    watched_until   timestamptz NOT NULL,
    completed_at    timestamptz,
    swept_at        timestamptz,
    events          bigint      NOT NULL DEFAULT 0,
    keys            bigint      NOT NULL DEFAULT 0,
    payload_objects bigint      NOT NULL DEFAULT 0,
    dead_letters    bigint      NOT NULL DEFAULT 0,
    CHECK (user_id IS NOT NULL OR completed_at IS NOT NULL)
)
"""

# Asking again goes on with the one that is not finished.
ONE_AT_A_TIME = "CREATE UNIQUE INDEX erasures_unfinished ON erasures (user_sha256) WHERE completed_at IS NULL"

WATCHED = "CREATE INDEX erasures_watched ON erasures (swept_at NULLS FIRST) WHERE user_id IS NOT NULL"

# What reconciliation would otherwise miss: events that were accepted and are nowhere, because somebody wanted it so.
ERASED_HOURS = """
CREATE TABLE erased_hours (
    received_hour timestamptz PRIMARY KEY,
    events        bigint      NOT NULL
)
"""

# Only a failure leaves a user in a key, so events that are stored at the first attempt cost it nothing.
KEYS_BY_USER = "CREATE INDEX idempotency_keys_by_user ON idempotency_keys (user_id) WHERE user_id IS NOT NULL"

RIGHTS = (
    # What handlers' own tables are open for by default is no business of the processor's here.
    f"REVOKE ALL ON erasures, erased_hours FROM {PROCESSOR}",
)


def upgrade() -> None:
    """Add the tables and the index."""
    for statement in (ERASURES, ONE_AT_A_TIME, WATCHED, ERASED_HOURS, KEYS_BY_USER, *RIGHTS):
        op.execute(statement)
