"""HTTP/2 as real clients speak it: Node's own client, and the AWS SDK for JavaScript with its defaults; each with prior
knowledge on the plain port, and with TLS and ALPN."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from node_support import Endpoints, node, npm_package, served

pytestmark = pytest.mark.conformance


@pytest.fixture(scope="module")
def endpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    data: Path = tmp_path_factory.mktemp("data")
    with served(data) as endpoints:
        yield endpoints


@pytest.mark.parametrize("which", ["plain", "tls"])
def test_nodes_http2(endpoints: Endpoints, which: str) -> None:
    url: str = getattr(endpoints, which)
    assert node("node_http2.mjs", url, certificate=endpoints.certificate) == "ok\n"


@pytest.mark.parametrize("which", ["plain", "tls"])
def test_sdk_for_javascript(endpoints: Endpoints, which: str) -> None:
    npm_package("@aws-sdk/client-kinesis")
    url: str = getattr(endpoints, which)
    assert node("sdk_js_fanout.mjs", url, certificate=endpoints.certificate) == "ok\n"


def test_aggregated_records_in_node(endpoints: Endpoints) -> None:
    npm_package("@aws-sdk/client-kinesis")
    npm_package("aws-kinesis-agg")
    assert node("aggregation.mjs", endpoints.plain, certificate=endpoints.certificate) == "ok\n"


def test_objects_by_the_sdk_for_javascript(endpoints: Endpoints) -> None:
    for name in ("client-s3", "lib-storage", "s3-request-presigner", "s3-presigned-post"):
        npm_package(f"@aws-sdk/{name}")
    assert node("sdk_js_objects.mjs", endpoints.plain, certificate=endpoints.certificate) == "ok\n"
