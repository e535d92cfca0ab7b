"""The root credentials of accounts: a file each, `identity/root-000000000000.json`, which its owner alone can read.

They are a file and not a row of the store, so that `streamcore identity root` can print or change them without asking
a broker, which would want credentials. A running broker sees a new file within a second.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from streamcore.identity.errors import IdentityUnavailable
from streamcore.identity.secrets import Vault, new_id, new_secret, read_private, write_private
from streamcore.identity.values import Root

#: How long a look at the files is good for.
LOOK_EVERY_MS: Final = 1000


class RootKey(NamedTuple):
    account: str
    access_key: str
    secret: str


class Roots:
    """Without a folder they are kept in memory."""

    def __init__(self, folder: Path | None, vault: Vault, changed: Callable[[], None]) -> None:
        self._folder = folder
        self._vault = vault
        self._changed = changed
        self._keys: dict[str, RootKey] = {}
        self._seen: dict[Path, int] = {}
        self._looked_ms = -LOOK_EVERY_MS

    def find(self, access_key: str, now_ms: int) -> RootKey | None:
        """The root key of that id. Raises IdentityUnavailable."""
        self.look(now_ms)
        return self._keys.get(access_key)

    def look(self, now_ms: int) -> None:
        """Sees new files, at most once a second. Raises IdentityUnavailable."""
        if self._folder is not None and not 0 <= now_ms - self._looked_ms < LOOK_EVERY_MS:
            self._looked_ms = now_ms
            self._look(self._folder)

    def _look(self, folder: Path) -> None:
        found = {path: path.stat().st_mtime_ns for path in folder.glob("root-*.json")}
        if found == self._seen:
            return
        self._keys = {key.access_key: key for key in map(self._read, found)}
        self._seen = found
        self._changed()

    def _read(self, path: Path) -> RootKey:
        try:
            root = msgspec.json.decode(read_private(path), type=Root)
            secret = self._vault.decrypt(b64decode(root.sealed), root.access_key).decode()
        except (msgspec.DecodeError, ValueError) as error:
            raise IdentityUnavailable(f"{path} is damaged: {error}") from error
        return RootKey(root.account, root.access_key, secret)

    def of(self, account: str) -> RootKey | None:
        """The root key of an account, None when it has none yet. Raises IdentityUnavailable."""
        if self._folder is None:
            return next((key for key in self._keys.values() if key.account == account), None)
        path = self._path(self._folder, account)
        return self._read(path) if path.exists() else None

    def make(self, account: str, now_ms: int) -> RootKey:
        """New root credentials of an account; the former ones are void."""
        made = RootKey(account, new_id("AKIA"), new_secret())
        if self._folder is None:
            self._keys = {key.access_key: key for key in (*self._keys.values(), made) if key is made or
                          key.account != account}  # fmt: skip
        else:
            sealed = b64encode(self._vault.encrypt(made.secret.encode(), made.access_key)).decode()
            root = Root(account=account, access_key=made.access_key, sealed=sealed, created_ms=now_ms)
            write_private(self._path(self._folder, account), msgspec.json.encode(root))
            self._looked_ms = -LOOK_EVERY_MS
        self._changed()
        return made

    def _path(self, folder: Path, account: str) -> Path:
        return folder / f"root-{account}.json"
