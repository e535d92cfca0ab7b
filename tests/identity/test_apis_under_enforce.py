"""APIs where policies are enforced: who may change them, who may call them, and what they may call."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import Any

import pytest
from identity_support import ACCOUNT, FAKE, REGION, House, allow, document, keys_of, refused, trust
from test_functions_under_enforce import make_function, make_role

from streamcore.client.signing import Keys, signed_headers

GATEWAY = "apigateway.amazonaws.com"
MOCK = {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}


class Api:
    """An API of root's with methods of one resource each."""

    def __init__(self, house: House, name: str, **settings: Any) -> None:
        self.house = house
        self.client = house.client("apigateway")
        made = self.client.create_rest_api(name=name, **settings)
        self.id, self.root = made["id"], made["rootResourceId"]

    def method(self, path: str, kind: str, integration: dict[str, Any], verb: str = "GET") -> dict[str, str]:
        resource = self.client.create_resource(restApiId=self.id, parentId=self.root, pathPart=path)["id"]
        place = {"restApiId": self.id, "resourceId": resource, "httpMethod": verb}
        self.client.put_method(**place, authorizationType=kind)
        self.client.put_integration(**place, **integration)
        if integration["type"] not in ("AWS_PROXY", "HTTP_PROXY"):
            self.client.put_method_response(**place, statusCode="200")
            self.client.put_integration_response(**place, statusCode="200")
        return place

    def deploy(self) -> None:
        self.client.create_deployment(restApiId=self.id, stageName="prod")

    def arn(self, rest: str = "*") -> str:
        return f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{self.id}/{rest}"

    def call(self, path: str, keys: dict[str, str] | None = None, verb: str = "GET", **altered: str) -> tuple[int, Any]:
        """Status and body of a call, signed if there are keys."""
        whole = f"/_aws/execute-api/{self.id}/prod/{path}"
        headers: dict[str, str] = {}
        if keys is not None:
            at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self.house.composition.broker.clock.now_ms() / 1000))
            host = self.house.url.partition("//")[2]
            signer = Keys(keys["aws_access_key_id"], keys["aws_secret_access_key"], keys.get("aws_session_token", ""))
            headers = signed_headers(signer, "execute-api", REGION, at, verb, host, whole, "", {}, b"")
        request = urllib.request.Request(self.house.url + whole, headers=headers | altered, method=verb)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())


def invocation(function: str) -> str:
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"


# ---------------------------------------------------------------- who may change them


def test_an_api_is_changed_by_who_may(house: House) -> None:
    mine, theirs = Api(house, "mine"), Api(house, "theirs")
    resource = f"arn:aws:apigateway:{REGION}::/restapis/{mine.id}"
    keys = house.user("editor", allow(["apigateway:GET", "apigateway:PUT"], [resource, f"{resource}/*"]))
    editor = house.client("apigateway", keys)
    assert editor.get_rest_api(restApiId=mine.id)["name"] == "mine"
    place = {"restApiId": mine.id, "resourceId": mine.root, "httpMethod": "GET"}
    editor.put_method(**place, authorizationType="NONE")
    code, status, text = refused(lambda: editor.get_rest_api(restApiId=theirs.id))
    assert (code, status) == ("AccessDeniedException", 403)
    assert f"apigateway:GET on resource: arn:aws:apigateway:{REGION}::/restapis/{theirs.id} because" in text
    for call in (
        lambda: editor.delete_rest_api(restApiId=mine.id),
        lambda: editor.create_deployment(restApiId=mine.id),
        lambda: editor.get_rest_apis(),
        lambda: editor.create_rest_api(name="copy", cloneFrom=mine.id),
    ):
        assert refused(call)[0] == "AccessDeniedException"


def test_a_role_is_given_by_who_may_pass_it(house: House) -> None:
    api = Api(house, "passing")
    role = house.client("iam").create_role(RoleName="for-api", AssumeRolePolicyDocument=trust(GATEWAY))["Role"]["Arn"]
    keys = house.user("passer", allow("apigateway:*"))
    passer = house.client("apigateway", keys)
    place = {"restApiId": api.id, "resourceId": api.root, "httpMethod": "GET"}
    passer.put_method(**place, authorizationType="NONE")
    aws = {"type": "AWS", "integrationHttpMethod": "POST", "uri": f"arn:aws:apigateway:{REGION}:sqs:action/SendMessage"}
    document_ = {
        "openapi": "3.0.1", "info": {"title": "t", "version": "1"},
        "paths": {"/x": {"get": {"x-amazon-apigateway-integration": {**MOCK, "credentials": role}}}},
    }  # fmt: skip
    passer.put_integration(**place, **MOCK)
    for call in (
        lambda: passer.put_integration(**place, **aws, credentials=role),
        lambda: passer.update_integration(
            **place, patchOperations=[{"op": "replace", "path": "/credentials", "value": role}]
        ),
        lambda: passer.import_rest_api(body=json.dumps(document_)),
        lambda: passer.put_rest_api(restApiId=api.id, body=json.dumps(document_)),
        lambda: passer.update_account(
            patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}]
        ),
        lambda: passer.create_authorizer(
            restApiId=api.id, name="a", type="TOKEN", identitySource="method.request.header.a",
            authorizerUri=invocation(f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"), authorizerCredentials=role,
        ),
    ):  # fmt: skip
        code, _, text = refused(call)
        assert code == "AccessDeniedException"
        assert f"iam:PassRole on resource: {role}" in text
    condition = {"StringEquals": {"iam:PassedToService": GATEWAY}}
    grant = document(allow("apigateway:*"), allow("iam:PassRole", role, Condition=condition))
    house.client("iam").put_user_policy(UserName="passer", PolicyName="p", PolicyDocument=grant)
    assert passer.put_integration(**place, **aws, credentials=role)["credentials"] == role


# ---------------------------------------------------------------- who may call them


@pytest.fixture(scope="module")
def signed(house: House) -> Api:
    api = Api(house, "signed")
    for path, kind in (("open", "NONE"), ("shut", "AWS_IAM"), ("other", "AWS_IAM")):
        api.method(path, kind, MOCK)
    api.deploy()
    return api


def test_a_method_of_iam_wants_a_signature_and_a_policy(house: House, signed: Api) -> None:
    assert signed.call("open")[0] == 200
    assert signed.call("shut") == (403, {"message": "Missing Authentication Token"})
    assert signed.call("shut", house.root)[0] == 200
    keys = house.user("caller", allow("execute-api:Invoke", signed.arn("prod/GET/shut")))
    assert signed.call("shut", keys)[0] == 200
    status, told = signed.call("other", keys)
    masked = signed.arn("prod/GET/other").replace(ACCOUNT, "********9012")
    assert (status, told) == (403, {
        "Message": f"User: arn:aws:iam::{ACCOUNT}:user/caller is not authorized to perform: execute-api:Invoke on "
        f"resource: {masked} because no identity-based policy allows the execute-api:Invoke action"
    })  # fmt: skip


def test_a_path_is_one_resource_however_it_is_spelled(house: House, signed: Api) -> None:
    everything, deny = signed.arn("prod/*"), {"Effect": "Deny", "Action": "*", "Resource": signed.arn("prod/GET/shut")}
    keys = house.user("spelling", allow("execute-api:Invoke", everything), deny)
    assert signed.call("other/", keys)[0] == 200
    for path in ("shut", "shut/", "/shut"):
        assert signed.call(path, keys)[0] == 403


def test_wrong_signatures_at_a_method(house: House, signed: Api) -> None:
    unknown = (403, {"message": "The security token included in the request is invalid."})
    assert signed.call("shut", FAKE) == unknown
    status, told = signed.call("shut", house.root | {"aws_secret_access_key": "x" * 40})
    assert status == 403
    assert told["message"].startswith("The request signature we calculated does not match the signature you provided.")
    session = keys_of(house.client("sts").get_session_token()["Credentials"])
    assert signed.call("shut", session)[0] == 200
    assert signed.call("shut", session | {"aws_session_token": session["aws_session_token"][:-4] + "AAAA"}) == unknown
    assert signed.call("shut", house.root, **{"x-amz-date": "20200101T000000Z"})[0] == 403


@pytest.mark.parametrize(("effect", "resource", "statuses"), [
    ("Allow", "execute-api:/prod/GET/open", (200, 403)),
    ("Deny", "execute-api:/prod/GET/open", (403, 403)),
    ("Allow", "execute-api:/*", (200, 200)),
])  # fmt: skip
def test_the_policy_of_an_api(house: House, effect: str, resource: str, statuses: tuple[int, int]) -> None:
    """As it was deployed."""
    statement = {"Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": resource}
    api = Api(house, "with-policy", policy=document(statement))
    api.method("open", "NONE", MOCK)
    api.method("more", "NONE", MOCK)
    api.deploy()
    assert (api.call("open")[0], api.call("more")[0]) == statuses
    if effect == "Deny":
        masked = api.arn("prod/GET/open").replace(ACCOUNT, "********9012")
        assert api.call("open")[1]["Message"] == (
            f"User: anonymous is not authorized to perform: execute-api:Invoke on resource: {masked} with an explicit "
            "deny in a resource-based policy"
        )


def test_a_policy_that_is_none_is_refused(house: House) -> None:
    client = house.client("apigateway")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    statements = (statement | {"Effect": "allow"}, statement | {"Principal": "me"})
    for wrong in ("{", "[]", "{}", *map(document, statements)):
        code, _, text = refused(lambda wrong=wrong: client.create_rest_api(name="wrong", policy=wrong))
        assert (code, text.partition(".")[0]) == ("BadRequestException", "Invalid policy document")


def test_the_policy_of_an_api_lets_a_user_in(house: House) -> None:
    keys = house.user("invited")
    user = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/invited"}
    statement = allow("execute-api:Invoke", "execute-api:/prod/GET/shut", Principal=user)
    api = Api(house, "inviting", policy=document(statement))
    for path in ("shut", "other"):
        api.method(path, "AWS_IAM", MOCK)
    api.deploy()
    assert [api.call(path, keys)[0] for path in ("shut", "other")] == [200, 403]


# ---------------------------------------------------------------- what they may call


def test_a_function_is_called_if_it_lets_the_method_in(house: House) -> None:
    code = "def handler(event, context):\n    return {'statusCode': 200, 'body': 'hi'}\n"
    function = make_function(house, "behind", make_role(house, "behind"), code)
    api = Api(house, "calling")
    role = house.client("iam").create_role(RoleName="calling", AssumeRolePolicyDocument=trust(GATEWAY))["Role"]["Arn"]
    proxy = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": invocation(function)}
    api.method("policy", "NONE", proxy)
    api.method("role", "NONE", proxy | {"credentials": role})
    api.deploy()
    failed = (500, {"message": "Internal server error"})
    assert api.call("policy") == failed
    assert api.call("role") == failed
    permission = {"FunctionName": "behind", "Action": "lambda:InvokeFunction", "Principal": GATEWAY}
    functions = house.client("lambda")
    functions.add_permission(StatementId="other", SourceArn=api.arn("*/GET/other"), **permission)
    assert api.call("policy") == failed
    functions.add_permission(StatementId="api", SourceArn=api.arn("*/GET/policy"), **permission)
    assert api.call("policy") == (200, b"hi")
    assert api.call("role") == failed
    grant = document(allow("lambda:InvokeFunction", function))
    house.client("iam").put_role_policy(RoleName="calling", PolicyName="p", PolicyDocument=grant)
    assert api.call("role") == (200, b"hi")


def test_an_authorizer_is_asked_if_it_lets_the_api_in(house: House) -> None:
    code = (
        "def handler(event, context):\n"
        "    statement = {'Action': 'execute-api:Invoke', 'Effect': 'Allow', 'Resource': '*'}\n"
        "    policy = {'Version': '2012-10-17', 'Statement': [statement]}\n"
        "    return {'principalId': 'p', 'policyDocument': policy}\n"
    )
    function = make_function(house, "gate", make_role(house, "gate"), code)
    statement = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "execute-api:/prod/GET/never"}
    api = Api(house, "gated", policy=document(statement))
    authorizer = api.client.create_authorizer(
        restApiId=api.id, name="a", type="TOKEN", identitySource="method.request.header.a",
        authorizerUri=invocation(function), authorizerResultTtlInSeconds=0,
    )["id"]  # fmt: skip
    for path in ("asked", "never"):
        resource = api.client.create_resource(restApiId=api.id, parentId=api.root, pathPart=path)["id"]
        place = {"restApiId": api.id, "resourceId": resource, "httpMethod": "GET"}
        api.client.put_method(**place, authorizationType="CUSTOM", authorizerId=authorizer)
        api.client.put_integration(**place, **MOCK)
        api.client.put_method_response(**place, statusCode="200")
        api.client.put_integration_response(**place, statusCode="200")
    api.deploy()
    assert api.call("asked", a="t")[0] == 500
    house.client("lambda").add_permission(
        FunctionName="gate", StatementId="api", Action="lambda:InvokeFunction", Principal=GATEWAY,
        SourceArn=api.arn(f"authorizers/{authorizer}"),
    )  # fmt: skip
    assert api.call("asked", a="t")[0] == 200
    assert api.call("never", a="t")[0] == 403


def test_a_service_is_called_by_the_integrations_role(house: House) -> None:
    url = house.client("sqs").create_queue(QueueName="of-api")["QueueUrl"]
    iam, queue = house.client("iam"), f"arn:aws:sqs:{REGION}:{ACCOUNT}:of-api"
    trusted = iam.create_role(RoleName="to-queue", AssumeRolePolicyDocument=trust(GATEWAY))["Role"]["Arn"]
    foreign = iam.create_role(RoleName="of-lambda", AssumeRolePolicyDocument=trust())["Role"]["Arn"]
    grant = document(allow("sqs:*", "*"))
    iam.put_role_policy(RoleName="of-lambda", PolicyName="p", PolicyDocument=grant)
    send = {
        "type": "AWS", "integrationHttpMethod": "POST", "uri": f"arn:aws:apigateway:{REGION}:sqs:path/{ACCOUNT}/of-api",
        "requestParameters": {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"},
        "requestTemplates": {"application/json": "Action=SendMessage&MessageBody=hello"},
    }  # fmt: skip
    api = Api(house, "sending")
    for path, credentials in (
        ("role", trusted),
        ("foreign", foreign),
        ("none", None),
        ("own", "arn:aws:iam::*:user/*"),
    ):
        api.method(path, "NONE", send | ({"credentials": credentials} if credentials else {}))
    api.deploy()
    for path in ("foreign", "none", "own"):
        assert api.call(path) == (500, {"message": "Internal server error"})
    _, told = api.call("role")
    assert b"<Code>AccessDenied</Code>" in told
    who = "assumed-role/to-queue/BackplaneAssumeRoleSession"
    assert f"{who} is not authorized to perform: sqs:SendMessage on resource: {queue}".encode() in told
    iam.put_role_policy(RoleName="to-queue", PolicyName="p", PolicyDocument=document(allow("sqs:SendMessage", queue)))
    assert b"<MessageId>" in api.call("role")[1]
    (message,) = house.client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == "hello"


def test_a_bucket_is_read_by_the_integrations_role(house: House) -> None:
    """S3 has a door of its own."""
    s3 = house.client("s3")
    s3.create_bucket(Bucket="of-api", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="of-api", Key="k", Body=b"content")
    iam = house.client("iam")
    role = iam.create_role(RoleName="to-bucket", AssumeRolePolicyDocument=trust(GATEWAY))["Role"]["Arn"]
    api = Api(house, "reading")
    uri = f"arn:aws:apigateway:{REGION}:s3:path/of-api/k"
    api.method("k", "NONE", {"type": "AWS", "integrationHttpMethod": "GET", "uri": uri, "credentials": role})
    api.deploy()
    assert b"<Code>AccessDenied</Code>" in api.call("k")[1]
    grant = document(allow("s3:GetObject", "arn:aws:s3:::of-api/*"))
    iam.put_role_policy(RoleName="to-bucket", PolicyName="p", PolicyDocument=grant)
    assert api.call("k") == (200, b"content")
