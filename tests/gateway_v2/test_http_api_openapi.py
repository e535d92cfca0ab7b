"""HTTP APIs from OpenAPI documents, and back."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from gateway_v2_harness import AUTHORIZER, FUNCTION, World, invocation

DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.1",
    "info": {"title": "Pets", "version": "1.0", "description": "d"},
    "servers": [{"url": "https://x.example/{base}/v1", "variables": {"base": {"default": "api"}}}],
    "tags": [{"name": "owner", "x-amazon-apigateway-tag-value": "me"}],
    "paths": {
        "/pets/{id}": {
            "get": {
                "operationId": "getPet",
                "security": [{"jwt": ["read"]}],
                "x-amazon-apigateway-integration": {"$ref": "#/components/x-amazon-apigateway-integrations/f"},
            },
            "x-amazon-apigateway-any-method": {
                "security": [{"function": []}],
                "x-amazon-apigateway-integration": {
                    "type": "HTTP_PROXY",
                    "httpMethod": "ANY",
                    "uri": "https://up.example/{id}",
                    "payloadFormatVersion": "1.0",
                    "connectionType": "INTERNET",
                    "timeoutInMillis": 5000,
                    "requestParameters": {"append:header.x": "$request.path.id"},
                    "responseParameters": {"200": {"overwrite:statuscode": "201"}},
                },
            },
        },
        "/signed": {
            "post": {
                "x-amazon-apigateway-auth": {"type": "AWS_IAM"},
                "x-amazon-apigateway-integration": {
                    "integrationSubtype": "SQS-SendMessage",
                    "type": "aws_proxy",
                    "credentials": "arn:aws:iam::123456789012:role/r",
                    "payloadFormatVersion": "1.0",
                    "requestParameters": {"QueueUrl": "u", "MessageBody": "$request.body"},
                },
            }
        },
        "/$default": {
            "x-amazon-apigateway-any-method": {
                "isDefaultRoute": True,
                "x-amazon-apigateway-integration": {"$ref": "#/components/x-amazon-apigateway-integrations/f"},
            }
        },
    },
    "components": {
        "x-amazon-apigateway-integrations": {
            "f": {"type": "aws_proxy", "httpMethod": "POST", "uri": invocation(), "payloadFormatVersion": 2.0}
        },
        "securitySchemes": {
            "jwt": {
                "type": "oauth2",
                "flows": {},
                "x-amazon-apigateway-authorizer": {
                    "type": "jwt",
                    "jwtConfiguration": {"issuer": "https://i.example", "audience": ["a"]},
                    "identitySource": "$request.header.Authorization",
                },
            },
            "function": {
                "type": "apiKey",
                "name": "Auth",
                "in": "header",
                "x-amazon-apigateway-authorizer": {
                    "type": "request",
                    "authorizerUri": invocation(AUTHORIZER),
                    "authorizerPayloadFormatVersion": "2.0",
                    "authorizerResultTtlInSeconds": 60,
                    "enableSimpleResponses": True,
                    "identitySource": "$request.header.Auth",
                },
            },
        },
    },
    "x-amazon-apigateway-cors": {"allowOrigins": ["https://a.example"], "allowMethods": ["GET"], "maxAge": 5},
}


def altered(**parts: Any) -> str:
    return json.dumps(DOCUMENT | parts)


def content(world: World, api_id: str) -> dict[str, Any]:
    """What is in an API, without the ids of its parts."""
    integrations = {each["IntegrationId"]: each for each in world.client.get_integrations(ApiId=api_id)["Items"]}
    authorizers = {each["AuthorizerId"]: each for each in world.client.get_authorizers(ApiId=api_id)["Items"]}
    found = {}
    for route in world.client.get_routes(ApiId=api_id)["Items"]:
        target = integrations[route.pop("Target").removeprefix("integrations/")]
        authorizer = authorizers.get(route.pop("AuthorizerId", ""), {})
        del route["RouteId"]
        leads = {name: value for name, value in target.items() if name != "IntegrationId"}
        guard = {name: value for name, value in authorizer.items() if name != "AuthorizerId"}
        found[route["RouteKey"]] = (route, leads, guard)
    return found


@pytest.mark.parametrize("write", [json.dumps, yaml.safe_dump])
def test_a_document_becomes_an_api(world: World, write: Any) -> None:
    made = world.client.import_api(Body=write(DOCUMENT))
    assert (made["Name"], made["Version"], made["Description"], made["Tags"]) == ("Pets", "1.0", "d", {"owner": "me"})
    assert made["CorsConfiguration"] == {"AllowOrigins": ["https://a.example"], "AllowMethods": ["GET"], "MaxAge": 5}
    found = content(world, made["ApiId"])
    assert found.keys() == {"GET /pets/{id}", "ANY /pets/{id}", "POST /signed", "$default"}
    route, leads, guard = found["GET /pets/{id}"]
    assert (route["AuthorizationType"], route["AuthorizationScopes"]) == ("JWT", ["read"])
    assert (route["OperationName"], leads["PayloadFormatVersion"]) == ("getPet", "2.0")
    assert guard["JwtConfiguration"] == {"Issuer": "https://i.example", "Audience": ["a"]}
    route, leads, guard = found["ANY /pets/{id}"]
    assert (route["AuthorizationType"], guard["AuthorizerResultTtlInSeconds"]) == ("CUSTOM", 60)
    assert (leads["TimeoutInMillis"], leads["RequestParameters"]) == (5000, {"append:header.x": "$request.path.id"})
    route, leads, _ = found["POST /signed"]
    assert (route["AuthorizationType"], leads["IntegrationSubtype"]) == ("AWS_IAM", "SQS-SendMessage")
    assert world.client.get_stages(ApiId=made["ApiId"])["Items"] == []


@pytest.mark.parametrize("kind", ["JSON", "YAML"])
def test_there_and_back(world: World, kind: str) -> None:
    first = world.client.import_api(Body=json.dumps(DOCUMENT))["ApiId"]
    text = world.client.export_api(ApiId=first, OutputType=kind, Specification="OAS30")["body"].read().decode()
    second = world.client.import_api(Body=text)
    assert content(world, second["ApiId"]) == content(world, first)
    assert second["CorsConfiguration"]["MaxAge"] == 5
    bare = world.client.export_api(ApiId=first, OutputType=kind, Specification="OAS30", IncludeExtensions=False)
    kept = {"any-method", "tag-value"}
    assert set(re.findall("x-amazon-apigateway-([a-z-]+)", bare["body"].read().decode())) == kept


def test_an_export_of_a_stage_is_what_it_serves(world: World) -> None:
    api = world.client.import_api(Body=json.dumps(DOCUMENT))["ApiId"]
    world.client.create_stage(ApiId=api, StageName="dev")
    export = {"ApiId": api, "OutputType": "JSON", "Specification": "OAS30", "StageName": "dev"}
    assert world.fails("export_api", **export)[0] == "NotFoundException"
    world.client.create_deployment(ApiId=api, StageName="dev")
    for route in world.client.get_routes(ApiId=api)["Items"]:
        world.client.delete_route(ApiId=api, RouteId=route["RouteId"])
    document = json.loads(world.client.export_api(**export)["body"].read())
    assert document["paths"].keys() == {"/pets/{id}", "/signed", "/$default"}
    assert document["servers"][0]["variables"]["basePath"]["default"] == "dev"
    for wrong in ({"OutputType": "XML"}, {"Specification": "OAS2"}, {"ExportVersion": "2.0"}):
        assert world.fails("export_api", **export | wrong)[0] == "BadRequestException"


def test_a_document_in_the_place_of_another(world: World) -> None:
    api = world.client.import_api(Body=json.dumps(DOCUMENT))["ApiId"]
    world.client.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    world.functions[FUNCTION] = lambda event: "new"
    again = {"/new": {"get": DOCUMENT["paths"]["/$default"]["x-amazon-apigateway-any-method"] | {"isDefaultRoute": 0}}}
    made = world.client.reimport_api(ApiId=api, Body=altered(paths=again))
    assert (made["ApiId"], list(content(world, api))) == (api, ["GET /new"])
    assert world.send(api, "/new").body == b"new"


@pytest.mark.parametrize(
    ("basepath", "key"), [("ignore", "POST /signed"), ("prepend", "POST /api/v1/signed"), ("split", "POST /v1/signed")]
)
def test_base_paths(world: World, basepath: str, key: str) -> None:
    made = world.client.import_api(Body=json.dumps(DOCUMENT), Basepath=basepath)
    assert key in content(world, made["ApiId"])


def test_warnings(world: World) -> None:
    body = altered(**{"x-amazon-apigateway-policy": {}}, paths={"/x": {"get": {"security": [{"other": []}]}}})
    made = world.client.import_api(Body=body)
    assert len(made["Warnings"]) == 3
    code, message = world.fails("import_api", Body=body, FailOnWarnings=True)
    assert (code, "Warnings found during import" in message) == ("BadRequestException", True)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{",
        "a: &b 1\nc: *b",
        json.dumps({"openapi": "3.0.1", "paths": {}}),
        json.dumps({"swagger": "2.0", "info": {"title": "t"}, "paths": {}}),
        altered(paths={"/x": {"get": {"x-amazon-apigateway-integration": {"type": "mock"}}}}),
        altered(paths={"/x": {"get": {"x-amazon-apigateway-integration": {"$ref": "#/nowhere"}}}}),
        altered(paths={"/x": {"get": []}}),
        altered(paths={"x": {"get": {}}}),
        altered(components={"securitySchemes": {"a": {"x-amazon-apigateway-authorizer": {"type": "token"}}}}),
        altered(components={"securitySchemes": {"a": {"x-amazon-apigateway-authorizer": "no"}}}),
        altered(**{"x-amazon-apigateway-cors": {"allowOrigins": "x"}}),
        altered(servers=7),
    ],
)
def test_documents_that_are_refused(world: World, body: str) -> None:
    code, message = world.fails("import_api", Body=body, Basepath="prepend")
    assert (code, bool(message)) == ("BadRequestException", True)
    assert world.client.get_apis()["Items"] == []


def test_a_base_path_that_is_none(world: World) -> None:
    assert world.fails("import_api", Body=json.dumps(DOCUMENT), Basepath="other")[0] == "BadRequestException"
