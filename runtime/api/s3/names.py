"""ARNs of buckets and objects."""

from __future__ import annotations


def bucket_arn(name: str, key: str = "") -> str:
    """They have no region and no account."""
    return f"arn:aws:s3:::{name}/{key}" if key else f"arn:aws:s3:::{name}"
