"""The actions of CloudWatch Logs, by what a client sees."""

from __future__ import annotations

import json
from typing import Any

import pytest
from logs_harness import ACCOUNT, ARN, GROUP, NOW_MS, Logs

from runtime.logs.values import DAY_MS
from streamcore.api.http import StreamingResponse

NO_GROUP = ("ResourceNotFoundException", "The specified log group does not exist.")
NO_STREAM = ("ResourceNotFoundException", "The specified log stream does not exist.")


def messages(output: Any) -> list[str]:
    return [event["message"] for event in output["events"]]


async def test_groups(logs: Logs) -> None:
    assert await logs.fails("CreateLogGroup", logGroupName=GROUP) == (
        "ResourceAlreadyExistsException",
        "The specified log group already exists",
    )
    await logs.ok("CreateLogGroup", logGroupName="a", logGroupClass="INFREQUENT_ACCESS", tags={"team": "blue"})
    await logs.ok("CreateLogGroup", logGroupName="Zebra", deletionProtectionEnabled=True)
    await logs.put("hello")
    described = (await logs.ok("DescribeLogGroups"))["logGroups"]
    assert [group["logGroupName"] for group in described] == [GROUP, "Zebra", "a"]
    assert described[0] == {
        "logGroupName": GROUP,
        "creationTime": NOW_MS,
        "metricFilterCount": 0,
        "arn": f"{ARN}{GROUP}:*",
        "logGroupArn": f"{ARN}{GROUP}",
        "storedBytes": 31,
        "logGroupClass": "STANDARD",
    }
    assert (await logs.fails("DeleteLogGroup", logGroupName="Zebra"))[0] == "ValidationException"
    await logs.ok("DeleteLogGroup", logGroupName="a")
    assert await logs.fails("DeleteLogGroup", logGroupName="a") == NO_GROUP


@pytest.mark.parametrize(
    ("input_", "names"),
    [
        ({"logGroupNamePrefix": "/aws"}, [GROUP]),
        ({"logGroupNamePattern": "LAMBDA"}, [GROUP]),
        ({"logGroupNamePattern": "nothing"}, []),
        ({"logGroupClass": "DELIVERY"}, []),
        ({"logGroupIdentifiers": [f"{ARN}{GROUP}", "missing"]}, [GROUP]),
        ({"accountIdentifiers": [ACCOUNT]}, [GROUP]),
    ],
)
async def test_groups_that_are_asked_for(logs: Logs, input_: dict[str, Any], names: list[str]) -> None:
    found = (await logs.ok("DescribeLogGroups", **input_))["logGroups"]
    assert [group["logGroupName"] for group in found] == names


async def test_pages_of_groups(logs: Logs) -> None:
    for number in range(7):
        await logs.ok("CreateLogGroup", logGroupName=f"g{number}")
    names, token = [], None
    while True:
        page = await logs.ok(
            "DescribeLogGroups", limit=3, logGroupNamePrefix="g", **({"nextToken": token} if token else {})
        )
        names.append([group["logGroupName"] for group in page["logGroups"]])
        token = page.get("nextToken")
        if token is None:
            break
    assert [len(page) for page in names] == [3, 3, 1]
    assert sorted(name for page in names for name in page) == [f"g{number}" for number in range(7)]
    assert (await logs.fails("DescribeLogGroups", nextToken="nonsense"))[0] == "InvalidParameterException"


async def test_streams(logs: Logs) -> None:
    for name, at in (("b", 2000), ("a", 1000), ("empty", None)):
        await logs.ok("CreateLogStream", logGroupName=GROUP, logStreamName=name)
        if at is not None:
            await logs.put("x", stream=name, at_ms=NOW_MS + at)
    assert (await logs.fails("CreateLogStream", logGroupName=GROUP, logStreamName="a"))[0] == (
        "ResourceAlreadyExistsException"
    )

    async def names(**input_: Any) -> list[str]:
        found, token = [], None
        while True:
            more = {"nextToken": token} if token else {}
            page = await logs.ok("DescribeLogStreams", logGroupName=GROUP, limit=2, **input_, **more)
            found += [stream["logStreamName"] for stream in page["logStreams"]]
            token = page.get("nextToken")
            if token is None:
                return found

    assert await names() == ["a", "b", "empty", "s"]
    assert await names(descending=True) == ["s", "empty", "b", "a"]
    assert await names(orderBy="LastEventTime", descending=True) == ["b", "a", "s", "empty"]
    assert await names(logStreamNamePrefix="e") == ["empty"]
    [stream] = (await logs.ok("DescribeLogStreams", logGroupName=GROUP, logStreamNamePrefix="a"))["logStreams"]
    assert stream | {"uploadSequenceToken": ""} == {
        "logStreamName": "a",
        "creationTime": NOW_MS,
        "firstEventTimestamp": NOW_MS + 1000,
        "lastEventTimestamp": NOW_MS + 1000,
        "lastIngestionTime": NOW_MS,
        "uploadSequenceToken": "",
        "arn": f"{ARN}{GROUP}:log-stream:a",
        "storedBytes": 0,
    }
    await logs.ok("DeleteLogStream", logGroupName=GROUP, logStreamName="a")
    assert await logs.fails("DeleteLogStream", logGroupName=GROUP, logStreamName="a") == NO_STREAM
    both = await logs.fails("DescribeLogStreams", logGroupName=GROUP, orderBy="LastEventTime", logStreamNamePrefix="a")
    assert both[0] == "InvalidParameterException"
    assert (await logs.fails("DescribeLogStreams"))[0] == "InvalidParameterException"


async def test_a_batch(logs: Logs) -> None:
    output = await logs.put("one", "two")
    assert len(output["nextSequenceToken"]) == 56
    assert "rejectedLogEventsInfo" not in output
    await logs.ok(
        "PutLogEvents",
        logGroupName=GROUP,
        logStreamName="s",
        sequenceToken="any",
        logEvents=[{"timestamp": NOW_MS + 5, "message": "three"}],
    )
    found = await logs.ok("GetLogEvents", logGroupName=GROUP, logStreamName="s")
    assert found["events"][0] == {"timestamp": NOW_MS, "message": "one", "ingestionTime": NOW_MS}
    assert messages(found) == ["one", "two", "three"]


async def test_too_old_and_too_new(logs: Logs) -> None:
    await logs.ok("PutRetentionPolicy", logGroupName=GROUP, retentionInDays=1)
    times = [NOW_MS - DAY_MS - 5, NOW_MS - DAY_MS + 5]
    events = [{"timestamp": time, "message": "x"} for time in times]
    output = await logs.ok("PutLogEvents", logGroupName=GROUP, logStreamName="s", logEvents=events)
    assert output["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}
    events = [{"timestamp": NOW_MS + hours * 3_600_000, "message": "x"} for hours in (1, 3, 4)]
    output = await logs.ok("PutLogEvents", logGroupName=GROUP, logStreamName="s", logEvents=events)
    assert output["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 1}
    events = [{"timestamp": NOW_MS - 15 * DAY_MS, "message": "x"}]
    output = await logs.ok("PutLogEvents", logGroupName=GROUP, logStreamName="s", logEvents=events)
    assert output["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    assert len((await logs.ok("GetLogEvents", logGroupName=GROUP, logStreamName="s"))["events"]) == 2


@pytest.mark.parametrize(
    ("events", "text"),
    [
        ([(2, "x"), (1, "x")], "Log events in a single PutLogEvents request must be in chronological order."),
        (
            [(0, "x"), (DAY_MS + 1, "x")],
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        ),
        ([(0, "x" * 1_048_551)], "Upload too large: 1048577 bytes exceeds limit of 1048576"),
        (
            [(0, "")],
            "1 validation error detected: Value '' at 'logEvents.1.member.message' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1",
        ),
        (
            [(-NOW_MS - 1, "x")],
            "1 validation error detected: Value '-1' at 'logEvents.1.member.timestamp' failed to "
            "satisfy constraint: Member must have value greater than or equal to 0",
        ),
    ],
)
async def test_batches_that_are_refused(logs: Logs, events: list[tuple[int, str]], text: str) -> None:
    given = [{"timestamp": NOW_MS + time, "message": message} for time, message in events]
    failed = await logs.fails("PutLogEvents", logGroupName=GROUP, logStreamName="s", logEvents=given)
    assert failed == ("InvalidParameterException", text)


async def test_where_a_batch_goes(logs: Logs) -> None:
    event = [{"timestamp": NOW_MS, "message": "x"}]
    assert await logs.fails("PutLogEvents", logGroupName="none", logStreamName="s", logEvents=event) == NO_GROUP
    assert await logs.fails("PutLogEvents", logGroupName=GROUP, logStreamName="t", logEvents=event) == NO_STREAM


async def test_text_that_is_no_text(logs: Logs) -> None:
    lone = [{"timestamp": NOW_MS, "message": "\ud800"}]
    assert (await logs.fails("PutLogEvents", logGroupName=GROUP, logStreamName="s", logEvents=lone))[0] == (
        "SerializationException"
    )
    await logs.put("nul \x00 and \U0001f600")
    found = await logs.ok("GetLogEvents", logGroupName=GROUP, logStreamName="s")
    assert messages(found) == ["nul \x00 and \U0001f600"]


async def test_tokens_walk_both_ways_and_stay_at_the_ends(logs: Logs) -> None:
    await logs.put(*"abcdefg")

    async def get(**input_: Any) -> Any:
        return await logs.ok("GetLogEvents", logGroupName=GROUP, logStreamName="s", limit=3, **input_)

    page = await get(startFromHead=True)
    assert messages(page) == ["a", "b", "c"]
    page = await get(nextToken=page["nextForwardToken"])
    assert messages(page) == ["d", "e", "f"]
    back = await get(nextToken=page["nextBackwardToken"])
    assert messages(back) == ["a", "b", "c"]
    page = await get(nextToken=page["nextForwardToken"])
    assert messages(page) == ["g"]
    end = await get(nextToken=page["nextForwardToken"])
    assert (messages(end), end["nextForwardToken"]) == ([], page["nextForwardToken"])
    await logs.put("h", at_ms=NOW_MS + 100)
    assert messages(await get(nextToken=end["nextForwardToken"])) == ["h"]
    begin = await get(nextToken=back["nextBackwardToken"])
    assert (messages(begin), begin["nextBackwardToken"]) == ([], back["nextBackwardToken"])

    assert messages(await get()) == ["f", "g", "h"]  # the latest, without startFromHead
    window = {"startTime": NOW_MS + 1, "endTime": NOW_MS + 3}
    assert messages(await get(startFromHead=True, **window)) == ["b", "c"]  # the end is exclusive
    assert (await logs.fails("GetLogEvents", logGroupName=GROUP, logStreamName="s", nextToken="x"))[0] == (
        "InvalidParameterException"
    )
    assert await logs.fails("GetLogEvents", logGroupName=GROUP, logStreamName="none") == NO_STREAM


async def test_a_token_of_an_empty_stream_finds_what_comes(logs: Logs) -> None:
    for start in ({"startFromHead": True}, {}):
        empty = await logs.ok("GetLogEvents", logGroupName=GROUP, logStreamName="s", **start)
        assert empty["events"] == []
    await logs.put("x")
    found = await logs.ok("GetLogEvents", logGroupName=GROUP, logStreamName="s", nextToken=empty["nextForwardToken"])
    assert messages(found) == ["x"]


async def test_filtering(logs: Logs) -> None:
    await logs.ok("CreateLogStream", logGroupName=GROUP, logStreamName="t")
    await logs.put("ERROR one", "INFO two", "ERROR three")
    await logs.put("ERROR other", stream="t", at_ms=NOW_MS + 1)

    async def found(**input_: Any) -> list[str]:
        return messages(await logs.ok("FilterLogEvents", **({"logGroupName": GROUP} | input_)))

    assert await found() == ["ERROR one", "INFO two", "ERROR other", "ERROR three"]
    assert await found(filterPattern="ERROR") == ["ERROR one", "ERROR other", "ERROR three"]
    assert await found(filterPattern="ERROR -other") == ["ERROR one", "ERROR three"]
    assert await found(logStreamNames=["t"]) == ["ERROR other"]
    assert await found(logStreamNamePrefix="s") == ["ERROR one", "INFO two", "ERROR three"]
    assert await found(startTime=NOW_MS + 1, endTime=NOW_MS + 1) == ["INFO two", "ERROR other"]  # inclusive
    assert await found(startFromHead=False, limit=2) == ["ERROR three", "ERROR other"]
    failed = await logs.fails("FilterLogEvents", logGroupName=GROUP, filterPattern="{ $.a ")
    assert failed[0] == "InvalidParameterException"
    assert "Invalid filter pattern" in failed[1]
    assert await logs.fails("FilterLogEvents", logGroupName=GROUP, logStreamNames=["no"]) == NO_STREAM
    assert await logs.fails("FilterLogEvents", logGroupName="no") == NO_GROUP
    one = (await logs.ok("FilterLogEvents", logGroupIdentifier=f"{ARN}{GROUP}", limit=1))["events"][0]
    assert one | {"eventId": ""} == {
        "logStreamName": "s",
        "timestamp": NOW_MS,
        "message": "ERROR one",
        "ingestionTime": NOW_MS,
        "eventId": "",
    }
    assert len(one["eventId"]) == 56


async def test_pages_of_what_was_found(logs: Logs) -> None:
    await logs.put(*(f"m{number}" for number in range(10)))
    found, pages, token = [], 0, None
    while True:
        more = {"nextToken": token} if token else {}
        page = await logs.ok("FilterLogEvents", logGroupName=GROUP, filterPattern="?m1 ?m3 ?m5 ?m7", limit=3, **more)
        found += messages(page)
        pages += 1
        token = page.get("nextToken")
        if token is None:
            break
    assert (found, pages) == (["m1", "m3", "m5", "m7"], 2)


async def test_a_pattern_is_tried(logs: Logs) -> None:
    output = await logs.ok(
        "TestMetricFilter",
        filterPattern="[ip, ..., status = 4*, size]",
        logEventMessages=["1.1.1.1 - GET 200 5", '2.2.2.2 - "GET /x" 404 7'],
    )
    assert output["matches"] == [
        {
            "eventNumber": 2,
            "eventMessage": '2.2.2.2 - "GET /x" 404 7',
            "extractedValues": {"$ip": "2.2.2.2", "$2": "-", "$3": "GET /x", "$status": "404", "$size": "7"},
        }
    ]


async def test_retention(logs: Logs) -> None:
    failed = await logs.fails("PutRetentionPolicy", logGroupName=GROUP, retentionInDays=2)
    assert failed[0] == "InvalidParameterException"
    assert failed[1].startswith("1 validation error detected: Value '2' at 'retentionInDays' failed to satisfy")
    await logs.ok("PutRetentionPolicy", logGroupName=GROUP, retentionInDays=7)
    assert (await logs.ok("DescribeLogGroups"))["logGroups"][0]["retentionInDays"] == 7
    await logs.ok("DeleteRetentionPolicy", logGroupName=GROUP)
    assert "retentionInDays" not in (await logs.ok("DescribeLogGroups"))["logGroups"][0]
    assert await logs.fails("DeleteRetentionPolicy", logGroupName="no") == NO_GROUP


async def test_tags(logs: Logs) -> None:
    await logs.ok("TagLogGroup", logGroupName=GROUP, tags={"a": "1", "b": "2"})
    await logs.ok("TagResource", resourceArn=f"{ARN}{GROUP}", tags={"b": "3", "c": ""})
    assert (await logs.ok("ListTagsLogGroup", logGroupName=GROUP))["tags"] == {"a": "1", "b": "3", "c": ""}
    await logs.ok("UntagLogGroup", logGroupName=GROUP, tags=["a"])
    await logs.ok("UntagResource", resourceArn=f"{ARN}{GROUP}", tagKeys=["c", "unknown"])
    assert (await logs.ok("ListTagsForResource", resourceArn=f"{ARN}{GROUP}"))["tags"] == {"b": "3"}
    many = {f"k{number}": "" for number in range(50)}
    assert (await logs.fails("TagResource", resourceArn=f"{ARN}{GROUP}", tags=many))[0] == "TooManyTagsException"
    failed = await logs.fails("TagResource", resourceArn="arn:aws:logs:nonsense", tags={"a": "1"})
    assert failed[0] == "InvalidParameterException"


async def test_a_name_that_is_none(logs: Logs) -> None:
    assert await logs.fails("CreateLogGroup", logGroupName="a b") == (
        "InvalidParameterException",
        "1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+",
    )


async def test_what_is_not_offered(logs: Logs) -> None:
    status, output = await logs.call("StartQuery", {"queryString": "fields @message"})
    assert (status, output["__type"]) == (400, "UnknownOperationException")


async def test_a_live_tail_is_closed_with_its_answer(logs: Logs) -> None:
    answer = await logs.answer("StartLiveTail", {"logGroupIdentifiers": [GROUP]})
    assert isinstance(answer, StreamingResponse)
    assert len(logs.store.followers) == 1
    assert b"initial-response" in await anext(answer.events)
    start = await anext(answer.events)
    assert b"sessionStart" in start
    assert f"{ARN}{GROUP}".encode() in start
    await logs.put("seen")
    update = await anext(answer.events)
    body = json.loads(update[update.index(b'{"') : update.rindex(b"}") + 1])
    assert body["sessionMetadata"] == {"sampled": False}
    assert body["sessionResults"][0]["message"] == "seen"
    assert body["sessionResults"][0]["logGroupIdentifier"] == f"{ACCOUNT}:{GROUP}"
    await answer.events.aclose()  # type: ignore[attr-defined]  # as the server does
    assert len(logs.store.followers) == 0


async def test_live_tails_end_when_the_server_stops(logs: Logs) -> None:
    answer = await logs.answer("StartLiveTail", {"logGroupIdentifiers": [GROUP], "logEventFilterPattern": "x"})
    assert isinstance(answer, StreamingResponse)
    await anext(answer.events)
    await anext(answer.events)
    logs.protocol.start_draining()
    assert [event async for event in answer.events] == []
    assert len(logs.store.followers) == 0


async def test_live_tails_that_are_refused(logs: Logs) -> None:
    assert await logs.fails("StartLiveTail", logGroupIdentifiers=["no"]) == NO_GROUP
    failed = await logs.fails("StartLiveTail", logGroupIdentifiers=[GROUP], logEventFilterPattern="[")
    assert failed[0] == "InvalidParameterException"
    for _ in range(15):
        await logs.answer("StartLiveTail", {"logGroupIdentifiers": [GROUP]})
    assert (await logs.fails("StartLiveTail", logGroupIdentifiers=[GROUP]))[0] == "LimitExceededException"
