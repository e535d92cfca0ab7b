"""What the actions of IAM need.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from streamcore.api.aws.permissions import Permission, Permissions, Resources, everything, member, table
from streamcore.api.aws.service import Call
from streamcore.model.iam.context import Value
from streamcore.model.iam.principals import Kind


def _arn(kind: str, name: str, path: str | None, call: Call) -> str:
    return f"arn:aws:iam::{call.scope.account}:{kind}{path or '/'}{name}"


def _path_of(kind: str, name: str, call: Call) -> str:
    """The path of what is there: callers name it without."""
    if call.grant is None:
        return "/"
    identities = call.grant.guard.identities
    table_: Any = {"user": identities.users, "role": identities.roles, "group": identities.groups}[kind]
    found = table_.get(call.scope.account, name)
    return "/" if found is None else str(found.path)


def _named(kind: str) -> Resources:
    def resources(input_: Any, call: Call) -> Sequence[str]:
        name = getattr(input_, f"{kind}_name", None)
        if name is None:
            principal = None if call.grant is None else call.grant.caller.principal
            is_user = principal is not None and principal.kind is Kind.USER
            return (principal.arn,) if principal is not None and is_user else ("*",)
        path = getattr(input_, "path", None) or _path_of(kind, name, call)
        return (_arn(kind, name, path, call),)

    return resources


def _new_policy(input_: Any, call: Call) -> Sequence[str]:
    return (_arn("policy", input_.policy_name, input_.path, call),)


def _policy_key(input_: Any, call: Call) -> Mapping[str, Value]:
    return {"iam:PolicyARN": input_.policy_arn}


def _boundary_key(input_: Any, call: Call) -> Mapping[str, Value]:
    arn = getattr(input_, "permissions_boundary", None)
    return {"iam:PermissionsBoundary": arn} if arn else {}


user, group, role = _named("user"), _named("group"), _named("role")

PERMISSIONS: Final = Permissions(
    "iam",
    table(
        "iam",
        {
            user: "CreateAccessKey DeleteAccessKey DeleteUser DeleteUserPermissionsBoundary DeleteUserPolicy GetUser "
            "GetUserPolicy ListAccessKeys ListAttachedUserPolicies ListGroupsForUser ListUserPolicies ListUserTags "
            "PutUserPolicy TagUser UntagUser UpdateAccessKey UpdateUser",
            group: "AddUserToGroup CreateGroup DeleteGroup DeleteGroupPolicy GetGroup GetGroupPolicy "
            "ListAttachedGroupPolicies ListGroupPolicies PutGroupPolicy RemoveUserFromGroup",
            role: "DeleteRole DeleteRolePermissionsBoundary DeleteRolePolicy GetRole GetRolePolicy "
            "ListAttachedRolePolicies ListInstanceProfilesForRole ListRolePolicies ListRoleTags PutRolePolicy TagRole "
            "UntagRole UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription",
            member("policy_arn"): "CreatePolicyVersion DeletePolicy DeletePolicyVersion GetPolicy GetPolicyVersion "
            "ListEntitiesForPolicy ListPolicyTags ListPolicyVersions SetDefaultPolicyVersion TagPolicy UntagPolicy",
            _new_policy: "CreatePolicy",
            member("policy_source_arn"): "SimulatePrincipalPolicy",
            everything: "GetAccessKeyLastUsed ListGroups ListPolicies ListRoles ListUsers SimulateCustomPolicy",
        },
    )
    | {
        f"{verb}{kind}Policy": Permission(f"iam:{verb}{kind}Policy", how, _policy_key)
        for kind, how in (("User", user), ("Group", group), ("Role", role))
        for verb in ("Attach", "Detach")
    }
    | {
        f"{verb}{kind}": Permission(f"iam:{verb}{kind}", how, _boundary_key)
        for kind, how in (("User", user), ("Role", role))
        for verb in ("Create",)
    }
    | {
        f"Put{kind}PermissionsBoundary": Permission(f"iam:Put{kind}PermissionsBoundary", how, _boundary_key)
        for kind, how in (("User", user), ("Role", role))
    },
)
