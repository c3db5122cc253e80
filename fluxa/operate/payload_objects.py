"""The payloads that lie in S3: whether they can be read right now, and how an archive is asked for them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from fluxa.errors import OperatorError

THREADS = 8
"""A boto3 client keeps ten connections."""

TIER = "Standard"
WAIT_IN_WORDS = "three to five hours for GLACIER, up to twelve for DEEP_ARCHIVE"
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.html"""

# GLACIER_IR is none of them: it answers a plain GET.
_ARCHIVES = frozenset({"GLACIER", "DEEP_ARCHIVE"})
_IN_PROGRESS = 'ongoing-request="true"'
_RESTORED = 'ongoing-request="false"'

Item = TypeVar("Item")
Result = TypeVar("Result")


class ObjectState(StrEnum):
    """Whether an object can be read."""

    READABLE = "readable"
    ARCHIVED = "archived"
    RESTORING = "restoring"
    """Archived, and S3 is fetching it."""
    MISSING = "missing"


@dataclass(frozen=True, kw_only=True)
class PayloadObjects:
    """Asks about objects of one bucket."""

    s3: Any
    bucket: str

    def states(self, keys: Sequence[str]) -> dict[str, ObjectState]:
        """Return each object's state.

        Raises:
            OperatorError: S3 does not say.
        """
        return dict(zip(keys, _each(self._state, keys), strict=True))

    def restore(self, keys: Sequence[str], *, days: int) -> None:
        """Ask S3 for a copy of each archived object, to be kept for some days."""

        def ask(key: str) -> None:
            request = {"Days": days, "GlacierJobParameters": {"Tier": TIER}}
            try:
                self.s3.restore_object(Bucket=self.bucket, Key=key, RestoreRequest=request)
            except ClientError as error:
                if _code(error) != "RestoreAlreadyInProgress":
                    raise

        _each(ask, keys)

    def _state(self, key: str) -> ObjectState:
        try:
            return state_of(self.s3.head_object(Bucket=self.bucket, Key=key))
        except ClientError as error:
            if _code(error) in {"404", "NoSuchKey", "NotFound"}:
                return ObjectState.MISSING
            if _code(error) in {"403", "AccessDenied", "Forbidden"}:
                raise OperatorError(
                    f"S3 does not say whether {key} is there: that takes s3:GetObject on the objects of {self.bucket}, "
                    "and s3:ListBucket on the bucket for those that are gone."
                ) from None
            raise


def state_of(head: Mapping[str, Any]) -> ObjectState:
    """Return an object's state from what `head_object` answers."""
    if head.get("StorageClass", "STANDARD") not in _ARCHIVES:
        return ObjectState.READABLE
    restore = head.get("Restore") or ""
    if _IN_PROGRESS in restore:
        return ObjectState.RESTORING
    # The header is gone together with the copy.
    return ObjectState.READABLE if _RESTORED in restore else ObjectState.ARCHIVED


def _code(error: ClientError) -> str:
    return str(error.response["Error"].get("Code"))


def _each(call: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    workers = ThreadPoolExecutor(THREADS, thread_name_prefix="payload-objects")
    try:
        return list(workers.map(call, items))
    finally:
        # Whoever stops in the middle does not wait for all that was asked for.
        workers.shutdown(cancel_futures=True)
