"""Archives for the tests, good and bad."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterable

LINK = stat.S_IFLNK | 0o777
FILE = stat.S_IFREG | 0o644


def zipped(entries: Iterable[tuple[str, bytes, int]]) -> bytes:
    """A zip of (name, data, st_mode)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data, mode in entries:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = mode << 16
            opened.writestr(info, data)
    return buffer.getvalue()
