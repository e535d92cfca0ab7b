"""The S3 API: one registry, a file per action or per kind of setting. Importing this package registers all of them."""

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
from runtime.api.s3.api import S3Api
from runtime.api.s3.app import S3, S3App

__all__ = [
    "S3",
    "S3Api",
    "S3App",
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
