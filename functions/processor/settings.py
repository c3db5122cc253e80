"""The processor's environment."""

from functions.common.environment import DatabaseSettings


class ProcessorSettings(DatabaseSettings):
    """What the processor is told."""

    queue_url: str
    """Where messages come from; needed to say when failed ones come back."""
    dead_letter_queue_url: str
    max_receive_count: int
    """Deliveries after which the queue gives a message up; at the last one the processor parks it, with its reason."""
    payload_bucket: str
    """The only bucket it reads from."""
    handled_bytes_at_most: int
    """Of a payload that handlers read; it follows from the function's memory."""
