"""A REST endpoint that answers with a random entry of a list of questions."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from urllib.request import urlopen

from examples.world import LabFailed, World

HERE = Path(__file__).parent
FUNCTION = "faq"
STAGE = "prod"


def build(world: World) -> str:
    """The function, and an API with a GET method on `/faq` that invokes it; the URL."""
    if shutil.which("node"):
        arn = world.create_function(FUNCTION, HERE / "index.js", handler="index.handler", Runtime="nodejs22.x")
    else:
        arn = world.create_function(FUNCTION, HERE / "lambda_function.py")
    gateway = world.client("apigateway")
    api = gateway.create_rest_api(name="faq-api")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    resource = gateway.create_resource(restApiId=api, parentId=root, pathPart="faq")["id"]
    place = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
    gateway.put_method(**place, authorizationType="NONE")
    gateway.put_integration(
        **place,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations",
    )
    world.client("lambda").add_permission(
        FunctionName=FUNCTION,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:us-east-1:000000000000:{api}/*/GET/faq",
    )
    gateway.create_deployment(restApiId=api, stageName=STAGE)
    return f"{world.endpoint}/restapis/{api}/{STAGE}/_user_request_/faq"


def run(world: World) -> list[str]:
    """The lab from the beginning; three answers."""
    url = build(world)
    shown = [f"GET {url}"]
    for _ in range(3):
        with urlopen(url, timeout=30) as answer:
            entry = json.load(answer)
        if set(entry) != {"q", "a"}:
            raise LabFailed(f"no question and answer: {entry}")
        shown.append(f"  {entry['q']} {entry['a']}")
    return [*shown, *world.reports(FUNCTION)[-1:]]
