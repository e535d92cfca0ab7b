"""The policy of a form upload: when it expires, and what the fields of the form must be.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from runtime.model.s3.errors import S3Error

#: Fields that need no condition.
_FREE: Final = ("x-amz-signature", "file", "policy", "awsaccesskeyid", "signature")


class SizeRange(NamedTuple):
    least: int
    most: int


def check_policy(encoded: str, fields: Mapping[str, str], bucket: str, now_ms: int) -> SizeRange | None:
    """The bounds of the file, None when the policy says none. `fields` have their names in lower case.

    Raises S3Error: InvalidPolicyDocument, AccessDenied.
    """
    try:
        policy = json.loads(b64decode(encoded, validate=True))
        expires = datetime.fromisoformat(policy["expiration"].replace("Z", "+00:00"))
        conditions = policy["conditions"]
        if not isinstance(conditions, list):
            raise TypeError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise S3Error("InvalidPolicyDocument") from None
    expires = expires if expires.tzinfo else expires.replace(tzinfo=UTC)
    if expires.timestamp() * 1000 < now_ms:
        raise S3Error("AccessDenied", "Invalid according to Policy: Policy expired.")
    known = {**fields, "bucket": bucket}
    size: SizeRange | None = None
    met = set(_FREE)
    for condition in conditions:
        size = _check(condition, known, met) or size
    unmet = [name for name in fields if name not in met and not name.startswith("x-ignore-")]
    if unmet:
        raise S3Error("AccessDenied", f"Invalid according to Policy: Extra input fields: {unmet[0][:100]}")
    return size


def _check(condition: Any, known: Mapping[str, str], met: set[str]) -> SizeRange | None:
    if isinstance(condition, dict) and len(condition) == 1:
        ((name, value),) = condition.items()
        _equal(name.lower(), value, known, met, condition)
        return None
    if not (isinstance(condition, list) and len(condition) == 3 and isinstance(condition[0], str)):
        raise S3Error("InvalidPolicyDocument", "Invalid Policy: Invalid conditions.")
    kind = condition[0].lower()
    if kind == "content-length-range":
        try:
            return SizeRange(int(condition[1]), int(condition[2]))
        except (TypeError, ValueError):
            raise S3Error("InvalidPolicyDocument", "Invalid Policy: Invalid content-length-range.") from None
    name, value = str(condition[1]).lower().removeprefix("$"), condition[2]
    if kind == "eq":
        _equal(name, value, known, met, condition)
    elif kind == "starts-with":
        met.add(name)
        texts = known.get(name, "").split(",") if name == "content-type" else [known.get(name, "")]
        if not all(text.startswith(str(value)) for text in texts):
            raise _failed(condition)
    else:
        raise S3Error("InvalidPolicyDocument", "Invalid Policy: Invalid conditions.")
    return None


def _equal(name: str, value: Any, known: Mapping[str, str], met: set[str], condition: Any) -> None:
    met.add(name)
    if known.get(name) != str(value):
        raise _failed(condition)


def _failed(condition: Any) -> S3Error:
    return S3Error(
        "AccessDenied", f"Invalid according to Policy: Policy Condition failed: {json.dumps(condition)[:300]}"
    )
