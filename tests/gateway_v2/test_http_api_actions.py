"""The management API of HTTP APIs, by boto3."""

from __future__ import annotations

from typing import Any

import pytest
from gateway_v2_harness import AUTHORIZER, FUNCTION, REGION, Api, World, invocation

JWT = {
    "AuthorizerType": "JWT",
    "IdentitySource": ["$request.header.Authorization"],
    "JwtConfiguration": {"Issuer": "https://issuer.example", "Audience": ["a"]},
}
REQUEST = {
    "AuthorizerType": "REQUEST",
    "AuthorizerUri": invocation(AUTHORIZER),
    "IdentitySource": ["$request.header.Auth"],
    "AuthorizerPayloadFormatVersion": "2.0",
}
PROXY = {"IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION, "PayloadFormatVersion": "2.0"}
SERVER = {
    "IntegrationType": "HTTP_PROXY",
    "IntegrationUri": "https://example.com/{proxy}",
    "IntegrationMethod": "ANY",
    "PayloadFormatVersion": "1.0",
}
QUEUE = {
    "IntegrationType": "AWS_PROXY",
    "IntegrationSubtype": "SQS-SendMessage",
    "PayloadFormatVersion": "1.0",
    "CredentialsArn": "arn:aws:iam::123456789012:role/r",
    "RequestParameters": {"QueueUrl": "http://q", "MessageBody": "$request.body"},
}


@pytest.fixture
def api(world: World) -> Api:
    return world.api()


def told(answer: Any) -> Any:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def test_an_api_from_its_making_to_its_end(world: World) -> None:
    cors = {"AllowOrigins": ["https://a.example"], "AllowMethods": ["GET"], "MaxAge": 300}
    made = world.client.create_api(
        Name="one", ProtocolType="HTTP", Description="d", CorsConfiguration=cors, Tags={"a": "1"}, Version="v1"
    )
    assert made["ApiEndpoint"] == f"http://{made['ApiId']}.execute-api.{REGION}.localhost:4566"
    assert (made["CorsConfiguration"], made["Tags"], made["Version"]) == (cors, {"a": "1"}, "v1")
    assert told(world.client.get_api(ApiId=made["ApiId"])) == told(made)
    changed = world.client.update_api(ApiId=made["ApiId"], Name="two", DisableExecuteApiEndpoint=True)
    assert (changed["Name"], changed["Description"], changed["DisableExecuteApiEndpoint"]) == ("two", "d", True)
    world.client.delete_cors_configuration(ApiId=made["ApiId"])
    assert "CorsConfiguration" not in world.client.get_api(ApiId=made["ApiId"])
    world.restart()
    assert [each["Name"] for each in world.client.get_apis()["Items"]] == ["two"]
    world.client.delete_api(ApiId=made["ApiId"])
    assert world.client.get_apis()["Items"] == []
    assert world.fails("get_api", ApiId=made["ApiId"]) == (
        "NotFoundException",
        f"Invalid API identifier specified 123456789012:{made['ApiId']}",
    )


def test_pages(world: World) -> None:
    ids = sorted(world.client.create_api(Name=f"n{at}", ProtocolType="HTTP")["ApiId"] for at in range(5))
    first = world.client.get_apis(MaxResults="3")
    rest = world.client.get_apis(NextToken=first["NextToken"])
    assert [each["ApiId"] for each in first["Items"] + rest["Items"]] == ids
    assert "NextToken" not in rest
    for wrong in ({"MaxResults": "0"}, {"MaxResults": "many"}, {"NextToken": "%%"}):
        assert world.fails("get_apis", **wrong)[0] == "BadRequestException"


@pytest.mark.parametrize(
    ("target", "kind", "version"), [(FUNCTION, "AWS_PROXY", "2.0"), ("https://example.com/x", "HTTP_PROXY", "1.0")]
)
def test_quick_create(world: World, target: str, kind: str, version: str) -> None:
    api = world.api(Target=target, RouteKey="GET /x")
    [route] = world.client.get_routes(ApiId=api.id)["Items"]
    [integration] = world.client.get_integrations(ApiId=api.id)["Items"]
    [stage] = world.client.get_stages(ApiId=api.id)["Items"]
    assert (route["RouteKey"], route["ApiGatewayManaged"]) == ("GET /x", True)
    assert (integration["IntegrationType"], integration["PayloadFormatVersion"]) == (kind, version)
    assert (stage["StageName"], stage["AutoDeploy"], stage["ApiGatewayManaged"]) == ("$default", True, True)
    world.client.update_api(ApiId=api.id, Target="http://other.example/", RouteKey="$default")
    [integration] = world.client.get_integrations(ApiId=api.id)["Items"]
    assert integration["IntegrationUri"] == "http://other.example/"
    assert world.client.get_routes(ApiId=api.id)["Items"][0]["RouteKey"] == "$default"


def test_routes(world: World, api: Api) -> None:
    integration = api.integration()
    route = api.route("GET /pets/{id}", integration, OperationName="pet")
    assert told(world.client.get_route(ApiId=api.id, RouteId=route)) == {
        "RouteId": route,
        "RouteKey": "GET /pets/{id}",
        "Target": f"integrations/{integration}",
        "OperationName": "pet",
        "ApiKeyRequired": False,
        "AuthorizationType": "NONE",
    }
    changed = world.client.update_route(ApiId=api.id, RouteId=route, RouteKey="ANY /pets")
    assert (changed["RouteKey"], changed["OperationName"]) == ("ANY /pets", "pet")
    assert world.fails("create_route", ApiId=api.id, RouteKey="ANY /pets") == (
        "ConflictException",
        "Route with key ANY /pets already exists for this API",
    )
    assert world.fails("delete_integration", ApiId=api.id, IntegrationId=integration)[0] == "ConflictException"
    world.client.delete_route(ApiId=api.id, RouteId=route)
    world.client.delete_integration(ApiId=api.id, IntegrationId=integration)
    assert world.fails("get_route", ApiId=api.id, RouteId=route)[1] == "Invalid Route identifier specified"


@pytest.mark.parametrize(
    "key", ["GET", "/pets", "FETCH /pets", "GET pets", "$connect", "GET /{a}/{a}", "GET /{p+}/x", "GET /x{a}",
            "GET /{}", "GET /a b", "get /pets", f"GET /{'x' * 1100}"],
)  # fmt: skip
def test_route_keys_that_are_none(world: World, api: Api, key: str) -> None:
    assert world.fails("create_route", ApiId=api.id, RouteKey=key)[0] == "BadRequestException"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"Target": "integrations/none"}, "NotFoundException"),
        ({"Target": "functions/f"}, "BadRequestException"),
        ({"ApiKeyRequired": True}, "BadRequestException"),
        ({"AuthorizationType": "JWT", "AuthorizerId": "none"}, "NotFoundException"),
        ({"AuthorizationType": "JWT"}, "NotFoundException"),
        ({"AuthorizerId": "a"}, "BadRequestException"),
        ({"AuthorizationScopes": ["s"]}, "BadRequestException"),
        ({"AuthorizationType": "OTHER"}, "BadRequestException"),
        ({"RequestParameters": {"route.request.header.x": {"Required": True}}}, "BadRequestException"),
        ({"ModelSelectionExpression": "x"}, "BadRequestException"),
    ],
)
def test_routes_that_are_refused(world: World, api: Api, given: Any, code: str) -> None:
    assert world.fails("create_route", ApiId=api.id, RouteKey="GET /x", **given)[0] == code


@pytest.mark.parametrize("given", [PROXY, PROXY | {"IntegrationUri": invocation()}, SERVER, QUEUE])
def test_integrations(world: World, api: Api, given: Any) -> None:
    made = world.client.create_integration(ApiId=api.id, **given)
    assert {name: made[name] for name in given} == given
    assert (made["TimeoutInMillis"], made["ConnectionType"]) == (30_000, "INTERNET")
    after = world.client.update_integration(
        ApiId=api.id, IntegrationId=made["IntegrationId"], TimeoutInMillis=50, Description="d"
    )
    assert told(after) == told(made) | {"TimeoutInMillis": 50, "Description": "d"}
    assert told(world.client.get_integration(ApiId=api.id, IntegrationId=made["IntegrationId"])) == told(after)


def test_parameters_are_updated_one_by_one(world: World, api: Api) -> None:
    made = api.integration(**SERVER, RequestParameters={"append:header.a": "1", "append:header.b": "2"})
    place = {"ApiId": api.id, "IntegrationId": made}
    after = world.client.update_integration(
        **place,
        RequestParameters={"append:header.a": "", "append:header.c": "3"},
        ResponseParameters={"200": {"overwrite:statuscode": "201"}},
    )
    assert after["RequestParameters"] == {"append:header.b": "2", "append:header.c": "3"}
    assert after["ResponseParameters"] == {"200": {"overwrite:statuscode": "201"}}
    assert "ResponseParameters" not in world.client.update_integration(**place, ResponseParameters={"200": {}})


@pytest.mark.parametrize(
    "given",
    [
        PROXY | {"PayloadFormatVersion": "3.0"},
        {"IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION},
        PROXY | {"IntegrationUri": "arn:aws:s3:::bucket"},
        PROXY | {"IntegrationMethod": "GET"},
        PROXY | {"TimeoutInMillis": 30_001},
        PROXY | {"ConnectionType": "VPC_LINK"},
        PROXY | {"RequestTemplates": {"a": "b"}},
        PROXY | {"TlsConfig": {"ServerNameToVerify": "x"}},
        SERVER | {"IntegrationUri": "ftp://x"},
        SERVER | {"IntegrationMethod": "FETCH"},
        SERVER | {"PayloadFormatVersion": "2.0"},
        SERVER | {"RequestParameters": {"append:header.authorization": "x"}},
        SERVER | {"RequestParameters": {"append:header.x": "$request.nothing"}},
        SERVER | {"RequestParameters": {"append:cookie.x": "y"}},
        SERVER | {"ResponseParameters": {"9": {"append:header.x": "y"}}},
        SERVER | {"ResponseParameters": {"200": {"append:querystring.x": "y"}}},
        {"IntegrationType": "MOCK", "PayloadFormatVersion": "1.0"},
        {"IntegrationType": "AWS_PROXY", "PayloadFormatVersion": "2.0"},
        QUEUE | {"IntegrationSubtype": "S3-PutObject"},
        QUEUE | {"RequestParameters": {"QueueUrl": "q"}},
        QUEUE | {"RequestParameters": QUEUE["RequestParameters"] | {"Other": "x"}},  # type: ignore[operator]  a dict
        {name: value for name, value in QUEUE.items() if name != "CredentialsArn"},
    ],
)
def test_integrations_that_are_refused(world: World, api: Api, given: Any) -> None:
    code, message = world.fails("create_integration", ApiId=api.id, **given)
    assert code == "BadRequestException"
    assert message


@pytest.mark.parametrize("given", [JWT, REQUEST])
def test_authorizers(world: World, api: Api, given: Any) -> None:
    made = world.client.create_authorizer(ApiId=api.id, Name="a", **given)
    assert {name: made[name] for name in given} == given
    assert made.get("AuthorizerResultTtlInSeconds") == (300 if given is REQUEST else None)
    key = made["AuthorizerId"]
    kind = "JWT" if given is JWT else "CUSTOM"
    route = api.route("GET /x", AuthorizationType=kind, AuthorizerId=key)
    assert world.fails("delete_authorizer", ApiId=api.id, AuthorizerId=key)[0] == "ConflictException"
    other = "CUSTOM" if given is JWT else "JWT"
    wrong = world.fails("update_route", ApiId=api.id, RouteId=route, AuthorizationType=other)
    assert wrong[0] == "BadRequestException"
    world.client.update_authorizer(ApiId=api.id, AuthorizerId=key, Name="b")
    assert [each["Name"] for each in world.client.get_authorizers(ApiId=api.id)["Items"]] == ["b"]
    after = world.client.update_route(ApiId=api.id, RouteId=route, AuthorizationType="NONE")
    assert "AuthorizerId" not in after
    world.client.delete_authorizer(ApiId=api.id, AuthorizerId=key)
    assert world.fails("get_authorizer", ApiId=api.id, AuthorizerId=key)[1] == "Invalid Authorizer identifier specified"


@pytest.mark.parametrize(
    "given",
    [
        JWT | {"JwtConfiguration": {"Issuer": "issuer", "Audience": ["a"]}},
        JWT | {"JwtConfiguration": {"Issuer": "https://i.example"}},
        JWT | {"IdentitySource": []},
        JWT | {"IdentitySource": ["$request.header.a", "$request.header.b"]},
        JWT | {"IdentitySource": ["$context.routeKey"]},
        JWT | {"AuthorizerUri": invocation()},
        REQUEST | {"AuthorizerUri": "https://x.example"},
        REQUEST | {"AuthorizerPayloadFormatVersion": "3.0"},
        REQUEST | {"AuthorizerPayloadFormatVersion": "1.0", "EnableSimpleResponses": True},
        REQUEST | {"IdentitySource": ["method.request.header.X"]},
        REQUEST | {"IdentitySource": [], "AuthorizerResultTtlInSeconds": 5},
        REQUEST | {"AuthorizerResultTtlInSeconds": 3601},
        REQUEST | {"JwtConfiguration": {}},
        REQUEST | {"IdentityValidationExpression": "a"},
    ],
)
def test_authorizers_that_are_refused(world: World, api: Api, given: Any) -> None:
    assert world.fails("create_authorizer", ApiId=api.id, Name="a", **given)[0] == "BadRequestException"


def test_stages_and_deployments(world: World) -> None:
    made = world.client.create_api(Name="a", ProtocolType="HTTP")
    api = Api(world, made)
    api.route("GET /x")
    deployment = world.client.create_deployment(ApiId=api.id, Description="first")
    assert (deployment["DeploymentStatus"], deployment["AutoDeployed"]) == ("DEPLOYED", False)
    log = {"DestinationArn": f"arn:aws:logs:{REGION}:123456789012:log-group:g", "Format": "$context.requestId"}
    stage = world.client.create_stage(
        ApiId=api.id, StageName="dev", DeploymentId=deployment["DeploymentId"], StageVariables={"a": "1", "b": "2"},
        AccessLogSettings=log, RouteSettings={"GET /x": {"ThrottlingRateLimit": 1.5}},
    )  # fmt: skip
    assert stage["AccessLogSettings"] == log
    after = world.client.update_stage(
        ApiId=api.id, StageName="dev", StageVariables={"a": "", "c": "3"},
        DefaultRouteSettings={"ThrottlingBurstLimit": 7},
    )  # fmt: skip
    assert after["StageVariables"] == {"b": "2", "c": "3"}
    assert after["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 7}
    world.client.delete_access_log_settings(ApiId=api.id, StageName="dev")
    world.client.delete_route_settings(ApiId=api.id, StageName="dev", RouteKey="GET /x")
    left = world.client.get_stage(ApiId=api.id, StageName="dev")
    assert ("AccessLogSettings" in left, left["RouteSettings"]) == (False, {})
    in_use = world.fails("delete_deployment", ApiId=api.id, DeploymentId=deployment["DeploymentId"])
    assert in_use[0] == "BadRequestException"
    second = world.client.create_deployment(ApiId=api.id, StageName="dev")["DeploymentId"]
    assert world.client.get_stage(ApiId=api.id, StageName="dev")["DeploymentId"] == second
    world.client.update_deployment(ApiId=api.id, DeploymentId=second, Description="second")
    assert world.client.get_deployment(ApiId=api.id, DeploymentId=second)["Description"] == "second"
    world.client.delete_deployment(ApiId=api.id, DeploymentId=deployment["DeploymentId"])
    assert [each["DeploymentId"] for each in world.client.get_deployments(ApiId=api.id)["Items"]] == [second]
    world.client.delete_stage(ApiId=api.id, StageName="dev")
    gone = world.fails("get_stage", ApiId=api.id, StageName="dev")
    assert gone == ("NotFoundException", "Invalid stage identifier specified")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"StageName": "$default"}, "ConflictException"),
        ({"StageName": "a b"}, "BadRequestException"),
        ({"StageName": "s", "DeploymentId": "none"}, "NotFoundException"),
        ({"StageName": "s", "DeploymentId": "none", "AutoDeploy": True}, "BadRequestException"),
        ({"StageName": "s", "StageVariables": {"a b": "x"}}, "BadRequestException"),
        ({"StageName": "s", "AccessLogSettings": {"Format": "$context.status"}}, "BadRequestException"),
        ({"StageName": "s", "RouteSettings": {"GET /none": {}}}, "NotFoundException"),
        ({"StageName": "s", "DefaultRouteSettings": {"ThrottlingRateLimit": -1.0}}, "BadRequestException"),
        ({"StageName": "s", "DefaultRouteSettings": {"LoggingLevel": "INFO"}}, "BadRequestException"),
        ({"StageName": "s", "ClientCertificateId": "c"}, "BadRequestException"),
    ],
)
def test_stages_that_are_refused(world: World, api: Api, given: Any, code: str) -> None:
    assert world.fails("create_stage", ApiId=api.id, **given)[0] == code


def test_a_stage_that_deploys_itself_keeps_few_deployments(world: World, api: Api) -> None:
    for at in range(60):
        world.client.update_api(ApiId=api.id, Description=str(at))
    found = world.client.get_deployments(ApiId=api.id, MaxResults="500")["Items"]
    assert len(found) == 50
    served = world.client.get_stage(ApiId=api.id, StageName="$default")["DeploymentId"]
    assert served in {each["DeploymentId"] for each in found}
    assert all(each["AutoDeployed"] for each in found)


def test_quotas(world: World, api: Api) -> None:
    for at in range(9):
        world.client.create_stage(ApiId=api.id, StageName=f"s{at}")
    code, message = world.fails("create_stage", ApiId=api.id, StageName="s10")
    assert (code, "10" in message) == ("TooManyRequestsException", True)
    for at in range(10):
        world.client.create_authorizer(ApiId=api.id, Name=f"a{at}", **JWT)
    assert "Limit: 10" in world.fails("create_authorizer", ApiId=api.id, Name="a10", **JWT)[1]


def test_tags(world: World, api: Api) -> None:
    arn = f"arn:aws:apigateway:{REGION}::/apis/{api.id}"
    for each in (arn, f"{arn}/stages/$default"):
        world.client.tag_resource(ResourceArn=each, Tags={"a": "1", "b": "2"})
        world.client.untag_resource(ResourceArn=each, TagKeys=["a"])
        assert world.client.get_tags(ResourceArn=each)["Tags"] == {"b": "2"}
    assert world.client.get_api(ApiId=api.id)["Tags"] == {"b": "2"}
    assert world.fails("get_tags", ResourceArn=arn.replace(api.id, "none"))[0] == "NotFoundException"
    assert world.fails("get_tags", ResourceArn="arn:aws:s3:::b")[0] == "BadRequestException"


@pytest.mark.parametrize(
    ("action", "given"),
    [
        ("create_api", {"Name": "a", "ProtocolType": "WEBSOCKET"}),
        ("create_api", {"Name": "", "ProtocolType": "HTTP"}),
        ("create_api", {"Name": "a", "ProtocolType": "HTTP", "RouteKey": "GET /x"}),
        ("create_api", {"Name": "a", "ProtocolType": "HTTP", "Target": "nowhere"}),
        ("create_api", {"Name": "a", "ProtocolType": "HTTP", "RouteSelectionExpression": "$request.body.action"}),
        ("create_api", {"Name": "a", "ProtocolType": "HTTP", "CredentialsArn": "arn:aws:iam::1:role/r"}),
        ("create_api", {"Name": "a", "ProtocolType": "HTTP", "Tags": {"aws:x": "1"}}),
        ("create_domain_name", {"DomainName": "x.example"}),
        ("create_vpc_link", {"Name": "v", "SubnetIds": []}),
    ],
)
def test_what_is_not_offered(world: World, action: str, given: Any) -> None:
    code, message = world.fails(action, **given)
    assert (code, bool(message)) == ("BadRequestException", True)


@pytest.mark.parametrize(
    "cors",
    [
        {"AllowOrigins": ["example.com"]},
        {"AllowOrigins": ["*"], "AllowCredentials": True},
        {"AllowMethods": ["FETCH"]},
        {"AllowHeaders": ["a b"]},
        {"MaxAge": 90_000},
    ],
)
def test_cors_that_cannot_be(world: World, cors: Any) -> None:
    assert world.fails("create_api", Name="a", ProtocolType="HTTP", CorsConfiguration=cors)[0] == "BadRequestException"
