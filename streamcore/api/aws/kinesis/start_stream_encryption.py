"""StartStreamEncryption: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_StartStreamEncryption.html"""

from __future__ import annotations

from functools import partial

from streamcore.api.aws.kinesis.changes import change
from streamcore.api.aws.kinesis.encryption import EncryptionType, KeyId, check_kms
from streamcore.api.aws.kinesis.shapes import KINESIS, StreamARN, StreamName
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape
from streamcore.model.control import start_encryption


class StartStreamEncryptionInput(Shape, frozen=True, kw_only=True):
    encryption_type: EncryptionType
    key_id: KeyId
    stream_name: StreamName | None = None
    stream_arn: StreamARN | None = None


@KINESIS.action("StartStreamEncryption")
async def start_stream_encryption(call: Call, input_: StartStreamEncryptionInput) -> None:
    """Keeps the key's name, which EncryptionType and KeyId then tell everywhere; records are not encrypted."""
    check_kms(input_.encryption_type)
    await change(call, input_, partial(start_encryption, key_id=input_.key_id))
