"""What a client says of an object in headers, and how it gets it back."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Final

import msgspec

from runtime.api.s3.app import http_date
from runtime.model.s3.checksums import FULL_OBJECT, header_name
from runtime.model.s3.errors import S3Error, invalid
from runtime.model.s3.tags import tags_in_header
from runtime.model.s3.values import Bucket, Meta, Version
from runtime.objects.expiry import expires_ms, rules_in

USER_MAX_BYTES: Final = 2048
USER: Final = "x-amz-meta-"
#: Headers of a content that are kept and given back.
KEPT: Final = (
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
)
CANNED: Final = (
    "private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read", "bucket-owner-read",
    "bucket-owner-full-control",
)  # fmt: skip
STORAGE_CLASSES: Final = (
    "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR",
    "EXPRESS_ONEZONE",
)  # fmt: skip
#: What would be a promise that is not kept here: refused.
REFUSED: Final = (
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-server-side-encryption-customer-key",
    "x-amz-server-side-encryption-customer-key-md5",
    "x-amz-copy-source-server-side-encryption-customer-algorithm",
    "x-amz-copy-source-server-side-encryption-customer-key",
    "x-amz-copy-source-server-side-encryption-customer-key-md5",
    "x-amz-server-side-encryption-context",
    "x-amz-object-lock-mode",
    "x-amz-object-lock-retain-until-date",
    "x-amz-object-lock-legal-hold",
    "x-amz-object-lock-event-hold",
    "x-amz-object-lock-event-hold-duration-days",
    "x-amz-object-lock-event-hold-duration-years",
    "x-amz-object-annotation-directive",
    "x-amz-bypass-governance-retention",
    "x-amz-write-offset-bytes",
    "x-amz-mfa",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
    "x-amz-bucket-object-lock-enabled",
    "x-amz-object-if-match-last-modified-time",
    "x-amz-if-match-last-modified-time",
    "x-amz-if-match-initiated-time",
    "x-amz-if-match-size",
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def refuse_unkept(headers: Mapping[str, str]) -> None:
    """Raises S3Error: NotImplemented."""
    for name in REFUSED:
        if name in headers and headers[name].lower() != "false":
            raise S3Error("NotImplemented", Header=name)


def meta_in(headers: Mapping[str, str], owner: str) -> Meta:
    """Raises S3Error: MetadataTooLarge, InvalidArgument, InvalidRequest, NotImplemented."""
    refuse_unkept(headers)
    kept = {name: headers[name] for name in KEPT if headers.get(name)}
    encoding = [
        part for part in re.split(r"\s*,\s*", kept.pop("content-encoding", "")) if part not in ("", "aws-chunked")
    ]
    if encoding:
        kept["content-encoding"] = ",".join(encoding)
    return Meta(
        headers=kept,
        user=user_in(headers),
        tags=tags_in_header(headers.get("x-amz-tagging", "")),
        storage_class=_storage_class(headers.get("x-amz-storage-class", "")),
        redirect=headers.get("x-amz-website-redirect-location", ""),
        encryption=_encryption(headers.get("x-amz-server-side-encryption", "")),
        kms_key=headers.get("x-amz-server-side-encryption-aws-kms-key-id", ""),
        acl=canned_acl(headers),
        owner=owner,
    )


def user_in(headers: Mapping[str, str]) -> dict[str, str]:
    """User metadata, names in lower case. Raises S3Error: MetadataTooLarge."""
    user: dict[str, str] = {}
    for name, value in headers.items():
        low = name.lower()
        if low.startswith(USER):
            short = low[len(USER) :]
            user[short] = f"{user[short]},{value}" if short in user else value
    size = sum(len(k.encode()) + len(v.encode()) for k, v in user.items())
    if size > USER_MAX_BYTES:
        raise S3Error("MetadataTooLarge", Size=str(size), MaxSizeAllowed=str(USER_MAX_BYTES))
    return user


def canned_acl(headers: Mapping[str, str]) -> str:
    acl = headers.get("x-amz-acl", "")
    if acl and acl not in CANNED:
        raise invalid("x-amz-acl", acl, "")
    return acl


def _storage_class(name: str) -> str:
    if name and name not in STORAGE_CLASSES:
        if name in ("GLACIER", "DEEP_ARCHIVE", "OUTPOSTS", "SNOW"):
            raise S3Error("NotImplemented", f"The storage class {name} is not implemented: nothing is archived here.")
        raise S3Error("InvalidRequest", "The storage class you specified is not valid")
    return "" if name == "STANDARD" else name


def _encryption(name: str) -> str:
    if name not in ("", "AES256", "aws:kms", "aws:kms:dsse"):
        raise invalid("x-amz-server-side-encryption", name, "The encryption method specified is not supported")
    return name


def write_headers(bucket: Bucket, version: Version) -> dict[str, str]:
    """What PutObject and its like answer."""
    headers = {"etag": f'"{version.etag}"', **_encrypted(version.meta), **_expiration(bucket, version)}
    headers |= version_header(bucket, version.version_id)
    if version.meta.checksum:
        headers |= checksum_headers(version.meta)
    return headers


def version_header(bucket: Bucket, version_id: str) -> dict[str, str]:
    """Nothing in a bucket that never had versions."""
    return {"x-amz-version-id": version_id} if bucket.versioning else {}


def checksum_headers(meta: Meta) -> dict[str, str]:
    return {
        header_name(meta.checksum_algorithm): meta.checksum,
        "x-amz-checksum-type": meta.checksum_type or FULL_OBJECT,
    }


def _encrypted(meta: Meta) -> dict[str, str]:
    headers = {"x-amz-server-side-encryption": meta.encryption} if meta.encryption else {}
    if meta.kms_key:
        headers["x-amz-server-side-encryption-aws-kms-key-id"] = meta.kms_key
    return headers


def _expiration(bucket: Bucket, version: Version) -> dict[str, str]:
    rules = rules_in(bucket) if version.is_latest else []
    due_ms, rule_id = expires_ms(rules, version)
    if due_ms >= 2**62:
        return {}
    return {"x-amz-expiration": f'expiry-date="{http_date(due_ms)}", rule-id="{rule_id}"'}


def read_headers(bucket: Bucket, version: Version, query: Mapping[str, str], *, with_checksum: bool) -> dict[str, str]:
    """What GetObject and HeadObject answer, without what a range changes. `query` may override some (`response-…`)."""
    meta = version.meta
    headers = {"content-type": "binary/octet-stream", **meta.headers}
    for name in KEPT:
        asked = query.get(f"response-{name}")
        if asked is not None:
            headers[name] = asked
    headers |= {"last-modified": http_date(version.modified_ms), "etag": f'"{version.etag}"', "accept-ranges": "bytes"}
    headers |= version_header(bucket, version.version_id) | _encrypted(meta) | _expiration(bucket, version)
    headers |= {f"{USER}{name}": value for name, value in meta.user.items()}
    if meta.storage_class:
        headers["x-amz-storage-class"] = meta.storage_class
    if meta.redirect:
        headers["x-amz-website-redirect-location"] = meta.redirect
    if meta.tags:
        headers["x-amz-tagging-count"] = str(len(meta.tags))
    if with_checksum and meta.checksum:
        headers |= checksum_headers(meta)
    return {name: telegraphed(value) for name, value in headers.items()}


def telegraphed(value: str) -> str:
    """A value that can stand in a header; what is no ASCII goes as RFC 2047 has it, as S3 does. Raises S3Error:
    InvalidArgument for line breaks and their like."""
    if _CONTROL.search(value):
        raise invalid("header", "", "Header value cannot be represented")
    if value.isascii():
        return value
    return f"=?UTF-8?B?{b64encode(value.encode()).decode()}?="


def with_sums(meta: Meta, algorithm: str, checksum: str, type_: str = FULL_OBJECT) -> Meta:
    return msgspec.structs.replace(meta, checksum_algorithm=algorithm, checksum=checksum, checksum_type=type_)
