"""All actions of S3: importing this registers them. It is imported when the first request of S3 comes (api.py)."""

from runtime.api.s3 import (
    acls,
    bucket_settings,
    buckets,
    copy_object,
    delete_object,
    delete_objects,
    get_object,
    get_object_attributes,
    lists,
    multipart,
    notifications,
    object_tagging,
    post_object,
    put_object,
)
from runtime.api.s3.app import S3

__all__ = [
    "S3",
    "acls",
    "bucket_settings",
    "buckets",
    "copy_object",
    "delete_object",
    "delete_objects",
    "get_object",
    "get_object_attributes",
    "lists",
    "multipart",
    "notifications",
    "object_tagging",
    "post_object",
    "put_object",
]
