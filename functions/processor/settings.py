"""The processor's environment."""

from functions.common.environment import DatabaseSettings


class ProcessorSettings(DatabaseSettings):
    """What the processor is told."""

    queue_url: str
    """Where messages come from; needed to say when failed ones come back."""
    dead_letter_queue_url: str
    payload_bucket: str
    """The only bucket it reads from."""
