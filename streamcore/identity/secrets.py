"""Secrets at rest: encrypted with a key that lies beside the store in a file of its own, readable by its owner only.

AES-256-GCM by the library `cryptography`; the standard library has no cipher. Whoever can read both the store and the
key file has the secrets: the key file can be kept on another volume (a symbolic link) or out of backups.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Final

from streamcore.identity.errors import IdentityUnavailable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

#: Folder beside the volume's file: the key of the secrets, and root's credentials.
FOLDER: Final = "identity"
KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
#: In the place of the key in snapshots.
NOTE: Final = "README"
NOTE_TEXT: Final = """\
Secrets of this data folder are sealed with identity/key, which is not part of snapshots. Copy it here from the broker
that the snapshot was made of, readable by its owner alone (chmod 600), before a broker with authentication starts.
"""
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class Vault:
    """Encrypts and derives with one key. `purpose` binds a text to its place: it decrypts nowhere else."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._cipher: AESGCM | None = None

    def encrypt(self, text: bytes, purpose: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._aes().encrypt(nonce, text, purpose.encode())

    def decrypt(self, sealed: bytes, purpose: str) -> bytes:
        """Raises IdentityUnavailable when it was not sealed with this key for this purpose."""
        from cryptography.exceptions import InvalidTag

        try:
            return self._aes().decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose.encode())
        except (InvalidTag, ValueError):
            raise IdentityUnavailable(f"{purpose} is not sealed with the key of this store") from None

    def derive(self, text: str) -> bytes:
        """32 bytes that only the key's owner can tell from the text."""
        return hmac.digest(self._key, text.encode(), "sha256")

    def _aes(self) -> AESGCM:
        if self._cipher is None:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM

            self._cipher = AESGCM(hmac.digest(self._key, b"seal", "sha256"))
        return self._cipher

    def __repr__(self) -> str:
        return "<Vault>"


def open_vault(folder: Path | None, *, has_secrets: bool = False) -> Vault:
    """The vault of a folder; its key is made when there is none, and nothing yet that was sealed with one
    (`has_secrets`, root's credentials, a snapshot that was put back). Without a folder it lasts as long as the process.

    Raises IdentityUnavailable when the key is missing, others can read it, or it is damaged.
    """
    if folder is None:
        return Vault(secrets.token_bytes(KEY_BYTES))
    path = folder / "key"
    if not path.exists():
        if has_secrets or (folder / NOTE).exists() or any(folder.glob("root-*.json")):
            raise IdentityUnavailable(
                f"{path} is missing, and there are secrets that are sealed with it. Copy it from the data folder of "
                f"the broker that they come from (a snapshot does not have it), mode 600; if it is lost, `streamcore "
                f"identity new-key --data {folder.parent}` makes another one, and access keys have to be made anew"
            )
        write_private(path, secrets.token_bytes(KEY_BYTES))
    return Vault(read_private(path, KEY_BYTES))


def renew(folder: Path) -> None:
    """Another key in the place of one that is lost. Root's credentials, which were sealed with that, go with it.

    Raises IdentityUnavailable when there is a key.
    """
    path = folder / "key"
    if path.exists():
        raise IdentityUnavailable(f"{path} is there; what is sealed with it would be lost")
    for gone in (*folder.glob("root-*.json"), folder / NOTE):
        gone.unlink(missing_ok=True)
    write_private(path, secrets.token_bytes(KEY_BYTES))


def read_private(path: Path, size: int | None = None) -> bytes:
    """A file that only its owner may read. Raises IdentityUnavailable."""
    try:
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise IdentityUnavailable(f"{path} can be read by others: chmod 600 {path}")
            content = file.read(65_536)
    except OSError as error:
        raise IdentityUnavailable(f"{path}: {error.strerror}") from error
    if size is not None and len(content) != size:
        raise IdentityUnavailable(f"{path} is damaged: it has {len(content)} bytes and not {size}")
    return content


def write_private(path: Path, content: bytes) -> None:
    """Whole or not at all, and for the owner's eyes only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def new_id(prefix: str) -> str:
    """A unique id as IAM makes them: `AKIA…`, `AIDA…`, 20 characters."""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(16))


def new_secret() -> str:
    """40 characters, 240 bits."""
    return secrets.token_urlsafe(30).replace("-", "+").replace("_", "/")
