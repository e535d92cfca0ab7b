"""IAM's and STS's inputs, against botocore's service models."""

from __future__ import annotations

from typing import Any

import botocore.session
import msgspec
import pytest

from streamcore.api.aws.iam import IAM
from streamcore.api.aws.sts import STS

SESSION = botocore.session.get_session()
#: Members that are stricter or looser here, and why.
ACCEPTED: dict[str, str] = {
    "ListEntitiesForPolicy.PolicyUsageFilter": "boundaries are told by GetPolicy",
    "AssumeRole.ProvidedContexts": "refused whatever it holds",
    "SimulateCustomPolicy.PolicyExclusionList": "of SimulatePrincipalPolicy; refused in both",
    "SimulatePrincipalPolicy.OrderedOrganizationPolicyInputList": "of SimulateCustomPolicy; refused in both",
    "SimulateCustomPolicy.OrderedOrganizationPolicyInputList": "newer than some botocore releases",
    "SimulatePrincipalPolicy.PolicyExclusionList": "newer than some botocore releases",
    "AssumeRole.MinimumSessionTokenSize": "newer than some botocore releases",
    "AssumeRoleWithWebIdentity.MinimumSessionTokenSize": "newer than some botocore releases",
    "GetSessionToken.MinimumSessionTokenSize": "newer than some botocore releases",
}


def cases() -> list[Any]:
    found = []
    for registry, name in ((IAM, "iam"), (STS, "sts")):
        model = SESSION.get_service_model(name)
        found += [pytest.param(model, registry, action, id=f"{name}.{action}") for action in registry.actions]
    return found


@pytest.mark.parametrize(("model", "registry", "action"), cases())
def test_members_are_aws_s(model: Any, registry: Any, action: str) -> None:
    theirs = model.operation_model(action).input_shape
    members = {} if theirs is None else dict(theirs.members)
    required = set() if theirs is None else set(theirs.required_members)
    input_ = registry.actions[action].input
    ours = dict(zip(input_.__struct_encode_fields__, input_.__struct_fields__, strict=True))
    unknown = {name for name in set(members) ^ set(ours) if f"{action}.{name}" not in ACCEPTED}
    assert unknown == set()
    needed = {field.encode_name for field in msgspec.structs.fields(input_) if field.required}
    assert {name for name in needed ^ required if f"{action}.{name}" not in ACCEPTED} == set()
