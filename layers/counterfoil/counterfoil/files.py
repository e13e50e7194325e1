"""The only S3 code: documents are read at the version that arrived, and never written or deleted here."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from counterfoil.domain.invoices import Document
from counterfoil.errors import BadRequest, DocumentTooLarge, ObjectMissing

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DOCUMENT_BYTES_MAX = 25_000_000
UPLOAD_SECONDS = 900
READING_SECONDS = 60
FILE_NAME_MAX = 120
_MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "404", "NotFound", "MethodNotAllowed"})


class Files:
    """Documents in the inbox bucket."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    def read(self, key: str, version_id: str | None, *, bytes_max: int = DOCUMENT_BYTES_MAX) -> bytes:
        """A document's bytes. ObjectMissing when it is gone, DocumentTooLarge before reading what is too large."""
        wanted: dict[str, Any] = {"Bucket": self.bucket, "Key": key}
        if version_id:
            wanted["VersionId"] = version_id
        try:
            found = self._client.get_object(**wanted)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _MISSING:
                raise ObjectMissing(f"{key} is no longer in the inbox") from error
            raise
        with found["Body"] as body:
            if found["ContentLength"] > bytes_max:
                raise DocumentTooLarge(
                    f"{found['ContentLength']:,} bytes, {bytes_max:,} are allowed", size=found["ContentLength"]
                )
            return body.read()

    def upload_address(self, company: str, person: str, file_name: str) -> dict[str, Any]:
        """Where and with which form fields a person may post one file: `{"url", "fields", "key"}`.

        The key names the person, so that nobody approves what they sent in.
        """
        name = _safe_name(file_name)
        if not name:
            raise BadRequest(f"{file_name!r} is no file name", file_name=file_name)
        return self._posting(_upload_key(company, person, name))

    def upload_form(self, company: str, person: str, *, then: str) -> dict[str, Any]:
        """As `upload_address`, for a form whose file is chosen later: the bucket takes the name that the browser gives.

        The bucket sends the browser on to `then`, a whole address.
        """
        return self._posting(_upload_key(company, person, "${filename}"), success_action_redirect=then)

    def _posting(self, key: str, **fields: str) -> dict[str, Any]:
        post = self._client.generate_presigned_post(
            Bucket=self.bucket,
            Key=key,
            Fields=dict(fields),
            Conditions=[["content-length-range", 0, DOCUMENT_BYTES_MAX], *({name: fields[name]} for name in fields)],
            ExpiresIn=UPLOAD_SECONDS,
        )
        return {"url": post["url"], "fields": post["fields"], "key": key}

    def reading_address(self, document: Document) -> str:
        """Where a person may read a document, for `READING_SECONDS`.

        Only what is named as a PDF opens in the browser, and only as a PDF; anything else is saved as a file, so that
        nothing that a vendor sent runs as a page.
        """
        is_pdf = document.file_name.lower().endswith(".pdf")
        name = _safe_name(document.file_name) or "document"
        wanted: dict[str, Any] = {
            "Bucket": document.bucket,
            "Key": document.key,
            "ResponseContentType": "application/pdf" if is_pdf else "application/octet-stream",
            "ResponseContentDisposition": f'{"inline" if is_pdf else "attachment"}; filename="{name}"',
            "ResponseCacheControl": "no-store",
        }
        if document.version_id:
            wanted["VersionId"] = document.version_id
        return self._client.generate_presigned_url("get_object", Params=wanted, ExpiresIn=READING_SECONDS)


def _upload_key(company: str, person: str, name: str) -> str:
    return f"inbox/{company}/uploads/{person}/{uuid.uuid4().hex}/{name}"


def _safe_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._")[-FILE_NAME_MAX:]
