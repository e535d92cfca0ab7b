"""Documents become APIs and come out again."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from gateway_harness import FUNCTION, World, invocation

X = "x-amazon-apigateway-"
PETS: dict[str, Any] = {
    "openapi": "3.0.1",
    "info": {"title": "pets", "version": "7", "description": "all of them"},
    f"{X}binary-media-types": ["image/png"],
    f"{X}request-validators": {"all": {"validateRequestBody": True, "validateRequestParameters": True}},
    f"{X}request-validator": "all",
    f"{X}gateway-responses": {"DEFAULT_4XX": {"responseParameters": {"gatewayresponse.header.X-G": "'g'"}}},
    "paths": {
        "/pets": {
            "post": {
                "operationId": "addPet",
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}},
                "responses": {"200": {"description": "ok", "headers": {"X-A": {"schema": {"type": "string"}}}}},
                f"{X}integration": {
                    "type": "mock",
                    "requestTemplates": {"application/json": '{"statusCode": 200}'},
                    "passthroughBehavior": "when_no_match",
                    "responses": {
                        "default": {
                            "statusCode": "200",
                            "responseParameters": {"method.response.header.X-A": "'a'"},
                            "responseTemplates": {"application/json": "added"},
                        }
                    },
                },
            }
        },
        "/pets/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {
                "parameters": [{"name": "q", "in": "query", "required": True, "schema": {"type": "string"}}],
                "security": [{"auth": []}],
                "responses": {},
                f"{X}integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": invocation()},
            },
        },
        "/{proxy+}": {
            f"{X}any-method": {
                "security": [{"key": []}],
                "responses": {},
                f"{X}integration": {"type": "http_proxy", "httpMethod": "ANY", "uri": "http://backend/"},
            }
        },
    },
    "components": {
        "schemas": {
            "Name": {"type": "string"},
            "Pet": {
                "type": "object", "required": ["name"], "properties": {"name": {"$ref": "#/components/schemas/Name"}}
            },
        },
        "securitySchemes": {
            "key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
            "auth": {
                "type": "apiKey", "name": "Auth", "in": "header", f"{X}authtype": "custom",
                f"{X}authorizer": {"type": "token", "authorizerUri": invocation(), "authorizerResultTtlInSeconds": 0},
            },
        },
    },
}  # fmt: skip

SWAGGER = f"""
swagger: "2.0"
info: {{title: old, version: 2020-01-01}}
definitions:
  Pet: {{type: object, required: [name]}}
paths:
  /pets:
    put:
      consumes: [application/json]
      parameters:
        - {{in: body, name: Pet, schema: {{$ref: "#/definitions/Pet"}}}}
        - {{in: header, name: X-H, required: true, type: string}}
      responses:
        200: {{description: ok}}
        default: {{description: other}}
      {X}request-validator: body
      {X}integration:
        type: mock
        requestTemplates: {{application/json: '{{"statusCode": 200}}'}}
        responses: {{default: {{statusCode: "200", responseTemplates: {{application/json: put}}}}}}
{X}request-validators:
  body: {{validateRequestBody: true}}
"""


def imported(world: World, document: Any, **given: Any) -> Any:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return world.client.import_rest_api(body=body, **given)


def deployed(world: World, api_id: str) -> None:
    world.client.create_deployment(restApiId=api_id, stageName="s")


def test_an_openapi_document_is_served(world: World) -> None:
    told = imported(world, PETS)
    assert (told["name"], told["version"], told["binaryMediaTypes"]) == ("pets", "7", ["image/png"])
    deployed(world, told["id"])
    post = {"Content-Type": "application/json"}
    answer = world.send(told["id"], "/pets", "POST", b'{"name": "x"}', post)
    assert (answer.status, answer.body, answer.headers["X-A"]) == (200, b"added", "a")
    answer = world.send(told["id"], "/pets", "POST", b'{"name": 5}', post)
    assert (answer.status, answer.headers["X-G"]) == (400, "g")
    world.functions[FUNCTION] = lambda event: {
        "principalId": "p", "policyDocument": {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    } if event.get("type") == "TOKEN" else {"statusCode": 200, "body": event["pathParameters"]["id"]}  # fmt: skip
    assert world.send(told["id"], "/pets/7?q=1").status == 401
    assert world.send(told["id"], "/pets/7", headers={"Auth": "t"}).status == 400
    assert world.send(told["id"], "/pets/7?q=1", headers={"Auth": "t"}).body == b"7"
    assert world.send(told["id"], "/else").status == 403  # a key is needed
    [authorizer] = world.client.get_authorizers(restApiId=told["id"])["items"]
    assert (authorizer["name"], authorizer["identitySource"]) == ("auth", "method.request.header.Auth")


def test_a_swagger_document_in_yaml(world: World) -> None:
    told = imported(world, SWAGGER.encode())
    assert told["warnings"] == ["The response default has no meaning here."]
    deployed(world, told["id"])
    for body, status in ((b'{"name": 1}', 200), (b"{}", 400)):
        assert world.send(told["id"], "/pets", "PUT", body, {"X-H": "1"}).status == status
    with_warnings = {"body": SWAGGER.encode(), "failOnWarnings": True}
    assert "Warnings found during import" in world.fails("import_rest_api", **with_warnings)[1]


@pytest.mark.parametrize("kind", ["oas30", "swagger"])
@pytest.mark.parametrize("accepts", ["application/json", "application/yaml"])
def test_what_is_exported_is_the_same_api_again(world: World, kind: str, accepts: str) -> None:
    first = imported(world, PETS)["id"]
    deployed(world, first)
    parameters = {"extensions": "apigateway"}
    given = {"stageName": "s", "exportType": kind, "accepts": accepts, "parameters": parameters}
    answer = world.client.get_export(restApiId=first, **given)
    assert answer["contentType"] == accepts
    text = answer["body"].read()
    second = imported(world, text)["id"]
    deployed(world, second)
    again = world.client.get_export(restApiId=second, **given)["body"].read()
    load = yaml.safe_load
    assert load(again) == load(text)
    plain = load(world.client.get_export(restApiId=first, stageName="s", exportType=kind)["body"].read())
    assert f"{X}integration" not in json.dumps(plain)
    assert plain["paths"].keys() == PETS["paths"].keys()


def test_documents_merge_and_overwrite(world: World) -> None:
    api = world.api()
    api.mock("/old", body="old")
    world.client.put_rest_api(restApiId=api.id, mode="merge", body=SWAGGER.encode())
    paths = {each["path"] for each in world.client.get_resources(restApiId=api.id)["items"]}
    assert paths == {"/", "/old", "/pets"}
    told = world.client.put_rest_api(restApiId=api.id, mode="overwrite", body=json.dumps(PETS).encode())
    assert told["rootResourceId"] == api.resources["/"]
    paths = {each["path"] for each in world.client.get_resources(restApiId=api.id)["items"]}
    assert paths == {"/", "/pets", "/pets/{id}", "/{proxy+}"}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The document with another value at a path of keys with `>` between them."""
    document: dict[str, Any] = json.loads(json.dumps(PETS))
    holder, keys = document, path.split(">")
    for key in keys[:-1]:
        holder = holder[key]
    holder[keys[-1]] = value
    return document


@pytest.mark.parametrize(("document", "words"), [
    (b"a: &x [1]\nb: *x\npaths: {}\n", "anchors and aliases"),
    (b"\xff\xfe", "Unable to parse"),
    (b"a: [", "Unable to parse"),
    (b"[1]", "Invalid OpenAPI input"),
    (b"[" * 100_000, "Unable to parse"),
    (b" " * (6 * 1024 * 1024 + 1), "at most"),
    ({"openapi": "3.1.0", "paths": {}}, "OpenAPI 3.0 or Swagger 2.0"),
    ({"openapi": "3.0.0", "paths": {}}, "info.title is missing"),
    (changed("paths>/pets>post>requestBody", {"$ref": "#/components/nope"}), "leads nowhere"),
    (changed("paths>/pets>post>requestBody", {"$ref": "#/paths/~1pets/post/requestBody"}), "in a circle"),
    (changed("paths>/pets>post", "text"), "an object is missing"),
    (changed("paths>/pets>post>x-amazon-apigateway-integration>type", "magic"), "Invalid integration type"),
    (changed("paths>/pets>post>x-amazon-apigateway-integration>timeoutInMillis", "long"), "Expected `int`"),
    (changed("paths>/pets>post>x-amazon-apigateway-integration>requestTemplates", {"a/b": "#if("}), "Invalid mapping"),
    (changed("paths>/pets>post>x-amazon-apigateway-request-validator", "none"), "no request validator none"),
    (changed("paths>bad", {}), "does not begin with /"),
    (changed("x-amazon-apigateway-gateway-responses", {"NOPE": {}}), "Invalid gateway response type"),
    (changed("x-amazon-apigateway-gateway-responses", ["x"]), "is not what it should be"),
])  # fmt: skip
def test_documents_that_are_refused(world: World, document: Any, words: str) -> None:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    code, message = world.fails("import_rest_api", body=body)
    assert code == "BadRequestException"
    assert words in message
