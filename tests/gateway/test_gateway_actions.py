"""The management API by what boto3 sees; every answer passes the referee in the harness."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gateway_harness import ACCOUNT, FUNCTION, REGION, World, invocation

AUTH = "method.request.header.Auth"


def test_an_api_from_its_making_to_its_end(world: World) -> None:
    told = world.client.create_rest_api(
        name="shop", description="d", version="1", binaryMediaTypes=["image/png"], minimumCompressionSize=10,
        apiKeySource="AUTHORIZER", endpointConfiguration={"types": ["REGIONAL"]}, tags={"a": "b"},
    )  # fmt: skip
    assert len(told["id"]) == 10
    assert (told["name"], told["binaryMediaTypes"], told["tags"]) == ("shop", ["image/png"], {"a": "b"})
    assert told["endpointConfiguration"]["types"] == ["REGIONAL"]
    got = world.client.get_rest_api(restApiId=told["id"])
    assert got["rootResourceId"] == told["rootResourceId"]
    patch = [{"op": "replace", "path": "/name", "value": "store"},
             {"op": "add", "path": "/binaryMediaTypes/image~1gif"}]  # fmt: skip
    after = world.client.update_rest_api(restApiId=told["id"], patchOperations=patch)
    assert (after["name"], after["binaryMediaTypes"]) == ("store", ["image/png", "image/gif"])
    assert [each["name"] for each in world.client.get_rest_apis()["items"]] == ["store"]
    world.client.delete_rest_api(restApiId=told["id"])
    assert world.client.get_rest_apis()["items"] == []


def test_pages_of_apis(world: World) -> None:
    made = sorted(world.client.create_rest_api(name=f"a{number}")["id"] for number in range(5))
    pages = world.client.get_paginator("get_rest_apis").paginate(PaginationConfig={"PageSize": 2})
    assert [each["id"] for page in pages for each in page["items"]] == made


def test_a_cloned_api_has_all_of_the_original(world: World) -> None:
    api = world.api()
    api.mock("/a/b", body="x")
    clone = world.client.create_rest_api(name="copy", cloneFrom=api.id)
    paths = [each["path"] for each in world.client.get_resources(restApiId=clone["id"])["items"]]
    assert sorted(paths) == ["/", "/a", "/a/b"]


@pytest.mark.parametrize(("path", "value"), [
    ("/name", " "), ("/apiKeySource", "BODY"), ("/minimumCompressionSize", "-5"), ("/endpointConfiguration/types", "X"),
    ("/endpointConfiguration/ipAddressType", "ipv5"), ("/rootResourceId", "x"),
])  # fmt: skip
def test_what_an_api_cannot_be(world: World, path: str, value: str) -> None:
    api = world.api()
    patch = [{"op": "replace", "path": path, "value": value}]
    assert world.fails("update_rest_api", restApiId=api.id, patchOperations=patch)[0] == "BadRequestException"


def test_resources(world: World) -> None:
    api = world.api()
    pets, pet = api.resource("/pets"), api.resource("/pets/{id}")
    assert world.client.get_resource(restApiId=api.id, resourceId=pet)["path"] == "/pets/{id}"
    moved = world.client.update_resource(
        restApiId=api.id, resourceId=pets, patchOperations=[{"op": "replace", "path": "/pathPart", "value": "animals"}]
    )
    assert moved["path"] == "/animals"
    assert world.client.get_resource(restApiId=api.id, resourceId=pet)["path"] == "/animals/{id}"
    world.client.delete_resource(restApiId=api.id, resourceId=pets)
    assert len(world.client.get_resources(restApiId=api.id)["items"]) == 1


def test_resources_that_cannot_be(world: World) -> None:
    api = world.api()
    root = api.resources["/"]
    api.resource("/{proxy+}")
    api.resource("/a/{id}")

    def fails(parent: str, part: str) -> tuple[str, str]:
        return world.fails("create_resource", restApiId=api.id, parentId=parent, pathPart=part)

    assert fails(root, "a") == (
        "ConflictException", "Another resource with the same parent already has this name: a"
    )  # fmt: skip
    assert fails(root, "a/b")[1].startswith("Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path")
    assert fails(api.resources["/{proxy+}"], "x")[1].startswith("Cannot create a child of a resource with a greedy")
    assert fails(api.resources["/a"], "{other}")[1].startswith("A sibling ({id}) of this resource")
    assert fails("nope", "x") == ("NotFoundException", "Invalid Resource identifier specified")
    assert world.fails("delete_resource", restApiId=api.id, resourceId=root)[0] == "BadRequestException"


def test_methods_and_what_is_in_them(world: World) -> None:
    api = world.api()
    validator = world.client.create_request_validator(restApiId=api.id, name="v", validateRequestBody=True)
    place = api.method(
        "/p", "POST", {"type": "AWS", "integrationHttpMethod": "POST", "uri": invocation(),
                       "requestTemplates": {"application/json": '{"a": $input.json("$.a")}'},
                       "requestParameters": {"integration.request.header.X-A": "method.request.header.X"}},
        requestParameters={"method.request.header.X": True}, requestModels={"application/json": "Empty"},
        requestValidatorId=validator["id"], operationName="put", apiKeyRequired=True,
    )  # fmt: skip
    api.answer(place, "400", selectionPattern=".*bad.*", responseTemplates={"application/json": "{}"},
               responseParameters={"method.response.header.X-B": "'b'"})  # fmt: skip
    method = world.client.get_method(**place)
    assert (method["apiKeyRequired"], method["operationName"]) == (True, "put")
    assert method["methodIntegration"]["timeoutInMillis"] == 29_000
    assert method["methodIntegration"]["integrationResponses"]["400"]["selectionPattern"] == ".*bad.*"
    assert world.client.get_integration_response(**place, statusCode="400")["statusCode"] == "400"
    declared = world.client.get_method_response(**place, statusCode="400")
    assert "method.response.header.X-B" in declared["responseParameters"]
    after = world.client.update_integration(
        **place, patchOperations=[{"op": "replace", "path": "/timeoutInMillis", "value": "100"},
                                  {"op": "add", "path": "/requestTemplates/text~1plain", "value": "x"}],
    )  # fmt: skip
    assert (after["timeoutInMillis"], after["requestTemplates"]["text/plain"]) == (100, "x")
    world.client.update_integration_response(
        **place, statusCode="400", patchOperations=[{"op": "replace", "path": "/selectionPattern", "value": "x"}]
    )
    world.client.update_method_response(
        **place, statusCode="400", patchOperations=[{"op": "add", "path": "/responseModels/a~1b", "value": "Empty"}]
    )
    changed = world.client.update_method(
        **place, patchOperations=[{"op": "replace", "path": "/apiKeyRequired", "value": "false"}]
    )
    assert changed["apiKeyRequired"] is False
    world.client.delete_integration_response(**place, statusCode="400")
    world.client.delete_method_response(**place, statusCode="400")
    world.client.delete_integration(**place)
    world.client.delete_method(**place)
    assert world.fails("get_method", **place) == ("NotFoundException", "Invalid Method identifier specified")


@pytest.mark.parametrize(("action", "given", "code", "words"), [
    ("get_rest_api", {}, "NotFoundException", f"Invalid API identifier specified {ACCOUNT}:nope"),
    ("create_rest_api", {"name": " "}, "BadRequestException", "Name cannot be empty"),
    ("create_rest_api", {}, "BadRequestException", "name"),
    ("create_rest_api", {"name": "n", "minimumCompressionSize": -1}, "BadRequestException", "Invalid minimum compress"),
    ("create_rest_api", {"name": "n", "endpointConfiguration": {"types": ["PRIVATE"]}}, "BadRequestException", "Priv"),
    ("create_domain_name", {"domainName": "a.example"}, "BadRequestException", "not offered"),
    ("create_vpc_link", {"name": "a", "targetArns": []}, "BadRequestException", "not offered"),
    ("import_rest_api", {"body": b"{"}, "BadRequestException", "Unable to parse"),
    ("import_rest_api", {"body": b'{"paths": {}}'}, "BadRequestException", "OpenAPI 3.0 or Swagger 2.0"),
    ("get_api_key", {"apiKey": "x"}, "NotFoundException", "Invalid API Key identifier specified"),
    ("get_usage_plan", {"usagePlanId": "x"}, "NotFoundException", "Invalid Usage Plan ID specified"),
    ("create_api_key", {"value": "short"}, "BadRequestException", "at least 20 characters"),
    ("create_usage_plan", {"name": "p", "quota": {"limit": 5, "period": "DAY", "offset": 3}}, "BadRequestException",
     "offset for DAY"),
    ("create_usage_plan", {"name": "p", "quota": {"limit": 5}}, "BadRequestException", "needs a period"),
    ("get_tags", {"resourceArn": "arn:aws:apigateway:us-west-9::/restapis/x"}, "BadRequestException", "Invalid ARN"),
    ("get_rest_apis", {"limit": 501}, "BadRequestException", "Invalid limit"),
    ("get_rest_apis", {"position": "%%"}, "BadRequestException", "Invalid position"),
])  # fmt: skip
def test_wrong_uses(world: World, action: str, given: dict[str, Any], code: str, words: str) -> None:
    given = given if given or action.startswith("create") else {"restApiId": "nope"}
    told = world.fails(action, **given)
    assert told[0] == code
    assert words in told[1]


@pytest.mark.parametrize(("action", "given", "words"), [
    ("put_method", {"httpMethod": "FETCH", "authorizationType": "NONE"}, "Invalid HttpMethod specified"),
    ("put_method", {"httpMethod": "PUT", "authorizationType": "CUSTOM"}, "Invalid authorizer ID specified"),
    ("put_method", {"httpMethod": "PUT", "authorizationType": "MAYBE"}, "Invalid Authorization type specified"),
    ("put_method", {"httpMethod": "PUT", "authorizationType": "COGNITO_USER_POOLS"}, "not offered"),
    ("put_method", {"httpMethod": "PUT", "authorizationType": "NONE", "requestModels": {"a/b": "Nope"}},
     "Invalid model identifier specified: Nope"),
    ("put_method", {"httpMethod": "PUT", "authorizationType": "NONE", "requestParameters": {"x": True}},
     "Invalid mapping expression specified"),
    ("put_integration", {"type": "AWS_PROXY", "uri": invocation()}, "HttpMethod must be non-empty"),
    ("put_integration", {"type": "AWS", "integrationHttpMethod": "POST", "uri": "arn:aws:s3:::b"},
     "AWS ARN for integration must contain path or action"),
    ("put_integration", {"type": "HTTP", "integrationHttpMethod": "GET", "uri": "nope"}, "Invalid HTTP endpoint"),
    ("put_integration", {"type": "MOCK", "timeoutInMillis": 49}, "Timeout should be between 50 ms and 29000 ms"),
    ("put_integration", {"type": "MOCK", "passthroughBehavior": "SOMETIMES"}, "Invalid passthrough behavior"),
    ("put_integration", {"type": "MOCK", "requestTemplates": {"application/json": "#if(true)"}},
     "Invalid mapping template for application/json: line 1: no #end for #if"),
    ("put_integration", {"type": "MOCK", "requestParameters": {
        "integration.request.header.X": "method.request.header.Undeclared"}}, "Invalid mapping expression specified"),
    ("put_integration", {"type": "MOCK", "cacheKeyParameters": ["x"]}, "not offered"),
    ("put_integration", {"type": "HTTP", "integrationHttpMethod": "GET", "uri": "http://h/", "tlsConfig": {}},
     "tlsConfig is not offered"),
    ("put_integration_response", {"statusCode": "418"}, "Invalid Response status code specified"),
    ("update_integration", {"patchOperations": [{"op": "replace", "path": "/nope", "value": "x"}]},
     "Invalid patch path '/nope' specified for op 'replace'"),
    ("update_integration", {"patchOperations": [{"op": "copy", "path": "/uri", "from": "/x"}]}, "is not offered"),
])  # fmt: skip
def test_methods_that_cannot_be(world: World, action: str, given: dict[str, Any], words: str) -> None:
    api = world.api()
    place = api.mock("/a")
    assert words in world.fails(action, **place | given)[1]


def test_deployments_and_stages(world: World) -> None:
    api = world.api()
    assert world.fails("create_deployment", restApiId=api.id)[1] == "The REST API doesn't contain any methods"
    world.client.put_method(**api.place("/a", "GET"), authorizationType="NONE")
    assert world.fails("create_deployment", restApiId=api.id)[1] == "No integration defined for method"
    world.client.put_integration(**api.place("/a", "GET"), type="MOCK")
    first = api.deploy("dev", variables={"v": "1"}, description="one")
    second = world.client.create_deployment(restApiId=api.id)["id"]
    stage = world.client.create_stage(restApiId=api.id, stageName="prod", deploymentId=second, tags={"a": "b"})
    assert (stage["deploymentId"], stage["tags"]) == (second, {"a": "b"})
    assert (
        world.fails("create_stage", restApiId=api.id, stageName="prod", deploymentId=second)[0] == "ConflictException"
    )
    assert [each["stageName"] for each in world.client.get_stages(restApiId=api.id)["item"]] == ["dev", "prod"]
    only = world.client.get_stages(restApiId=api.id, deploymentId=first)["item"]
    assert [each["stageName"] for each in only] == ["dev"]
    assert world.fails("delete_deployment", restApiId=api.id, deploymentId=second)[1] == (
        "Active stages pointing to this deployment must be moved or deleted"
    )
    got = world.client.get_deployment(restApiId=api.id, deploymentId=first, embed=["apisummary"])
    assert got["apiSummary"] == {"/a": {"GET": {"authorizationType": "NONE", "apiKeyRequired": False}}}
    world.client.update_deployment(
        restApiId=api.id, deploymentId=first, patchOperations=[{"op": "replace", "path": "/description", "value": "x"}]
    )
    assert len(world.client.get_deployments(restApiId=api.id)["items"]) == 2
    world.client.delete_stage(restApiId=api.id, stageName="prod")
    world.client.delete_deployment(restApiId=api.id, deploymentId=second)
    assert world.fails("get_stage", restApiId=api.id, stageName="prod")[1] == "Invalid stage identifier specified"


def test_a_stage_is_patched(world: World) -> None:
    api = world.api()
    api.mock("/a")
    api.deploy()
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:access"
    operations = [
        ("replace", "/variables/color", "blue"), ("replace", "/description", "d"),
        ("replace", "/*/*/throttling/rateLimit", "5.5"), ("replace", "/~1a/GET/throttling/burstLimit", "2"),
        ("replace", "/~1a/GET/logging/loglevel", "INFO"), ("replace", "/*/*/metrics/enabled", "true"),
        ("replace", "/accessLogSettings/destinationArn", group),
        ("replace", "/accessLogSettings/format", "$context.requestId"),
    ]  # fmt: skip
    patch = [{"op": op, "path": path, "value": value} for op, path, value in operations]
    after = world.client.update_stage(restApiId=api.id, stageName="s", patchOperations=patch)
    assert after["variables"] == {"color": "blue"}
    assert after["methodSettings"]["*/*"]["throttlingRateLimit"] == 5.5
    assert after["methodSettings"]["~1a/GET"]["throttlingBurstLimit"] == 2
    assert after["accessLogSettings"] == {"destinationArn": group, "format": "$context.requestId"}
    patch = [{"op": "remove", "path": "/*/*"}, {"op": "remove", "path": "/accessLogSettings"}]
    after = world.client.update_stage(restApiId=api.id, stageName="s", patchOperations=patch)
    assert "*/*" not in after["methodSettings"]
    assert "accessLogSettings" not in after


@pytest.mark.parametrize(("path", "value", "words"), [
    ("/nope", "x", "Invalid patch path"),
    ("/*/*/caching/enabled", "true", "Invalid patch path"),
    ("/*/*/logging/loglevel", "LOUD", "Invalid logging level"),
    ("/variables/a-b", "x", "Stage variable names"),
    ("/accessLogSettings/format", "no id", "Invalid access log format"),
    ("/deploymentId", "nope", "Invalid Deployment identifier specified"),
])  # fmt: skip
def test_what_a_stage_cannot_be(world: World, path: str, value: str, words: str) -> None:
    api = world.api()
    api.mock("/a")
    api.deploy()
    patch = [{"op": "replace", "path": path, "value": value}]
    assert words in world.fails("update_stage", restApiId=api.id, stageName="s", patchOperations=patch)[1]


def test_models_and_validators(world: World) -> None:
    api = world.api()
    names = {each["name"] for each in world.client.get_models(restApiId=api.id)["items"]}
    assert names == {"Empty", "Error"}
    world.client.create_model(restApiId=api.id, name="Pet", contentType="application/json", schema='{"type": "object"}')
    url = f"https://apigateway.amazonaws.com/restapis/{api.id}/models/Pet"
    world.client.create_model(
        restApiId=api.id, name="Pets", contentType="application/json",
        schema=json.dumps({"type": "array", "items": {"$ref": url}}),
    )  # fmt: skip
    assert "is referenced in model 'Pets'" in world.fails("delete_model", restApiId=api.id, modelName="Pet")[1]
    patch = [{"op": "replace", "path": "/description", "value": "d"}]
    after = world.client.update_model(restApiId=api.id, modelName="Pet", patchOperations=patch)
    assert after["description"] == "d"
    for schema, words in (
        ("{", "no JSON"),
        ('{"type": 5}', "Invalid model schema"),
        (json.dumps({"$ref": f"{url}2"}), "Pet2"),
    ):
        told = world.fails("create_model", restApiId=api.id, name="X", contentType="a/b", schema=schema)
        assert words in told[1]
    told = world.fails("create_model", restApiId=api.id, name="a b", contentType="a/b", schema="{}")
    assert told[0] == "BadRequestException"
    world.client.delete_model(restApiId=api.id, modelName="Pets")
    world.client.delete_model(restApiId=api.id, modelName="Pet")
    assert world.fails("get_model", restApiId=api.id, modelName="Pet")[1] == "Invalid model name specified: Pet"

    made = world.client.create_request_validator(restApiId=api.id, name="v", validateRequestBody=True)
    patch = [{"op": "replace", "path": "/validateRequestParameters", "value": "true"}]
    after = world.client.update_request_validator(
        restApiId=api.id, requestValidatorId=made["id"], patchOperations=patch
    )
    assert (after["validateRequestBody"], after["validateRequestParameters"]) == (True, True)
    assert len(world.client.get_request_validators(restApiId=api.id)["items"]) == 1
    world.client.delete_request_validator(restApiId=api.id, requestValidatorId=made["id"])
    assert (
        world.fails("get_request_validator", restApiId=api.id, requestValidatorId=made["id"])[0] == "NotFoundException"
    )


def test_authorizers_as_parts(world: World) -> None:
    api = world.api()
    made = world.client.create_authorizer(
        restApiId=api.id,
        name="a",
        type="TOKEN",
        authorizerUri=invocation(),
        identitySource="method.request.header.Auth",
    )
    assert made["authorizerResultTtlInSeconds"] == 300
    api.mock("/a", authorizationType="CUSTOM", authorizerId=made["id"])
    assert world.fails("delete_authorizer", restApiId=api.id, authorizerId=made["id"])[0] == "ConflictException"
    patch = [{"op": "replace", "path": "/authorizerResultTtlInSeconds", "value": "0"}]
    after = world.client.update_authorizer(restApiId=api.id, authorizerId=made["id"], patchOperations=patch)
    assert after["authorizerResultTtlInSeconds"] == 0
    assert len(world.client.get_authorizers(restApiId=api.id)["items"]) == 1
    wrong = {"restApiId": api.id, "name": "b", "type": "TOKEN", "identitySource": "method.request.header.A"}
    for given, words in (
        ({"authorizerUri": "x"}, "Invalid Authorizer URI"),
        ({"authorizerUri": invocation(), "identitySource": ""}, "Identity source is required"),
        ({"authorizerUri": invocation(), "authorizerResultTtlInSeconds": 3601}, "0 to 3600"),
        ({"authorizerUri": invocation(), "identityValidationExpression": "("}, "Invalid identity validation"),
        ({"authorizerUri": invocation(), "type": "COGNITO_USER_POOLS"}, "not offered"),
        ({"authorizerUri": invocation(), "name": "a"}, "must be unique"),
    ):
        assert words in world.fails("create_authorizer", **wrong | given)[1]


def test_gateway_responses_as_parts(world: World) -> None:
    api = world.api()
    world.client.put_gateway_response(restApiId=api.id, responseType="UNAUTHORIZED", statusCode="403",
                                      responseParameters={"gatewayresponse.header.X": "'y'"})  # fmt: skip
    assert len(world.client.get_gateway_responses(restApiId=api.id, limit=50)["items"]) == 21
    assert world.client.get_gateway_response(restApiId=api.id, responseType="THROTTLED")["defaultResponse"] is True
    patch = [{"op": "add", "path": "/responseTemplates/application~1json", "value": "{}"}]
    after = world.client.update_gateway_response(restApiId=api.id, responseType="UNAUTHORIZED", patchOperations=patch)
    assert (after["statusCode"], after["responseTemplates"]) == ("403", {"application/json": "{}"})
    world.client.delete_gateway_response(restApiId=api.id, responseType="UNAUTHORIZED")
    assert (
        world.fails("delete_gateway_response", restApiId=api.id, responseType="UNAUTHORIZED")[0] == "NotFoundException"
    )
    assert world.fails("put_gateway_response", restApiId=api.id, responseType="NOPE")[0] == "BadRequestException"
    patch = [{"op": "replace", "path": "/statusCode", "value": "abc"}]
    given = {"restApiId": api.id, "responseType": "THROTTLED", "patchOperations": patch}
    assert "three digits" in world.fails("update_gateway_response", **given)[1]


def test_keys_and_plans(world: World) -> None:
    api = world.api()
    api.mock("/a")
    api.deploy()
    key = world.client.create_api_key(name="k", enabled=True, value="x" * 20, tags={"a": "b"})
    assert world.fails("create_api_key", value="x" * 20) == ("ConflictException", "API Key already exists")
    assert "value" not in world.client.get_api_key(apiKey=key["id"])
    assert world.client.get_api_key(apiKey=key["id"], includeValue=True)["value"] == "x" * 20
    assert len(world.client.create_api_key()["value"]) == 40
    assert [each["id"] for each in world.client.get_api_keys(nameQuery="k")["items"]] == [key["id"]]
    plan = world.client.create_usage_plan(
        name="p", apiStages=[{"apiId": api.id, "stage": "s"}], throttle={"rateLimit": 1.5, "burstLimit": 3},
        quota={"limit": 10, "period": "MONTH"},
    )  # fmt: skip
    assert plan["quota"] == {"limit": 10, "offset": 0, "period": "MONTH"}
    given = {"usagePlanId": plan["id"], "keyId": key["id"]}
    world.client.create_usage_plan_key(**given, keyType="API_KEY")
    assert world.fails("create_usage_plan_key", **given, keyType="API_KEY")[0] == "ConflictException"
    assert world.client.get_usage_plan_key(**given)["name"] == "k"
    assert len(world.client.get_usage_plan_keys(usagePlanId=plan["id"])["items"]) == 1
    assert len(world.client.get_usage_plans(keyId=key["id"])["items"]) == 1
    patch = [
        {"op": "replace", "path": "/quota/limit", "value": "20"},
        {"op": "replace", "path": f"/apiStages/{api.id}:s/throttle/~1a/GET/rateLimit", "value": "7"},
        {"op": "remove", "path": "/throttle"},
    ]
    after = world.client.update_usage_plan(usagePlanId=plan["id"], patchOperations=patch)
    assert (after["quota"]["limit"], "throttle" in after) == (20, False)
    assert after["apiStages"][0]["throttle"] == {"/a/GET": {"burstLimit": 0, "rateLimit": 7.0}}
    assert "associated with API stages" in world.fails("delete_usage_plan", usagePlanId=plan["id"])[1]
    patch = [{"op": "remove", "path": "/apiStages", "value": f"{api.id}:s"}]
    world.client.update_usage_plan(usagePlanId=plan["id"], patchOperations=patch)
    world.client.delete_usage_plan_key(**given)
    world.client.delete_usage_plan(usagePlanId=plan["id"])
    patch = [{"op": "replace", "path": "/enabled", "value": "false"}]
    assert world.client.update_api_key(apiKey=key["id"], patchOperations=patch)["enabled"] is False
    world.client.delete_api_key(apiKey=key["id"])
    assert world.fails("get_api_key", apiKey=key["id"])[0] == "NotFoundException"


def test_tags_of_all_that_has_them(world: World) -> None:
    api = world.api()
    api.mock("/a")
    api.deploy()
    key, plan = world.client.create_api_key(), world.client.create_usage_plan(name="p")
    places = [f"restapis/{api.id}", f"restapis/{api.id}/stages/s", f"apikeys/{key['id']}", f"usageplans/{plan['id']}"]
    for place in places:
        arn = f"arn:aws:apigateway:{REGION}::/{place}"
        world.client.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
        world.client.untag_resource(resourceArn=arn, tagKeys=["a"])
        assert world.client.get_tags(resourceArn=arn)["tags"] == {"b": "2"}
    assert world.fails("tag_resource", resourceArn=arn, tags={"aws:x": "1"})[0] == "BadRequestException"


def test_the_account(world: World) -> None:
    assert world.client.get_account()["throttleSettings"] == {"burstLimit": 5000, "rateLimit": 10_000.0}
    patch = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::1:role/r"}]
    world.client.update_account(patchOperations=patch)
    world.restart()
    assert world.client.get_account()["cloudwatchRoleArn"] == "arn:aws:iam::1:role/r"


def test_test_invocations(world: World) -> None:
    api = world.api()
    world.functions[FUNCTION] = lambda event: {"statusCode": 201, "body": (event["pathParameters"] or {}).get("id")}
    place = api.proxy("/pets/{id}", "GET", apiKeyRequired=True)
    told = world.client.test_invoke_method(**place, pathWithQueryString="/pets/7?a=1", headers={"X": "y"})
    assert (told["status"], told["body"]) == (201, "7")
    assert "Method request path: {id=7}" in told["log"]
    assert "Method completed with status: 201" in told["log"]
    assert world.events[0]["requestContext"]["stage"] == "test-invoke-stage"
    world.functions[FUNCTION] = lambda event: "x"
    wrong = api.method("/b", "GET", {"type": "AWS", "integrationHttpMethod": "POST", "uri": invocation()})
    told = world.client.test_invoke_method(**wrong)
    assert (told["status"], "Execution failed due to" in told["log"]) == (500, True)


def test_a_test_of_an_authorizer(world: World) -> None:
    api = world.api()
    world.functions[FUNCTION] = lambda event: {
        "principalId": event["authorizationToken"], "policyDocument": {"Statement": []}
    }  # fmt: skip
    made = world.client.create_authorizer(
        restApiId=api.id,
        name="a",
        type="TOKEN",
        authorizerUri=invocation(),
        identitySource="method.request.header.Auth",
    )
    given = {"restApiId": api.id, "authorizerId": made["id"]}
    told = world.client.test_invoke_authorizer(**given, headers={"Auth": "me"})
    assert (told["clientStatus"], told["principalId"]) == (200, "me")
    assert world.client.test_invoke_authorizer(**given)["clientStatus"] == 401


def test_a_restart_keeps_everything(world: World) -> None:
    api = world.api()
    api.mock("/a", body="here")
    api.deploy(variables={"v": "1"})
    world.client.create_api_key(name="k")
    world.client.create_usage_plan(name="p", apiStages=[{"apiId": api.id, "stage": "s"}])
    world.restart()
    assert api.send("/a").body == b"here"
    assert world.client.get_stage(restApiId=api.id, stageName="s")["variables"] == {"v": "1"}
    assert len(world.client.get_api_keys()["items"]) == len(world.client.get_usage_plans()["items"]) == 1
    world.client.delete_rest_api(restApiId=api.id)
    world.restart()
    assert api.send("/a").status == 403
    assert world.client.get_rest_apis()["items"] == []
