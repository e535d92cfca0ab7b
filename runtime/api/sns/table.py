"""docs/sns.md, written from the registry: `python -m runtime.api.sns.table docs/sns.md`. A test asserts that the file
is what this would write."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from runtime.api.sns import SNS
from runtime.api.tables import DONE, table

_POLICY: Final = "The policy decides where authentication is on; without it nobody is refused."
_TAGS: Final = "Tags are kept and told; nothing is decided by them."

NOTES: Final[dict[str, tuple[str, str]]] = {
    "AddPermission": (DONE, _POLICY),
    "RemovePermission": (DONE, _POLICY),
    "ConfirmSubscription": (DONE, "`AuthenticateOnUnsubscribe` changes nothing: signatures are not verified."),
    "CreateTopic": (
        DONE,
        "`KmsMasterKeyId` is kept and told, and nothing is done with it; so is `DisplayName`, which is for e-mail. "
        "`Policy` decides where authentication is on. Other attributes and `DataProtectionPolicy` are refused.",
    ),
    "Publish": (
        DONE,
        "On disk with all its deliveries when it answers. `PhoneNumber` is refused. Deduplication ids of FIFO topics "
        "are forgotten at a restart; those of FIFO queues behind them are not.",
    ),
    "SetTopicAttributes": (DONE, "As CreateTopic."),
    "Subscribe": (
        DONE,
        "Protocols `sqs`, `lambda`, `http`, `https`, and `kinesis`, which AWS has not. Others are refused. Whether the "
        "endpoint is there shows at the delivery.",
    ),
    "TagResource": (DONE, _TAGS),
    "UntagResource": (DONE, _TAGS),
    "ListTagsForResource": (DONE, _TAGS),
}

_HEAD: Final = """# Topics

<!-- Written by `python -m runtime.api.sns.table docs/sns.md`; do not edit. -->

Standard and FIFO topics, as Amazon SNS has them, in the query protocol at `POST /`, as all SDKs speak it.

    aws sns create-topic --name orders
    aws sns subscribe --topic-arn arn:aws:sns:us-east-1:000000000000:orders --protocol sqs \\
        --notification-endpoint arn:aws:sqs:us-east-1:000000000000:orders
    aws sns publish --topic-arn arn:aws:sns:us-east-1:000000000000:orders --message hello

"""

_TAIL: Final = """
## Deliveries

- A message is on disk with all its deliveries before Publish answers: kill -9 loses none. They are at least once; a
  FIFO topic's go to a FIFO queue in order as long as none has to be tried again.
- Functions get AWS's event, asynchronously; queues and HTTP endpoints the notification as JSON, or the message alone
  with `RawMessageDelivery` (attributes become those of the queue's message). A stream gets one record, under the
  message group or the message id as its partition key: protocol `kinesis` with the stream's ARN is this system's own.
- What fails is tried again after 1 s, 2 s, 4 s … 300 s for 23 days; an HTTP endpoint three times, 20 s apart, unless a
  `DeliveryPolicy` says otherwise (`numRetries`, `minDelayTarget`, `maxDelayTarget`; waits double; other members are
  refused). A target that is not there, or an endpoint's 4xx other than 429, is not tried again.
- What is given up goes to the queue of the subscription's `RedrivePolicy`, as it would have been delivered, or is
  logged.
- A hundred thousand deliveries are kept at a time; beyond that Publish gets `Throttled`.

## HTTP endpoints

An endpoint gets `SubscriptionConfirmation` first, and notifications once its `SubscribeURL` was asked for or its token
was given to ConfirmSubscription. `SubscribeURL` and `UnsubscribeURL` lead to `/_aws/sns` of this broker and need no
signature. **Messages are not signed:** notifications have no `Signature` and `SigningCertURL`, and in the event of a
function they are empty. What checks them has to be told not to.

## Filters

`FilterPolicy` in both scopes, by the grammar of event patterns: exact, prefix, suffix, equals-ignore-case,
anything-but, numeric, exists, cidr, wildcard and `$or`. Numbers are compared by their value. Five keys and 150
combinations at most.

## Policies

Where [authentication](security.md) is enforced, a topic's `Policy` decides together with those of who asks, as on AWS.
A topic sends to a queue or a function only if the policy of that lets `sns.amazonaws.com` in, with the topic as
`aws:SourceArn`; what is refused is not tried again and goes to the subscription's dead letter queue, if that lets it
in. `SubscribeURL` and `UnsubscribeURL` ask for no signature: whoever has a subscription's ARN can end it.

## Not here

E-mail, text messages, mobile push, Firehose; archives and replay, data protection, delivery status logs, encryption by
keys.
"""


def render() -> str:
    """The whole file."""
    return f"{_HEAD}{table(SNS.actions, NOTES)}{_TAIL}"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render())
