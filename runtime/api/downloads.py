"""GET of the URLs that GetFunction and GetLayerVersion give for code."""

from __future__ import annotations

from runtime.functions.downloads import Downloads
from streamcore.api.http import Request, Response
from streamcore.clock import Clock


class DownloadsApi:
    """Answers a good ticket with the archive, anything else with 403, as S3 does for presigned URLs."""

    def __init__(self, downloads: Downloads, clock: Clock) -> None:
        self._downloads = downloads
        self._clock = clock

    async def handle(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response(405, {"allow": "GET, HEAD"})
        try:
            archive = await self._downloads.read(request.path, request.query, self._clock.now_ms())
        except ValueError:  # a query string with too many parameters
            archive = None
        if archive is None:
            text = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>\n"
            return Response(403, {"content-type": "application/xml"}, text)
        return Response(200, {"content-type": "application/zip"}, archive)

    def start_draining(self) -> None:
        """Nothing here waits for something new."""
