"""What conditions and variables look at: the values of a request, by key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

Value = str | Sequence[str]


class Context:
    """Values by key; keys are compared without regard to case. `more` is asked once, and only when a key is looked for:
    most decisions look for none. `was_asked` says whether any was, i.e. whether the decision depends on them."""

    __slots__ = ("_known", "_more", "was_asked")

    def __init__(
        self, known: Mapping[str, Value] | None = None, more: Callable[[], Mapping[str, Value]] | None = None
    ) -> None:
        self._known = {key.lower(): value for key, value in known.items()} if known else {}
        self._more = more
        self.was_asked = False

    def values(self, key: str) -> Sequence[str] | None:
        """The values of a key in lower case; None when the request has none."""
        self.was_asked = True
        if self._more is not None:
            more, self._more = self._more(), None
            self._known = {name.lower(): value for name, value in more.items()} | self._known
        found = self._known.get(key)
        return (found,) if isinstance(found, str) else found
