"""ListAccessKeys: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccessKeys.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import caller_name, page_of, user_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import AccessKeyMetadata, ExistingUserName, Page, Paged, Status
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Timestamp
from streamcore.identity.app import IdentityApp


class ListAccessKeysInput(Paged, frozen=True, kw_only=True):
    user_name: ExistingUserName | None = None


class ListAccessKeysOutput(Page, frozen=True, kw_only=True, omit_defaults=False):
    access_key_metadata: list[AccessKeyMetadata]


@IAM.action("ListAccessKeys")
async def list_access_keys(app: IdentityApp, call: Call, input_: ListAccessKeysInput) -> ListAccessKeysOutput:
    """Without their secrets."""
    user = user_of(app, call, input_.user_name or caller_name(call))
    page, marker = page_of(user.keys, input_)
    shapes = [
        AccessKeyMetadata(
            user_name=user.name,
            access_key_id=key.id,
            status=Status.ACTIVE if key.is_active else Status.INACTIVE,
            create_date=Timestamp(key.created_ms),
        )
        for key in page
    ]
    return ListAccessKeysOutput(access_key_metadata=shapes, is_truncated=marker is not None, marker=marker)
