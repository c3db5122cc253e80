"""The payload of a dead letter, wherever it lies."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from fluxa.operate.dead_letters import DeadLetter
from functions.common.names import PAYLOAD_PREFIX


def payload_of(letter: DeadLetter, s3: Any, bucket: str) -> tuple[str | None, str | None]:
    """Return its text as the client wrote it, and else why it cannot be shown."""
    if letter.replay is not None:
        return (
            None,
            "The message names a stored event and carries nothing of it; GET /events/{event_id} has the payload.",
        )
    envelope = letter.envelope
    if envelope is None:
        return None, "The message is not an event of this version; its body is shown as it is."
    if envelope.payload is not None:
        return envelope.payload, None
    reference = envelope.payload_ref
    if reference is None or reference.bucket != bucket or not reference.key.startswith(PAYLOAD_PREFIX):
        return None, "The message points outside the payload bucket, so nothing is fetched."
    try:
        body = s3.get_object(Bucket=bucket, Key=reference.key)["Body"].read()
        return body.decode(), None
    except (BotoCoreError, ClientError, UnicodeDecodeError) as error:
        return None, f"The payload cannot be fetched from {reference.key}: {error}"
