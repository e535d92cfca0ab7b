"""XML in and out: what is read, what is refused, how odd texts are written."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamcore.model.xml import DEPTH_MAX, XmlError, document, parse


def test_names_lose_their_namespaces_and_texts_their_edges() -> None:
    root = parse(b'<a xmlns="http://x"><b> 1 </b><b>2</b><c xmlns:p="y" p:type="t"/></a>')
    assert (root.name, [node.text for node in root.all("b")], root.value("b")) == ("a", [" 1 ", "2"], "1")
    assert (root.raw("b"), root.value("none"), root.first("c").attributes) == (" 1 ", None, {"type": "t"})  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<a>",
        b"<a></b>",
        b"no",
        b"<a>&x;</a>",
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"<a>" * (DEPTH_MAX + 1) + b"</a>" * (DEPTH_MAX + 1),
        b"<a>" + b"<b/>" * 100_001 + b"</a>",
        b'<?xml version="1.0" encoding="nothing"?><a/>',
        b"<a>\xff</a>",
    ],
)
def test_documents_that_are_refused(body: bytes) -> None:
    with pytest.raises(XmlError):
        parse(body)


@given(
    st.text(
        alphabet=st.characters(
            exclude_categories=["Cs"],
            exclude_characters="".join(map(chr, [*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])),
        )
    )
)
def test_any_text_comes_back(text: str) -> None:
    raw = document("a", {"b": text, "c": [1, True, None], "d": None}, "http://x")
    found = parse(raw)
    assert found.raw("b") == text
    assert [node.text for node in found.all("c")][:2] == ["1", "true"]
    assert ElementTree.fromstring(raw).tag == "{http://x}a"
