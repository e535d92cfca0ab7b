"""The framing aws-chunked, whatever pieces it comes in."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamcore.api.aws.aws_chunked import ChunkedDecoder, ChunkError

WHOLE = b"5;chunk-signature=aa\r\nhello\r\n1\r\n!\r\n0;chunk-signature=bb\r\nX-Amz-Checksum-CRC32: abc=\r\nb:c\r\n\r\n"


@given(st.lists(st.integers(1, len(WHOLE) - 1), max_size=20))
def test_any_cuts_give_the_same(cuts: list[int]) -> None:
    decoder, data, edges = ChunkedDecoder(), b"", [0, *sorted(cuts), len(WHOLE)]
    for start, stop in pairwise(edges):
        data += b"".join(decoder.feed(WHOLE[start:stop]))
    decoder.finish()
    assert (data, decoder.trailers) == (b"hello!", {"x-amz-checksum-crc32": "abc=", "b": "c"})


def test_the_empty_line_at_the_end_may_be_missing() -> None:
    decoder = ChunkedDecoder()
    decoder.feed(b"0\r\na:b\r\n")
    decoder.finish()
    assert decoder.trailers == {"a": "b"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x\r\n",
        b"-5\r\nhello",
        b"5\r\nhello",
        b"5\r\nhello!\r\n",
        b"0\r\n\r\nmore\r\n",
        b"0\r\nnone\r\n\r\n",
        b"5" * 2000,
        b"fffffffffffff\r\n",
        b"0\r\n" + b"".join(b"a%d:b\r\n" % number for number in range(21)),
    ],
)
def test_framings_that_are_broken(body: bytes) -> None:
    decoder = ChunkedDecoder()
    with pytest.raises(ChunkError):
        _feed_all(decoder, body)


def _feed_all(decoder: ChunkedDecoder, body: bytes) -> None:
    decoder.feed(body)
    decoder.finish()
