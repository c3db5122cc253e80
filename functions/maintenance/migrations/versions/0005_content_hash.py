"""What an id stands for is all that the client said, not the payload alone: the key keeps a hash of it."""

from alembic import op

revision = "0005"
down_revision = "0004"

# NULL for keys from before: their events are compared by payload. NOT VALID holds for new rows, and spares a scan of
# all the old ones while the processor waits for the table.
CONTENT_HASH = """
ALTER TABLE idempotency_keys
  ADD COLUMN content_sha256 bytea,
  ADD CONSTRAINT idempotency_keys_content_sha256_check CHECK (octet_length(content_sha256) = 32) NOT VALID
"""


def upgrade() -> None:
    """Add the column."""
    op.execute(CONTENT_HASH)
