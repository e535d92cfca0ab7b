"""Signature Version 4, against AWS's published examples and botocore's signers."""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

import pytest
from botocore.auth import HmacV1QueryAuth, S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from streamcore.client.signing import Keys, keys_of, signed_headers
from streamcore.model.iam import sigv2, sigv4
from streamcore.model.iam.sigv4 import ChunkSigner, SignatureError, Signed

KEYS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
HOST = "127.0.0.1:4566"


def test_the_published_key() -> None:
    """https://docs.aws.amazon.com/general/latest/gr/signature-v4-examples.html"""
    key = sigv4.signing_key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", "iam")
    assert key.hex() == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"


#: Of AWS's test suite `aws-sig-v4-test-suite`: (method, path, query, further headers, signature)
SUITE: list[tuple[str, str, str, dict[str, str], str]] = [
    ("GET", "/", "", {}, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("POST", "/", "", {}, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ("GET", "/", "Param2=value2&Param1=value1", {},
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    ("GET", "/example/..", "", {}, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("GET", "//example//", "", {}, "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "query", "more", "signature"), SUITE)
def test_the_published_suite(method: str, path: str, query: str, more: dict[str, str], signature: str) -> None:
    headers = {"host": "example.amazonaws.com", "x-amz-date": "20150830T123600Z", **more}
    names = ";".join(sorted(headers))
    head = f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders={names}"
    read = sigv4.from_header(f"{head}, Signature={signature}", headers)
    request = Signed(method, path, query, headers, sigv4.EMPTY_SHA256)
    text = sigv4.string_to_sign(read, sigv4.canonical_request(request, read))
    assert sigv4.sign(sigv4.key_of(KEYS.secret_key, read.credential), text) == signature


PATHS = [
    "/",
    "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af/invocations",
    "/bucket/a%20b/%C3%BC~%2B.txt",
    "/bucket/k?prefix=a%2Fb&delimiter=%2F&empty=&flag",
    "/bucket//double//slash/",
    "/b?z=2&a=1&a=0&%C3%BC=x%20y",
]


def asked(path: str) -> AWSRequest:
    body = b'{"a": 1}'
    return AWSRequest("POST", f"http://{HOST}{path}", data=body, headers={"Content-Type": "a  b ", "X-Amz-Target": "K"})


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("service", "signer"), [("lambda", SigV4Auth), ("s3", S3SigV4Auth)])
@pytest.mark.parametrize("token", ["", "a+token/with=signs"])
def test_botocores_headers_are_verified(path: str, service: str, signer: type[SigV4Auth], token: str) -> None:
    request = asked(path)
    keys = Credentials(KEYS.access_key, KEYS.secret_key, token or None)
    signer(keys, service, "eu-west-1").add_auth(request)
    headers = {name.lower(): value for name, value in request.headers.items()} | {"host": HOST}
    read = sigv4.from_header(headers["authorization"], headers)
    parts = urlsplit(f"//{HOST}{path}")
    payload = headers.get("x-amz-content-sha256") or hashlib.sha256(request.data).hexdigest()
    signed = Signed("POST", parts.path, parts.query, headers, payload, single_encoding=service == "s3")
    text = sigv4.string_to_sign(read, sigv4.canonical_request(signed, read))
    assert sigv4.sign(sigv4.key_of(KEYS.secret_key, read.credential), text) == read.signature
    assert (read.credential.region, read.credential.service, read.token) == ("eu-west-1", service, token)
    assert sigv4.unsigned_headers(signed, read) == []
    for other in (
        signed._replace(method="GET"), signed._replace(path=parts.path + "x"), signed._replace(payload="0" * 64),
        signed._replace(query=parts.query + "&x=1"), signed._replace(headers={**headers, "x-amz-target": "L"}),
    ):  # fmt: skip
        assert sigv4.canonical_request(other, read) != sigv4.canonical_request(signed, read)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("service", "signer"), [("lambda", SigV4QueryAuth), ("s3", S3SigV4QueryAuth)])
def test_botocores_urls_are_verified(path: str, service: str, signer: type[SigV4QueryAuth]) -> None:
    request = AWSRequest("GET", f"http://{HOST}{path}")
    signer(Credentials(KEYS.access_key, KEYS.secret_key, "tok+en"), service, "eu-west-1", expires=60).add_auth(request)
    parts = urlsplit(request.url)
    read = sigv4.from_query(parts.query)
    payload = sigv4.UNSIGNED if service == "s3" else sigv4.EMPTY_SHA256
    signed = Signed("GET", parts.path, parts.query, {"host": HOST}, payload, single_encoding=service == "s3")
    text = sigv4.string_to_sign(read, sigv4.canonical_request(signed, read))
    assert sigv4.sign(sigv4.key_of(KEYS.secret_key, read.credential), text) == read.signature
    assert (read.expires_s, read.in_query, read.token) == (60, True, "tok+en")
    unsigned = signed._replace(headers={"host": HOST, "X-Amz-Acl": "public-read"})
    # At `/` services act on two headers alone.
    assert sigv4.unsigned_headers(unsigned, read) == ([] if path == "/" and service != "s3" else ["x-amz-acl"])
    targeted = signed._replace(headers={"host": HOST, "x-amz-target": "Kinesis_20131202.DeleteStream"})
    assert sigv4.unsigned_headers(targeted, read) == ["x-amz-target"]


@pytest.mark.parametrize("path", ["/b/a%20b", "/b/k?versionId=1&response-content-type=text%2Fplain&x=1"])
@pytest.mark.parametrize("token", [None, "tok/en"])
def test_botocores_old_urls_are_verified(path: str, token: str | None) -> None:
    from urllib.parse import parse_qsl

    request = AWSRequest("GET", f"http://{HOST}{path}")
    HmacV1QueryAuth(Credentials(KEYS.access_key, KEYS.secret_key, token), expires=60).add_auth(request)
    parts = urlsplit(request.url)
    query = dict(parse_qsl(parts.query))
    text = sigv2.string_to_sign("GET", parts.path, query, {"host": HOST}, query["Expires"])
    assert sigv2.sign(KEYS.secret_key, text) == query["Signature"]


def test_ours_is_botocores() -> None:
    request = asked("/v1/tokens?a=1")
    SigV4Auth(KEYS, "streamcore", "us-east-1").add_auth(request)
    at = request.context["timestamp"]
    made = signed_headers(
        Keys(KEYS.access_key, KEYS.secret_key), "streamcore", "us-east-1", at, "POST", HOST, "/v1/tokens", "a=1",
        {"Content-Type": "a  b ", "X-Amz-Target": "K"}, request.data,
    )  # fmt: skip
    assert made["authorization"] == request.headers["Authorization"]


def test_keys_of_the_environment() -> None:
    assert keys_of({"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}) is None
    assert keys_of({}) is None
    found = keys_of({"AWS_ACCESS_KEY_ID": "ASIAX", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"})
    assert found == Keys("ASIAX", "s", "t")


def test_the_published_chunks() -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html"""
    key = sigv4.signing_key("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524", "us-east-1", "s3")
    seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
    signer = ChunkSigner(key, "20130524T000000Z", "20130524/us-east-1/s3/aws4_request", seed)
    chunks = [
        (b"a" * 65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
        (b"a" * 1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
        (b"", "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
    ]
    for data, signature in chunks:
        assert signer.chunk_is_good(hashlib.sha256(data).hexdigest(), signature)
    assert not signer.chunk_is_good(hashlib.sha256(b"").hexdigest(), chunks[-1][1])


@pytest.mark.parametrize(
    "header",
    [
        "AWS4-HMAC-SHA1 Credential=a/20150830/r/s/aws4_request, SignedHeaders=host, Signature=0",
        "AWS4-HMAC-SHA256 Credential=a/20150830/r/s, SignedHeaders=host, Signature=0",
        "AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws3_request, SignedHeaders=host, Signature=0",
        "",
    ],
)
def test_headers_that_are_none(header: str) -> None:
    with pytest.raises(SignatureError):
        sigv4.from_header(header, {"x-amz-date": "20150830T123600Z"})


@pytest.mark.parametrize("text", ["", "2015-08-30", "20151330T123600Z", "20150830T123600", "99999999T999999Z"])
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(SignatureError):
        sigv4.time_ms(text)
