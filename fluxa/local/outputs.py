"""What a running platform tells the world: the addresses, keys and names that `fluxa dev --json` prints."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class PlatformOutputs:
    """Everything needed to use the platform, and to look into it. The keys are a promise to scripts."""

    api_url: str
    """Base URL of the API; `/events` and `/health` follow it."""
    api_key: str = field(repr=False)
    """For the `x-api-key` header; empty where the API asks for no key."""
    database_url: str = field(repr=False)
    """Connection URL of the events' database, with its owner's rights."""
    aws_endpoint_url: str
    region: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    queue_url: str
    dead_letter_queue_url: str
    payload_bucket: str
    functions: Mapping[str, str]
    """Each function's physical name, by what it does: `ingest`, `processor`, `query`, `maintenance`."""

    def document(self) -> dict[str, Any]:
        """Return what `--json` prints, secrets included."""
        return asdict(self)
