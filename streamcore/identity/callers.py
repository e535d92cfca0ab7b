"""Who a credential stands for, and the policies that bear on him."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from streamcore.identity.errors import TokenExpired, UnknownKey
from streamcore.identity.sessions import Session, Sessions
from streamcore.identity.store import Identities
from streamcore.identity.values import Entity, Role, Token, User
from streamcore.model.iam.document import Policy, PolicyError, PolicyKind, read_policy
from streamcore.model.iam.evaluate import NOTHING, Policies
from streamcore.model.iam.principals import ANONYMOUS, Kind, Principal
from streamcore.model.iam.sigv4 import ChunkSigner


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who sent a request. `access_key` tells callers apart; `session` and `token` are what he came by, if so. `region`
    is the one he signed for. `chunks` verifies a body that is signed in chunks."""

    principal: Principal
    access_key: str = ""
    region: str = ""
    session: Session | None = None
    token: Token | None = None
    chunks: ChunkSigner | None = None


NOBODY: Final = Caller(principal=ANONYMOUS)


class Callers:
    """Looks credentials up, and keeps what it found as long as nothing changes."""

    def __init__(self, identities: Identities, sessions: Sessions) -> None:
        self._identities = identities
        self._sessions = sessions
        self._epoch = -1
        self._keys: dict[str, tuple[str, Principal]] = {}
        self._policies: dict[str, Policies] = {}

    def find(self, access_key: str, session_token: str) -> tuple[str, Principal, Session | None]:
        """The secret of a key and whose it is. Raises UnknownKey, IdentityUnavailable."""
        if session_token:
            session = self._sessions.open(session_token, access_key)
            return self._sessions.secret_of(access_key), self._of_session(session), session
        self._refresh()
        root = self._identities.roots.find(access_key, self._identities.clock.now_ms())
        if root is not None:
            return root.secret, root_of(root.account), None
        self._refresh()
        found = self._keys.get(access_key)
        if found is None:
            found = self._keys[access_key] = self._look_up(access_key)
        return (*found, None)

    def check_lifetime(self, session: Session | None, now_ms: int) -> None:
        """Raises TokenExpired."""
        if session is not None and session.expires_ms <= now_ms:
            raise TokenExpired

    def _refresh(self) -> None:
        if self._epoch != self._identities.epoch:
            self._epoch = self._identities.epoch
            self._keys.clear()
            self._policies.clear()

    def _look_up(self, access_key: str) -> tuple[str, Principal]:
        owner = self._identities.owner_of(access_key)
        user = None if owner is None else self._identities.users.get(*owner)
        key = None if user is None else next((key for key in user.keys if key.id == access_key), None)
        if user is None or key is None or not key.is_active:
            raise UnknownKey(access_key)
        return self._identities.secret_of(key), user_principal(user)

    def _of_session(self, session: Session) -> Principal:
        if session.role:
            return session_principal(session)
        if not session.name:
            return root_of(session.account)
        user = self._identities.users.get(session.account, session.name)
        if user is None or user.id != session.role_id:
            raise UnknownKey(session.access_key)
        return user_principal(user)

    # ------------------------------------------------------------ policies

    def policies_of(self, caller: Caller) -> Policies:
        """All identity policies, the boundary and the session's policies of a caller. A deleted role has none."""
        if caller.token is not None:
            return Policies(identity=(read_policy(caller.token.policy, PolicyKind.IDENTITY, caller.token.arn),))
        principal = caller.principal
        if principal.kind not in (Kind.USER, Kind.SESSION):
            return NOTHING
        self._refresh()
        found = self._policies.get(principal.identity_arn)
        if found is None:
            found = self._policies[principal.identity_arn] = self._gather(principal)
        if caller.session is not None and caller.session.policies:
            read = tuple(read_policy(text, PolicyKind.IDENTITY, "session") for text in caller.session.policies)
            return msgspec.structs.replace(found, session=read)
        return found

    def _gather(self, principal: Principal) -> Policies:
        if principal.kind is Kind.USER:
            user = self._identities.users.get(principal.account, principal.name)
            return NOTHING if user is None else self.of_entity(user)
        role = self._identities.role(principal.role)
        if role is None or not principal.id.startswith(f"{role.id}:"):
            return NOTHING
        return self.of_entity(role)

    def of_entity(self, entity: User | Role) -> Policies:
        """What bears on a user or a role."""
        found = list(self._held_by(entity))
        if isinstance(entity, User):
            for name in entity.groups:
                group = self._identities.groups.get(entity.account, name)
                found += () if group is None else self._held_by(group)
        boundary = None
        if entity.boundary:
            # A boundary that is gone allows nothing.
            boundary = self._managed(entity.boundary) or Policy(name=entity.boundary, statements=())
        return Policies(identity=tuple(found), boundary=boundary)

    def _held_by(self, entity: Entity) -> Iterable[Policy]:
        for name, text in entity.inline.items():
            yield read_policy(text, PolicyKind.IDENTITY, f"{entity.kind}/{entity.name}/{name}")
        for arn in entity.attached:
            policy = self._managed(arn)
            if policy is not None:
                yield policy

    def _managed(self, arn: str) -> Policy | None:
        text = self._identities.document_of(arn)
        try:
            return None if text is None else read_policy(text, PolicyKind.IDENTITY, arn)
        except PolicyError:  # it was checked when it was made
            return None


def root_of(account: str) -> Principal:
    return Principal(kind=Kind.ROOT, arn=f"arn:aws:iam::{account}:root", account=account, id=account)


def user_principal(user: User) -> Principal:
    return Principal(
        kind=Kind.USER, arn=user.arn, account=user.account, id=user.id, name=user.name, tags=dict(user.tags)
    )


def session_principal(session: Session) -> Principal:
    role_name = session.role.rpartition("/")[2]
    return Principal(
        kind=Kind.SESSION,
        arn=f"arn:aws:sts::{session.account}:assumed-role/{role_name}/{session.name}",
        account=session.account,
        id=f"{session.role_id}:{session.name}",
        name=session.name,
        role=session.role,
        tags=dict(session.tags),
    )


def token_principal(token: Token) -> Principal:
    """A token is a user of its own; it belongs to nobody else's groups."""
    return Principal(
        kind=Kind.USER, arn=token.arn, account=token.account, id=f"token/{token.name}", name=f"token/{token.name}"
    )
