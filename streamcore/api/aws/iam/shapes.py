"""Members that several actions of IAM share. Constraints are those of the API reference (botocore iam/2010-05-08 is the
referee in the tests); names are plain Pascal case here."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from streamcore.api.aws.shapes import Shape, Timestamp, matching, number, text

UserName = Annotated[str, text(1, 64, r"[\w+=,.@-]+")]
ExistingUserName = Annotated[str, text(1, 128, r"[\w+=,.@-]+")]
GroupName = Annotated[str, text(1, 128, r"[\w+=,.@-]+")]
RoleName = Annotated[str, text(1, 64, r"[\w+=,.@-]+")]
PolicyName = Annotated[str, text(1, 128, r"[\w+=,.@-]+")]
Path = Annotated[str, text(1, 512, r"(/)|(/[\x21-\x7E]+/)")]
PathPrefix = Annotated[str, text(1, 512, r"/[\x21-\x7E]*")]
Arn = Annotated[str, text(20, 2048)]
Document = Annotated[str, text(1, 131_072, r"[\t\n\r\x20-\xff]+")]
VersionId = Annotated[str, matching(r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?")]
KeyId = Annotated[str, text(16, 128, r"[\w]+")]
Marker = Annotated[str, text(1, 320, r"[ -\xff]*")]
MaxItems = Annotated[int, number(1, 1000)]
Description = Annotated[str, text(0, 1000)]
TagKey = Annotated[str, text(1, 128, r"[ \w.:/=+\-@]+")]
TagValue = Annotated[str, text(0, 256)]


def pascal(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


class IamShape(Shape, frozen=True, kw_only=True, rename=pascal):
    """Base of IAM's inputs and outputs."""


class Tag(IamShape, frozen=True, kw_only=True):
    key: TagKey
    value: TagValue


class Status(StrEnum):
    ACTIVE = "Active"
    INACTIVE = "Inactive"
    EXPIRED = "Expired"


class Paged(IamShape, frozen=True, kw_only=True):
    """An input that asks for a page."""

    marker: Marker | None = None
    max_items: MaxItems | None = None


class Page(IamShape, frozen=True, kw_only=True):
    """An output that is one."""

    is_truncated: bool = False
    marker: str | None = None


class AttachedBoundary(IamShape, frozen=True, kw_only=True):
    permissions_boundary_type: str = "Policy"
    permissions_boundary_arn: str


class UserShape(IamShape, frozen=True, kw_only=True, omit_defaults=False):
    path: str
    user_name: str
    user_id: str
    arn: str
    create_date: Timestamp
    permissions_boundary: AttachedBoundary | None = None
    tags: list[Tag] | None = None


class GroupShape(IamShape, frozen=True, kw_only=True):
    path: str
    group_name: str
    group_id: str
    arn: str
    create_date: Timestamp


class RoleShape(IamShape, frozen=True, kw_only=True):
    path: str
    role_name: str
    role_id: str
    arn: str
    create_date: Timestamp
    assume_role_policy_document: str
    description: str | None = None
    max_session_duration: int | None = None
    permissions_boundary: AttachedBoundary | None = None
    tags: list[Tag] | None = None


class PolicyShape(IamShape, frozen=True, kw_only=True):
    policy_name: str
    policy_id: str
    arn: str
    path: str
    default_version_id: str
    attachment_count: int
    permissions_boundary_usage_count: int
    is_attachable: bool
    description: str | None = None
    create_date: Timestamp
    update_date: Timestamp
    tags: list[Tag] | None = None


class PolicyVersionShape(IamShape, frozen=True, kw_only=True):
    document: str | None = None
    version_id: str
    is_default_version: bool
    create_date: Timestamp


class AttachedPolicy(IamShape, frozen=True, kw_only=True):
    policy_name: str
    policy_arn: str


class AccessKeyMetadata(IamShape, frozen=True, kw_only=True):
    user_name: str
    access_key_id: str
    status: Status
    create_date: Timestamp
