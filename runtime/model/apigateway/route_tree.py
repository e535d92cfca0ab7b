"""Which route a method and a path lead to: `/pets`, `/pets/{id}`, `/files/{path+}`.

    tree = RouteTree([("GET", "/pets/{id}", target), ("ANY", "/{proxy+}", other)])
    found = tree.find("GET", ["pets", "7"])          # Match(target, {"id": "7"})

A fixed segment wins over a parameter, a parameter over a greedy one; on one path a method wins over ANY. A path that
has no such method leaves the request to a less exact one. Used by REST APIs and HTTP APIs alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

T = TypeVar("T")
ANY: Final = "ANY"


class Match(NamedTuple, Generic[T]):
    target: T
    #: As they stand in the path that was given to `find`.
    parameters: dict[str, str]


class _Leaf(NamedTuple, Generic[T]):
    names: tuple[str, ...]
    target: T


class _Node(Generic[T]):
    __slots__ = ("fixed", "greedy", "leaves", "parameter")

    def __init__(self) -> None:
        self.fixed: dict[str, _Node[T]] = {}
        self.parameter: _Node[T] | None = None
        self.greedy: dict[str, _Leaf[T]] = {}
        self.leaves: dict[str, _Leaf[T]] = {}


class RouteTree(Generic[T]):
    """Built once; finding takes as many steps as the path has segments, unless segments and parameters compete."""

    def __init__(
        self, routes: Iterable[tuple[str, str, T]], split: Callable[[str], Sequence[str]] | None = None
    ) -> None:
        """`split` makes segments of the paths of routes; without it a slash at their end does not count."""
        self._root: _Node[T] = _Node()
        self._split = split or segments_of
        for method, path, target in routes:
            self._add(method, path, target)

    def find(self, method: str, segments: Sequence[str]) -> Match[T] | None:
        """`segments` are those of the path, without the empty one in front. None when nothing is there."""
        found = _find(self._root, method, segments, 0, ())
        if found is None:
            return None
        leaf, values = found
        return Match(leaf.target, dict(zip(leaf.names, values, strict=True)))

    def _add(self, method: str, path: str, target: T) -> None:
        node, names = self._root, []
        for segment in self._split(path):
            if segment.startswith("{") and segment.endswith("}"):
                name = segment[1:-1]
                names.append(name.rstrip("+"))
                if name.endswith("+"):
                    node.greedy[method] = _Leaf(tuple(names), target)
                    return
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.fixed.setdefault(segment, _Node())
        node.leaves[method] = _Leaf(tuple(names), target)


def segments_of(path: str) -> list[str]:
    """`/a/b` → `["a", "b"]`, `/` → none; a slash at the end does not count."""
    trimmed = path.strip("/")
    return trimmed.split("/") if trimmed else []


Found = tuple[_Leaf[T], tuple[str, ...]]


def _find(
    node: _Node[T], method: str, segments: Sequence[str], at: int, values: tuple[str, ...]
) -> tuple[_Leaf[T], tuple[str, ...]] | None:
    if at == len(segments):
        leaf = node.leaves.get(method) or node.leaves.get(ANY)
        return None if leaf is None else (leaf, values)
    segment = segments[at]
    fixed = node.fixed.get(segment)
    found = None if fixed is None else _find(fixed, method, segments, at + 1, values)
    if found is None and node.parameter is not None and segment:
        found = _find(node.parameter, method, segments, at + 1, (*values, segment))
    if found is None and any(segments[at:]):
        leaf = node.greedy.get(method) or node.greedy.get(ANY)
        if leaf is not None:
            return leaf, (*values, "/".join(segments[at:]))
    return found
