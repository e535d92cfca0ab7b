"""Requests to what is deployed: each integration, and everything that stands before it. Functions, services and HTTP
servers are answers of the test."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

import pytest
from gateway_harness import ACCOUNT, FUNCTION, REGION, Api, FunctionError, World, invocation

from runtime.gateway.ports import HttpCallError, HttpResult

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def api(world: World) -> Api:
    return world.api()


def told(answer: Any) -> Any:
    return json.loads(answer.body)


# ---------------------------------------------------------------- proxies to functions


def test_a_function_behind_any_path(world: World, api: Api) -> None:
    world.functions[FUNCTION] = lambda event: {"statusCode": 201, "headers": {"X-A": "1"}, "body": event["path"]}
    api.proxy("/{proxy+}")
    api.deploy(variables={"color": "blue"})
    answer = api.send("/a%20b/c?x=1&x=2", "POST", b"body", {"X-Case": "Kept", "User-Agent": "me"})
    assert (answer.status, answer.body, answer.headers["X-A"]) == (201, b"/a b/c", "1")
    [event] = world.events
    assert (event["resource"], event["pathParameters"]) == ("/{proxy+}", {"proxy": "a b/c"})
    assert (event["headers"]["X-Case"], event["headers"]["Host"]) == ("Kept", "localhost:4566")
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"]}
    assert (event["stageVariables"], event["body"]) == ({"color": "blue"}, "body")
    about = event["requestContext"]
    assert (about["path"], about["stage"], about["apiId"]) == ("/s/a b/c", "s", api.id)
    assert (about["requestTime"], about["requestTimeEpoch"]) == ("14/Nov/2023:22:14:00 +0000", 1_700_000_040_000)
    assert len(about["identity"]) == 12
    assert (about["identity"]["userAgent"], about["identity"]["sourceIp"]) == ("me", "127.0.0.1")
    assert about["requestId"] == answer.headers["x-amzn-RequestId"]


@pytest.mark.parametrize(("behaviour", "status", "text"), [
    ("raises", 502, "Internal server error"),
    ("text", 502, "Internal server error"),
    ("missing", 500, "Internal server error"),
    ("hangs", 504, "Endpoint request timed out"),
])  # fmt: skip
def test_functions_that_fail(world: World, api: Api, behaviour: str, status: int, text: str) -> None:
    async def run(event: Any) -> Any:
        if behaviour == "raises":
            raise FunctionError("no")
        if behaviour == "hangs":
            await asyncio.Event().wait()
        return "text"

    if behaviour != "missing":
        world.functions[FUNCTION] = run
    integration = {
        "type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": invocation(), "timeoutInMillis": 50
    }  # fmt: skip
    api.method("/a", "GET", integration)
    api.deploy()
    answer = api.send("/a")
    assert (answer.status, told(answer)) == (status, {"message": text})


def test_a_proxy_that_is_invoked_by_get_is_misconfigured(world: World, api: Api) -> None:
    api.method("/a", "GET", {"type": "AWS_PROXY", "integrationHttpMethod": "GET", "uri": invocation()})
    api.deploy()
    assert (api.send("/a").status, world.events) == (500, [])


def test_binary_bodies_both_ways(world: World) -> None:
    api = world.api(binaryMediaTypes=["image/*"])
    world.functions[FUNCTION] = lambda event: {"statusCode": 200, "body": "/wA=", "isBase64Encoded": True}
    api.proxy("/a")
    api.deploy()
    answer = api.send("/a", "POST", b"\xff\x00", {"Content-Type": "image/png", "Accept": "image/png"})
    assert (world.events[0]["body"], world.events[0]["isBase64Encoded"]) == ("/wA=", True)
    assert answer.body == b"\xff\x00"
    assert api.send("/a", headers={"Accept": "text/plain"}).body == b"/wA="


def test_stage_variables_choose_the_function(world: World, api: Api) -> None:
    for alias in ("blue", "green"):
        world.functions[f"{FUNCTION}:{alias}"] = lambda event, alias=alias: {"statusCode": 200, "body": alias}
    api.proxy("/a", arn=FUNCTION + ":${stageVariables.color}")
    api.deploy("one", variables={"color": "blue"})
    api.deploy("two", variables={"color": "green"})
    assert (api.send("/a", stage="one").body, api.send("/a", stage="two").body) == (b"blue", b"green")


def test_a_deployment_does_not_change_with_the_api(world: World, api: Api) -> None:
    place = api.mock("/a", body="one")
    first = api.deploy()
    world.client.put_integration_response(**place, statusCode="200", responseTemplates={"application/json": "two"})
    assert api.send("/a").body == b"one"
    api.deploy()
    assert api.send("/a").body == b"two"
    patch = [{"op": "replace", "path": "/deploymentId", "value": first}]
    world.client.update_stage(restApiId=api.id, stageName="s", patchOperations=patch)
    assert api.send("/a").body == b"one"


# ---------------------------------------------------------------- mappings


def test_a_preflight_by_mock(api: Api) -> None:
    place = api.method(
        "/a", "OPTIONS", {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}
    )
    headers = {"Methods": "'GET,OPTIONS'", "Headers": "'Content-Type'", "Origin": "'*'"}
    names = {f"method.response.header.Access-Control-Allow-{name}": text for name, text in headers.items()}
    api.answer(place, responseParameters=names)
    api.deploy()
    answer = api.send("/a", "OPTIONS", headers={"Origin": "https://a.example", "Access-Control-Request-Method": "GET"})
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Methods"] == "GET,OPTIONS"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_mock_that_chooses_its_status(api: Api) -> None:
    template = '{"statusCode": #if($input.params("ok") == "yes")200#{else}404#end}'
    place = api.method("/a", "GET", {"type": "MOCK", "requestTemplates": {"application/json": template}})
    api.answer(place, "200", responseTemplates={"application/json": "fine"})
    api.answer(place, "404", selectionPattern="404", responseTemplates={"application/json": "none"})
    api.deploy()
    assert (api.send("/a?ok=yes").body, api.send("/a").body, api.send("/a").status) == (b"fine", b"none", 404)


def custom(api: Api, **given: Any) -> dict[str, str]:
    integration = {"type": "AWS", "integrationHttpMethod": "POST", "uri": invocation()} | given
    return api.method("/a", "POST", integration)


def test_a_function_with_templates_and_patterns(world: World, api: Api) -> None:
    def run(event: Any) -> Any:
        if event["n"] == 13:
            raise FunctionError("[BadRequest] no 13")
        return {"got": event}

    world.functions[FUNCTION] = run
    place = custom(
        api, requestTemplates={"application/json": '{"n": $input.json("$.value"), "id": "$context.requestId"}'}
    )
    api.answer(place, "200", responseTemplates={"application/json": '{"n": $input.path("$.got.n")}'},
               responseParameters={"method.response.header.X-N": "integration.response.body.got.n"})  # fmt: skip
    api.answer(place, "400", selectionPattern=r"\[BadRequest\].*",
               responseTemplates={"application/json": '{"error": $input.json("$.errorMessage")}'})  # fmt: skip
    api.deploy()
    answer = api.send("/a", "POST", b'{"value": 7}', JSON)
    assert (answer.status, told(answer), answer.headers["X-N"]) == (200, {"n": 7}, "7")
    answer = api.send("/a", "POST", b'{"value": 13}', JSON)
    assert (answer.status, told(answer)) == (400, {"error": "[BadRequest] no 13"})


def test_overrides_of_an_answer(world: World, api: Api) -> None:
    world.functions[FUNCTION] = lambda event: {"code": 409}
    template = (
        '#set($context.responseOverride.status = $input.path("$.code"))'
        '#set($context.responseOverride.header.X-Y = "z")no'
    )
    api.answer(custom(api), responseTemplates={"application/json": template})
    api.deploy()
    answer = api.send("/a", "POST", b"{}", JSON)
    assert (answer.status, answer.headers["X-Y"], answer.body) == (409, "z", b"no")


@pytest.mark.parametrize(("passthrough", "kind", "status"), [
    ("WHEN_NO_MATCH", "text/plain", 200),
    ("WHEN_NO_TEMPLATES", "text/plain", 415),
    ("NEVER", "text/plain", 415),
    ("NEVER", "application/json; charset=utf-8", 200),
])  # fmt: skip
def test_bodies_without_a_template(world: World, api: Api, passthrough: str, kind: str, status: int) -> None:
    world.functions[FUNCTION] = lambda event: event
    place = custom(api, passthroughBehavior=passthrough, requestTemplates={"application/json": "$input.body"})
    api.answer(place)
    api.deploy()
    answer = api.send("/a", "POST", b'"x"', {"Content-Type": kind})
    assert answer.status == status
    assert status == 200 or told(answer) == {"message": "Unsupported Media Type"}


def test_an_asynchronous_invocation(world: World, api: Api) -> None:
    header = {"integration.request.header.X-Amz-Invocation-Type": "'Event'"}
    api.answer(custom(api, requestParameters=header))
    api.deploy()
    assert api.send("/a", "POST", b'{"a":1}', JSON).status == 200
    assert world.queued == [(FUNCTION, b'{"a":1}')]


def test_no_response_fits(world: World, api: Api) -> None:
    world.functions[FUNCTION] = lambda event: {}
    place = custom(api)
    api.answer(place, "400", selectionPattern="x")
    api.deploy()
    assert (api.send("/a", "POST", b"{}", JSON).status, world.events) == (500, [{}])


def test_templates_beyond_their_bounds_fail_the_request(api: Api) -> None:
    api.mock("/a", body="#set($r = [1..100000])")
    api.deploy()
    assert api.send("/a").status == 500


def test_a_stream_behind_an_endpoint(world: World, api: Api) -> None:
    world.service = lambda call: HttpResult(status=200, headers=[], body=b'{"SequenceNumber": "49", "ShardId": "s-0"}')
    template = (
        '{"StreamName": "$input.params(\'stream\')", "Data": "$util.base64Encode($input.body)", '
        '"PartitionKey": "$input.path(\'$.key\')"}'
    )
    uri = f"arn:aws:apigateway:{REGION}:kinesis:action/PutRecord"
    integration = {"type": "AWS", "integrationHttpMethod": "POST", "uri": uri,
                   "requestTemplates": {"application/json": template}}  # fmt: skip
    place = api.method("/streams/{stream}", "PUT", integration)
    api.answer(place, responseTemplates={"application/json": '{"at": $input.json("$.SequenceNumber")}'})
    api.deploy()
    assert told(api.send("/streams/orders", "PUT", b'{"key":"k"}', JSON)) == {"at": "49"}
    [call] = world.service_calls
    assert (call.service, call.method, call.path) == ("kinesis", "POST", "/")
    assert (call.scope.account, call.scope.region) == (ACCOUNT, REGION)
    assert call.headers["x-amz-target"] == "Kinesis_20131202.PutRecord"
    assert json.loads(call.body) == {"StreamName": "orders", "Data": "eyJrZXkiOiJrIn0=", "PartitionKey": "k"}


@pytest.mark.parametrize(("uri", "given", "path", "form"), [
    ("sqs:path/123456789012/q",
     {"requestTemplates": {"application/json": "Action=SendMessage&MessageBody=$input.body"}},
     "/123456789012/q", "Action=SendMessage&MessageBody=x&Version=2012-11-05"),
    ("sns:action/Publish", {"requestParameters": {"integration.request.querystring.TopicArn": "'arn:t'",
                                                  "integration.request.querystring.Message": "method.request.body"}},
     "/", "Action=Publish&TopicArn=arn%3At&Message=x&Version=2010-03-31"),
])  # fmt: skip
def test_services_that_take_forms(world: World, api: Api, uri: str, given: Any, path: str, form: str) -> None:
    integration = {"type": "AWS", "integrationHttpMethod": "POST", "uri": f"arn:aws:apigateway:{REGION}:{uri}"}
    place = api.method("/a", "POST", integration | {"passthroughBehavior": "WHEN_NO_MATCH"} | given)
    api.answer(place)
    api.deploy()
    assert api.send("/a", "POST", b"x", JSON).status == 200
    [call] = world.service_calls
    assert call.path == path
    assert call.headers["content-type"] == "application/x-www-form-urlencoded"
    assert form.split("&Version")[0] in call.body.decode()
    assert call.body.decode().endswith(form.rpartition("&")[2])


# ---------------------------------------------------------------- HTTP


def test_a_proxy_to_an_http_server(world: World, api: Api) -> None:
    world.server = lambda call: HttpResult(
        status=418, headers=[("Date", "x"), ("X-A", "1"), ("Set-Cookie", "a=1"), ("Connection", "close")], body=b"tea"
    )
    integration = {
        "type": "HTTP_PROXY", "integrationHttpMethod": "ANY", "uri": "http://backend:8080/base/{proxy}",
        "requestParameters": {"integration.request.path.proxy": "method.request.path.proxy",
                              "integration.request.header.X-Extra": "context.requestId"},
    }  # fmt: skip
    api.method("/{proxy+}", "ANY", integration, requestParameters={"method.request.path.proxy": True})
    api.deploy()
    answer = api.send("/a%20b/c?q=1&q=2", "PUT", b"body", {"X-In": "y", "Connection": "close"})
    assert (answer.status, answer.body, answer.cookies) == (418, b"tea", ("a=1",))
    assert (answer.headers["x-amzn-Remapped-Date"], answer.headers["X-A"]) == ("x", "1")
    assert "Connection" not in answer.headers
    [call] = world.http_calls
    assert (call.method, call.url) == ("PUT", "http://backend:8080/base/a%20b/c?q=1&q=2")
    names = {name for name, _ in call.headers}
    assert {"X-In", "X-Extra", "X-Forwarded-For"} <= names
    assert not {"Host", "Connection"} & names
    assert call.body == b"body"


def test_an_http_server_with_mappings(world: World, api: Api) -> None:
    world.server = lambda call: HttpResult(status=404, headers=[("X-Reason", "gone")], body=b'{"why": "gone"}')
    mapping = {"integration.request.querystring.id": "method.request.querystring.n"}
    integration = {
        "type": "HTTP", "integrationHttpMethod": "GET", "uri": "http://backend/x", "requestParameters": mapping
    }  # fmt: skip
    place = api.method("/a", "GET", integration, requestParameters={"method.request.querystring.n": False})
    api.answer(place, "200")
    api.answer(place, "404", selectionPattern="4..", responseTemplates={"application/json": "$input.json('$.why')"},
               responseParameters={"method.response.header.X-R": "integration.response.header.x-reason"})  # fmt: skip
    api.deploy()
    answer = api.send("/a?n=5")
    assert (answer.status, answer.body, answer.headers["X-R"]) == (404, b'"gone"', "gone")
    assert world.http_calls[0].url == "http://backend/x?id=5"


def test_an_http_server_that_is_not_there(world: World, api: Api) -> None:
    def refuse(call: Any) -> Any:
        raise HttpCallError("refused") if "late" not in call.url else TimeoutError

    world.server = refuse
    for name in ("gone", "late"):
        api.method(f"/{name}", "GET", {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": f"http://b/{name}"})
    api.deploy()
    assert (api.send("/gone").status, api.send("/late").status) == (500, 504)


# ---------------------------------------------------------------- before the integration


def test_what_has_no_route(api: Api) -> None:
    api.mock("/a")
    api.deploy()
    for path, method in (("/b", "GET"), ("/a", "POST"), ("/", "GET")):
        answer = api.send(path, method)
        assert (answer.status, told(answer)) == (403, {"message": "Missing Authentication Token"})
        assert answer.headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"
    assert told(api.send("/a", stage="nope")) == {"message": "Forbidden"}
    assert api.world.send("nope", "/a").status == 403


def test_requests_are_validated(world: World, api: Api) -> None:
    schema = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "tag": {"$ref": "T"}}}
    tag = {"definitions": {"t": {"enum": ["a", "b"]}}, "$ref": "#/definitions/t"}
    schema["properties"]["tag"]["$ref"] = f"https://apigateway.amazonaws.com/restapis/{api.id}/models/Tag"  # type: ignore[index]
    for name, each in (("Tag", tag), ("Pet", schema)):
        world.client.create_model(restApiId=api.id, name=name, contentType="application/json", schema=json.dumps(each))
    validator = world.client.create_request_validator(
        restApiId=api.id, name="v", validateRequestBody=True, validateRequestParameters=True
    )
    api.mock("/a", "POST", body="ok", requestValidatorId=validator["id"], requestModels={"application/json": "Pet"},
             requestParameters={"method.request.querystring.q": True, "method.request.header.X-H": True,
                                "method.request.querystring.o": False})  # fmt: skip
    api.deploy()

    def send(query: str, body: bytes, **headers: str) -> tuple[int, Any]:
        answer = api.send(f"/a{query}", "POST", body, JSON | headers)
        return answer.status, answer.body.decode()

    assert send("", b"{}") == (400, '{"message":"Missing required request parameters: [q, X-H]"}')
    good = {"query": "?q=1", "X-H": "1"}
    for body in (b"", b"{", b"{}", b'{"name": 5}', b'{"name": "x", "tag": "c"}', b"[" * 100_000):
        assert send(good["query"], body, **{"X-H": "1"}) == (400, '{"message":"Invalid request body"}')
    assert send(good["query"], b'{"name": "x", "tag": "b"}', **{"X-H": "1"}) == (200, "ok")


def plan_of(api: Api, **given: Any) -> tuple[str, str]:
    """A key, and the id of its plan."""
    client = api.client
    key = client.create_api_key(name="k", enabled=True)
    plan = client.create_usage_plan(name="p", apiStages=[{"apiId": api.id, "stage": "s"}], **given)
    client.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    return key, plan["id"]


def test_keys(world: World, api: Api) -> None:
    api.mock("/a", body="$context.identity.apiKey", apiKeyRequired=True)
    api.deploy()
    key, _ = plan_of(api)
    assert told(api.send("/a")) == {"message": "Forbidden"}
    assert api.send("/a", headers={"x-api-key": "nonsense"}).status == 403
    assert api.send("/a", headers={"X-Api-Key": key["value"]}).body.decode() == key["value"]
    stranger = world.client.create_api_key(enabled=True)
    assert api.send("/a", headers={"x-api-key": stranger["value"]}).status == 403
    patch = [{"op": "replace", "path": "/enabled", "value": "false"}]
    world.client.update_api_key(apiKey=key["id"], patchOperations=patch)
    assert api.send("/a", headers={"x-api-key": key["value"]}).status == 403


def test_a_plan_throttles(world: World, api: Api) -> None:
    api.mock("/a", apiKeyRequired=True)
    api.deploy()
    key, _ = plan_of(api, throttle={"rateLimit": 2, "burstLimit": 2})
    headers = {"x-api-key": key["value"]}
    assert [api.send("/a", headers=headers).status for _ in range(3)] == [200, 200, 429]
    assert told(api.send("/a", headers=headers)) == {"message": "Too Many Requests"}
    world.advance(0.5)
    assert [api.send("/a", headers=headers).status for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("is_clean", [True, False])
def test_a_quota_is_counted_durably(world: World, api: Api, is_clean: bool) -> None:
    api.mock("/a", apiKeyRequired=True)
    api.deploy()
    key, plan = plan_of(api, quota={"limit": 3, "period": "WEEK"})
    headers = {"x-api-key": key["value"]}
    assert [api.send("/a", headers=headers).status for _ in range(2)] == [200, 200]
    if not is_clean:
        world.advance(61)  # what is a minute old is kept
    world.restart(is_clean=is_clean)
    assert [api.send("/a", headers=headers).status for _ in range(2)] == [200, 429]
    assert told(api.send("/a", headers=headers)) == {"message": "Limit Exceeded"}
    usage = world.client.get_usage(usagePlanId=plan, startDate="2023-11-13", endDate="2023-11-14")
    assert usage["items"] == {key["id"]: [[0, 3], [3, 0]]}
    given = {"usagePlanId": plan, "keyId": key["id"]}
    world.client.update_usage(**given, patchOperations=[{"op": "replace", "path": "/remaining", "value": "1"}])
    assert [api.send("/a", headers=headers).status for _ in range(2)] == [200, 429]
    world.advance(86_400 * 7)
    assert api.send("/a", headers=headers).status == 200


def test_a_stage_throttles(world: World, api: Api) -> None:
    api.mock("/a")
    api.mock("/b")
    api.deploy()
    patch = [{"op": "replace", "path": f"/{path}/throttling/{name}", "value": value}
             for path, value in (("*/*", "2"), ("~1b/GET", "1"))
             for name in ("rateLimit", "burstLimit")]  # fmt: skip
    world.client.update_stage(restApiId=api.id, stageName="s", patchOperations=patch)
    assert [api.send("/a").status for _ in range(3)] == [200, 200, 429]
    assert [api.send("/b").status for _ in range(2)] == [200, 429]


# ---------------------------------------------------------------- authorizers


def grant(event: Any) -> Any:
    token = event.get("authorizationToken") or event["headers"]["Auth"]
    if token == "raise":
        raise FunctionError("Unauthorized")
    if token == "fail":
        raise FunctionError("boom")
    if token == "nonsense":
        return {"principalId": "x"}
    effect = "Deny" if token == "deny" else "Allow"
    resource = event["methodArn"] if token != "other" else "arn:aws:execute-api:*:*:*/other"
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
    return {"principalId": "me", "context": {"n": 5, "ok": True}, "usageIdentifierKey": token * 4,
            "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}  # fmt: skip


AUTHORIZER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:auth"


def authorized(world: World, api: Api, **given: Any) -> None:
    world.functions[AUTHORIZER] = grant
    world.functions[FUNCTION] = lambda event: {
        "statusCode": 200, "body": json.dumps(event["requestContext"]["authorizer"])
    }  # fmt: skip
    made = api.client.create_authorizer(**{
        "restApiId": api.id, "name": "a", "type": "TOKEN", "authorizerUri": invocation(AUTHORIZER),
        "identitySource": "method.request.header.Auth",
    } | given)  # fmt: skip
    for path in ("/a", "/b"):
        api.proxy(path, authorizationType="CUSTOM", authorizerId=made["id"])
    api.deploy()


DENIED = "User is not authorized to access this resource"


@pytest.mark.parametrize(("token", "status", "body"), [
    ("allow", 200, {"principalId": "me", "n": "5", "ok": "true", "integrationLatency": 0}),
    ("deny", 403, {"Message": f"{DENIED} with an explicit deny"}),
    ("other", 403, {"Message": DENIED}),
    ("raise", 401, {"message": "Unauthorized"}),
    ("fail", 500, {"message": None}),
    ("nonsense", 500, {"message": None}),
    ("", 401, {"message": "Unauthorized"}),
    ("UPPER", 401, {"message": "Unauthorized"}),
])  # fmt: skip
def test_what_an_authorizer_says(world: World, api: Api, token: str, status: int, body: Any) -> None:
    authorized(world, api, identityValidationExpression="[a-z]+")
    answer = api.send("/a", headers={"Auth": token} if token else {})
    assert (answer.status, told(answer)) == (status, body)


def test_what_an_authorizer_said_is_kept(world: World, api: Api) -> None:
    authorized(world, api, authorizerResultTtlInSeconds=60)

    def asked() -> int:
        return sum("methodArn" in event for event in world.events)

    for _ in range(3):
        assert api.send("/a", headers={"Auth": "allow"}).status == 200
    assert asked() == 1
    assert api.send("/b", headers={"Auth": "allow"}).status == 403  # the policy that was kept is for /a
    assert asked() == 1
    world.advance(61)
    assert api.send("/a", headers={"Auth": "allow"}).status == 200
    assert asked() == 2
    world.client.flush_stage_authorizers_cache(restApiId=api.id, stageName="s")
    api.send("/a", headers={"Auth": "allow"})
    assert asked() == 3


def test_a_request_authorizer(world: World, api: Api) -> None:
    sources = "method.request.header.Auth, method.request.querystring.q"
    authorized(world, api, type="REQUEST", identitySource=sources)
    assert api.send("/a", headers={"Auth": "allow"}).status == 401
    assert api.send("/a?q=1", headers={"Auth": "allow"}).status == 200
    event = next(each for each in world.events if each.get("type") == "REQUEST")
    assert event["methodArn"] == f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api.id}/s/GET/a"
    assert (event["queryStringParameters"], event["requestContext"]["stage"]) == ({"q": "1"}, "s")


def test_signed_requests(api: Api) -> None:
    api.mock("/a", body="$context.identity.accessKey", authorizationType="AWS_IAM")
    api.deploy()
    assert told(api.send("/a")) == {"message": "Missing Authentication Token"}
    header = (
        "AWS4-HMAC-SHA256 Credential=AKIA/20231114/eu-west-1/execute-api/aws4_request, SignedHeaders=host, Signature=0"
    )
    assert api.send("/a", headers={"Authorization": header}).body == b"AKIA"


# ---------------------------------------------------------------- around it


def test_gateway_responses(world: World, api: Api) -> None:
    api.mock("/a")
    world.client.put_gateway_response(
        restApiId=api.id, responseType="MISSING_AUTHENTICATION_TOKEN", statusCode="404",
        responseParameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'",
                            "gatewayresponse.header.X-Path": "method.request.header.X"},
        responseTemplates={"application/json": '{"e":$context.error.messageString,"t":"$context.error.responseType"}'},
    )  # fmt: skip
    world.client.put_gateway_response(
        restApiId=api.id, responseType="DEFAULT_5XX", responseTemplates={"text/plain": "$stageVariables.v"}
    )
    api.method("/f", "GET", {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": invocation()})
    api.deploy(variables={"v": "sorry"})
    answer = api.send("/none", headers={"X": "y"})
    assert (answer.status, told(answer)) == (
        404, {"e": "Missing Authentication Token", "t": "MISSING_AUTHENTICATION_TOKEN"}
    )  # fmt: skip
    assert (answer.headers["Access-Control-Allow-Origin"], answer.headers["X-Path"]) == ("*", "y")
    answer = api.send("/f")
    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (500, b"sorry", "text/plain")


def test_access_logs(world: World, api: Api) -> None:
    api.mock("/a", body="abc")
    api.deploy()
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:access"
    text = "$context.requestId $context.httpMethod $context.resourcePath $context.status $context.responseLength"
    patch = [{"op": "replace", "path": f"/accessLogSettings/{name}", "value": value}
             for name, value in (("format", text), ("destinationArn", group))]  # fmt: skip
    world.client.update_stage(restApiId=api.id, stageName="s", patchOperations=patch)
    answers = [api.send("/a"), api.send("/none")]
    ids = [each.headers["x-amzn-RequestId"] for each in answers]
    assert world.lines == [
        (group, f"{api.id}/s", f"{ids[0]} GET /a 200 3"), (group, f"{api.id}/s", f"{ids[1]} GET - 403 42")
    ]  # fmt: skip


def test_compression(world: World) -> None:
    api = world.api(minimumCompressionSize=10)
    api.mock("/long", body="x" * 10)
    api.mock("/short", body="x" * 9)
    api.deploy()
    answer = api.send("/long", headers={"Accept-Encoding": "gzip, br"})
    assert (gzip.decompress(answer.body), answer.headers["Content-Encoding"]) == (b"x" * 10, "gzip")
    assert api.send("/long").body == b"x" * 10
    assert api.send("/short", headers={"Accept-Encoding": "gzip"}).body == b"x" * 9


def test_bodies_have_a_bound(world: World, api: Api) -> None:
    api.mock("/a", "POST")
    api.deploy()
    answer = api.send("/a", "POST", bytes(10 * 1024 * 1024 + 1))
    assert (answer.status, told(answer)) == (413, {"message": "Request Too Long"})


def test_an_endpoint_that_is_switched_off(world: World) -> None:
    api = world.api(disableExecuteApiEndpoint=True)
    api.mock("/a")
    api.deploy()
    assert api.send("/a").status == 403


def test_other_names_of_an_api(world: World, api: Api) -> None:
    from streamcore.api.http import Request

    api.mock("/a", body="here")
    api.deploy()
    places = [(f"/_aws/execute-api/{api.id}/s/a", "localhost"), ("/s/a", f"{api.id}.execute-api.{REGION}.localhost:1")]
    for path, host in places:
        answer = world.run(world.door.handle(Request("GET", path, {"host": host})))
        assert answer.body == b"here"


def test_an_answer_cannot_say_how_it_is_framed(world: World, api: Api) -> None:
    headers = {"Content-Length": "5", "Transfer-Encoding": "chunked", "Connection": "close"}
    world.functions[FUNCTION] = lambda event: {"statusCode": int(event["path"][1:]), "headers": headers, "body": "x"}
    api.proxy("/{code}")
    place = api.mock("/m")
    names = {f"method.response.header.{name}": f"'{value}'" for name, value in headers.items()}
    world.client.delete_integration_response(**place, statusCode="200")
    world.client.delete_method_response(**place, statusCode="200")
    api.answer(place, responseParameters=names)
    api.deploy()
    for path in ("/200", "/m"):
        assert {name.lower() for name in api.send(path).headers} & {name.lower() for name in headers} == set()
    assert api.send("/100").status == 500
