"""Authorizers of HTTP APIs: tokens with keys of their own, functions, signatures."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from gateway_v2_harness import AUTHORIZER, FUNCTION, NOW_MS, REGION, Api, FunctionError, World, invocation
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from runtime.gateway.ports import HttpCall, HttpCallError, HttpResult

ISSUER = "https://issuer.example/pool"
NOW_S = NOW_MS // 1000


@cache
def private_key(algorithm: str, key_id: str) -> Any:
    if algorithm.startswith("RS"):
        return rsa.generate_private_key(65537, 2048)
    curve: dict[str, Callable[[], Any]] = {"256": ec.SECP256R1, "384": ec.SECP384R1, "512": ec.SECP521R1}
    return ec.generate_private_key(curve[algorithm[2:]]())


def public_key(algorithm: str, key_id: str) -> dict[str, Any]:
    kind = RSAAlgorithm if algorithm.startswith("RS") else ECAlgorithm
    found: dict[str, Any] = kind.to_jwk(private_key(algorithm, key_id).public_key(), as_dict=True)
    return found | {"kid": key_id, "use": "sig", "alg": algorithm}


def token(algorithm: str = "RS256", key_id: str = "k1", **claims: Any) -> str:
    said = {"iss": ISSUER, "aud": "client", "exp": NOW_S + 60, "iat": NOW_S, "sub": "me"} | claims
    told = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(told, private_key(algorithm, key_id), algorithm=algorithm, headers={"kid": key_id})


class Issuer:
    """An OpenID Connect provider."""

    def __init__(self) -> None:
        self.keys = [public_key("RS256", "k1")]
        self.calls: list[str] = []
        self.is_there = True

    def __call__(self, call: HttpCall) -> HttpResult:
        self.calls.append(call.url)
        if not self.is_there:
            raise HttpCallError("nobody is there")
        if call.url == f"{ISSUER}/.well-known/openid-configuration":
            return told({"issuer": ISSUER, "jwks_uri": "https://keys.example/jwks"})
        assert call.url == "https://keys.example/jwks"
        return told({"keys": self.keys})


def told(value: Any) -> HttpResult:
    return HttpResult(status=200, headers=[], body=json.dumps(value).encode())


@pytest.fixture
def issuer(world: World) -> Issuer:
    world.functions[FUNCTION] = lambda event: {"statusCode": 200, "body": json.dumps(event)}
    made = Issuer()
    world.server = made
    return made


def secured(world: World, source: str = "$request.header.Authorization", **route: Any) -> Api:
    api = world.api()
    authorizer = world.client.create_authorizer(
        ApiId=api.id, Name="a", AuthorizerType="JWT", IdentitySource=[source],
        JwtConfiguration={"Issuer": ISSUER, "Audience": ["other", "client"]},
    )["AuthorizerId"]  # fmt: skip
    api.route("GET /x", AuthorizationType="JWT", AuthorizerId=authorizer, **route)
    return api


def get(api: Api, text: str | None) -> Any:
    return api.send("/x", headers={} if text is None else {"Authorization": text})


def test_a_token_and_what_a_function_learns_of_it(world: World, issuer: Issuer) -> None:
    api = secured(world)
    text = token(groups=["a", "b"], admin=True, n=1.5)
    for header in (f"Bearer {text}", f"bearer {text}", text):
        answer = get(api, header)
        assert answer.status == 200
    assert json.loads(answer.body)["requestContext"]["authorizer"] == {
        "jwt": {
            "claims": {
                "iss": ISSUER, "aud": "client", "exp": str(NOW_S + 60), "iat": str(NOW_S), "sub": "me",
                "groups": "[a b]", "admin": "true", "n": "1.5",
            },
            "scopes": None,
        }
    }  # fmt: skip
    assert len(issuer.calls) == 2


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"])
def test_algorithms(world: World, issuer: Issuer, algorithm: str) -> None:
    issuer.keys = [public_key(algorithm, "k1")]
    assert get(secured(world), token(algorithm)).status == 200


def tampered() -> str:
    head, claims, signature = token().split(".")
    return f"{head}.{claims}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"


def unsigned() -> str:
    return jwt.encode(
        {"iss": ISSUER, "aud": "client", "exp": NOW_S + 60}, None, algorithm="none", headers={"kid": "k1"}
    )


def symmetric() -> str:
    """Signed with a secret, which the public key might be taken for."""
    secret = "a secret of thirty-two characters"
    claims = {"iss": ISSUER, "aud": "client", "exp": NOW_S + 60}
    return jwt.encode(claims, secret, algorithm="HS256", headers={"kid": "k1"})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (lambda: token(iss="https://other.example"), "invalid issuer"),
        (lambda: token(aud="nobody"), "invalid audience"),
        (lambda: token(aud=None), "invalid audience"),
        (lambda: token(aud="nobody", client_id="client"), "invalid audience"),
        (lambda: token(exp=NOW_S), "has expired"),
        (lambda: token(exp=None), "has expired"),
        (lambda: token(exp="soon"), "invalid exp"),
        (lambda: token(nbf=NOW_S + 1), "not valid yet"),
        (lambda: token(iat=NOW_S + 1), "issued in the future"),
        (lambda: token(key_id="k2"), "signing key not found"),
        (lambda: token("RS512"), "signing key not found"),
        (tampered, "invalid signature"),
        (unsigned, "an algorithm that is not taken"),
        (symmetric, "an algorithm that is not taken"),
        (lambda: "no.token", "malformed"),
        (lambda: "x" * 5000, "malformed"),
    ],
)
def test_tokens_that_are_refused(world: World, issuer: Issuer, text: Callable[[], str], reason: str) -> None:
    answer = get(secured(world), f"Bearer {text()}")
    assert (answer.status, json.loads(answer.body)) == (401, {"message": "Unauthorized"})
    assert answer.headers["www-authenticate"].startswith('Bearer error="invalid_token" error_description="')
    assert reason in answer.headers["www-authenticate"]
    assert world.events == []


@pytest.mark.parametrize("claims", [{"aud": ["x", "client"]}, {"aud": None, "client_id": "client"}, {"nbf": NOW_S}])
def test_tokens_that_pass(world: World, issuer: Issuer, claims: Any) -> None:
    assert get(secured(world), token(**claims)).status == 200


def test_no_token(world: World, issuer: Issuer) -> None:
    answer = get(secured(world), None)
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    api = secured(world, "$request.querystring.token")
    assert api.send(f"/x?token={token()}").status == 200


def test_scopes(world: World, issuer: Issuer) -> None:
    api = secured(world, AuthorizationScopes=["read", "write"])
    answer = get(api, token(scope="read other"))
    assert json.loads(answer.body)["requestContext"]["authorizer"]["jwt"]["scopes"] == ["read"]
    assert get(api, token(scp=["write"])).status == 200
    for claims in ({}, {"scope": "other"}, {"scope": 7}):
        answer = get(api, token(**claims))
        assert (answer.status, json.loads(answer.body)) == (403, {"message": "Forbidden"})
        assert 'scope="read write" error="insufficient_scope"' in answer.headers["www-authenticate"]


def test_keys_are_kept_and_fetched_again(world: World, issuer: Issuer) -> None:
    api = secured(world)
    assert get(api, token()).status == 200
    issuer.keys = [public_key("RS256", "k2")]
    assert get(api, token(key_id="k2")).status == 401  # not again so soon
    assert len(issuer.calls) == 2
    world.advance(60.0)
    assert get(api, token(key_id="k2", exp=NOW_S + 10_000)).status == 200
    assert len(issuer.calls) == 4
    world.advance(2 * 3600.0)
    assert get(api, token(key_id="k2", exp=NOW_S + 10_000)).status == 200
    assert len(issuer.calls) == 6


def test_an_issuer_that_is_not_there(world: World, issuer: Issuer) -> None:
    api = secured(world)
    issuer.is_there = False
    assert [get(api, token()).status for _ in range(3)] == [401] * 3
    assert len(issuer.calls) == 1
    issuer.is_there = True
    world.advance(5.0)
    assert get(api, token()).status == 200


@pytest.mark.parametrize(
    "answer",
    [
        HttpResult(status=404, headers=[], body=b"{}"),
        HttpResult(status=200, headers=[], body=b"[]"),
        HttpResult(status=200, headers=[], body=b"{}"),
        HttpResult(status=200, headers=[], body=b" " * 150_001),
        told({"jwks_uri": 7, "keys": 7}),
    ],
)
def test_issuers_that_talk_nonsense(world: World, issuer: Issuer, answer: HttpResult) -> None:
    world.server = lambda call: answer
    assert get(secured(world), token()).status == 401


# ---------------------------------------------------------------- functions


def guarded(world: World, verdict: Callable[[Any], Any], version: str = "2.0", **given: Any) -> Api:
    world.functions[AUTHORIZER] = verdict
    world.functions[FUNCTION] = lambda event: {"statusCode": 200, "body": json.dumps(event)}
    api = world.api()
    authorizer = world.client.create_authorizer(
        ApiId=api.id,
        Name="a",
        AuthorizerType="REQUEST",
        AuthorizerUri=invocation(AUTHORIZER),
        AuthorizerPayloadFormatVersion=version,
        **{"IdentitySource": ["$request.header.auth"], "AuthorizerResultTtlInSeconds": 0} | given,
    )["AuthorizerId"]
    for key in ("GET /x", "GET /y"):
        api.route(key, AuthorizationType="CUSTOM", AuthorizerId=authorizer)
    return api


def policy(effect: str = "Allow", resource: str = "*") -> dict[str, Any]:
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
    return {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


def ask(api: Api, path: str = "/x", auth: str | None = "t") -> Any:
    return api.send(path, headers={} if auth is None else {"Auth": auth, "Cookie": "c=1"})


def test_the_event_of_an_authorizer(world: World) -> None:
    api = guarded(world, lambda event: {"isAuthorized": True}, EnableSimpleResponses=True)
    ask(api, "/x?q=1")
    event = world.events[0]
    assert (event["version"], event["type"], event["identitySource"]) == ("2.0", "REQUEST", ["t"])
    assert event["routeArn"] == f"arn:aws:execute-api:{REGION}:123456789012:{api.id}/$default/GET/x"
    assert (event["routeKey"], event["rawPath"], event["rawQueryString"]) == ("GET /x", "/x", "q=1")
    assert (event["cookies"], event["headers"]["auth"]) == (["c=1"], "t")
    assert event["requestContext"]["http"]["method"] == "GET"
    assert not {"body", "isBase64Encoded"} & event.keys()


def test_the_event_of_an_authorizer_of_the_first_format(world: World) -> None:
    sources = ["$request.header.auth", "$context.routeKey"]
    api = guarded(world, lambda event: policy(), "1.0", IdentitySource=sources)
    assert ask(api).status == 200
    event = world.events[0]
    assert (event["version"], event["type"]) == ("1.0", "REQUEST")
    assert (event["identitySource"], event["authorizationToken"]) == ("t,GET /x", "t,GET /x")
    assert event["methodArn"].endswith("/$default/GET/x")
    assert event["requestContext"]["resourcePath"] == "/x"


@pytest.mark.parametrize(
    ("is_simple", "result", "status"),
    [
        (True, {"isAuthorized": True, "context": {"a": [1]}}, 200),
        (True, {"isAuthorized": False}, 403),
        (True, {}, 500),
        (True, "yes", 500),
        (True, policy(), 500),
        (False, policy(), 200),
        (False, policy("Deny"), 403),
        (False, policy(resource="arn:aws:execute-api:*/GET/y"), 403),
        (False, policy(resource="arn:aws:execute-api:*/GET/x"), 200),
        (False, {"isAuthorized": True}, 500),
        (False, {"principalId": "me", "policyDocument": {"Statement": "x"}}, 500),
    ],
)
def test_what_an_authorizer_says(world: World, is_simple: bool, result: Any, status: int) -> None:
    answer = ask(guarded(world, lambda event: result, EnableSimpleResponses=is_simple))
    assert answer.status == status
    if status == 403:
        assert json.loads(answer.body) == {"message": "Forbidden"}
    if status == 500:
        assert json.loads(answer.body) == {"message": "Internal Server Error"}


def test_what_an_integration_learns(world: World) -> None:
    context = {"user": "u", "n": 1}
    api = guarded(world, lambda event: {"isAuthorized": True, "context": context}, EnableSimpleResponses=True)
    assert json.loads(ask(api).body)["requestContext"]["authorizer"] == {"lambda": context}
    api = guarded(world, lambda event: policy() | {"context": context}, "1.0")
    integration = api.integration(PayloadFormatVersion="1.0")
    for route in world.client.get_routes(ApiId=api.id)["Items"]:
        world.client.update_route(ApiId=api.id, RouteId=route["RouteId"], Target=f"integrations/{integration}")
    assert json.loads(ask(api).body)["requestContext"]["authorizer"] == {"principalId": "me"} | context


def test_an_authorizer_that_fails(world: World) -> None:
    def fail(event: Any) -> Any:
        raise FunctionError("Unauthorized" if event["headers"]["auth"] == "bad" else "broken")

    api = guarded(world, fail)
    assert [ask(api, auth=auth).status for auth in ("bad", "other", None)] == [401, 500, 401]
    del world.functions[AUTHORIZER]
    assert ask(api).status == 500
    assert ask(api, auth=None).headers.get("www-authenticate") is None


def test_what_is_remembered(world: World) -> None:
    """For all routes of the stage; a policy is judged for each."""
    asked: list[str] = []

    def verdict(event: Any) -> Any:
        asked.append(event["headers"]["auth"])
        return policy(resource="*/GET/x")

    api = guarded(world, verdict, AuthorizerResultTtlInSeconds=60)
    assert [ask(api, path).status for path in ("/x", "/x", "/y")] == [200, 200, 403]
    assert ask(api, auth="u").status == 200
    assert asked == ["t", "u"]
    world.advance(60.0)
    ask(api)
    world.client.reset_authorizers_cache(ApiId=api.id, StageName="$default")
    ask(api)
    world.client.update_api(ApiId=api.id, Description="deploys")
    ask(api)
    assert asked == ["t", "u", "t", "t", "t"]


def test_signed_requests(world: World) -> None:
    world.functions[FUNCTION] = lambda event: {"statusCode": 200, "body": json.dumps(event)}
    api = world.api()
    api.route("GET /x", AuthorizationType="AWS_IAM")
    answer = api.send("/x")
    assert (answer.status, json.loads(answer.body)) == (403, {"message": "Forbidden"})
    credential = "AWS4-HMAC-SHA256 Credential=AKIA/20231114/eu-west-1/execute-api/aws4_request, SignedHeaders=host"
    event = json.loads(api.send("/x", headers={"Authorization": f"{credential}, Signature=0"}).body)
    assert event["requestContext"]["authorizer"]["iam"]["accessKey"] == "AKIA"
