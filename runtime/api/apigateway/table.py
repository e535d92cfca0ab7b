"""docs/apigateway.md, written from the registry: `python -m runtime.api.apigateway.table docs/apigateway.md`. A test
asserts that the file is what this would write."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from runtime.api.apigateway import APIGATEWAY
from runtime.api.apigatewayv2.table import section
from runtime.api.tables import DONE, STORED, table

_TAGS: Final = "Tags are kept and told; nothing is decided by them."
_REFUSED: Final = "refused"

NOTES: Final[dict[str, tuple[str, str]]] = {
    "CreateApiKey": (DONE, "The id is never the value; `stageKeys` are refused: keys are put into usage plans."),
    "CreateAuthorizer": (
        DONE,
        "`TOKEN` and `REQUEST`; Cognito and JWT authorizers are refused. `authType` is kept and told; "
        "`authorizerCredentials` too, unless authentication is on: then the function is asked by that role.",
    ),
    "CreateDeployment": (
        DONE,
        "Canaries and caches are refused. The newest 200 deployments of an API are kept, and those that a "
        "stage serves.",
    ),
    "CreateDomainName": (_REFUSED, "An API is reached by its id."),
    "CreateRestApi": (
        DONE,
        "`endpointConfiguration` is kept and told; `policy` decides where authentication is on. Private APIs are "
        "refused.",
    ),
    "CreateStage": (
        DONE,
        "Canaries, caches and documentation versions are refused; `tracingEnabled` is kept and told.",
    ),
    "CreateUsagePlan": (
        DONE,
        "Counts of quotas are kept a minute after they changed at the latest, and at the end of the process: "
        "kill -9 gives back at most that minute.",
    ),
    "CreateVpcLink": (_REFUSED, "There are no VPCs."),
    "GetExport": (
        DONE,
        "`oas30` and `swagger`, JSON and YAML; with `extensions` all of API Gateway's that are known here.",
    ),
    "GetModel": (DONE, "`flatten` is refused."),
    "GetTags": (DONE, _TAGS),
    "ImportRestApi": (
        DONE,
        "OpenAPI 3.0 and Swagger 2.0, JSON and YAML (without anchors). Of `parameters`, "
        "`endpointConfigurationTypes` is taken.",
    ),
    "PutIntegration": (
        DONE,
        "Mapping templates are parsed at once and refused with the line. `credentials` are the role that calls, where "
        "authentication is on; those of callers (`arn:aws:iam::*:user/*`) call nothing then. VPC links, TLS settings "
        "and cache keys are refused.",
    ),
    "PutMethod": (
        DONE,
        "`AWS_IAM` wants a signature, which is verified where authentication is on. "
        "Cognito and `authorizationScopes` are refused.",
    ),
    "PutRestApi": (DONE, "As ImportRestApi."),
    "TagResource": (DONE, _TAGS),
    "TestInvokeAuthorizer": (DONE, "Nothing of what it says is kept for later requests."),
    "TestInvokeMethod": (DONE, "`clientCertificateId` is refused. ANY is tested as POST."),
    "UntagResource": (DONE, _TAGS),
    "UpdateAccount": (STORED, "There is a role and nothing that it is for."),
    "UpdateStage": (
        DONE,
        "`loggingLevel`, `dataTraceEnabled` and `metricsEnabled` are kept and told; throttles, variables and "
        "access logs are acted on. `copy` (of canaries) is refused, here and everywhere.",
    ),
}

_HEAD: Final = """# API Gateway

<!-- Written by `python -m runtime.api.apigateway.table docs/apigateway.md`; do not edit. -->

Two kinds of APIs: REST APIs, and [HTTP APIs](#http-apis) below.

# REST APIs

REST APIs as `aws apigateway`, boto3's `apigateway`, SAM and other tools make them (REST-JSON); served at once when
they are deployed. APIs, deployments, stages, keys and plans are documents of the volume.

## Where an API is

```
http://localhost:4566/restapis/{id}/{stage}/_user_request_/pets
http://localhost:4566/_aws/execute-api/{id}/{stage}/pets
http://{id}.execute-api.{region}.localhost:4566/{stage}/pets
```

## What a request meets

1. **The route.** A fixed segment wins over `{name}`, that over `{name+}`; a method over `ANY`. A path without the
   method leaves the request to a less exact route. None: 403 `Missing Authentication Token`.
2. **The authorizer** (`TOKEN`, `REQUEST`): asked once in its TTL per identity, stage and authorizer; its policy is
   judged for every method that is called (`Action`, `Resource`, `NotAction`, `NotResource`, `*` and `?`). A policy with
   a `Condition` is a configuration error (500).
3. **The API key** in `x-api-key`, or from the authorizer: 403 `Forbidden`; the plan's throttle and quota: 429.
4. **The stage's throttle** (`/*/*/throttling/…` or of one method): 429.
5. **The request validator**: required parameters, bodies by model (JSON Schema draft 4): 400.
6. **The integration**:

| type | leads to |
|---|---|
| AWS_PROXY | a function, version or alias (`${stageVariables.x}` in the ARN), payload format 1.0 |
| AWS | a function with templates and selection patterns, asynchronous with `X-Amz-Invocation-Type: 'Event'` |
| AWS | services here: `kinesis:action/PutRecord`, `events:action/PutEvents`, `sqs:path/{account}/{queue}` … |
| HTTP, HTTP_PROXY | a server; redirects are not followed |
| MOCK | the `statusCode` that its template writes: CORS preflights |

What goes wrong on the way is a gateway response, which an API may replace by type. Bodies have up to 10 MiB in and out,
integrations 50 ms to 29 s; a function that takes longer goes on without anybody waiting. Access logs
(`accessLogSettings`) go to a log group of this broker.

## Who may

Without [authentication](security.md) signatures and policies refuse nobody. Where it is enforced:

- A method of type `AWS_IAM` wants a signature for `execute-api` and a policy that allows `execute-api:Invoke` on
  `arn:aws:execute-api:{region}:{account}:{api}/{stage}/{METHOD}/{path}`. The API's policy counts, as it was deployed.
- A method that asks nobody (`NONE`) is public, unless the API has a policy: then that has to let everybody in. Before
  an authorizer is asked, an explicit deny in the API's policy refuses; an allow in it does not stand in for the
  authorizer's.
- A function is invoked if its policy lets `apigateway.amazonaws.com` in, with the method as `aws:SourceArn`
  (`…:{api}/{stage}/{METHOD}/{path of the resource}`, of authorizers `…:{api}/authorizers/{id}`), or by the role in
  `credentials`. Other services are called as a session of that role, which must trust API Gateway, and whoever gives it
  needs `iam:PassRole`. Without a role the method answers 500, and the log says why.
- The management API needs `apigateway:GET`, `POST`, `PUT`, `PATCH` or `DELETE` on `arn:aws:apigateway:{region}::/…`.

"""

_TAIL: Final = """
Actions of API Gateway that are not in the table are not offered: caches, canaries, client certificates, custom domains,
base path mappings, documentation parts, SDK generation, VPC links, usage by CSV (ImportApiKeys).

## Mapping templates

A subset of Velocity 1.7. A template is parsed when it is given, and what is not offered is refused with its line.

- `$name`, `${name}`, `$!name`, `.property`, `.method(…)`, `[index]`. A reference that has no value is written as it
  stands; below `$input`, `$context`, `$stageVariables` and `$util` as nothing. `\\$name` is text.
- `#set`, also of members (`$context.responseOverride.status`, `$map.key`, `$list[0]`); `#if` `#elseif` `#else` `#end`;
  `#foreach` with `$foreach.index` `.count` `.hasNext` `.first` `.last` `.parent`, `$velocityCount`; `#break`, `#stop`;
  `##`, `#* *#`, `#[[ ]]#`. A directive takes the end of its line along. Not offered: `#define`, `#macro`, `#parse`,
  `#include`, `#evaluate`.
- Numbers, `'text'`, `"text with $references"`, `true`, `false`, `null`, `[1, 2]`, `[1..5]`, `{"a": 1}`; `+ - * / %`,
  `== != < <= > >=`, `&& || !` and their words. What is neither null nor false is true, also `""` and 0.
- Texts: charAt compareTo concat contains endsWith equals equalsIgnoreCase indexOf isEmpty lastIndexOf length matches
  replace replaceAll replaceFirst split startsWith substring toLowerCase toString toUpperCase trim. Lists: add addAll
  clear contains get indexOf isEmpty remove set size subList. Maps: clear containsKey containsValue entrySet get
  getOrDefault isEmpty keySet put putAll remove size values. Numbers: compareTo doubleValue intValue longValue
  parseDouble parseInt parseLong. Regular expressions have up to 2,048 characters and 50 ms, here as in selection
  patterns, models and authorizers.
- `$input.body`, `.json(path)`, `.path(path)`, `.params()`, `.params(name)`; an empty body is `{}`; a path that leads
  nowhere is `""` in `json` and nothing in `path`. `$util.escapeJavaScript`, `base64Encode`, `base64Decode`,
  `urlEncode`, `urlDecode`, `parseJson`. `$context.requestOverride` and `$context.responseOverride`.
- Paths: `$.a.b`, `['a b']`, `[0]`, `[-1]`, `[*]`, `.*`, `..a`, `[1:3]`, `['a','b']`, `[?(@.a == 'x' && @.b > 1)]`,
  `.length()`.
- Bounds: 300 KiB a template, 1,000 rounds of a #foreach, 500,000 steps and 10 Mi characters a rendering; beyond them a
  request gets 500.
"""


def render() -> str:
    """The whole file."""
    return f"{_HEAD}{table(APIGATEWAY.actions, NOTES)}{_TAIL}{section()}"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render())
