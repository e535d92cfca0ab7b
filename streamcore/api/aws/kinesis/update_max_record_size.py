"""UpdateMaxRecordSize: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateMaxRecordSize.html"""

from __future__ import annotations

from functools import partial
from typing import Annotated

from streamcore.api.aws.kinesis.changes import change
from streamcore.api.aws.kinesis.shapes import KINESIS, StreamARN
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape, number
from streamcore.model import limits
from streamcore.model.control import set_max_record_bytes


class UpdateMaxRecordSizeInput(Shape, frozen=True, kw_only=True):
    max_record_size_in_kib: Annotated[int, number(1024, 10240)]
    stream_arn: StreamARN | None = None

    @property
    def stream_name(self) -> str | None:
        """Only an ARN names the stream here."""
        return None


@KINESIS.action("UpdateMaxRecordSize")
async def update_max_record_size(call: Call, input_: UpdateMaxRecordSizeInput) -> None:
    """Sets how large a record may be from now on."""
    size_bytes = input_.max_record_size_in_kib * limits.KIB
    await change(call, input_, partial(set_max_record_bytes, size_bytes=size_bytes))
