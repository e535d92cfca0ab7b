"""multipart/form-data as S3 takes it: small fields first, then one file, which is read piece by piece.

https://www.rfc-editor.org/rfc/rfc7578
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from email.message import Message
from typing import Final

from runtime.model.s3.errors import S3Error, invalid

#: Of all fields before the file, names and all, as on S3.
FIELDS_MAX_BYTES: Final = 20 * 1024
_TOO_LARGE: Final = "Your POST request fields preceding the upload file were too large."
_HEAD_END: Final = b"\r\n\r\n"


def boundary_of(content_type: str) -> bytes:
    """Raises S3Error: MalformedPOSTRequest."""
    message = Message()
    message["content-type"] = content_type
    boundary = message.get_param("boundary")
    if not isinstance(boundary, str) or not 1 <= len(boundary) <= 200 or not boundary.isascii():
        raise S3Error("MalformedPOSTRequest")
    return boundary.encode()


class Form:
    """`fields` by name in lower case, then `file()`; `file_name` is what the browser calls the file."""

    def __init__(self, pieces: AsyncIterator[bytes], boundary: bytes) -> None:
        self._pieces = pieces
        self._line = b"\r\n--" + boundary
        self._held = b"\r\n"
        self.fields: dict[str, str] = {}
        self.file_name = ""
        self.file_type = ""

    async def read_fields(self) -> None:
        """Up to the file. Raises S3Error: MalformedPOSTRequest, InvalidArgument."""
        await self._until(self._line)
        while True:
            if (await self._take(2)) != b"\r\n":
                raise invalid("file", "0", "POST requires exactly one file upload per request.")
            self._held = b"\r\n" + self._held
            head = (await self._until(_HEAD_END)).decode("utf-8", "replace")
            name, file_name, kind = _disposition(head)
            if name.lower() == "file":
                self.file_name, self.file_type = file_name, kind
                return
            value = await self._until(self._line)
            self.fields[name.lower()] = value.decode("utf-8", "replace")
            size = sum(len(key) + len(text) for key, text in self.fields.items())
            if size > FIELDS_MAX_BYTES:
                raise S3Error("MalformedPOSTRequest", _TOO_LARGE)

    async def file(self) -> AsyncIterator[bytes]:
        """The file's bytes. What follows the file is not looked at. Raises S3Error: MalformedPOSTRequest."""
        keep = len(self._line) - 1
        while True:
            at = self._held.find(self._line)
            if at >= 0:
                if at:
                    yield self._held[:at]
                break
            if len(self._held) > keep:
                ready, self._held = self._held[:-keep], self._held[-keep:]
                yield ready
            await self._more()
        async for _ in self._pieces:
            pass

    async def _until(self, end: bytes) -> bytes:
        """What is before `end`, which is taken, too."""
        while (at := self._held.find(end)) < 0:
            if len(self._held) > FIELDS_MAX_BYTES:
                raise S3Error("MalformedPOSTRequest", _TOO_LARGE)
            await self._more()
        found, self._held = self._held[:at], self._held[at + len(end) :]
        return found

    async def _take(self, count: int) -> bytes:
        while len(self._held) < count:
            await self._more()
        found, self._held = self._held[:count], self._held[count:]
        return found

    async def _more(self) -> None:
        try:
            self._held += await anext(self._pieces)
        except StopAsyncIteration:
            raise S3Error("MalformedPOSTRequest") from None


def _disposition(head: str) -> tuple[str, str, str]:
    """(name, file name, content type) of a part."""
    name = re.search(r'(?i)\bname="([^"]*)"', head)
    file_name = re.search(r'(?i)\bfilename="([^"]*)"', head)
    kind = re.search(r"(?im)^content-type:\s*([^\r\n]+)", head)
    if name is None:
        raise S3Error("MalformedPOSTRequest")
    base = re.split(r"[\\/]", file_name[1])[-1] if file_name else ""
    return name[1], base, kind[1].strip() if kind else ""
