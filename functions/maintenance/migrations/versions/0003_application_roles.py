"""Roles for the functions that handle events, each with no more rights than its statements need."""

from alembic import op

revision = "0003"
down_revision = "0002"

# A migration is a fixed point, so the names stand here as they were when it was written.
PROCESSOR = "fluxa_processor"
QUERY = "fluxa_query"

# Roles belong to the server and outlive a database, so they may exist. Two databases may even make them at once.
CREATE_ROLE = """
DO $$
BEGIN
    CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$
"""

RIGHTS = (
    # A database that was upgraded from PostgreSQL 14 still lets everybody make tables.
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    f"GRANT USAGE ON SCHEMA public TO {PROCESSOR}, {QUERY}",
    # An event is never changed once it is stored; a handler may look at those before its own.
    f"GRANT SELECT, INSERT ON events TO {PROCESSOR}",
    f"GRANT SELECT, INSERT, UPDATE ON idempotency_keys TO {PROCESSOR}",
    f"GRANT SELECT ON events, idempotency_keys TO {QUERY}",
    # Handlers write to tables of their own, which the owner of these makes later.
    f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {PROCESSOR}",
    f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {PROCESSOR}",
)

# Set on the role because RDS Proxy takes none from a connection.
TIME_OUTS = {
    # The second delivery of an event that is being stored waits for the first one's commit; then it is a retry.
    "lock_timeout": "2s",
    # API Gateway gives up after 29 seconds, and nothing the functions run should take longer.
    "statement_timeout": "30s",
    # An execution environment frozen inside a transaction would hold its row locks until somebody thaws it.
    "idle_in_transaction_session_timeout": "60s",
}


def upgrade() -> None:
    """Make the roles, without passwords: the maintenance function gives them theirs, or none, right after."""
    for role in (PROCESSOR, QUERY):
        op.execute(CREATE_ROLE.format(role=role))
        for name, value in TIME_OUTS.items():
            op.execute(f"ALTER ROLE {role} SET {name} = '{value}'")
    op.execute(f"ALTER ROLE {QUERY} SET default_transaction_read_only = on")
    for statement in RIGHTS:
        op.execute(statement)
    # The owner no longer handles events; its work takes as long as it takes.
    for name in TIME_OUTS:
        op.execute(f"ALTER ROLE CURRENT_USER RESET {name}")
