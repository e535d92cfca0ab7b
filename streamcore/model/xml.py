"""XML of REST-XML services: read without entities or DTDs, written with the names that SDKs expect.

A document is small and comes from outside, so its bytes, its depth and the number of its elements have bounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from xml.parsers import expat
from xml.sax.saxutils import escape

DEPTH_MAX: Final = 32
ELEMENTS_MAX: Final = 100_000
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_XSI: Final = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


class XmlError(ValueError):
    """The document is not well-formed, or not of the kind that is taken."""


class Node:
    """An element without its namespace: its name, text and children in order."""

    __slots__ = ("attributes", "children", "name", "text")

    def __init__(self, name: str, attributes: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.text = ""
        self.children: list[Node] = []
        self.attributes = dict(attributes or {})

    def all(self, name: str) -> Iterator[Node]:
        return (child for child in self.children if child.name == name)

    def first(self, name: str) -> Node | None:
        return next(self.all(name), None)

    def value(self, name: str) -> str | None:
        """The text of a child without the white space around it; None when there is no such child."""
        child = self.first(name)
        return None if child is None else child.text.strip()

    def raw(self, name: str) -> str | None:
        """The text of a child as it is: keys may begin with a space."""
        child = self.first(name)
        return None if child is None else child.text

    def __repr__(self) -> str:
        return f"<Node {self.name}, {len(self.children)} children>"


class _Builder:
    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[Node] = []
        self._texts: list[list[str]] = []
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= DEPTH_MAX or self._count > ELEMENTS_MAX:
            raise XmlError("the document is too deep or too long")
        node = Node(name.rpartition(" ")[2], {key.rpartition(" ")[2]: value for key, value in attributes.items()})
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)
        self._texts.append([])

    def end(self, _: str) -> None:
        self._open.pop().text = "".join(self._texts.pop())

    def data(self, text: str) -> None:
        self._texts[-1].append(text)


def _refuse(*_: object) -> None:
    raise XmlError("a document type is not taken")


def parse(body: bytes) -> Node:
    """Raises XmlError."""
    builder = _Builder()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    # Entities can only be declared in a document type: without one there is nothing that could expand.
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise XmlError(str(error)) from None
    if builder.root is None:
        raise XmlError("there is no element")
    return builder.root


def document(name: str, content: Mapping[str, Any] | str, namespace: str = "") -> bytes:
    """A whole document: None is left out, a mapping is an element, a list the same element several times. A member
    `@type` becomes `xsi:type`."""
    attribute = f' xmlns="{namespace}"' if namespace else ""
    return f"{_HEAD}{_element(name, content, attribute)}".encode()


def elements(content: Mapping[str, Any]) -> str:
    """The elements of a mapping in a row."""
    return "".join(_element(name, one) for name, value in content.items() if name != "@type" for one in _listed(value))


def _listed(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)


def _element(name: str, value: Any, attribute: str = "") -> str:
    if isinstance(value, Mapping):
        kind = value.get("@type")
        if kind is not None:
            attribute += f' {_XSI} xsi:type="{kind}"'
        return f"<{name}{attribute}>{elements(value)}</{name}>"
    if isinstance(value, bool):
        return f"<{name}{attribute}>{'true' if value else 'false'}</{name}>"
    return f"<{name}{attribute}>{text(str(value))}</{name}>"


def text(value: str) -> str:
    """Escaped. A carriage return would be read as a line feed; what XML cannot hold at all becomes a reference, as S3
    writes it, which strict parsers refuse: `encoding-type=url` is for such keys."""
    out = escape(value, {"\r": "&#13;", '"': "&quot;"})
    if out.isprintable():
        return out
    return "".join(c if c >= " " or c in "\t\n" else f"&#{ord(c)};" for c in out)
