"""The text of a template as plain values: YAML with CloudFormation's short tags, or JSON.

`!Ref x` becomes `{"Ref": "x"}`, `!GetAtt a.b` `{"Fn::GetAtt": ["a", "b"]}`, any other `!Name` `{"Fn::Name": …}`: the
long form is all that the rest knows.
"""

from __future__ import annotations

import datetime
from typing import Any, Final

from streamcore.deploy.errors import TemplateError

#: CloudFormation's bound of a template in S3.
TEXT_MAX_BYTES: Final = 1_000_000
#: Aliases share nodes, so that a short text can stand for a very large value.
NODES_MAX: Final = 100_000
DEPTH_MAX: Final = 100

_SHORT: Final = frozenset(
    [
        "And",
        "Base64",
        "Condition",
        "Equals",
        "FindInMap",
        "GetAtt",
        "If",
        "Join",
        "Not",
        "Or",
        "Ref",
        "Select",
        "Split",
        "Sub",
        "ToJsonString",
        "Length",
    ]
)


def load(text: str) -> dict[str, Any]:
    """The template's value. Raises TemplateError, with the place where YAML finds a fault."""
    if len(text.encode()) > TEXT_MAX_BYTES:
        raise TemplateError(f"a template has at most {TEXT_MAX_BYTES} bytes")
    import yaml

    try:
        found = yaml.load(text, Loader=_loader())
    except yaml.YAMLError as error:
        raise TemplateError(f"the template is no YAML: {error}") from None
    except RecursionError:
        raise TemplateError("the template is nested too deeply") from None
    if not isinstance(found, dict):
        raise TemplateError("a template is a mapping with Resources")
    plain: dict[str, Any] = _Plain().of(found, 0)
    return plain


class _Plain:
    """Copies without sharing, keys as text, within the bounds."""

    def __init__(self) -> None:
        self._left = NODES_MAX

    def of(self, value: Any, depth: int) -> Any:
        self._left -= 1
        if self._left < 0 or depth > DEPTH_MAX:
            raise TemplateError(f"a template has at most {NODES_MAX} values, nested at most {DEPTH_MAX} deep")
        if isinstance(value, dict):
            return {_key(key): self.of(each, depth + 1) for key, each in value.items()}
        if isinstance(value, list):
            return [self.of(each, depth + 1) for each in value]
        if isinstance(value, datetime.date):  # 2010-09-09 without quotes is a date in YAML
            return value.isoformat()
        return value


def _key(key: Any) -> str:
    return key.isoformat() if isinstance(key, datetime.date) else str(key)


def _loader() -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    def short(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
        if suffix not in _SHORT:
            raise TemplateError(f"!{suffix} is not offered{node.start_mark}")
        value: Any
        if isinstance(node, yaml.ScalarNode):
            value = loader.construct_scalar(node)
        elif isinstance(node, yaml.SequenceNode):
            value = loader.construct_sequence(node, deep=True)
        else:
            assert isinstance(node, yaml.MappingNode)
            value = loader.construct_mapping(node, deep=True)
        if suffix in ("Ref", "Condition"):
            return {suffix: value}
        if suffix == "GetAtt" and isinstance(value, str):
            value = value.split(".", 1)
        return {f"Fn::{suffix}": value}

    Loader.add_multi_constructor("!", short)
    return Loader
