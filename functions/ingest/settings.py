"""The ingest function's environment."""

from typing import Literal

from functions.common.environment import FunctionSettings


class IngestSettings(FunctionSettings):
    """What ingest is told; it has no database."""

    queue_url: str
    payload_bucket: str
    inline_limit_bytes: int
    schema_mode: Literal["off", "warn", "enforce"] = "off"
