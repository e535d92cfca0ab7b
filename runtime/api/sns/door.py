"""What the URLs in notifications lead to: a subscription is confirmed, or ended, without a signature, as on AWS."""

from __future__ import annotations

import logging
from urllib.parse import parse_qsl

from runtime.api.sns.query import NAMESPACE
from runtime.errors import TopicError
from runtime.topics.service import Topics
from streamcore.api.http import Request, Response
from streamcore.errors import StreamcoreError
from streamcore.model.xml import document

log = logging.getLogger(__name__)


class SubscriptionDoor:
    """`GET /_aws/sns?Action=ConfirmSubscription&TopicArn=…&Token=…` and `?Action=Unsubscribe&SubscriptionArn=…`."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics

    async def handle(self, request: Request) -> Response:
        if request.method not in ("GET", "POST"):
            return _answer(
                405, "ErrorResponse", {"Error": {"Type": "Sender", "Code": "InvalidAction"}}, "InvalidAction"
            )
        try:
            given = dict(parse_qsl(request.query, max_num_fields=20))
        except ValueError:
            given = {}
        try:
            return await self._act(given)
        except TopicError as error:
            content = {"Error": {"Type": "Sender", "Code": error.code, "Message": str(error)}}
            return _answer(404 if error.code == "NotFound" else 400, "ErrorResponse", content, error.code)
        except StreamcoreError as error:
            log.warning("a subscription was not changed: %s", error)
            content = {"Error": {"Type": "Receiver", "Code": "InternalError", "Message": "Try again."}}
            return _answer(503, "ErrorResponse", content, "InternalError")

    async def _act(self, given: dict[str, str]) -> Response:
        action = given.get("Action", "")
        async with self._topics.changing:
            if action == "ConfirmSubscription":
                topic = self._topics.topic(given.get("TopicArn", ""))
                made = await self._topics.confirm(topic, given.get("Token", ""))
                content = {"ConfirmSubscriptionResult": {"SubscriptionArn": made.arn}}
                return _answer(200, "ConfirmSubscriptionResponse", content)
            if action == "Unsubscribe":
                await self._topics.unsubscribe(self._topics.subscription(given.get("SubscriptionArn", "")))
                return _answer(200, "UnsubscribeResponse", {})
        raise TopicError("InvalidAction", "There are ConfirmSubscription and Unsubscribe here.")

    def start_draining(self) -> None:
        """Nothing here waits."""


def _answer(status: int, name: str, content: dict[str, dict[str, str]], error: str = "") -> Response:
    return Response(status, {"content-type": "text/xml"}, document(name, content, NAMESPACE), error=error)
