"""STS: one file per action; importing the package registers them all with `STS`."""

from streamcore.api.aws.sts import (
    assume_role,
    assume_role_with_web_identity,
    get_access_key_info,
    get_caller_identity,
    get_session_token,
)
from streamcore.api.aws.sts.registry import STS

__all__ = [
    "STS",
    "assume_role",
    "assume_role_with_web_identity",
    "get_access_key_info",
    "get_caller_identity",
    "get_session_token",
]
