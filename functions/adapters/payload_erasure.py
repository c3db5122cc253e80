"""Deletes payloads for good: every version of an object and every delete marker, whether the bucket keeps them or not.

Only for erasing what a user sent. Everything else is the lifecycle's: a message under way may still need its payload.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.aws_clients import error_code
from functions.common.envelope import PayloadReference
from functions.common.errors import PayloadStoreUnavailable
from functions.common.names import PAYLOAD_PREFIX
from functions.common.side_by_side import side_by_side

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

VERSIONS_PER_CALL = 1_000
"""AWS's limit, https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html."""


class S3PayloadErasure:
    """See the port. Needs `s3:ListBucketVersions` for the prefix, `s3:DeleteObject` and `s3:DeleteObjectVersion`.

    Always by version: without one a bucket that keeps versions would only hide an object. Where none are kept, an
    object's is `null`.
    """

    def __init__(self, client: "Callable[[], S3Client]", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def reference(self, key: str) -> PayloadReference:
        """See the port."""
        return PayloadReference(bucket=self._bucket, key=key)

    def remove(self, references: Sequence[PayloadReference], *, within_seconds: float) -> None:
        """See the port."""
        keys = sorted(
            {
                reference.key
                for reference in references
                if reference.bucket == self._bucket and reference.key.startswith(PAYLOAD_PREFIX)
            }
        )
        client = self._client()
        try:
            found = side_by_side([partial(self._versions, client, key) for key in keys], within_seconds=within_seconds)
            versions: list[ObjectIdentifierTypeDef] = []
            for answer in found:
                if isinstance(answer, Exception):
                    raise answer
                versions += answer
            for group in _groups(versions):
                self._delete(client, group)
        except (BotoCoreError, ClientError) as error:
            raise PayloadStoreUnavailable(f"S3 did not delete payloads ({error_code(error)}).") from error

    def _versions(self, client: "S3Client", key: str) -> "list[ObjectIdentifierTypeDef]":
        """Return everything there is under a key, whose name longer keys may begin with."""
        return [
            {"Key": version["Key"], "VersionId": version["VersionId"]}
            for page in client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=key)
            for version in (*page.get("Versions", []), *page.get("DeleteMarkers", []))
            if version["Key"] == key
        ]

    def _delete(self, client: "S3Client", versions: "Sequence[ObjectIdentifierTypeDef]") -> None:
        answer = client.delete_objects(Bucket=self._bucket, Delete={"Objects": versions, "Quiet": True})
        if refused := answer.get("Errors"):
            code = refused[0].get("Code", "unknown")
            raise PayloadStoreUnavailable(f"S3 did not delete {len(refused)} of {len(versions)} versions ({code}).")


def _groups(versions: "Sequence[ObjectIdentifierTypeDef]") -> "Iterator[Sequence[ObjectIdentifierTypeDef]]":
    for start in range(0, len(versions), VERSIONS_PER_CALL):
        yield versions[start : start + VERSIONS_PER_CALL]
