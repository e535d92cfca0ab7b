"""PublishVersion: https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html"""

from __future__ import annotations

from runtime.api.lambda_.functions import FunctionConfiguration, described, key_of, refuse
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import Description, FunctionNameLabel, LambdaShape, Refused
from runtime.app import Functions
from runtime.model.configuration import Function, check_revision
from runtime.model.versions import check_sha256
from streamcore.api.aws.service import Call


class PublishVersionInput(LambdaShape, frozen=True, kw_only=True):
    function_name: FunctionNameLabel
    code_sha256: str | None = None
    description: Description | None = None
    revision_id: str | None = None
    publish_to: Refused = None


@LAMBDA.action("PublishVersion", "POST", "/2015-03-31/functions/{FunctionName}/versions", status=201)
async def publish_version(functions: Functions, call: Call, input_: PublishVersionInput) -> FunctionConfiguration:
    """Makes a version of what `$LATEST` is now; the last version again when nothing has changed since."""
    refuse(PublishTo=(input_.publish_to, "there are no managed instances"))

    def check(function: Function) -> None:
        check_revision(function.latest.revision_id, input_.revision_id)
        check_sha256(function, input_.code_sha256)

    return described(functions, await functions.catalog.publish(key_of(call, input_), input_.description, check))
