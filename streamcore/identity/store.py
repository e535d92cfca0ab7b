"""All identities of a broker: in memory to be looked up, in the broker's documents to last.

A change is durable before it is seen, and bumps `epoch`: whoever keeps what he worked out compares it.
"""

from __future__ import annotations

import asyncio
import logging
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import msgspec

from streamcore.broker import Broker
from streamcore.identity.errors import IdentityUnavailable
from streamcore.identity.roots import Roots
from streamcore.identity.secrets import FOLDER, Vault, new_id, new_secret, open_vault
from streamcore.identity.values import AccessKey, CustomerPolicy, Group, Role, Token, User
from streamcore.model.iam.managed import managed_policies

log = logging.getLogger(__name__)

V = TypeVar("V", User, Group, Role, CustomerPolicy, Token)


class Owner(NamedTuple):
    """Whose an access key is."""

    account: str
    user: str


class Table(Generic[V]):
    """One kind of values by account and name. Names differ by more than case, as IAM has it."""

    def __init__(self, broker: Broker, kind: str, type_: type[V], changed: Changed) -> None:
        self._broker = broker
        self._kind = f"iam-{kind}"
        self._decoder: msgspec.json.Decoder[V] = msgspec.json.Decoder(type_)
        self._rows: dict[tuple[str, str], V] = {}
        self._changed = changed

    async def load(self) -> None:
        for text in (await self._broker.documents(self._kind)).values():
            value = self._decoder.decode(text)
            self._rows[_key(value.account, value.name)] = value

    def get(self, account: str, name: str) -> V | None:
        return self._rows.get(_key(account, name))

    def of(self, account: str) -> list[V]:
        """Those of an account, by name."""
        return sorted((each for each in self if each.account == account), key=lambda each: each.name)

    def __iter__(self) -> Iterator[V]:
        return iter(list(self._rows.values()))

    async def put(self, value: V) -> V:
        """Durable on return. Raises what the broker raises when it cannot write."""
        key = _key(value.account, value.name)
        await self._broker.save_document(self._kind, "/".join(key), msgspec.json.encode(value))
        self._rows[key] = value
        self._changed.bump()
        return value

    async def rename(self, before: V, after: V) -> V:
        """Under its new name and not under the old one, in one commit."""
        old, new = _key(before.account, before.name), _key(after.account, after.name)
        gone: list[tuple[str, str, bytes | None]] = [] if old == new else [(self._kind, "/".join(old), None)]
        await self._broker.save_documents([*gone, (self._kind, "/".join(new), msgspec.json.encode(after))])
        self._rows.pop(old, None)
        self._rows[new] = after
        self._changed.bump()
        return after

    async def remove(self, value: V) -> None:
        key = _key(value.account, value.name)
        await self._broker.save_document(self._kind, "/".join(key), None)
        self._rows.pop(key, None)
        self._changed.bump()


class Changed:
    """How often anything changed."""

    def __init__(self) -> None:
        self.count = 0

    def bump(self) -> None:
        self.count += 1


def _key(account: str, name: str) -> tuple[str, str]:
    return account, name.casefold()


class Identities:
    """Users, groups, roles, policies and tokens. Changes are made under `changing`, one at a time."""

    def __init__(self, broker: Broker) -> None:
        folder: Path | None = None if broker.folder is None else broker.folder / FOLDER
        self.clock = broker.clock
        self.account = broker.settings.account
        self._changed = Changed()
        self._folder = folder
        self.vault: Vault
        self.roots: Roots
        self.users: Table[User] = Table(broker, "user", User, self._changed)
        self.groups: Table[Group] = Table(broker, "group", Group, self._changed)
        self.roles: Table[Role] = Table(broker, "role", Role, self._changed)
        self.policies: Table[CustomerPolicy] = Table(broker, "policy", CustomerPolicy, self._changed)
        self.tokens: Table[Token] = Table(broker, "token", Token, self._changed)
        self.changing = asyncio.Lock()
        self._keys: tuple[int, dict[str, Owner]] = (-1, {})
        self._hashes: tuple[int, dict[str, Token]] = (-1, {})
        self.last_used: dict[str, tuple[int, str, str]] = {}

    async def start(self) -> None:
        """Reads what is kept. Raises IdentityUnavailable when the key of the secrets in it is missing or damaged."""
        for table in (self.users, self.groups, self.roles, self.policies, self.tokens):
            await table.load()
        has_secrets = any(user.keys for user in self.users)
        self.vault = await asyncio.to_thread(open_vault, self._folder, has_secrets=has_secrets)
        self.roots = Roots(self._folder, self.vault, self._changed.bump)
        self._warn_of_another_key()

    def _warn_of_another_key(self) -> None:
        for user in self.users:
            for key in user.keys:
                try:
                    self.secret_of(key)
                except IdentityUnavailable:
                    log.warning("access keys, such as one of %s, are sealed with another identity/key: void", user.arn)
                    return

    @property
    def epoch(self) -> int:
        return self._changed.count

    # ------------------------------------------------------------ access keys

    def owner_of(self, access_key: str) -> Owner | None:
        """Whose a long-lived access key is, also when it is inactive."""
        epoch, owners = self._keys
        if epoch != self.epoch:
            owners = {key.id: Owner(user.account, user.name) for user in self.users for key in user.keys}
            self._keys = (self.epoch, owners)
        return owners.get(access_key)

    def make_key(self) -> tuple[AccessKey, str]:
        """A new key and its secret, which is told once."""
        made, secret = new_id("AKIA"), new_secret()
        sealed = b64encode(self.vault.encrypt(secret.encode(), made)).decode()
        return AccessKey(id=made, sealed=sealed, created_ms=self.clock.now_ms()), secret

    def secret_of(self, key: AccessKey) -> str:
        """Raises IdentityUnavailable."""
        return self.vault.decrypt(b64decode(key.sealed), key.id).decode()

    def token_by_hash(self, sha256: str) -> Token | None:
        epoch, tokens = self._hashes
        if epoch != self.epoch:
            tokens = {token.sha256: token for token in self.tokens}
            self._hashes = (self.epoch, tokens)
        return tokens.get(sha256)

    # ------------------------------------------------------------ policies

    def document_of(self, arn: str) -> str | None:
        """The document of a managed policy, AWS's or a customer's; None when there is none."""
        aws = managed_policies().get(arn)
        if aws is not None:
            return aws.document
        found = self.policy(arn)
        return None if found is None else found.document

    def policy(self, arn: str) -> CustomerPolicy | None:
        """A customer's policy by ARN."""
        parts = arn.split(":", 5)
        if len(parts) != 6:
            return None
        found = self.policies.get(parts[4], arn.rpartition("/")[2])
        return found if found is not None and found.arn == arn else None

    def role(self, arn: str) -> Role | None:
        """A role by ARN."""
        parts = arn.split(":", 5)
        if len(parts) != 6 or not parts[5].startswith("role/"):
            return None
        found = self.roles.get(parts[4], arn.rpartition("/")[2])
        return found if found is not None and found.arn == arn else None

    def __repr__(self) -> str:
        return f"<Identities {len(self.users.of(self.account))} users, epoch {self.epoch}>"
