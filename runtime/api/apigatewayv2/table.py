"""The part of docs/apigateway.md about HTTP APIs, written from the registry. The page is written by
`python -m runtime.api.apigateway.table docs/apigateway.md`; a test asserts that it is what this would write."""

from __future__ import annotations

from typing import Final

from runtime.api.apigatewayv2 import APIGATEWAYV2
from runtime.api.tables import DONE, table
from runtime.model.httpapi.subtypes import SUBTYPES

_REFUSED: Final = "refused"
_TAGS: Final = "Of APIs and stages. Tags are kept and told; nothing is decided by them."
NOTES: Final[dict[str, tuple[str, str]]] = {
    "CreateApi": (
        DONE,
        "`HTTP`; `WEBSOCKET` is refused, as are `credentialsArn` and `disableSchemaValidation`. `apiEndpoint` is an "
        "address of this broker. `ipAddressType` is kept and told.",
    ),
    "CreateAuthorizer": (
        DONE,
        "`JWT` and `REQUEST`. An issuer is not asked before the first token comes, and may be `http:`. "
        "`authorizerCredentialsArn` is the role that asks the function, where authentication is on.",
    ),
    "CreateDeployment": (DONE, "The newest 50 deployments of an API are kept, and those that a stage serves."),
    "CreateDomainName": (_REFUSED, "An API is reached by its id."),
    "CreateIntegration": (
        DONE,
        "`AWS_PROXY` and `HTTP_PROXY`. `credentialsArn` is the role that calls, where authentication is "
        "on. VPC links and TLS settings are refused.",
    ),
    "CreateRoute": (DONE, "API keys, models and request parameters are for WebSocket APIs: refused."),
    "CreateStage": (
        DONE,
        "`detailedMetricsEnabled` is kept and told; client certificates and execution logs are refused.",
    ),
    "CreateVpcLink": (_REFUSED, "There are no VPCs."),
    "ExportApi": (DONE, "`OAS30`, JSON and YAML."),
    "GetTags": (DONE, _TAGS),
    "ImportApi": (
        DONE,
        "OpenAPI 3.0, JSON and YAML (without anchors). What has no meaning for HTTP APIs is a warning.",
    ),
    "ReimportApi": (DONE, "As ImportApi. Tags stay."),
    "TagResource": (DONE, _TAGS),
    "UntagResource": (DONE, _TAGS),
}

_HEAD: Final = """
# HTTP APIs

HTTP APIs (v2) as `aws apigatewayv2`, boto3's `apigatewayv2`, SAM (`HttpApi`) and other tools make them. APIs,
deployments and stages are documents of the volume; a stage with `autoDeploy` serves each change at once.

```
http://{id}.execute-api.{region}.localhost:4566/pets             the stage $default
http://{id}.execute-api.{region}.localhost:4566/{stage}/pets     another one
http://localhost:4566/_aws/execute-api/{id}/pets                 the same two ways
http://localhost:4566/restapis/{id}/{stage}/_user_request_/pets  with the stage, also `$default`
```

A first part of the path that is the name of a stage is that stage.

## What a request to an HTTP API meets

1. **CORS**, if the API has a configuration: a preflight (`OPTIONS` with `Origin` and `Access-Control-Request-Method`)
   is answered with 204 by the gateway; all other answers get its headers, and what an integration says of
   `access-control-*` is dropped. `https://*` is every origin of that scheme.
2. **The route**: a fixed segment wins over `{name}`, that over `{name+}`, a method over `ANY`, all over `$default`.
   `/pets/` is another path than `/pets`. None: 404 `{"message":"Not Found"}`.
3. **The throttle** of the route, else the stage's default for each route: 429.
4. **The authorizer**. `JWT`: RS256, RS384, RS512, ES256, ES384, ES512; the keys by the issuer's
   `/.well-known/openid-configuration` (1.5 s and 150,000 bytes a request, kept for two hours, fetched again for an
   unknown key id once a minute at most); `iss`, `aud` or `client_id`, `exp`, `nbf`, `iat`, scopes: 401 or 403 with
   `www-authenticate`. `REQUEST`: formats 1.0 and 2.0, simple answers and policies, remembered by identity source for
   all routes of the stage; 10 s. `AWS_IAM` wants a signature; where
   authentication is on it is verified, and a policy has to allow `execute-api:Invoke`.
5. **The integration**, with its parameter mappings (`append`, `overwrite`, `remove` of headers, query parameters, path
   and status; `$request…`, `$response…`, `$context…`, `$stageVariables…`, `${…}` inside of text):

| type | leads to |
|---|---|
| AWS_PROXY | a function, version or alias, payload format 1.0 or 2.0 |
| AWS_PROXY with a subtype | SUBTYPES |
| HTTP_PROXY | a server; redirects are not followed |

A function that fails, or answers what is no answer: 500 `Internal Server Error`; so does a service that refuses. A
parameter of a service that is mapped and has no value: 400. What takes longer than the integration's time (50 ms to
30 s), and a server that cannot be reached: 503 `Service Unavailable`. `Data` of a Kinesis record is base64. Bodies have
up to 10 MiB in and out. Access logs go to a log group of this broker.

"""

_TAIL: Final = """
Not offered: WebSocket APIs, with integration responses, route responses and models; custom domains, API mappings and
routing rules; VPC links; portals; mutual TLS.
"""


def section() -> str:
    """What the page has about HTTP APIs."""
    subtypes = ", ".join(f"`{name}`" for name in sorted(SUBTYPES))
    actions = table(APIGATEWAYV2.actions, NOTES).replace("## Actions", "## Actions of HTTP APIs", 1)
    return f"{_HEAD.replace('SUBTYPES', subtypes)}{actions}{_TAIL}"
