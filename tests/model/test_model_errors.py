"""Every error formats from its data, and tells what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from streamcore import errors
from streamcore.api.native import STATUS
from streamcore.errors import StreamcoreError


def all_errors(base: type[StreamcoreError] = StreamcoreError) -> Iterator[type[StreamcoreError]]:
    for kind in base.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield kind
            yield from all_errors(kind)


KINDS = sorted(set(all_errors()), key=lambda kind: kind.__name__)


def example(kind: type[StreamcoreError]) -> StreamcoreError:
    fields = re.findall(r"{(\w+)}", kind.__doc__ or "")
    return kind(**{name: f"<{name}>" for name in fields})


@pytest.mark.parametrize("kind", KINDS)
def test_it_formats(kind: type[StreamcoreError]) -> None:
    error = example(kind)
    assert not re.search(r"{\w*}", str(error))
    for value in error.data.values():
        assert str(value) in str(error)
    assert kind.__name__ in repr(error)
    assert error.code.isidentifier()


@pytest.mark.parametrize("kind", KINDS)
def test_it_can_be_copied_from_its_data(kind: type[StreamcoreError]) -> None:
    error = example(kind)
    assert str(type(error)(**error.data)) == str(error)


@pytest.mark.parametrize("kind", KINDS)
def test_the_native_api_has_a_status_for_it(kind: type[StreamcoreError]) -> None:
    cannot_start = issubclass(kind, errors.StartError)
    assert (kind in STATUS) is not (cannot_start or kind is errors.MessageError)


def test_codes_are_unique_among_what_a_client_sees() -> None:
    codes = [kind.code for kind in STATUS]
    assert len(set(codes)) == len(codes)
