"""Where events are between functions, and where they stay."""

from dataclasses import dataclass

from components.database import EventDatabase
from components.messaging import EventQueue
from components.storage import PayloadBucket


@dataclass(frozen=True, kw_only=True)
class Stores:
    """What every function is told of that uses the database."""

    queue: EventQueue
    payloads: PayloadBucket
    database: EventDatabase
