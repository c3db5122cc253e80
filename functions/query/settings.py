"""The query function's environment."""

from functions.common.environment import DatabaseSettings, SecretBackend


class QuerySettings(DatabaseSettings):
    """What query is told."""

    queue_url: str
    """Only asked whether it answers, for the health check."""
    payload_bucket: str
    cursor_key_backend: SecretBackend
    cursor_key_secret: str
    """Name of the SSM SecureString, or ARN of the secret, that holds the key cursors are signed with."""
