"""From the upload of a photograph to its thumbnail in the second bucket: the lab of examples/thumbnails."""

from __future__ import annotations

import time

from bench.histogram import Histogram
from bench.workload import Bench, Measurement, Metric, Side, Workload

_PHOTO = "hubble.jpg"  # 205 KiB
_WARMUPS = 3


def _measure(bench: Bench) -> Measurement:
    from examples.thumbnails import lab
    from examples.world import World

    photo = next(path for path in lab.PHOTOS if path.name == _PHOTO)
    latency, count = Histogram(), 0
    with bench.server("streamcore") as server:
        world = World(server.url, pause_s=0.001)
        lab.build(world)
        until = 0.0
        while count < _WARMUPS + 1 or time.monotonic() < until:
            seconds = lab.upload(world, photo, f"{count}.jpg")
            count += 1
            if count == _WARMUPS:
                until = time.monotonic() + bench.settings.seconds
            elif count > _WARMUPS:
                latency.record(round(seconds * 1e9))
    values = {"p50": latency.percentile(50) / 1e6, "p99": latency.percentile(99) / 1e6}
    return Measurement(values, latency)


def _missing() -> str:
    try:
        import boto3  # noqa: F401
        import PIL  # noqa: F401
    except ImportError as error:
        return str(error)
    return ""


THUMBNAIL = Workload(
    name="thumbnail",
    summary="a photograph of 205 KiB is put by boto3; until its thumbnail is in the second bucket, warm worker",
    metrics=[
        Metric("p50", "ms", higher_is_better=False, most=60.0),
        Metric("p99", "ms", higher_is_better=False),
    ],
    sides=[Side("streamcore", "streamcore", _measure, missing=_missing)],
)
