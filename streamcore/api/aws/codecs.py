"""The two encodings of target-dispatched AWS services: JSON 1.1 and CBOR 1.1 (facts sheet 1.1).

|            | JSON                                     | CBOR                                       |
|------------|------------------------------------------|--------------------------------------------|
| blob       | base64                                   | byte string                                |
| timestamp  | seconds since the epoch, with a fraction | tag 1 around milliseconds since the epoch  |

Tag 1 means seconds in RFC 8949, but the AWS SDKs for Java, which are the ones that speak this encoding, write and read
whole milliseconds in it. So we write milliseconds, and read both: a number below 10^11 counts seconds (that is 1973 in
milliseconds, and the year 5138 in seconds), any other milliseconds.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, Protocol

import cbor2
import msgspec

from streamcore.api.aws.shapes import Shape, Timestamp, read_custom
from streamcore.api.aws.validation import S, accept, serialization

MILLISECONDS_FROM: Final = 10**11
EPOCH_TAG: Final = 1
#: What cbor2 would make objects of, from sets to regular expressions; AWS's encoding has only timestamps.
REFUSED_TAGS: Final = (0, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 100, 256, 258, 260, 261, 1004, 43000, 55799)


class Rendered(Protocol):
    """An output that encodes itself, for the actions that carry many records."""

    def to_json(self) -> bytes: ...

    def to_cbor(self) -> bytes: ...


class Codec(Protocol):
    """One encoding. `decode` and `parse` raise AwsError (SerializationException, ValidationException)."""

    @property
    def content_type(self) -> str: ...

    def decode(self, body: bytes, shape: type[S]) -> S:
        """The input of an action."""

    def parse(self, body: bytes) -> Any:
        """The body as plain values: a dict or a list."""

    def encode(self, output: Shape | Rendered | dict[str, str]) -> bytes:
        """The output of an action, or an error."""


class JsonCodec:
    """JSON. AWS has versions 1.0 and 1.1 of it, which differ in their name only."""

    def __init__(self, content_type: str) -> None:
        self.content_type = content_type

    def decode(self, body: bytes, shape: type[S]) -> S:
        try:
            value: S = _json_decoder(shape).decode(body)
        except msgspec.ValidationError:
            return accept(shape, self.parse(body))
        except (msgspec.DecodeError, ValueError, RecursionError):
            raise serialization() from None
        return value

    def parse(self, body: bytes) -> Any:
        try:
            value = msgspec.json.decode(body)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            raise serialization() from None
        return _composite(value)

    def encode(self, output: Shape | Rendered | dict[str, str]) -> bytes:
        if isinstance(output, Shape | dict):
            return _JSON_ENCODER.encode(output)
        return output.to_json()

    def __repr__(self) -> str:
        return f"<JsonCodec {self.content_type}>"


class CborCodec:
    """CBOR: the default of the Java SDKs, hence of KCL applications."""

    content_type: Final = "application/x-amz-cbor-1.1"

    def decode(self, body: bytes, shape: type[S]) -> S:
        value = self.parse(body)
        try:
            return msgspec.convert(value, shape, dec_hook=read_custom)
        except msgspec.ValidationError:
            return accept(shape, value)

    def parse(self, body: bytes) -> Any:
        try:
            value = cbor2.loads(body, semantic_decoders=_SEMANTIC_DECODERS, strict_hashable_types=True)
        except (cbor2.CBORDecodeError, ValueError, RecursionError, MemoryError, OverflowError, TypeError):
            raise serialization() from None
        return _composite(value)

    def encode(self, output: Shape | Rendered | dict[str, str]) -> bytes:
        if isinstance(output, Shape | dict):
            return cbor2.dumps(output, default=_write_cbor)
        return output.to_cbor()

    def __repr__(self) -> str:
        return "<CborCodec>"


class RpcCborCodec(CborCodec):
    """CBOR of Smithy's RPC v2 protocol, in which tag 1 counts seconds, as in RFC 8949."""

    content_type: Final = "application/cbor"  # type: ignore[misc]  # another name for the same reading

    def encode(self, output: Shape | Rendered | dict[str, str]) -> bytes:
        if isinstance(output, Shape | dict):
            return cbor2.dumps(output, default=_write_rpc_cbor)
        return output.to_cbor()

    def __repr__(self) -> str:
        return "<RpcCborCodec>"


CBOR: Final = CborCodec()
RPC_CBOR: Final = RpcCborCodec()
CODECS: Final[dict[str, Codec]] = {
    codec.content_type: codec
    for codec in (
        JsonCodec("application/x-amz-json-1.1"),
        JsonCodec("application/x-amz-json-1.0"),
        JsonCodec("application/json"),
        CBOR,
    )
}


def codec_for(content_type: str) -> Codec | None:
    """The codec of a Content-Type header; parameters such as the charset are not looked at."""
    return CODECS.get(content_type) or CODECS.get(content_type.partition(";")[0].strip().lower())


def json_timestamp(ms: int) -> bytes:
    """Seconds with milliseconds: `1700000000.123`."""
    return b"%d.%03d" % divmod(ms, 1000)


def cbor_timestamp(ms: int) -> cbor2.CBORTag:
    """Tag 1 with milliseconds, as the Java SDKs read it."""
    return cbor2.CBORTag(EPOCH_TAG, ms)


def _composite(value: Any) -> Any:
    """Every input is a structure; a list gets its own sentence later, anything else does not count as parsed."""
    if isinstance(value, dict | list):
        return value
    raise serialization()


@cache
def _json_decoder(shape: type[S]) -> msgspec.json.Decoder[S]:
    return msgspec.json.Decoder(shape, dec_hook=read_custom)


def _write_json(value: Any) -> Any:
    if isinstance(value, Timestamp):
        return msgspec.Raw(json_timestamp(value.ms))
    raise TypeError(f"{type(value).__name__} has no form in JSON")


_JSON_ENCODER: Final = msgspec.json.Encoder(enc_hook=_write_json)


def _write_cbor(encoder: cbor2.CBOREncoder, value: Any) -> None:
    if isinstance(value, Shape):
        encoder.encode({name: getattr(value, field) for field, name in _sent(type(value)) if _is_set(value, field)})
    elif isinstance(value, Timestamp):
        encoder.encode(cbor_timestamp(value.ms))
    else:
        raise TypeError(f"{type(value).__name__} has no form in CBOR")


def _write_rpc_cbor(encoder: cbor2.CBOREncoder, value: Any) -> None:
    if isinstance(value, Timestamp):
        encoder.encode(cbor2.CBORTag(EPOCH_TAG, value.seconds))
    else:
        _write_cbor(encoder, value)


def _is_set(shape: Shape, field: str) -> bool:
    return getattr(shape, field) is not None


@cache
def _sent(shape: type[Shape]) -> list[tuple[str, str]]:
    return [(field.name, field.encode_name) for field in msgspec.structs.fields(shape)]


def _read_epoch(value: Any, _immutable: bool) -> Timestamp:
    if not isinstance(value, int | float):
        raise ValueError("tag 1 is put around a number")
    return Timestamp(int(value)) if MILLISECONDS_FROM <= abs(value) <= 2**53 else Timestamp.from_seconds(value)


def _refuse(_value: Any, _immutable: bool) -> Any:
    raise ValueError("a tag that AWS's encoding does not have")


_SEMANTIC_DECODERS: Final = {EPOCH_TAG: _read_epoch} | dict.fromkeys(REFUSED_TAGS, _refuse)
