"""Python logging inside a worker: what a handler logs comes out in the lines that AWS's runtime client writes."""

import logging
import sys
from typing import TextIO

_FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)dZ\t%(aws_request_id)s\t%(message)s"


class RequestFilter(logging.Filter):
    """Puts the id of the present invocation into every record."""

    request_id = ""

    def filter(self, record: logging.LogRecord) -> bool:
        record.aws_request_id = self.request_id
        return True


class _OutputHandler(logging.StreamHandler[TextIO]):
    """Writes to whatever `sys.stdout` is at the time."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stdout
        super().emit(record)


def install() -> RequestFilter:
    """Gives the root logger its handler; levels stay as they are (WARNING)."""
    requests = RequestFilter()
    handler = _OutputHandler(sys.stdout)
    handler.setFormatter(logging.Formatter(_FORMAT, "%Y-%m-%dT%H:%M:%S"))
    handler.addFilter(requests)
    logging.getLogger().addHandler(handler)
    return requests
