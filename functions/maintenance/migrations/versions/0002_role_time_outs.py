"""Time-outs of the functions' role, set on the role because RDS Proxy takes none from a connection."""

from alembic import op

revision = "0002"
down_revision = "0001"

TIME_OUTS = {
    # The second delivery of an event that is being stored waits for the first one's commit; then it is a retry.
    "lock_timeout": "2s",
    # API Gateway gives up after 29 seconds, and nothing the functions run should take longer.
    "statement_timeout": "30s",
    # An execution environment frozen inside a transaction would hold its row locks until somebody thaws it.
    "idle_in_transaction_session_timeout": "60s",
}


def upgrade() -> None:
    """New sessions have them; the maintenance function sets its own for the statements that need more."""
    for name, value in TIME_OUTS.items():
        op.execute(f"ALTER ROLE CURRENT_USER SET {name} = '{value}'")
