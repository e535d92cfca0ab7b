"""The registry of STS's actions."""

from __future__ import annotations

from typing import Final

from streamcore.api.aws.iam.registry import Registry

VERSION: Final = "2011-06-15"
NAMESPACE: Final = "https://sts.amazonaws.com/doc/2011-06-15/"

STS: Final = Registry("sts")
