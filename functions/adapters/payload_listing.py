"""Lists the payload bucket, day by day."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.aws_clients import error_code
from functions.common.errors import PayloadStoreUnavailable
from functions.common.names import PAYLOAD_PREFIX
from functions.maintenance.ports import PayloadObject

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Listing:
    """See the port. Needs `s3:ListBucket` for the prefix."""

    def __init__(self, client: "Callable[[], S3Client]", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def of_day(self, day: date) -> Iterator[Sequence[PayloadObject]]:
        """See the port."""
        pages = self._client().get_paginator("list_objects_v2")
        try:
            for page in pages.paginate(Bucket=self._bucket, Prefix=f"{PAYLOAD_PREFIX}{day:%Y/%m/%d}/"):
                yield [
                    PayloadObject(key=found["Key"], stored_at=found["LastModified"])
                    for found in page.get("Contents", [])
                ]
        except (BotoCoreError, ClientError) as error:
            raise PayloadStoreUnavailable(f"S3 did not list the payloads ({error_code(error)}).") from error
