"""What is wrong with what is to be deployed."""

from __future__ import annotations

from streamcore.errors import MessageError


class TemplateError(MessageError):
    """{message}"""

    code = "template"


class PackingError(MessageError):
    """{message}"""

    code = "packing"
