"""What the two actions about encryption share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from streamcore.api.aws.shapes import text
from streamcore.errors import InvalidArgument


class EncryptionType(StrEnum):
    NONE = "NONE"
    KMS = "KMS"


KeyId = Annotated[str, text(1, 2048)]


def check_kms(kind: EncryptionType) -> None:
    """ "The only valid value is KMS." """
    if kind is not EncryptionType.KMS:
        raise InvalidArgument("EncryptionType NONE is not valid here; the only valid value is KMS.")
