"""Users, groups, roles and policies as actions find, check and show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeVar
from urllib.parse import quote

import msgspec

from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.iam.errors import invalid, limit, malformed, no_policy, no_such
from streamcore.api.aws.iam.shapes import (
    AttachedBoundary,
    AttachedPolicy,
    GroupShape,
    Paged,
    PolicyShape,
    PolicyVersionShape,
    RoleShape,
    Tag,
    UserShape,
)
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Timestamp
from streamcore.identity.app import IdentityApp
from streamcore.identity.store import Identities, Table
from streamcore.identity.values import CustomerPolicy, Entity, Group, Role, User
from streamcore.model.iam.document import PolicyError, PolicyKind, read_policy
from streamcore.model.iam.managed import CREATED_MS, ManagedPolicy, managed_policies
from streamcore.model.iam.principals import Kind

T = TypeVar("T")
E = TypeVar("E", User, Group, Role)

#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
ENTITIES_MAX: Final = {"user": 5000, "group": 300, "role": 1000, "policy": 1500}
ATTACHED_MAX: Final = 20
TAGS_MAX: Final = 50
INLINE_MAX_CHARS: Final = {"user": 2048, "group": 5120, "role": 10_240}
MANAGED_MAX_CHARS: Final = 6144
TRUST_MAX_CHARS: Final = 4096
PAGE_ITEMS: Final = 100


def user_of(app: IdentityApp, call: Call, name: str) -> User:
    """Raises AwsError."""
    return _found(app.identities.users, "user", call, name)


def group_of(app: IdentityApp, call: Call, name: str) -> Group:
    """Raises AwsError."""
    return _found(app.identities.groups, "group", call, name)


def role_of(app: IdentityApp, call: Call, name: str) -> Role:
    """Raises AwsError."""
    return _found(app.identities.roles, "role", call, name)


def _found(table: Table[E], kind: str, call: Call, name: str) -> E:
    found = table.get(call.scope.account, name)
    if found is None:
        raise no_such(kind, name)
    return found


def policy_of(app: IdentityApp, call: Call, arn: str) -> CustomerPolicy:
    """A customer's own policy. Raises AwsError."""
    if arn in managed_policies():
        raise AwsError("AccessDenied", 403, f"Policy {arn} is one of AWS's: it cannot be changed.")
    found = app.identities.policy(arn)
    if found is None or found.account != call.scope.account:
        raise AwsError("NoSuchEntity", 404, f"Policy {arn} was not found.")
    return found


def any_policy(app: IdentityApp, call: Call, arn: str) -> CustomerPolicy | ManagedPolicy:
    """AWS's or a customer's. Raises AwsError."""
    aws = managed_policies().get(arn)
    return aws if aws is not None else policy_of(app, call, arn)


def check_attachable(app: IdentityApp, call: Call, arn: str) -> None:
    """Raises AwsError."""
    if arn not in managed_policies():
        found = app.identities.policy(arn)
        if found is None or found.account != call.scope.account:
            raise no_policy(arn)


def caller_name(call: Call) -> str:
    """The user who calls, for actions that may leave the name out. Raises AwsError."""
    if call.grant is None or call.grant.caller.principal.kind is not Kind.USER or call.grant.caller.token is not None:
        raise invalid("Must specify userName when calling with non-User credentials")
    return call.grant.caller.principal.name


def check_room(table: Table[E] | Table[CustomerPolicy], kind: str, call: Call) -> None:
    """Raises AwsError."""
    most = ENTITIES_MAX[kind]
    if sum(each.account == call.scope.account for each in table) >= most:
        raise limit({"policy": "PoliciesPerAccount"}.get(kind, f"{kind.capitalize()}sPerAccount"), most)


def check_document(text: str, kind: PolicyKind, most: int, name: str) -> None:
    """White space does not count. Raises AwsError."""
    if len("".join(text.split())) > most:
        raise limit(f"{'ACLSizePerRole' if kind is PolicyKind.TRUST else 'PolicySize'}", most)
    try:
        read_policy(text, kind, name)
    except PolicyError as error:
        raise malformed(str(error)) from None


def check_boundary(app: IdentityApp, call: Call, arn: str | None) -> str:
    """The boundary, empty for none. Raises AwsError."""
    if arn is None:
        return ""
    check_attachable(app, call, arn)
    return arn


def merged_tags(before: Mapping[str, str], added: Iterable[Tag] | None) -> dict[str, str]:
    """Keys differ by more than case. Raises AwsError."""
    tags = dict(before)
    for tag in added or ():
        if tag.key.lower().startswith("aws:"):
            raise AwsError("InvalidInput", 400, "Tag keys that begin with aws: are reserved.")
        same = next((key for key in tags if key.casefold() == tag.key.casefold()), None)
        if same is not None:
            del tags[same]
        tags[tag.key] = tag.value
    if len(tags) > TAGS_MAX:
        raise limit("TagsPerResource", TAGS_MAX)
    return tags


def without_tags(before: Mapping[str, str], keys: Iterable[str]) -> dict[str, str]:
    gone = {key.casefold() for key in keys}
    return {key: value for key, value in before.items() if key.casefold() not in gone}


def tag_list(tags: Mapping[str, str]) -> list[Tag]:
    return [Tag(key=key, value=value) for key, value in tags.items()]


def attached_to(identities: Identities, account: str, arn: str) -> list[Entity]:
    """All that have a policy."""
    entities: list[Entity] = [*identities.users.of(account), *identities.groups.of(account)]
    entities += identities.roles.of(account)
    return [each for each in entities if arn in each.attached]


def attach(entity: E, arn: str) -> E:
    """Raises AwsError."""
    if arn in entity.attached:
        return entity
    if len(entity.attached) >= ATTACHED_MAX:
        raise limit(f"PoliciesPer{entity.kind.capitalize()}", ATTACHED_MAX)
    return msgspec.structs.replace(entity, attached=(*entity.attached, arn))


def detach(entity: E, arn: str) -> E:
    """Raises AwsError."""
    if arn not in entity.attached:
        raise AwsError("NoSuchEntity", 404, f"Policy {arn} was not found.")
    return msgspec.structs.replace(entity, attached=tuple(each for each in entity.attached if each != arn))


def put_inline(entity: E, name: str, document: str) -> E:
    """Raises AwsError."""
    most = INLINE_MAX_CHARS[entity.kind]
    check_document(document, PolicyKind.IDENTITY, most, f"{entity.kind}/{entity.name}/{name}")
    after = entity.inline | {name: document}
    if sum(len("".join(text.split())) for text in after.values()) > most:
        raise limit(f"{entity.kind.capitalize()}PolicySize", most)
    return msgspec.structs.replace(entity, inline=after)


def inline_of(entity: E, name: str) -> str:
    """Raises AwsError."""
    found = entity.inline.get(name)
    if found is None:
        raise AwsError("NoSuchEntity", 404, f"The {entity.kind} policy with name {name} cannot be found.")
    return found


def delete_inline(entity: E, name: str) -> E:
    """Raises AwsError."""
    inline_of(entity, name)
    left = {each: text for each, text in entity.inline.items() if each != name}
    return msgspec.structs.replace(entity, inline=left)


def page_of(items: Sequence[T], input_: Paged) -> tuple[list[T], str | None]:
    """A page and the marker of the next one. Raises AwsError."""
    start = 0
    if input_.marker is not None:
        if not (input_.marker.isascii() and input_.marker.isdigit() and len(input_.marker) < 10):
            raise invalid("Invalid marker")
        start = int(input_.marker)
    stop = start + (input_.max_items or PAGE_ITEMS)
    return list(items[start:stop]), str(stop) if stop < len(items) else None


# ---------------------------------------------------------------- as they are shown


def quoted(document: str) -> str:
    """Documents are percent-encoded in answers."""
    return quote(document, safe="")


def _boundary(arn: str) -> AttachedBoundary | None:
    return AttachedBoundary(permissions_boundary_arn=arn) if arn else None


def user_shape(user: User, *, whole: bool = True) -> UserShape:
    return UserShape(
        path=user.path,
        user_name=user.name,
        user_id=user.id,
        arn=user.arn,
        create_date=Timestamp(user.created_ms),
        permissions_boundary=_boundary(user.boundary) if whole else None,
        tags=tag_list(user.tags) if whole and user.tags else None,
    )


def group_shape(group: Group) -> GroupShape:
    return GroupShape(
        path=group.path,
        group_name=group.name,
        group_id=group.id,
        arn=group.arn,
        create_date=Timestamp(group.created_ms),
    )


def role_shape(role: Role, *, whole: bool = True) -> RoleShape:
    return RoleShape(
        path=role.path,
        role_name=role.name,
        role_id=role.id,
        arn=role.arn,
        create_date=Timestamp(role.created_ms),
        assume_role_policy_document=quoted(role.trust),
        description=role.description or None,
        max_session_duration=role.max_session_s,
        permissions_boundary=_boundary(role.boundary) if whole else None,
        tags=tag_list(role.tags) if whole and role.tags else None,
    )


def policy_shape(
    app: IdentityApp, call: Call, policy: CustomerPolicy | ManagedPolicy, *, whole: bool = True
) -> PolicyShape:
    account = call.scope.account
    holders: list[User | Role] = [*app.identities.users.of(account), *app.identities.roles.of(account)]
    is_own = isinstance(policy, CustomerPolicy)
    return PolicyShape(
        policy_name=policy.name,
        policy_id=policy.id,
        arn=policy.arn,
        path=policy.path,
        default_version_id=policy.default if isinstance(policy, CustomerPolicy) else "v1",
        attachment_count=len(attached_to(app.identities, account, policy.arn)),
        permissions_boundary_usage_count=sum(each.boundary == policy.arn for each in holders),
        is_attachable=True,
        description=(policy.description or None) if isinstance(policy, CustomerPolicy) and whole else None,
        create_date=Timestamp(policy.created_ms if isinstance(policy, CustomerPolicy) else CREATED_MS),
        update_date=Timestamp(policy.updated_ms if isinstance(policy, CustomerPolicy) else CREATED_MS),
        tags=tag_list(policy.tags) if is_own and whole and policy.tags else None,  # type: ignore[union-attr]  # is_own
    )


def attached_list(entity: Entity, prefix: str | None) -> list[AttachedPolicy]:
    """What is attached, below a path."""
    made = []
    for arn in entity.attached:
        path = arn.partition(":policy")[2]
        if path.startswith(prefix or "/"):
            made.append(AttachedPolicy(policy_name=arn.rpartition("/")[2], policy_arn=arn))
    return made


def versions_of(policy: CustomerPolicy | ManagedPolicy) -> list[PolicyVersionShape]:
    """The versions of a policy with their documents, the latest first."""
    if isinstance(policy, ManagedPolicy):
        at = Timestamp(CREATED_MS)
        only = PolicyVersionShape(
            document=quoted(policy.document), version_id="v1", is_default_version=True, create_date=at
        )
        return [only]
    return [
        PolicyVersionShape(
            document=quoted(version.document),
            version_id=name,
            is_default_version=name == policy.default,
            create_date=Timestamp(version.created_ms),
        )
        for name, version in sorted(policy.versions.items(), key=lambda item: -int(item[0][1:]))
    ]
