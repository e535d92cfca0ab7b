"""StopStreamEncryption: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_StopStreamEncryption.html"""

from __future__ import annotations

from streamcore.api.aws.kinesis.changes import change
from streamcore.api.aws.kinesis.encryption import EncryptionType, KeyId, check_kms
from streamcore.api.aws.kinesis.shapes import KINESIS, StreamARN, StreamName
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape
from streamcore.model.control import stop_encryption


class StopStreamEncryptionInput(Shape, frozen=True, kw_only=True):
    encryption_type: EncryptionType
    key_id: KeyId
    stream_name: StreamName | None = None
    stream_arn: StreamARN | None = None


@KINESIS.action("StopStreamEncryption")
async def stop_stream_encryption(call: Call, input_: StopStreamEncryptionInput) -> None:
    """Forgets the key's name. Which key is given does not matter: there is nothing to decrypt."""
    check_kms(input_.encryption_type)
    await change(call, input_, stop_encryption)
