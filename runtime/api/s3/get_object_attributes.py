"""GetObjectAttributes. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html"""

from __future__ import annotations

import re
from typing import Any, Final

from runtime.api.s3.app import S3, S3App, answer, http_date, version_wanted
from runtime.api.s3.described import refuse_unkept, version_header
from runtime.model.s3.checksums import FULL_OBJECT
from runtime.model.s3.errors import invalid
from runtime.model.s3.values import PARTS_MAX, Version
from streamcore.api.aws.rest_xml import Level, XmlCall
from streamcore.api.http import Response

_KNOWN: Final = ("ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize")


@S3.action("GetObjectAttributes", "GET", Level.OBJECT, "attributes")
async def get_object_attributes(s3: S3App, call: XmlCall) -> Response:
    bucket, key = s3.place(call)
    refuse_unkept(call.headers)
    asked = [name for name in re.split(r"\s*,\s*", call.headers.get("x-amz-object-attributes", "")) if name]
    if not asked or any(name not in _KNOWN for name in asked):
        raise invalid("x-amz-object-attributes", ",".join(asked), "Invalid attribute name specified.")
    version = await s3.store.look(bucket, key, version_wanted(call))
    content: dict[str, Any] = {}
    if "ETag" in asked:
        content["ETag"] = version.etag
    if "Checksum" in asked and version.meta.checksum:
        content["Checksum"] = {
            f"Checksum{version.meta.checksum_algorithm}": version.meta.checksum,
            "ChecksumType": version.meta.checksum_type or FULL_OBJECT,
        }
    if "ObjectParts" in asked and version.meta.parts:
        content["ObjectParts"] = _parts(call, version)
    if "StorageClass" in asked:
        content["StorageClass"] = version.meta.storage_class or "STANDARD"
    if "ObjectSize" in asked:
        content["ObjectSize"] = version.size
    headers = {"last-modified": http_date(version.modified_ms), **version_header(bucket, version.version_id)}
    return answer("GetObjectAttributesResponse", content, headers=headers)


def _parts(call: XmlCall, version: Version) -> dict[str, Any]:
    most = _number(call, "x-amz-max-parts", 1000)
    after = _number(call, "x-amz-part-number-marker", 0)
    behind = [part for part in version.meta.parts if part.number > after]
    shown, algorithm = behind[:most], version.meta.checksum_algorithm
    return {
        "PartsCount": len(version.meta.parts),
        "PartNumberMarker": after,
        "NextPartNumberMarker": shown[-1].number if shown else 0,
        "MaxParts": most,
        "IsTruncated": len(behind) > most,
        "Part": [
            {"PartNumber": part.number, "Size": part.size, f"Checksum{algorithm}": part.checksum or None}
            for part in shown
        ],
    }


def _number(call: XmlCall, name: str, default: int) -> int:
    text = call.headers.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise invalid(name, text, f"Provided {name} not an integer or within integer range")
    return min(int(text), PARTS_MAX)
