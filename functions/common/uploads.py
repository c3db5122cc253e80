"""Payloads that clients lay into the bucket themselves, because they are too large for a request."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from functions.common.names import UPLOAD_PREFIX

UPLOAD_LIMIT_BYTES = 100 * 1024 * 1024
"""What one invocation of the processor can prove by streaming, and one of ingest can have copied, with time to spare;
a handler that reads a payload holds it in memory, and one beyond this in more than a function should be given."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_UPLOAD_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _sha256(text: str) -> str:
    if _SHA256.fullmatch(text) is None:
        raise ValueError("must be 64 hexadecimal digits in lower case, as sha256sum prints them")
    return text


def _upload_id(text: str) -> str:
    # It becomes part of a key: whatever is no id could name another object.
    if _UPLOAD_ID.fullmatch(text) is None:
        raise ValueError("must be an upload_id as POST /uploads answered it")
    return text


class UploadContent(BaseModel):
    """What an upload has to be, said before it exists."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    bytes: Annotated[int, Field(ge=1)]
    sha256: Annotated[str, AfterValidator(_sha256)]


class UploadReference(UploadContent):
    """An upload as an event names it: the `payload_ref` that `POST /uploads` answered."""

    bytes: Annotated[int, Field(ge=1, le=UPLOAD_LIMIT_BYTES)]
    upload_id: Annotated[str, AfterValidator(_upload_id)]

    @property
    def key(self) -> str:
        """The S3 key that it is uploaded to: for a day, unless an event takes it over."""
        return f"{UPLOAD_PREFIX}{self.upload_id}/{self.sha256}"

    def document(self) -> dict[str, Any]:
        """Return it as clients are told, and tell."""
        return {"upload_id": self.upload_id, "sha256": self.sha256, "bytes": self.bytes}
