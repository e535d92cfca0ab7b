"""The policy of an API, whose resources may be written short.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies.html
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, Final

from streamcore.model.iam.document import is_resource_policy

_SHORT: Final = "execute-api:/"


@lru_cache(maxsize=256)
def in_full(policy: str, api: str) -> str:
    """With `execute-api:/prod/GET/pets` as the ARN that it stands for; `api` is `arn:aws:execute-api:…:{id}`. What is
    no JSON is left as it is."""
    try:
        document = json.loads(policy)
    except (ValueError, RecursionError):
        return policy
    statements = document.get("Statement") if isinstance(document, dict) else None
    for each in statements if isinstance(statements, list) else [statements]:
        if isinstance(each, dict):
            for name in ("Resource", "NotResource"):
                if name in each:
                    each[name] = _resource(each[name], api)
    return json.dumps(document)


def _resource(resource: Any, api: str) -> Any:
    if isinstance(resource, list):
        return [_resource(each, api) if isinstance(each, str) else each for each in resource]
    if isinstance(resource, str) and resource.startswith(_SHORT):
        return f"{api}/{resource.removeprefix(_SHORT)}"
    return resource


def is_policy(text: str) -> bool:
    """Whether it can be the policy of an API."""
    return is_resource_policy(in_full(text, "arn:aws:execute-api:us-east-1:000000000000:a"))
