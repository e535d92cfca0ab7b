"""Path templates of REST services: `/2015-03-31/functions/{FunctionName}/invocations`, found segment by segment.

A path is split before it is decoded, so a `%2F` inside a label does not end it. `{Name+}` takes the rest of the path. A
template may demand query parameters (`?List=ALL`), which tell apart two actions on one path.
"""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar
from urllib.parse import unquote

T = TypeVar("T")


class Leaf(NamedTuple, Generic[T]):
    """What is at the end of a template: the parameters that its query must have, label names in order, the target."""

    demanded: frozenset[str]
    labels: tuple[str, ...]
    target: T


class _Node(Generic[T]):
    __slots__ = ("label", "leaves", "rest", "static")

    def __init__(self) -> None:
        self.static: dict[str, _Node[T]] = {}
        self.label: _Node[T] | None = None
        self.rest: dict[str, list[Leaf[T]]] = {}
        self.leaves: dict[str, list[Leaf[T]]] = {}


class Found(NamedTuple, Generic[T]):
    """The leaves that a path leads to, those that demand the most first, and the raw text of its labels."""

    leaves: tuple[Leaf[T], ...]
    values: tuple[str, ...]


class Router(Generic[T]):
    """A tree of path segments; fixed segments win over labels, labels over `{rest+}`."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()
        #: The first segments of all templates.
        self.roots: set[str] = set()

    def add(self, method: str, template: str, target: T) -> None:
        """Raises ValueError for a template that cannot be reached."""
        path, _, demanded = template.partition("?")
        node, labels = self._root, []
        segments = _segments(path)
        self.roots.add(segments[0])
        for position, segment in enumerate(segments):
            if segment.startswith("{"):
                labels.append(segment[1:-1].rstrip("+"))
            if segment.endswith("+}"):
                if position != len(segments) - 1:
                    raise ValueError(f"{template}: only the last label may be greedy")
                _put(node.rest, method, Leaf(frozenset(filter(None, demanded.split("&"))), tuple(labels), target))
                return
            node = _child(node, segment)
        _put(node.leaves, method, Leaf(frozenset(filter(None, demanded.split("&"))), tuple(labels), target))

    def find(self, method: str, path: str) -> Found[T] | None:
        """None when there is nothing at this path for this method."""
        return _find(self._root, method, _segments(path), 0, ())


def values_of(leaf: Leaf[T], found: Found[T]) -> dict[str, str]:
    """Labels by name, percent-decoded."""
    return {name: unquote(text) if "%" in text else text for name, text in zip(leaf.labels, found.values, strict=True)}


def _segments(path: str) -> list[str]:
    return path.strip("/").split("/") if path.endswith("/") else path[1:].split("/")


def _child(node: _Node[T], segment: str) -> _Node[T]:
    if segment.startswith("{"):
        if node.label is None:
            node.label = _Node()
        return node.label
    return node.static.setdefault(segment, _Node())


def _put(leaves: dict[str, list[Leaf[T]]], method: str, leaf: Leaf[T]) -> None:
    at = leaves.setdefault(method, [])
    at.append(leaf)
    at.sort(key=lambda each: -len(each.demanded))


def _find(node: _Node[T], method: str, segments: list[str], at: int, values: tuple[str, ...]) -> Found[T] | None:
    if at == len(segments):
        leaves = node.leaves.get(method)
        return None if leaves is None else Found(tuple(leaves), values)
    segment = segments[at]
    fixed = node.static.get(segment)
    if fixed is not None:
        found = _find(fixed, method, segments, at + 1, values)
        if found is not None:
            return found
    if node.label is not None and segment:
        found = _find(node.label, method, segments, at + 1, (*values, segment))
        if found is not None:
            return found
    rest = node.rest.get(method)
    return None if rest is None else Found(tuple(rest), (*values, "/".join(segments[at:])))
