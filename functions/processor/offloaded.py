"""Payloads that lie in the bucket: proven as they stream by, and kept in memory only for handlers."""

from collections.abc import Callable
from dataclasses import dataclass

from functions.common.envelope import Envelope, PayloadReference
from functions.common.errors import PayloadBeyondMemory
from functions.processor.ports import PayloadStore
from functions.processor.time_left import TimeLeft
from functions.processor.verify import check_digest, check_payload, check_reference


@dataclass(frozen=True, kw_only=True)
class OffloadedPayloads:
    """Reads such payloads, each of the event that it belongs to and of no other."""

    store: Callable[[], PayloadStore]
    """Called when the first one is read: its client is not worth a cold start."""
    handled_bytes_at_most: int
    """Of a payload that handlers read. A larger one could take the whole function's memory, and with it nine neighbours
    of the batch, at every delivery."""

    def prove(self, envelope: Envelope, reference: PayloadReference, time: TimeLeft) -> None:
        """Return if the payload is the one that was accepted; keeps no byte of it.

        Raises:
            PayloadReferenceRefused: The reference points elsewhere.
            PayloadHashMismatch: It is another one.
            FluxaError: Whatever the payload store raises.
        """
        payloads = self._payloads_of(envelope, reference)
        digest = payloads.digest(reference, expected_bytes=envelope.payload_bytes, within_seconds=time.for_work())
        check_digest(envelope, digest)

    def fetch(self, envelope: Envelope, reference: PayloadReference, time: TimeLeft) -> bytes:
        """Return the payload, proven.

        Raises:
            PayloadReferenceRefused: The reference points elsewhere.
            PayloadBeyondMemory: It is larger than handlers may read.
            PayloadHashMismatch: It is not the one that was accepted.
            FluxaError: Whatever the payload store raises.
        """
        payloads, size = self._payloads_of(envelope, reference), envelope.payload_bytes
        if size > self.handled_bytes_at_most:
            raise PayloadBeyondMemory(
                f"Handlers may read payloads of {self.handled_bytes_at_most} bytes at most, and this one has {size}: "
                "give the processor more memory, and redrive."
            )
        payload = payloads.get(reference, expected_bytes=size, within_seconds=time.for_work())
        check_payload(envelope, payload)
        return payload

    def _payloads_of(self, envelope: Envelope, reference: PayloadReference) -> PayloadStore:
        payloads = self.store()
        check_reference(envelope, reference, bucket=payloads.bucket)
        return payloads
