"""SQS as a service, in its present protocol and in the query protocol that it had until 2023.

The names of flattened lists and maps are those of the former service model (API version 2012-11-05).
"""

from __future__ import annotations

from typing import Final

from runtime.api.sqs.shapes import SQS
from runtime.queues.service import Queues
from streamcore.api.aws.query import QueryService
from streamcore.api.aws.query_form import Spelling
from streamcore.api.aws.service import Service

SPELLING: Final = Spelling(
    is_flattened=True,
    names={
        "AWSAccountIds": "AWSAccountId",
        "Actions": "ActionName",
        "AttributeNames": "AttributeName",
        "Attributes": "Attribute",
        "ChangeMessageVisibilityBatchInput.Entries": "ChangeMessageVisibilityBatchRequestEntry",
        "ChangeMessageVisibilityBatchOutput.Successful": "ChangeMessageVisibilityBatchResultEntry",
        "DeleteMessageBatchInput.Entries": "DeleteMessageBatchRequestEntry",
        "DeleteMessageBatchOutput.Successful": "DeleteMessageBatchResultEntry",
        "Failed": "BatchResultErrorEntry",
        "MessageAttributeNames": "MessageAttributeName",
        "MessageAttributes": "MessageAttribute",
        "MessageSystemAttributeNames": "MessageSystemAttributeName",
        "MessageSystemAttributes": "MessageSystemAttribute",
        "Messages": "Message",
        "QueueUrls": "QueueUrl",
        "Results": "ListMessageMoveTasksResultEntry",
        "SendMessageBatchInput.Entries": "SendMessageBatchRequestEntry",
        "SendMessageBatchOutput.Successful": "SendMessageBatchResultEntry",
        "TagKeys": "TagKey",
        "Tags": "Tag",
        "queueUrls": "QueueUrl",
        "tags": "Tag",
    },
    halves={
        "Attributes": ("Name", "Value"),
        "MessageAttributes": ("Name", "Value"),
        "MessageSystemAttributes": ("Name", "Value"),
        "Tags": ("Key", "Value"),
        "tags": ("Key", "Value"),
    },
)


def sqs_service(queues: Queues) -> Service:
    """Whoever waits for messages gets an answer when the server is about to stop."""
    service = SQS.bind(queues)
    service.on_drain = queues.drain
    return service


def sqs_query_service(queues: Queues) -> QueryService:
    """The path of a queue's URL stands for the member QueueUrl."""
    return QueryService(
        sqs_service(queues),
        "2012-11-05",
        "http://queue.amazonaws.com/doc/2012-11-05/",
        SPELLING,
        path_member="QueueUrl",
        validation_code="InvalidParameterValue",
    )
