"""AWS::S3::Bucket, and the notifications of one to functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from xml.sax.saxutils import escape

from streamcore.client.aws import AwsCallError, label
from streamcore.deploy.deployment import Deployment, Maker
from streamcore.deploy.errors import TemplateError
from streamcore.deploy.model.coerce import tags_of

_NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"
_THERE_ALREADY: Final = ("BucketAlreadyOwnedByYou", "BucketAlreadyExists")


async def _put(to: Deployment, name: str, properties: dict[str, Any]) -> Mapping[str, Any]:
    place = "" if to.place.region == "us-east-1" else f"<LocationConstraint>{to.place.region}</LocationConstraint>"
    try:
        await _send(to, "PUT", name, body=_document("CreateBucketConfiguration", place) if place else "")
    except AwsCallError as error:
        if error.error_code not in _THERE_ALREADY:
            raise
    if "VersioningConfiguration" in properties:
        status = f"<Status>{escape(str(properties['VersioningConfiguration']['Status']))}</Status>"
        await _send(to, "PUT", name, "versioning", _document("VersioningConfiguration", status))
    tags = tags_of(properties.get("Tags"))
    if tags:
        pairs = (f"<Tag><Key>{escape(k)}</Key><Value>{escape(v)}</Value></Tag>" for k, v in tags.items())
        await _send(to, "PUT", name, "tagging", _document("Tagging", f"<TagSet>{''.join(pairs)}</TagSet>"))
    if "NotificationConfiguration" in properties:
        await _notify(to, name, properties["NotificationConfiguration"])
    return {}


async def _put_notifications(to: Deployment, name: str, properties: dict[str, Any]) -> Mapping[str, Any]:
    await _notify(to, str(properties["Bucket"]), {"LambdaConfigurations": properties["LambdaConfigurations"]})
    return {}


async def _notify(to: Deployment, bucket: str, configuration: Mapping[str, Any]) -> None:
    unknown = sorted(set(configuration) - {"LambdaConfigurations"})
    if unknown:
        raise TemplateError(f"{', '.join(unknown)} is not offered; there are LambdaConfigurations")
    body = "".join(_to_function(each) for each in configuration["LambdaConfigurations"])
    await _send(to, "PUT", bucket, "notification", _document("NotificationConfiguration", body))


def _to_function(each: Mapping[str, Any]) -> str:
    rules = ((each.get("Filter") or {}).get("S3Key") or {}).get("Rules") or ()
    found = "".join(
        f"<FilterRule><Name>{escape(str(rule['Name']))}</Name><Value>{escape(str(rule['Value']))}</Value></FilterRule>"
        for rule in rules
    )
    chosen = f"<Filter><S3Key>{found}</S3Key></Filter>" if found else ""
    target = f"<CloudFunction>{escape(str(each['Function']))}</CloudFunction>"
    event = f"<Event>{escape(str(each['Event']))}</Event>"
    return f"<CloudFunctionConfiguration>{target}{event}{chosen}</CloudFunctionConfiguration>"


def _document(root: str, content: str) -> str:
    return f'<{root} xmlns="{_NAMESPACE}">{content}</{root}>'


async def _remove(to: Deployment, name: str, properties: dict[str, Any]) -> None:
    await _ignoring_absence(to, "DELETE", name)


async def _remove_notifications(to: Deployment, name: str, properties: dict[str, Any]) -> None:
    nothing = _document("NotificationConfiguration", "")
    await _ignoring_absence(to, "PUT", str(properties["Bucket"]), "notification", nothing)


async def _ignoring_absence(to: Deployment, method: str, bucket: str, setting: str = "", body: str = "") -> None:
    try:
        await _send(to, method, bucket, setting, body)
    except AwsCallError as error:
        if error.error_code != "NoSuchBucket":
            raise


async def _send(to: Deployment, method: str, bucket: str, setting: str = "", body: str = "") -> None:
    operation = f"s3 {method} {bucket}{f'?{setting}' if setting else ''}"
    headers = {"content-type": "application/xml"} if body else {}
    query = {setting: ""} if setting else None
    path = f"/{label(bucket)}"
    await to.client.send("s3", operation, method, path, headers=headers, body=body.encode(), query=query)


BUCKET: Final = Maker(_put, _remove)
NOTIFICATIONS: Final = Maker(_put_notifications, _remove_notifications)
