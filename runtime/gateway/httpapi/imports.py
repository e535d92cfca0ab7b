"""OpenAPI documents as HTTP APIs."""

from __future__ import annotations

from runtime.errors import ApiGatewayError
from runtime.gateway.ids import new_id
from runtime.model.apigateway.openapi_document import read_document
from runtime.model.apigateway.values import changed
from runtime.model.httpapi.checks import AUTHORIZERS_MAX, INTEGRATIONS_MAX, ROUTES_MAX
from runtime.model.httpapi.openapi_import import BASEPATHS, HttpImporter
from runtime.model.httpapi.values import HttpContent


def imported(before: HttpContent, body: str, *, basepath: str | None, fail_on_warnings: bool) -> HttpContent:
    """The document in the place of all that the API has; its id and its tags stay. Raises ApiGatewayError."""
    basepath = basepath or "ignore"
    if basepath not in BASEPATHS:
        raise ApiGatewayError("Invalid basepath specified: it is ignore, prepend or split")
    document = read_document(body.encode())
    try:
        importer = HttpImporter(document, before, basepath, lambda: new_id(length=7))
        made = importer.run()
    except (AttributeError, TypeError, KeyError, ValueError) as error:
        if isinstance(error, ApiGatewayError):
            raise
        raise ApiGatewayError(f"Invalid OpenAPI input: a member is not what it should be ({error})") from None
    if importer.warnings and fail_on_warnings:
        raise ApiGatewayError("Warnings found during import: " + " ".join(importer.warnings[:20]))
    check_counts(made)
    return changed(made, api=changed(made.api, warnings=importer.warnings[:100] or None))


def check_counts(content: HttpContent) -> None:
    """Raises ApiGatewayError."""
    for what, count, most in (
        ("routes", len(content.routes), ROUTES_MAX),
        ("integrations", len(content.integrations), INTEGRATIONS_MAX),
        ("authorizers", len(content.authorizers), AUTHORIZERS_MAX),
    ):
        if count > most:
            raise ApiGatewayError(f"Maximum number of {what} for this API has been reached. Limit: {most}")
