"""Keeps payloads that are too large for the queue; the one place that knows how S3 says no.

Objects are written once under a key that carries their hash, and never deleted by who handles events: a redelivery,
a redrive or a concurrent duplicate may still need them.
"""

import base64
from contextlib import closing
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.aws_clients import error_code
from functions.adapters.deadline import deadline
from functions.common.envelope import PayloadReference
from functions.common.errors import PayloadMissing, PayloadReferenceRefused, PayloadStoreUnavailable
from functions.common.names import PAYLOAD_PREFIX

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LINK_SECONDS = 15 * 60
"""Long enough to fetch 5 MB over a poor line; a link that leaks is worthless soon."""

READ_TIMEOUT_SECONDS = 20.0
"""All tries together, for a caller that sets no limit of its own."""

_CHUNK_BYTES = 1024 * 1024
_MISSING = frozenset({"NoSuchKey", "404", "NotFound"})


class S3Payloads:
    """The payload bucket.

    Args:
        expected_owner: the account that must own the bucket; None does not ask.
    """

    def __init__(self, client: "S3Client", bucket: str, *, expected_owner: str | None = None) -> None:
        self._client = client
        self._bucket = bucket
        self._owner: dict[str, Any] = {} if expected_owner is None else {"ExpectedBucketOwner": expected_owner}

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return self._bucket

    def put_new(self, key: str, body: bytes, sha256: str) -> None:
        """Store an object; one that exists under this key has the same content, because the key carries the hash.

        Raises:
            PayloadStoreUnavailable: It was not stored.
        """
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=body,
                ContentType="application/json",
                ChecksumSHA256=base64.b64encode(bytes.fromhex(sha256)).decode(),
                IfNoneMatch="*",
                **self._owner,
            )
        except ClientError as error:
            if error_code(error) not in {"PreconditionFailed", "412"}:
                raise PayloadStoreUnavailable(f"S3 did not store the payload ({error_code(error)}).") from error
        except BotoCoreError as error:
            raise PayloadStoreUnavailable("S3 did not answer.") from error

    def get(
        self, reference: PayloadReference, *, expected_bytes: int, within_seconds: float = READ_TIMEOUT_SECONDS
    ) -> bytes:
        """Return the object's bytes, of a longer object `expected_bytes + 1` only.

        Raises:
            PayloadMissing: No such object; it may only be late, so the caller decides by how often it asked.
            PayloadStoreUnavailable: Anything else, an archived object or a refused access among it:
                those are our set-up's fault, and the event is good.
            OutOfTime: It took longer than `within_seconds`.
        """
        try:
            with deadline(within_seconds):
                return self._read(reference, expected_bytes + 1)
        except ClientError as error:
            if error_code(error) in _MISSING:
                raise PayloadMissing("The payload object does not exist.") from error
            raise PayloadStoreUnavailable(f"S3 did not give the payload ({error_code(error)}).") from error
        except BotoCoreError as error:
            raise PayloadStoreUnavailable("S3 did not answer, or broke off.") from error

    def link(self, reference: PayloadReference) -> str:
        """Return a URL that gives the payload for a quarter of an hour to whoever has it; asks nobody.

        The client must sign with `s3v4`, or an encrypted object cannot be fetched.

        Raises:
            PayloadReferenceRefused: The reference points outside the payload bucket.
        """
        if reference.bucket != self._bucket or not reference.key.startswith(PAYLOAD_PREFIX):
            raise PayloadReferenceRefused("The payload reference points outside the payload bucket.")
        return self._client.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": reference.key}, ExpiresIn=LINK_SECONDS
        )

    def _read(self, reference: PayloadReference, limit: int) -> bytes:
        answer = self._client.get_object(Bucket=self._bucket, Key=reference.key, **self._owner)
        received = bytearray()
        # Not the body as its own context: that would hand out the raw stream, unchecked.
        with closing(answer["Body"]) as stream:
            # Read to the end, where botocore notices a body that was cut off.
            while len(received) < limit and (chunk := stream.read(min(_CHUNK_BYTES, limit - len(received)))):
                received += chunk
        return bytes(received)
