"""An index that finds the oldest keys: retention starts there each day, and removes what it may."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Keys arrive in this order, so an insert costs one entry at the index's end."""
    op.execute("CREATE INDEX idempotency_keys_by_time ON idempotency_keys (received_at)")
