"""What each action of a service needs to be allowed: a table per service, in the service's own room.

    PERMISSIONS = Permissions("kinesis", {"PutRecord": Permission("kinesis:PutRecord", stream, is_data=True)})

An action without an entry needs `service:Action` on `*`, as many of AWS's do. A resource may be one that does not
exist: whoever may not ask for it does not learn that either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import msgspec

from streamcore.identity.guard import Need
from streamcore.model.iam.context import Value
from streamcore.model.stream import Scope


class Asked(Protocol):
    """What a request is known by beside its input: a `Call`, an `XmlCall`."""

    @property
    def scope(self) -> Scope: ...


#: (input, call) → ARNs. What is no name or ARN is `*`: the action refuses it afterwards.
Resources = Callable[[Any, Any], Sequence[str]]
#: (input, call) → condition keys.
Keys = Callable[[Any, Any], Mapping[str, Value]]


def everything(input_: Any, call: Asked) -> Sequence[str]:
    """For actions that are about no resource, or about any."""
    return ("*",)


class Permission(msgspec.Struct, frozen=True):
    """One action of IAM's: on which resources, with which condition keys. `also` is needed beside it; `when` says
    whether it is needed at all. `is_data` are actions on data: records, objects, invocations."""

    action: str
    resources: Resources = everything
    keys: Keys | None = None
    is_data: bool = False
    also: tuple[Permission, ...] = ()
    when: Callable[[Any], bool] | None = None


class Permissions(msgspec.Struct, frozen=True):
    """The table of a service. `name` is the one in its operations, `prefix` that of its actions in policies, `signing`
    the one in its clients' signatures; both are `name` unless said otherwise. `free` are actions that any caller who is
    known may do."""

    name: str
    table: Mapping[str, Permission] = {}
    prefix: str = ""
    signing: str = ""
    free: frozenset[str] = frozenset()

    def of(self, action: str) -> Permission:
        """What an action needs."""
        found = self.table.get(action)
        return Permission(f"{self.prefix or self.name}:{action}") if found is None else found

    @property
    def signed_as(self) -> str:
        return self.signing or self.name

    def needs(self, action: str, input_: Any, call: Asked) -> Iterable[Need]:
        """Everything that one request needs."""
        return () if action in self.free else needs_of(self.of(action), input_, call)


def needs_of(permission: Permission, input_: Any, call: Asked) -> Iterable[Need]:
    if permission.when is None or permission.when(input_):
        keys = None if permission.keys is None else partial(permission.keys, input_, call)
        for resource in permission.resources(input_, call):
            yield Need(permission.action, resource, keys, permission.is_data)
    for other in permission.also:
        yield from needs_of(other, input_, call)


def table(prefix: str, resources: Mapping[Resources, str], data: str = "") -> dict[str, Permission]:
    """Rows for actions whose names in policies are their own: by how their resources are found, names with blanks
    between them. `data` names those on data."""
    is_data = set(data.split())
    return {
        name: Permission(f"{prefix}:{name}", how, is_data=name in is_data)
        for how, names in resources.items()
        for name in names.split()
    }


def member(*names: str) -> Resources:
    """The ARN that the first of these members has; `*` when none has one."""

    def resources(input_: Any, call: Asked) -> Sequence[str]:
        found = next((value for name in names if (value := getattr(input_, name, None))), None)
        return ("*",) if found is None else (str(found),)

    return resources


def passed_role(name: str, service: str) -> Permission:
    """`iam:PassRole` for the role in a member, where there is one."""

    def keys(input_: Any, call: Asked) -> Mapping[str, Value]:
        return {"iam:PassedToService": service}

    return Permission("iam:PassRole", member(name), keys, when=lambda input_: bool(getattr(input_, name, None)))
