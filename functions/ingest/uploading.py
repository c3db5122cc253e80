"""`POST /uploads`: from a request to the one URL that takes the bytes it announces."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from functions.common.errors import FieldProblem, InvalidUpload, PayloadTooLarge
from functions.common.events import field_problems
from functions.common.http import Request, json_response
from functions.common.identifiers import new_id
from functions.common.uploads import UPLOAD_LIMIT_BYTES, UploadContent, UploadReference
from functions.ingest.body import media_type_of, read_body
from functions.ingest.ports import Clock, Offer, UploadStore
from functions.ingest.reading import require_json
from functions.ingest.strict_json import read_object


@dataclass(frozen=True, kw_only=True, slots=True)
class Offered:
    """An upload that may now be made."""

    upload: UploadReference
    offer: Offer
    expires_at: str
    """RFC 3339: when it is too late to begin."""


@dataclass(frozen=True, kw_only=True)
class Uploader:
    """The use case behind `POST /uploads`."""

    uploads: UploadStore
    clock: Clock

    def offer(self, content: UploadContent) -> Offered:
        """Make an id and a URL for it; nothing exists before the client uses it, so nothing is lost if it does not."""
        upload = UploadReference(upload_id=new_id(), sha256=content.sha256, bytes=content.bytes)
        # Before the signing, so that nobody is told a time at which it is too late.
        now = self.clock()
        offer = self.uploads.offer(upload)
        expires_at = (now + timedelta(seconds=offer.valid_seconds)).isoformat(timespec="seconds")
        return Offered(upload=upload, offer=offer, expires_at=expires_at)


def read_content(request: Request) -> UploadContent:
    """Read what a client is going to upload.

    Raises:
        PermanentError: One of its subclasses, saying what is wrong with the request.
    """
    require_json(media_type_of(request))
    fields = {name: member.value for name, member in read_object(read_body(request)).items()}
    try:
        content = UploadContent.model_validate(fields)
    except ValidationError as error:
        raise InvalidUpload(
            "Say how many bytes there are, and their SHA-256: bytes and sha256, and nothing else.",
            problems=field_problems(error, unknown="Unknown field; bytes and sha256 are all there is."),
        ) from None
    if content.bytes > UPLOAD_LIMIT_BYTES:
        problem = FieldProblem(field="bytes", message=f"Must be at most {UPLOAD_LIMIT_BYTES}.")
        raise PayloadTooLarge(f"A payload may have {UPLOAD_LIMIT_BYTES} bytes at most.", problems=[problem])
    return content


def offer_response(offered: Offered, *, correlation_id: str) -> dict[str, Any]:
    """Answer with where to send the bytes, and what to say of them in an event afterwards."""
    body = {
        "upload_id": offered.upload.upload_id,
        "method": "PUT",
        "url": offered.offer.url,
        "headers": dict(offered.offer.headers),
        "expires_at": offered.expires_at,
        "payload_ref": offered.upload.document(),
    }
    return json_response(201, body, correlation_id=correlation_id)
