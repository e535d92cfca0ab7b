"""A photograph that is put into a bucket becomes a thumbnail in the bucket beside it."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from PIL import Image

from examples.world import LabFailed, World

HERE = Path(__file__).parent
PHOTOS = sorted((HERE / "photos").glob("*.jpg"))
BUCKET = "photos"
FUNCTION = "create-thumbnail"


def build(world: World) -> None:
    """Buckets, the function, and the notification that joins them."""
    s3 = world.client("s3")
    for name in (BUCKET, f"{BUCKET}-resized"):
        s3.create_bucket(Bucket=name)
    arn = world.create_function(FUNCTION, HERE / "lambda_function.py", MemorySize=256)
    world.client("lambda").add_permission(
        FunctionName=FUNCTION,
        StatementId="s3invoke",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{BUCKET}",
    )
    jpeg = {"Key": {"FilterRules": [{"Name": "suffix", "Value": ".jpg"}]}}
    on_create = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"], "Filter": jpeg}
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"LambdaFunctionConfigurations": [on_create]}
    )


def upload(world: World, photo: Path, key: str) -> float:
    """Puts a photograph; seconds until its thumbnail is there."""
    s3, began = world.client("s3"), time.monotonic()
    s3.put_object(Bucket=BUCKET, Key=key, Body=photo.read_bytes(), ContentType="image/jpeg")

    def look() -> Any:
        try:
            return s3.head_object(Bucket=f"{BUCKET}-resized", Key=f"resized-{key}")
        except ClientError as error:
            if error.response["Error"]["Code"] == "404":
                return None
            raise

    world.until(look, f"the thumbnail of {key}")
    return time.monotonic() - began


def check(world: World, photo: Path, key: str) -> tuple[int, int]:
    """Size of the thumbnail, which is half of the photograph's. Raises LabFailed."""
    answer = world.client("s3").get_object(Bucket=f"{BUCKET}-resized", Key=f"resized-{key}")
    with Image.open(photo) as original, Image.open(io.BytesIO(answer["Body"].read())) as made:
        made.load()
        if any(abs(full / 2 - half) > 1 for full, half in zip(original.size, made.size, strict=True)):
            raise LabFailed(f"{key} of {original.size} became one of {made.size}")
        return made.size


def run(world: World) -> list[str]:
    """The lab from the beginning; what there is to show."""
    build(world)
    shown = []
    for photo in PHOTOS:
        seconds = upload(world, photo, photo.name)
        width, height = check(world, photo, photo.name)
        kib = photo.stat().st_size / 1024
        shown.append(
            f"{photo.name:<14} {kib:4.0f} KiB -> resized-{photo.name} {width}x{height} after {seconds * 1000:.0f} ms"
        )
    return [*shown, *world.reports(FUNCTION)[-1:]]
