"""The ingest function's environment."""

from functions.common.environment import FunctionSettings


class IngestSettings(FunctionSettings):
    """What ingest is told; it has no database."""

    queue_url: str
    payload_bucket: str
    inline_limit_bytes: int
