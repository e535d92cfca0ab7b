"""What is wrong with an input, in AWS's words.

The codec decodes straight into a Struct and only when that fails comes here with the input as plain values. `accept`
walks the same Struct twice, as the service does (facts sheet 1.1): first every value is brought to its type, and the
first that cannot be is a `SerializationException`; then all constraints are checked, and up to ten sentences make a
`ValidationException`. The texts are those seen on real Kinesis. AWS converts more than a strict decoder does (`3.7` is
the integer 3, `"true"` a boolean), so an input can also turn out to be good.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any, Final, TypeVar

import msgspec
from msgspec import inspect

from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.shapes import Shape, Timestamp, pattern_shown, read_custom, read_timestamp

S = TypeVar("S", bound=Shape)

VIOLATIONS_SHOWN: Final = 10
#: AWS quotes whole values; ours are cut here, since a value may have megabytes.
VALUE_SHOWN_CHARS: Final = 2048

_BOOLEANS: Final = {"TRUE": True, "YES": True, "1": True, "FALSE": False, "NO": False, "0": False}
_NOT_BASE64: Final = re.compile(r"[^a-zA-Z0-9+/=]|=(?=[^=])")


def accept(shape: type[S], value: Any) -> S:
    """The input that a plain value stands for. Raises AwsError: SerializationException or ValidationException."""
    kind = _described(shape)
    typed = _typed(kind, value)
    sentences = explain(shape, typed)
    if sentences:
        raise violations(sentences)
    try:
        return msgspec.convert(typed, shape, dec_hook=read_custom)
    except msgspec.ValidationError as error:  # a number beyond 64 bits, or the like
        raise serialization(str(error)) from None


def explain(shape: type[Shape], value: Any) -> list[str]:
    """A sentence for each of the first ten constraints that a value of the right types fails."""
    return list(islice(_failures(_described(shape), value, ""), VIOLATIONS_SHOWN))


def violations(sentences: list[str]) -> AwsError:
    """The ValidationException of these sentences."""
    plural = "" if len(sentences) == 1 else "s"
    return AwsError(
        "ValidationException", 400, f"{len(sentences)} validation error{plural} detected: {'; '.join(sentences)}"
    )


def violation(shown: str, path: str, constraint: str) -> str:
    """`Value '…' at 'streamName' failed to satisfy constraint: Member must …`"""
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"


def serialization(message: str | None = None) -> AwsError:
    return AwsError("SerializationException", 400, message)


@cache
def _described(shape: type[Shape]) -> inspect.Type:
    return inspect.type_info(shape)


# ---------------------------------------------------------------- types


def _typed(kind: inspect.Type, value: Any) -> Any:
    """The value as its type wants it. Raises SerializationException."""
    if value is None:
        return None
    match kind:
        case inspect.UnionType():
            return _typed(_member(kind), value)
        case inspect.Metadata():
            return _typed(kind.type, value)
        case inspect.AnyType():
            return value
        case inspect.StructType():
            return _structure(kind, value)
        case inspect.ListType():
            return [_typed(kind.item_type, item) for item in _container(value, list, "Expected list or null")]
        case inspect.DictType():
            entries = _container(value, dict, "Expected map or null")
            return {str(key): _typed(kind.value_type, item) for key, item in entries.items()}
        case inspect.AnyType():
            return value
        case _:
            return _scalar(kind, value)


def _member(kind: inspect.UnionType) -> inspect.Type:
    """The type of an optional field besides null."""
    return next(each for each in kind.types if not isinstance(each, inspect.NoneType))


def _structure(kind: inspect.StructType, value: Any) -> dict[str, Any]:
    members = _container(value, dict, "Expected null")
    typed = {field.encode_name: _typed(field.type, members.get(field.encode_name)) for field in kind.fields}
    return {name: member for name, member in typed.items() if member is not None}


def _container(value: Any, wanted: type, expected: str) -> Any:
    if isinstance(value, wanted):
        return value
    _refuse_containers(value)
    raise serialization(expected)


def _refuse_containers(value: Any) -> None:
    if isinstance(value, list):
        raise serialization("Start of list found where not expected")
    if isinstance(value, dict):
        raise serialization("Start of structure or map found where not expected.")


def _scalar(kind: inspect.Type, value: Any) -> Any:
    _refuse_containers(value)
    match kind:
        case inspect.IntType() if isinstance(value, int | float) and not isinstance(value, bool):
            return _integer(value)
        case inspect.FloatType() if isinstance(value, int | float) and not isinstance(value, bool):
            return _float(value)
        case inspect.BoolType():
            return _boolean(value)
        case inspect.BytesType() if isinstance(value, str | bytes):
            return value if isinstance(value, bytes) else _blob(value)
        case inspect.CustomType() if kind.cls is Timestamp:
            return _timestamp(value)
        case inspect.StrType() | inspect.EnumType() if isinstance(value, str):
            return value
    raise serialization(f"{_java_class(value)} can not be converted to {_wanted(kind)}")


def _integer(value: float) -> int:
    if not -(2**63) <= value < 2**63:  # no NaN either
        raise serialization(f"{_java_class(value)} can not be converted to an Integer")
    return int(value)  # the service cuts a fraction off


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        raise serialization(f"{_java_class(value)} can not be converted to a Double") from None


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        found = _BOOLEANS.get(value.upper())
        if found is None:
            raise serialization(f"'{_cut(value.upper())}' can not be converted to an Boolean")
        return found
    raise serialization(f"{_java_class(value)} can not be converted to an Boolean")


def _timestamp(value: Any) -> Timestamp:
    try:
        return read_timestamp(value)
    except (TypeError, ValueError):
        raise serialization(f"{_java_class(value)} can not be converted to milliseconds since epoch") from None


def _blob(value: str) -> bytes:
    start = f"'{_cut(value)}' can not be converted to a Blob: "
    if len(value) % 4:
        raise serialization(f"{start}Base64 encoded length is expected a multiple of 4 bytes but found: {len(value)}")
    bad = _NOT_BASE64.search(value)
    if bad:
        raise serialization(f"{start}Invalid Base64 character: '{bad[0]}'")
    try:
        return binascii.a2b_base64(value, strict_mode=True)
    except binascii.Error:
        # The service's own spelling.
        raise serialization(f"{start}Invalid last non-pad Base64 character dectected") from None


def _java_class(value: Any) -> str:
    match value:
        case bool():
            return "class java.lang.Boolean"
        case str():
            return "class java.lang.String"
        case int() | float():
            return "class com.amazon.coral.value.json.numbers.TruncatingBigNumber"
        case bytes():
            return "class java.nio.HeapByteBuffer"
        case Timestamp():
            return "class java.util.Date"
        case _:
            return "class java.lang.Object"


def _wanted(kind: inspect.Type) -> str:
    match kind:
        case inspect.IntType():
            return "an Integer"
        case inspect.FloatType():
            return "a Double"
        case inspect.BytesType():
            return "a Blob"
        case _:
            return "an String"


# ---------------------------------------------------------------- constraints


def _failures(kind: inspect.Type, value: Any, path: str) -> Iterator[str]:
    """Sentences for all that a value of the right type fails, in the order of the fields."""
    match kind:
        case inspect.AnyType():
            return
        case inspect.UnionType():
            if value is not None:
                yield from _failures(_member(kind), value, path)
        case _ if value is None:
            yield violation("null", path, "Member must not be null")
        case inspect.Metadata():
            yield from _failures(kind.type, value, path)
        case inspect.StructType():
            yield from _structure_failures(kind, value, path)
        case inspect.ListType():
            yield from _length_failures(kind, value, path)
            for position, item in enumerate(value, 1):
                yield from _failures(kind.item_type, item, f"{path}.{position}.member")
        case inspect.DictType():
            yield from _length_failures(kind, value, path)
            yield from _entry_failures(kind, value, path)
        case _:
            yield from _scalar_failures(kind, value, path)


def _structure_failures(kind: inspect.StructType, value: dict[str, Any], path: str) -> Iterator[str]:
    for field in kind.fields:
        name = field.encode_name
        below = name[:1].lower() + name[1:]
        yield from _failures(field.type, value.get(name), f"{path}.{below}" if path else below)


def _scalar_failures(kind: inspect.Type, value: Any, path: str) -> Iterator[str]:
    match kind:
        case inspect.StrType():
            if kind.pattern is not None and re.search(kind.pattern, value) is None:
                shown = pattern_shown(kind.pattern)
                yield violation(_shown(value), path, f"Member must satisfy regular expression pattern: {shown}")
            yield from _length_failures(kind, value, path)
        case inspect.BytesType():
            yield from _length_failures(kind, value, path)
        case inspect.IntType() | inspect.FloatType():
            if kind.ge is not None and not value >= kind.ge:  # no NaN either
                yield violation(_shown(value), path, f"Member must have value greater than or equal to {kind.ge}")
            if kind.le is not None and value > kind.le:
                yield violation(_shown(value), path, f"Member must have value less than or equal to {kind.le}")
        case inspect.EnumType():
            known = [member.value for member in kind.cls]
            if value not in known:
                yield violation(_shown(value), path, f"Member must satisfy enum value set: [{', '.join(known)}]")


def _length_failures(
    kind: inspect.StrType | inspect.BytesType | inspect.ListType | inspect.DictType, value: Any, path: str
) -> Iterator[str]:
    if kind.min_length is not None and len(value) < kind.min_length:
        yield violation(_shown(value), path, f"Member must have length greater than or equal to {kind.min_length}")
    if kind.max_length is not None and len(value) > kind.max_length:
        yield violation(_shown(value), path, f"Member must have length less than or equal to {kind.max_length}")


def _entry_failures(kind: inspect.DictType, value: dict[str, Any], path: str) -> Iterator[str]:
    """A map's keys and values are judged together, in one sentence each."""
    for what, of, members in (("keys", kind.key_type, value.keys()), ("value", kind.value_type, value.values())):
        if any(True for member in members for _ in _failures(of, member, path)):
            yield violation(_shown(value), path, f"Map {what} must satisfy constraint: [{', '.join(_rules(of))}]")


def _rules(kind: inspect.Type) -> Iterator[str]:
    """All constraints of a map's keys or values."""
    match kind:
        case inspect.Metadata():
            yield from _rules(kind.type)
        case inspect.StrType():
            if kind.max_length is not None:
                yield f"Member must have length less than or equal to {kind.max_length}"
            if kind.min_length is not None:
                yield f"Member must have length greater than or equal to {kind.min_length}"
            if kind.pattern is not None:
                yield f"Member must satisfy regular expression pattern: {pattern_shown(kind.pattern)}"
        case inspect.IntType() | inspect.FloatType():
            if kind.le is not None:
                yield f"Member must have value less than or equal to {kind.le}"
            if kind.ge is not None:
                yield f"Member must have value greater than or equal to {kind.ge}"


def _shown(value: Any) -> str:
    """A value as the sentences quote it (the service prints Java's `toString`)."""
    return f"'{_cut(_java_text(value))}'"


def _java_text(value: Any) -> str:
    match value:
        case bytes():
            return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
        case list():
            return f"[{', '.join(map(_java_text, islice(value, VALUE_SHOWN_CHARS)))}]"
        case dict():
            return f"{{{', '.join(f'{key}={_java_text(item)}' for key, item in value.items())}}}"
        case None:
            return "null"
        case _:
            return str(value)


def _cut(value: str) -> str:
    return value if len(value) <= VALUE_SHOWN_CHARS else f"{value[:VALUE_SHOWN_CHARS]}..."
