"""`POST /_streamcore/s3-events`: notifications of a bucket elsewhere go where the configuration of the bucket of the
same name here says. So a real bucket, in MinIO or Ceph, can be the producer."""

from __future__ import annotations

from typing import Final

import msgspec

from runtime.model.s3.outside import Heard, heard_in
from runtime.objects.app import Objects
from runtime.objects.index import Note
from runtime.sources.s3_event import Cause, Happened
from runtime.sqlite import DatabaseFailed
from streamcore.api.http import Request, Response

PATH: Final = "/_streamcore/s3-events"
_TEXT: Final = {"content-type": "text/plain; charset=utf-8"}


class WebhookApi:
    """Answers 200 once everything is kept; then it is delivered at least once, as notifications from here are."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    async def handle(self, request: Request) -> Response:
        if request.method in ("GET", "HEAD"):
            return Response(200, {})  # senders look whether there is anybody
        if request.method != "POST":
            return Response(405, {"allow": "GET, HEAD, POST"})
        try:
            heard = heard_in(request.body)
        except ValueError as error:
            return Response(400, dict(_TEXT), f"{error}\n".encode())
        missing = {one.bucket for one in heard} - self._objects.store.buckets.keys()
        if missing:
            text = (
                f"There is no bucket {min(missing)[:100]!r} here whose notification configuration could say where to.\n"
            )
            return Response(404, dict(_TEXT), text.encode())
        notes = [note for one in heard for note in self._notes(one)]
        try:
            await self._objects.store.tell(notes)
        except DatabaseFailed as error:
            return Response(503, {**_TEXT, "retry-after": "5"}, f"{error}\n".encode())
        body = msgspec.json.encode({"records": len(heard), "notifications": len(notes)})
        return Response(200, {"content-type": "application/json"}, body)

    def _notes(self, one: Heard) -> list[Note]:
        bucket = self._objects.store.buckets[one.bucket]
        is_marker = one.event.endswith("DeleteMarkerCreated")
        what = Happened(
            one.event, bucket, one.key, one.version_id, one.sequencer, one.at_ms, one.size, one.etag, is_marker
        )
        return self._objects.notifier.notes(what, Cause(one.request_id, "", one.account, one.source_ip))

    def start_draining(self) -> None:
        """Nothing here waits for something new."""
