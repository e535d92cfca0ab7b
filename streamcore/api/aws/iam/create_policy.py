"""CreatePolicy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.iam.entities import MANAGED_MAX_CHARS, check_document, check_room, merged_tags, policy_shape
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Description, Document, IamShape, Path, PolicyName, PolicyShape, Tag
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp
from streamcore.identity.secrets import new_id
from streamcore.identity.values import CustomerPolicy, PolicyVersion
from streamcore.model.iam.document import PolicyKind


class CreatePolicyInput(IamShape, frozen=True, kw_only=True):
    policy_name: PolicyName
    path: Path | None = None
    policy_document: Document
    description: Description | None = None
    tags: Annotated[list[Tag], msgspec.Meta(max_length=50)] | None = None


class CreatePolicyOutput(IamShape, frozen=True, kw_only=True):
    policy: PolicyShape


@IAM.action("CreatePolicy")
async def create_policy(app: IdentityApp, call: Call, input_: CreatePolicyInput) -> CreatePolicyOutput:
    policies, now_ms = app.identities.policies, app.now_ms()
    async with app.identities.changing:
        if policies.get(call.scope.account, input_.policy_name) is not None:
            name = input_.policy_name
            told = f"A policy called {name} already exists. Duplicate names are not allowed."
            raise AwsError("EntityAlreadyExists", 409, told)
        check_room(policies, "policy", call)
        check_document(input_.policy_document, PolicyKind.IDENTITY, MANAGED_MAX_CHARS, input_.policy_name)
        policy = CustomerPolicy(
            account=call.scope.account,
            name=input_.policy_name,
            path=input_.path or "/",
            id=new_id("ANPA"),
            created_ms=now_ms,
            updated_ms=now_ms,
            description=input_.description or "",
            tags=merged_tags({}, input_.tags),
            versions={"v1": PolicyVersion(document=input_.policy_document, created_ms=now_ms)},
        )
        await policies.put(policy)
    return CreatePolicyOutput(policy=policy_shape(app, call, policy))
