"""Right, wrong, expired and altered credentials over every service, by boto3 over a real socket."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any
from unittest import mock

import pytest
from botocore.config import Config
from identity_support import ACCOUNT, FAKE, REGION, House, allow, document, keys_of, refused

from streamcore.client import Client

#: (service, a call of it, what it is in policies, kind of the protocol)
SERVICES: list[tuple[str, str, str, str]] = [
    ("kinesis", "list_streams", "kinesis:ListStreams", "json"),
    ("logs", "describe_log_groups", "logs:DescribeLogGroups", "json"),
    ("events", "list_rules", "events:ListRules", "json"),
    ("cloudwatch", "list_metrics", "cloudwatch:ListMetrics", "json"),
    ("lambda", "list_functions", "lambda:ListFunctions", "rest"),
    ("scheduler", "list_schedules", "scheduler:ListSchedules", "rest"),
    ("apigatewayv2", "get_apis", "apigateway:GET", "rest"),
    ("iam", "list_users", "iam:ListUsers", "query"),
    ("ec2", "describe_snapshots", "ec2:DescribeSnapshots", "query"),
    ("s3", "list_buckets", "s3:ListAllMyBuckets", "s3"),
]
#: Resources of these calls, where they are not `*`.
SHOWN = {"s3": '"*"', "apigatewayv2": f"arn:aws:apigateway:{REGION}::/apis"}
#: kind → what is wrong → (code, status)
TOLD: dict[str, dict[str, tuple[str, int]]] = {
    "json": {
        "denied": ("AccessDeniedException", 400),
        "unknown": ("UnrecognizedClientException", 400),
        "wrong": ("InvalidSignatureException", 400),
        "skewed": ("InvalidSignatureException", 400),
        "expired": ("ExpiredTokenException", 400),
        "altered": ("UnrecognizedClientException", 400),
    },
    "rest": {
        "denied": ("AccessDeniedException", 403),
        "unknown": ("UnrecognizedClientException", 403),
        "wrong": ("InvalidSignatureException", 403),
        "skewed": ("InvalidSignatureException", 403),
        "expired": ("ExpiredTokenException", 403),
        "altered": ("UnrecognizedClientException", 403),
    },
    "query": {
        "denied": ("AccessDenied", 403),
        "unknown": ("InvalidClientTokenId", 403),
        "wrong": ("SignatureDoesNotMatch", 403),
        "skewed": ("SignatureDoesNotMatch", 403),
        "expired": ("ExpiredToken", 403),
        "altered": ("InvalidClientTokenId", 403),
    },
    "s3": {
        "denied": ("AccessDenied", 403),
        "unknown": ("InvalidAccessKeyId", 403),
        "wrong": ("SignatureDoesNotMatch", 403),
        "skewed": ("RequestTimeTooSkewed", 403),
        "expired": ("ExpiredToken", 400),
        "altered": ("InvalidToken", 400),
    },
}
EACH = pytest.mark.parametrize(("service", "method", "action", "kind"), SERVICES, ids=[one[0] for one in SERVICES])


@pytest.fixture(scope="module")
def ann(house: House) -> dict[str, str]:
    """A user who may nothing."""
    return house.user("ann")


@EACH
def test_right_and_wrong_keys(
    house: House, ann: dict[str, str], service: str, method: str, action: str, kind: str
) -> None:
    assert getattr(house.client(service), method)()["ResponseMetadata"]["HTTPStatusCode"] == 200
    told = TOLD[kind]
    code, status, text = refused(getattr(house.client(service, ann), method))
    assert (code, status) == told["denied"]
    shown = SHOWN.get(service, "*")
    assert text == (
        f"User: arn:aws:iam::{ACCOUNT}:user/ann is not authorized to perform: {action} on resource: {shown} because no "
        f"identity-based policy allows the {action} action"
    )
    assert refused(getattr(house.client(service, FAKE), method))[:2] == told["unknown"]
    code, status, text = refused(getattr(house.client(service, ann | {"aws_secret_access_key": "x" * 40}), method))
    assert (code, status) == told["wrong"]
    assert text.startswith("The request signature we calculated does not match the signature you provided. Check your ")


@EACH
def test_temporary_keys(house: House, service: str, method: str, action: str, kind: str) -> None:
    keys = keys_of(house.client("sts").get_session_token()["Credentials"])
    assert getattr(house.client(service, keys), method)()
    told = TOLD[kind]
    token = keys["aws_session_token"]
    altered = token[:40] + ("A" if token[40] != "A" else "B") + token[41:]
    assert refused(getattr(house.client(service, keys | {"aws_session_token": altered}), method))[:2] == told["altered"]
    stolen = house.root | {"aws_session_token": token}
    assert refused(getattr(house.client(service, stolen), method))[:2] == told["altered"]
    with mock.patch.object(house.composition.broker.clock, "now_ms", return_value=2**42):
        code = refused(getattr(house.client(service, keys), method))[:2]
    assert code == told["skewed"]


@EACH
def test_expired_sessions(house: House, service: str, method: str, action: str, kind: str) -> None:
    guard = house.composition.guard
    from streamcore.identity.sessions import Session

    now_ms = house.composition.broker.clock.now_ms()
    made = guard.sessions.issue(Session(account=ACCOUNT, access_key="", expires_ms=now_ms - 1, issued_ms=0))
    keys = {
        "aws_access_key_id": made.access_key,
        "aws_secret_access_key": made.secret,
        "aws_session_token": made.session_token,
    }
    assert refused(getattr(house.client(service, keys), method))[:2] == TOLD[kind]["expired"]


def test_a_signature_is_for_one_service(house: House) -> None:
    """A request that was signed for another service is none of this one's."""
    import boto3

    keys = house.root
    session = boto3.Session(region_name="eu-west-1", **keys)
    client = session.client("logs", endpoint_url=house.url, config=Config(retries={"max_attempts": 0}))
    client.meta.events.register(
        "before-sign", lambda request, **_: request.context.update(signing={"signing_name": "kinesis"})
    )
    client._request_signer._signing_name = "kinesis"
    code, status, text = refused(client.describe_log_groups)
    assert (code, status) == ("InvalidSignatureException", 400)
    assert text == "Credential should be scoped to correct service: 'logs'. "


def fetched(url: str, **more: Any) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, **more), timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_urls_of_objects(house: House, version: str) -> None:
    s3 = house.client("s3", signature_version=version)
    house.client("s3").create_bucket(
        Bucket=f"urls-{version}", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    house.client("s3").put_object(Bucket=f"urls-{version}", Key="a b/ü~+.txt", Body=b"content")
    place = {"Bucket": f"urls-{version}", "Key": "a b/ü~+.txt"}
    url = s3.generate_presigned_url("get_object", Params=place, ExpiresIn=60)
    assert fetched(url) == (200, b"content")
    for altered in (
        url.replace("a%20b", "a%20c"),
        url + "&versionId=null",
        url[:-1] + ("0" if url[-1] != "0" else "1"),
    ):
        status, body = fetched(altered)
        assert status == 403
        assert b"<Code>SignatureDoesNotMatch</Code>" in body
    assert fetched(url, method="DELETE")[0] == 403
    assert b"AccessDenied" in fetched(url, headers={"x-amz-acl": "public-read"})[1] or version == "s3"
    assert fetched(f"{house.url}/urls-{version}/a%20b/%C3%BC~%2B.txt")[0] == 403
    old = s3.generate_presigned_url("get_object", Params=place, ExpiresIn=-10)
    assert b"Request has expired" in fetched(old)[1] or version == "s3v4"


def test_bodies_in_signed_chunks(house: House) -> None:
    """The framing that SDKs use without TLS: each chunk is signed, and the trailer is."""
    from test_chunks import framed

    s3 = house.client("s3")
    s3.create_bucket(Bucket="chunks", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for is_altered, status in ((False, 200), (True, 403)):
        request = framed(house.url, house.root, "/chunks/k", [b"a" * 70_000, b"b" * 10], is_altered=is_altered)
        told, body = fetched(request.url, data=request.body, headers=request.headers, method="PUT")
        assert told == status, body
    assert s3.get_object(Bucket="chunks", Key="k")["Body"].read() == b"a" * 70_000 + b"b" * 10


def test_forms(house: House) -> None:
    s3 = house.client("s3", signature_version="s3v4")
    s3.create_bucket(Bucket="forms", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    made = s3.generate_presigned_post("forms", "k", ExpiresIn=60)

    def posted(fields: dict[str, str]) -> tuple[int, bytes]:
        edge = "edge"
        parts = [f'--{edge}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
        parts.append(
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nhi\r\n--{edge}--\r\n'
        )
        headers = {"content-type": f"multipart/form-data; boundary={edge}"}
        return fetched(f"{house.url}/forms", data="".join(parts).encode(), headers=headers, method="POST")

    assert posted(made["fields"])[0] == 204
    assert s3.get_object(Bucket="forms", Key="k")["Body"].read() == b"hi"
    assert b"SignatureDoesNotMatch" in posted(made["fields"] | {"x-amz-signature": "0" * 64})[1]
    assert b"AccessDenied" in posted({"key": "k"})[1]
    assert (
        b"InvalidAccessKeyId"
        in posted(made["fields"] | {"x-amz-credential": made["fields"]["x-amz-credential"].replace("AKIA", "AKIB")})[1]
    )


async def test_tokens_of_the_native_api(house: House) -> None:
    from streamcore.client.api import ApiError
    from streamcore.client.signing import Keys

    keys = Keys(*house.root.values())
    policy = document(allow(["kinesis:CreateStream", "kinesis:PutRecords"], "arn:aws:kinesis:*:*:stream/native"))
    async with Client(house.url, token="") as admin:
        with pytest.raises(ApiError) as caught:
            await admin.list_streams()
        assert (caught.value.status, caught.value.error_code) == (401, "not_authenticated")
        made = await admin.signed(keys, "POST", "/v1/tokens", {"name": "app", "policy": policy})
        listed = (await admin.signed(keys, "GET", "/v1/tokens"))["tokens"]
        assert [(each["name"], each["policy"]) for each in listed] == [("app", policy)]
        with pytest.raises(ApiError) as caught:
            await admin.signed(keys, "POST", "/v1/tokens", {"name": "app", "policy": policy})
        assert caught.value.error_code == "token_exists"
        async with Client(house.url, token=made["token"]) as client:
            await client.create_stream("native")
            await client.put("native", ["k"], [b"v"])
            for call in (client.describe_stream("native"), client.create_stream("other"), client.mappings()):
                with pytest.raises(ApiError) as caught:
                    await call
                assert (caught.value.status, caught.value.error_code) == (403, "access_denied")
            await admin.signed(keys, "DELETE", "/v1/tokens/app")
            with pytest.raises(ApiError) as caught:
                await client.put("native", ["k"], [b"v"])
            assert caught.value.status == 401
        with pytest.raises(ApiError):
            await admin.signed(Keys(keys.access_key, "wrong"), "GET", "/v1/tokens")
    assert made["token"].encode() not in b"".join(path.read_bytes() for path in house.data.rglob("*") if path.is_file())


@pytest.mark.parametrize(("path", "status"), [("/healthz", 200), ("/readyz", 200), ("/metrics", 401), ("/v1/x", 401)])
def test_doors_without_a_key(house: House, path: str, status: int) -> None:
    assert fetched(house.url + path)[0] == status


def test_the_audit_log_says_who_did_what_and_has_no_secrets(house: House, ann: dict[str, str]) -> None:
    refused(house.client("kinesis", ann).list_streams)
    entries = house.audit()
    denied = [each for each in entries if each.get("access_key") == ann["aws_access_key_id"]]
    assert {
        "action": "kinesis:ListStreams",
        "resource": "*",
        "allowed": False,
        "by": "no identity-based policy",
    }.items() <= (denied[-1].items())
    assert denied[-1]["principal"] == f"arn:aws:iam::{ACCOUNT}:user/ann"
    made = [each for each in entries if each.get("action") == "iam:CreateAccessKey"]
    assert made[0]["allowed"]
    assert made[0]["by"] == "account root"
    text = (house.data / "audit" / "audit.jsonl").read_text()
    for secret in (ann["aws_secret_access_key"], house.root["aws_secret_access_key"]):
        assert secret not in text
        assert not any(secret.encode() in path.read_bytes() for path in house.data.rglob("*") if path.is_file())


def test_an_http_api_is_a_resource_by_its_path(house: House) -> None:
    root = house.client("apigatewayv2")
    mine, other = (root.create_api(Name=name, ProtocolType="HTTP")["ApiId"] for name in ("mine", "other"))
    arn = f"arn:aws:apigateway:*::/apis/{mine}"
    gateway = house.client("apigatewayv2", house.user("gatekeeper", allow("apigateway:*", [arn, f"{arn}/*"])))
    gateway.create_stage(ApiId=mine, StageName="$default", AutoDeploy=True)
    assert gateway.get_api(ApiId=mine)["Name"] == "mine"
    code, status, text = refused(lambda: gateway.get_api(ApiId=other))
    assert (code, status) == ("AccessDeniedException", 403)
    assert text.endswith("because no identity-based policy allows the apigateway:GET action")
