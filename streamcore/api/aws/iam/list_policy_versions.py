"""ListPolicyVersions: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicyVersions.html"""

from __future__ import annotations

import msgspec

from streamcore.api.aws.iam.entities import any_policy, page_of, versions_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Arn, Page, Paged, PolicyVersionShape
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class ListPolicyVersionsInput(Paged, frozen=True, kw_only=True):
    policy_arn: Arn


class ListPolicyVersionsOutput(Page, frozen=True, kw_only=True, omit_defaults=False):
    versions: list[PolicyVersionShape]


@IAM.action("ListPolicyVersions")
async def list_policy_versions(
    app: IdentityApp, call: Call, input_: ListPolicyVersionsInput
) -> ListPolicyVersionsOutput:
    """The latest first, without their documents."""
    found = versions_of(any_policy(app, call, input_.policy_arn))
    page, marker = page_of([msgspec.structs.replace(each, document=None) for each in found], input_)
    return ListPolicyVersionsOutput(versions=page, is_truncated=marker is not None, marker=marker)
