"""Tickets for code: GetFunction and GetLayerVersion give a URL that downloads an archive for ten minutes, as AWS's do.

A ticket is the archive's digest, its end and a signature, so nothing is kept for it; a restart ends all of them.
"""

from __future__ import annotations

import hmac
import re
import secrets
from typing import Final
from urllib.parse import parse_qs

from runtime.functions.code import CodeStore

PREFIX: Final = "/_streamcore/code/"
LIFETIME_MS: Final = 600_000

_PATH: Final = re.compile(r"(?a)\A/_streamcore/code/([0-9a-f]{64})\.zip\Z")


class Downloads:
    """Writes and reads tickets."""

    def __init__(self, code: CodeStore) -> None:
        self._code = code
        self._secret = secrets.token_bytes(32)

    def url(self, origin: str, digest: str, now_ms: int) -> str:
        """Where an archive can be had: `origin` is scheme, host and port."""
        ends_ms = now_ms + LIFETIME_MS
        return f"{origin}{PREFIX}{digest}.zip?Expires={ends_ms}&Signature={self._sign(digest, ends_ms)}"

    async def read(self, path: str, query: str, now_ms: int) -> bytes | None:
        """The archive of a ticket; None when the ticket is not good or the archive is gone."""
        match, given = _PATH.match(path), parse_qs(query, max_num_fields=10)
        ends, signature = given.get("Expires", [""])[0], given.get("Signature", [""])[0]
        if match is None or not (ends.isascii() and ends.isdigit() and len(ends) < 20):
            return None
        if not hmac.compare_digest(signature.encode(), self._sign(match[1], int(ends)).encode()) or int(ends) < now_ms:
            return None
        try:
            return await self._code.read(match[1])
        except FileNotFoundError:
            return None

    def _sign(self, digest: str, ends_ms: int) -> str:
        return hmac.new(self._secret, f"{digest}:{ends_ms}".encode(), "sha256").hexdigest()
