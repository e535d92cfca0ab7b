"""HTTP APIs where policies are enforced: who may call them, what they may call, and who may give them roles."""

from __future__ import annotations

from typing import Any

import pytest
from identity_support import House, allow, document, refused, trust
from test_apis_under_enforce import GATEWAY, Api
from test_functions_under_enforce import make_function, make_role

FAILED = (500, {"message": "Internal Server Error"})
FORBIDDEN = (403, {"message": "Forbidden"})
CODE = "def handler(event, context):\n    return 'hi'\n"


class HttpApi(Api):
    """An HTTP API of root's with a stage `prod`."""

    def __init__(self, house: House, name: str) -> None:
        self.house = house
        self.client = house.client("apigatewayv2")
        self.id = self.client.create_api(Name=name, ProtocolType="HTTP")["ApiId"]
        self.client.create_stage(ApiId=self.id, StageName="prod", AutoDeploy=True)

    def route(self, key: str, kind: str = "NONE", **integration: Any) -> None:
        made = self.client.create_integration(ApiId=self.id, IntegrationType="AWS_PROXY", **integration)
        target = f"integrations/{made['IntegrationId']}"
        self.client.create_route(ApiId=self.id, RouteKey=key, Target=target, AuthorizationType=kind)


@pytest.fixture(scope="module")
def function(house: House) -> str:
    return make_function(house, "behind-http", make_role(house, "behind-http"), CODE)


def test_a_function_is_called_if_it_lets_the_route_in(house: House, function: str) -> None:
    api, to_function = HttpApi(house, "calling-http"), {"IntegrationUri": function, "PayloadFormatVersion": "2.0"}
    role = house.client("iam").create_role(RoleName="http", AssumeRolePolicyDocument=trust(GATEWAY))["Role"]["Arn"]
    api.route("GET /policy", **to_function)
    api.route("GET /role", **to_function, CredentialsArn=role)
    assert api.call("policy") == api.call("role") == FAILED
    permission = {"FunctionName": "behind-http", "Action": "lambda:InvokeFunction", "Principal": GATEWAY}
    functions = house.client("lambda")
    functions.add_permission(StatementId="other", SourceArn=api.arn("*/GET/other"), **permission)
    assert api.call("policy") == FAILED
    functions.add_permission(StatementId="api", SourceArn=api.arn("*/GET/policy"), **permission)
    assert api.call("policy") == (200, b"hi")
    assert api.call("role") == FAILED
    grant = document(allow("lambda:InvokeFunction", function))
    house.client("iam").put_role_policy(RoleName="http", PolicyName="p", PolicyDocument=grant)
    assert api.call("role") == (200, b"hi")


def test_a_signed_route_wants_a_signature_and_a_policy(house: House, function: str) -> None:
    api = HttpApi(house, "signed-http")
    api.route("GET /shut", "AWS_IAM", IntegrationUri=function, PayloadFormatVersion="2.0")
    house.client("lambda").add_permission(
        FunctionName="behind-http", StatementId="signed", Action="lambda:InvokeFunction", Principal=GATEWAY,
        SourceArn=api.arn("*/GET/shut"),
    )  # fmt: skip
    assert api.call("shut") == FORBIDDEN
    assert api.call("shut", house.root) == (200, b"hi")
    assert api.call("shut", house.root | {"aws_secret_access_key": "x" * 40}) == FORBIDDEN
    assert api.call("shut", house.user("http-caller", allow("execute-api:Invoke", api.arn("prod/GET/shut"))))[0] == 200
    assert api.call("shut", house.user("http-other", allow("execute-api:Invoke", api.arn("prod/GET/x")))) == FORBIDDEN


def test_a_service_is_called_by_the_integrations_role(house: House) -> None:
    iam, api = house.client("iam"), HttpApi(house, "sending-http")
    url = house.client("sqs").create_queue(QueueName="of-http")["QueueUrl"]
    role = iam.create_role(RoleName="http-queue", AssumeRolePolicyDocument=trust(GATEWAY))["Role"]["Arn"]
    foreign = iam.create_role(RoleName="http-foreign", AssumeRolePolicyDocument=trust())["Role"]["Arn"]
    iam.put_role_policy(RoleName="http-foreign", PolicyName="p", PolicyDocument=document(allow("sqs:*")))
    send = {
        "IntegrationSubtype": "SQS-SendMessage", "PayloadFormatVersion": "1.0",
        "RequestParameters": {"QueueUrl": url, "MessageBody": "hello"},
    }  # fmt: skip
    api.route("GET /role", **send, CredentialsArn=role)
    api.route("GET /foreign", **send, CredentialsArn=foreign)
    assert api.call("role") == api.call("foreign") == FAILED
    iam.put_role_policy(RoleName="http-queue", PolicyName="p", PolicyDocument=document(allow("sqs:SendMessage")))
    assert api.call("role")[0] == 200
    assert api.call("foreign") == FAILED
    (message,) = house.client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == "hello"


def test_a_role_is_given_by_who_may_pass_it(house: House) -> None:
    role = house.client("iam").create_role(RoleName="http-given", AssumeRolePolicyDocument=trust(GATEWAY))["Role"][
        "Arn"
    ]
    api = HttpApi(house, "given-http")
    client = house.client("apigatewayv2", house.user("http-maker", allow("apigateway:*")))
    given = {
        "ApiId": api.id, "IntegrationType": "AWS_PROXY", "IntegrationSubtype": "SQS-SendMessage",
        "PayloadFormatVersion": "1.0", "RequestParameters": {"QueueUrl": "x", "MessageBody": "y"},
        "CredentialsArn": role,
    }  # fmt: skip
    code, status, text = refused(lambda: client.create_integration(**given))
    assert (code, status) == ("AccessDeniedException", 403)
    assert "iam:PassRole" in text
