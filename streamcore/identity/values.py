"""What is kept about identities: users, groups, roles, policies, access keys, tokens. Times are in milliseconds."""

from __future__ import annotations

import msgspec


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """What users, groups and roles have in common. `inline` are documents by name, `attached` ARNs of policies in the
    order in which they were attached."""

    account: str
    name: str
    path: str = "/"
    id: str = ""
    created_ms: int = 0
    inline: dict[str, str] = {}
    attached: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """`user`, `group` or `role`, as in its ARN."""
        return type(self).__name__.lower()

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account}:{self.kind}{self.path}{self.name}"


class AccessKey(msgspec.Struct, frozen=True, kw_only=True):
    """`sealed` is the secret, encrypted (base64)."""

    id: str
    sealed: str
    created_ms: int
    is_active: bool = True


class User(Entity, frozen=True, kw_only=True):
    tags: dict[str, str] = {}
    groups: tuple[str, ...] = ()
    keys: tuple[AccessKey, ...] = ()
    boundary: str = ""


class Group(Entity, frozen=True, kw_only=True):
    pass


class Role(Entity, frozen=True, kw_only=True):
    """`trust` is the document that says who may take the role."""

    trust: str = ""
    description: str = ""
    max_session_s: int = 3600
    tags: dict[str, str] = {}
    boundary: str = ""


class PolicyVersion(msgspec.Struct, frozen=True, kw_only=True):
    document: str
    created_ms: int


class CustomerPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A managed policy of a customer's. `versions` are by id (`v1`)."""

    account: str
    name: str
    path: str = "/"
    id: str = ""
    created_ms: int = 0
    updated_ms: int = 0
    description: str = ""
    tags: dict[str, str] = {}
    versions: dict[str, PolicyVersion]
    default: str = "v1"
    last: int = 1

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account}:policy{self.path}{self.name}"

    @property
    def document(self) -> str:
        return self.versions[self.default].document


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A bearer token of the native API; only its SHA-256 is kept. `policy` is the document of what it may."""

    account: str
    name: str
    sha256: str
    policy: str
    created_ms: int
    expires_ms: int = 0

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account}:user/token/{self.name}"


class Root(msgspec.Struct, frozen=True, kw_only=True):
    """The root credentials of an account, in a file of their own."""

    account: str
    access_key: str
    sealed: str
    created_ms: int
