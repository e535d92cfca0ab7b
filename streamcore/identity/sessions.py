"""Temporary credentials: all that there is to know of them is in their session token, sealed with the store's key.

So they need no rows and no clean-up, survive a restart, and end by themselves. The secret is derived from the key id.
What a role may is looked up when it is used: a policy that is detached is gone for running sessions, too.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from typing import Final

import msgspec

from streamcore.identity.errors import IdentityUnavailable, UnknownKey
from streamcore.identity.secrets import Vault, new_id

_PREFIX: Final = "IQoJc3RyZWFtY29yZQ"
_OPENED_MAX: Final = 4096
_TOKEN_MAX_CHARS: Final = 32_768


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """`role` is the ARN of a role's session, empty for a user's or root's (GetSessionToken); `name` the session's name,
    or the user's. `policies` are documents that bound it."""

    account: str
    access_key: str
    expires_ms: int
    role: str = ""
    name: str = ""
    #: The role's unique id: a role that was deleted and made anew has no old sessions.
    role_id: str = ""
    policies: tuple[str, ...] = ()
    tags: dict[str, str] = {}
    issued_ms: int = 0


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What a client needs to sign. `session_token` is empty for long-lived keys."""

    access_key: str
    secret: str
    session_token: str
    expires_ms: int


class Sessions:
    """Issues and opens temporary credentials."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._opened: OrderedDict[str, Session] = OrderedDict()

    def issue(self, session: Session) -> Credentials:
        """Fills in `access_key`, which must be empty."""
        made = msgspec.structs.replace(session, access_key=new_id("ASIA"))
        sealed = self._vault.encrypt(msgspec.json.encode(made), "session")
        token = _PREFIX + urlsafe_b64encode(sealed).decode()
        return Credentials(
            access_key=made.access_key,
            secret=self.secret_of(made.access_key),
            session_token=token,
            expires_ms=made.expires_ms,
        )

    def secret_of(self, access_key: str) -> str:
        return urlsafe_b64encode(self._vault.derive(f"session {access_key}")[:30]).decode()

    def open(self, token: str, access_key: str) -> Session:
        """The session of a token; one that has expired is told, not refused. Raises UnknownKey."""
        session = self._opened.get(token)
        if session is None:
            session = self._read(token, access_key)
            self._opened[token] = session
            if len(self._opened) > _OPENED_MAX:
                self._opened.popitem(last=False)
        if session.access_key != access_key:
            raise UnknownKey(access_key, by_token=True)
        return session

    def _read(self, token: str, access_key: str) -> Session:
        if not token.startswith(_PREFIX) or len(token) > _TOKEN_MAX_CHARS:
            raise UnknownKey(access_key, by_token=True)
        try:
            sealed = urlsafe_b64decode(token.removeprefix(_PREFIX))
            return msgspec.json.decode(self._vault.decrypt(sealed, "session"), type=Session)
        except (ValueError, IdentityUnavailable):
            raise UnknownKey(access_key, by_token=True) from None
