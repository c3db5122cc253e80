"""Removes payload objects. In a bucket with versions each is hidden, and can be brought back for a month."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.aws_clients import error_code
from functions.common.errors import PayloadStoreUnavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Removal:
    """See the port. Needs `s3:DeleteObject`."""

    def __init__(self, client: "Callable[[], S3Client]", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def remove(self, keys: Sequence[str]) -> None:
        """See the port."""
        if not keys:
            return
        try:
            answer = self._client().delete_objects(
                Bucket=self._bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
            )
        except (BotoCoreError, ClientError) as error:
            raise PayloadStoreUnavailable(f"S3 removed no payload ({error_code(error)}).") from error
        # It answers 200 all the same.
        if refused := answer.get("Errors"):
            raise PayloadStoreUnavailable(
                f"S3 did not remove {len(refused)} of {len(keys)} payloads ({refused[0].get('Code', 'no code')})."
            )
