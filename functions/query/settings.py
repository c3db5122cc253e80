"""The query function's environment."""

from functions.common.environment import DatabaseSettings


class QuerySettings(DatabaseSettings):
    """What query is told."""

    queue_url: str
    """Only asked whether it answers, for the health check."""
    payload_bucket: str
    cursor_key_parameter: str
    """Name of the SSM SecureString that holds the key cursors are signed with."""
