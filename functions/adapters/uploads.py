"""What clients upload: lets them, once, to one key; makes payloads of it by copies that S3 makes itself.

The signature binds the size and the hash, so S3 refuses anything else; what arrived is compared all the same, because
an event's promise must not hang on how faithfully another service keeps to a header.
"""

import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.aws_clients import CLIENT_CONFIG, error_code
from functions.adapters.deadline import deadline
from functions.common.errors import FieldProblem, PayloadStoreUnavailable, UploadMismatch, UploadMissing
from functions.common.uploads import UploadReference
from functions.ingest.ports import Offer

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

OFFER_SECONDS = 15 * 60
"""To begin in: S3 looks at the time when a request arrives, and lets an upload finish that is under way."""

TAKE_SECONDS = 11.0
"""All calls for one upload together. S3 copies 100 MiB in a few seconds; SQS needs the rest of ingest's 25."""

# An answer to a copy comes when the copy is made. The addressing as for links: a signature is made for one host.
UPLOAD_CONFIG = CLIENT_CONFIG.merge(
    Config(read_timeout=8, signature_version="s3v4", s3={"addressing_style": "virtual"}),
)

_NOT_SHOWN = frozenset({"404", "NoSuchKey", "NotFound", "403", "AccessDenied", "Forbidden"})
"""How S3 answers a HEAD for what does not exist: 404 only to those who may list all of the bucket, which ingest may
not, because the keys of payloads carry ids of events."""
_THERE_ALREADY = frozenset({"PreconditionFailed", "412"})


class S3Uploads:
    """The part of the payload bucket that clients write to.

    Args:
        client: makes the client, with `UPLOAD_CONFIG`, when the first upload needs one: most stacks see none.
    """

    def __init__(self, client: "Callable[[], S3Client]", bucket: str) -> None:
        self._make_client = client
        self._made: S3Client | None = None
        self._making = threading.Lock()
        self._bucket = bucket

    def offer(self, upload: UploadReference) -> Offer:
        """See the port. Asks nobody."""
        checksum = _checksum(upload)
        url = self._client.generate_presigned_url(
            "put_object",
            Params={
                "Bucket": self._bucket,
                "Key": upload.key,
                "ContentLength": upload.bytes,
                "ChecksumSHA256": checksum,
            },
            ExpiresIn=OFFER_SECONDS,
        )
        headers = {"Content-Length": str(upload.bytes), "x-amz-checksum-sha256": checksum}
        return Offer(url=url, headers=headers, valid_seconds=OFFER_SECONDS)

    def take(self, upload: UploadReference, key: str) -> None:
        """See the port. In a thread of its own it is up to the caller how long it waits."""
        with deadline(TAKE_SECONDS), _named():
            self._compare(upload)
            self._copy(upload, key)

    @property
    def _client(self) -> "S3Client":
        # Several events of a batch may ask at once, and boto3's session makes one client at a time.
        with self._making:
            if self._made is None:
                self._made = self._make_client()
            return self._made

    def _compare(self, upload: UploadReference) -> None:
        found = self._find(upload)
        if found["ContentLength"] != upload.bytes:
            raise UploadMismatch(
                f"The upload has {found['ContentLength']} bytes, the event says {upload.bytes}.",
                problems=[FieldProblem(field="payload_ref.bytes", message="Must be what was uploaded.")],
            )
        if found.get("ChecksumSHA256") != _checksum(upload):
            raise UploadMismatch(
                "The upload's SHA-256 is not the one that the event says.",
                problems=[FieldProblem(field="payload_ref.sha256", message="Must be that of what was uploaded.")],
            )

    def _find(self, upload: UploadReference) -> "HeadObjectOutputTypeDef":
        try:
            return self._client.head_object(Bucket=self._bucket, Key=upload.key, ChecksumMode="ENABLED")
        except ClientError as error:
            if error_code(error) in _NOT_SHOWN and not self._is_listed(upload.key):
                raise UploadMissing(
                    "Nothing was uploaded under this reference, or it has expired.",
                    problems=[FieldProblem(field="payload_ref", message="Must name an upload that was made.")],
                ) from error
            raise

    def _is_listed(self, key: str) -> bool:
        """Tell a missing upload from one that we are refused: a list of uploads is all that we may ask for."""
        return self._client.list_objects_v2(Bucket=self._bucket, Prefix=key, MaxKeys=1)["KeyCount"] > 0

    def _copy(self, upload: UploadReference, key: str) -> None:
        try:
            self._client.copy_object(
                Bucket=self._bucket,
                Key=key,
                CopySource={"Bucket": self._bucket, "Key": upload.key},
                # Whatever else the client said of its object, a page for browsers for instance, stays behind.
                MetadataDirective="REPLACE",
                ContentType="application/json",
                ChecksumAlgorithm="SHA256",
                # What is there has the same content, because the key carries the hash.
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error_code(error) not in _THERE_ALREADY:
                raise


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise PayloadStoreUnavailable(f"S3 did not give or copy the upload ({error_code(error)}).") from error
    except BotoCoreError as error:
        raise PayloadStoreUnavailable("S3 did not answer.") from error


def _checksum(upload: UploadReference) -> str:
    """Return the hash as S3 spells it."""
    return base64.b64encode(bytes.fromhex(upload.sha256)).decode()
