"""The actions of CloudWatch, in both of its encodings, and botocore's model of them as referee."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from functools import cache
from typing import Any, get_type_hints

import cbor2
import pytest
from botocore.loaders import Loader
from msgspec import inspect

from runtime.api.cloudwatch import CLOUDWATCH, cloudwatch_service
from runtime.sqlite import Database
from runtime.telemetry.meter import Meter
from streamcore.api.aws.rpc_cbor import RpcCborProtocol
from streamcore.api.aws.service import Endpoint, Request, Response
from streamcore.api.aws.shapes import pattern_shown
from streamcore.api.aws.target import TargetProtocol
from streamcore.broker import open_broker
from streamcore.clock import ManualClock

NOW_S = 1_700_000_040  # a whole minute
CREDENTIAL = "123456789012/20231114/eu-west-1/monitoring/aws4_request"


class Client:
    def __init__(self, endpoint: Endpoint, clock: ManualClock, cbor: bool) -> None:
        self._endpoint = endpoint
        self.clock = clock
        self.cbor = cbor

    async def raw(self, path: str, headers: dict[str, str], body: bytes) -> Response:
        signed = {
            "authorization": f"AWS4-HMAC-SHA256 Credential={CREDENTIAL}, SignedHeaders=host;x-amz-date, Signature=0a",
            "x-amz-date": "20231114T221320Z",
        }
        answer = await self._endpoint.handle(Request("POST", path, headers | signed, body))
        assert isinstance(answer, Response)
        return answer

    async def send(self, action: str, input_: dict[str, Any]) -> Response:
        if self.cbor:
            headers = {"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor"}
            path = f"/service/GraniteServiceVersion20100801/operation/{action}"
            return await self.raw(path, headers, cbor2.dumps(_tagged(input_)))
        headers = {
            "x-amz-target": f"GraniteServiceVersion20100801.{action}",
            "content-type": "application/x-amz-json-1.0",
        }
        return await self.raw("/", headers, json.dumps(input_).encode())

    async def ok(self, action: str, **input_: Any) -> Any:
        answer = await self.send(action, input_)
        assert answer.status == 200, answer.body
        return self._read(answer.body) if answer.body else None

    async def fails(self, action: str, **input_: Any) -> tuple[str, str]:
        """The code as clients show it, and the text."""
        answer = await self.send(action, input_)
        assert answer.status == 400, answer.body
        error = self._read(answer.body)
        assert error["__type"] == answer.error
        return answer.headers.get("x-amzn-query-error", answer.error).partition(";")[0], error["message"]

    def _read(self, body: bytes) -> Any:
        if not self.cbor:
            return json.loads(body)
        return cbor2.loads(body, semantic_decoders={1: lambda seconds, _: seconds})


def _tagged(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _tagged(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_tagged(item) for item in value]
    return cbor2.CBORTag(1, value) if name in ("Timestamp", "StartTime", "EndTime") else value


@pytest.fixture(params=[False, True], ids=["json", "cbor"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    clock = ManualClock(NOW_S * 1000)
    async with open_broker(None, clock=clock) as broker:
        database = Database(None, 8 * 1024 * 1024)
        await database.open()
        meter = Meter(database, clock)
        await meter.start()
        service = cloudwatch_service(meter)
        endpoint = Endpoint([RpcCborProtocol(broker, [service]), TargetProtocol(broker, [service])])
        yield Client(endpoint, clock, request.param)
        meter.close()
        await database.close()


WINDOW = {"StartTime": NOW_S - 600, "EndTime": NOW_S + 60}
METRIC = {"Namespace": "Own", "MetricName": "m"}


async def put(client: Client, *data: dict[str, Any]) -> None:
    await client.ok("PutMetricData", Namespace="Own", MetricData=[{"MetricName": "m"} | datum for datum in data])


async def test_statistics_of_all_that_was_put(client: Client) -> None:
    await put(
        client,
        {"Value": 1.0, "Timestamp": NOW_S - 120},
        {"Values": [2.0, 3.0], "Counts": [2.0, 1.0]},
        {"StatisticValues": {"SampleCount": 2.0, "Sum": 10.0, "Minimum": 4.0, "Maximum": 6.0}},
        {"Value": 9.0, "Unit": "Count"},
    )
    output = await client.ok(
        "GetMetricStatistics",
        **METRIC,
        **WINDOW,
        Period=60,
        Statistics=["SampleCount", "Average", "Sum", "Minimum", "Maximum"],
        Unit="None",
    )
    assert output == {
        "Label": "m",
        "Datapoints": [
            {
                "Timestamp": NOW_S - 120,
                "SampleCount": 1,
                "Average": 1,
                "Sum": 1,
                "Minimum": 1,
                "Maximum": 1,
                "Unit": "None",
            },
            {
                "Timestamp": NOW_S,
                "SampleCount": 5,
                "Average": 3.4,
                "Sum": 17,
                "Minimum": 2,
                "Maximum": 6,
                "Unit": "None",
            },
        ],
    }
    whole = await client.ok(
        "GetMetricStatistics", **METRIC, **WINDOW, Period=3600, ExtendedStatistics=["p0", "p100"], Unit="None"
    )
    [point] = whole["Datapoints"]
    assert (point["Timestamp"], point["ExtendedStatistics"]["p100"]) == (NOW_S - 600, pytest.approx(5, rel=0.01))
    assert (
        len((await client.ok("GetMetricStatistics", **METRIC, **WINDOW, Period=60, Statistics=["Sum"]))["Datapoints"])
        == 3
    )


async def test_data_of_several_metrics(client: Client) -> None:
    await put(client, {"Value": 1.0}, {"Value": 5.0, "Timestamp": NOW_S - 300})
    stat = {"Metric": METRIC, "Period": 60, "Stat": "Sum"}
    none = {"Metric": {"Namespace": "Own", "MetricName": "none"}, "Period": 60, "Stat": "p99"}
    queries = [{"Id": "a", "MetricStat": stat, "Label": "shown"}, {"Id": "b", "MetricStat": none}]
    queries.append({"Id": "c", "MetricStat": stat, "ReturnData": False})
    output = await client.ok("GetMetricData", MetricDataQueries=queries, **WINDOW)
    assert output["MetricDataResults"] == [
        {
            "Id": "a",
            "Label": "shown",
            "Timestamps": [NOW_S, NOW_S - 300],
            "Values": [1.0, 5.0],
            "StatusCode": "Complete",
        },
        {"Id": "b", "Label": "none", "Timestamps": [], "Values": [], "StatusCode": "Complete"},
    ]
    ascending = await client.ok("GetMetricData", MetricDataQueries=queries, **WINDOW, ScanBy="TimestampAscending")
    assert ascending["MetricDataResults"][0]["Values"] == [5.0, 1.0]


async def test_metrics_are_listed(client: Client) -> None:
    for name in ("a", "b"):
        dimensions = [{"Name": "host", "Value": name}, {"Name": "app", "Value": "x"}]
        await put(client, {"Value": 1.0, "Dimensions": dimensions})
    await client.ok("PutMetricData", Namespace="Other", MetricData=[{"MetricName": "z", "Value": 1.0}])

    async def found(**input_: Any) -> list[str]:
        metrics = (await client.ok("ListMetrics", **input_))["Metrics"]
        return [metric["MetricName"] + "".join(d["Value"] for d in metric["Dimensions"]) for metric in metrics]

    assert await found() == ["z", "mxa", "mxb"]
    assert await found(Namespace="Own", Dimensions=[{"Name": "host"}]) == ["mxa", "mxb"]
    assert await found(Dimensions=[{"Name": "host", "Value": "b"}]) == ["mxb"]
    assert await found(MetricName="none") == []
    client.clock.advance(4 * 3600)
    assert (await found(RecentlyActive="PT3H"), len(await found())) == ([], 3)


async def test_pages_of_metrics(client: Client) -> None:
    data = [{"MetricName": f"m{number:03d}", "Value": 1.0} for number in range(700)]
    await client.ok("PutMetricData", Namespace="Own", MetricData=data)
    first = await client.ok("ListMetrics")
    second = await client.ok("ListMetrics", NextToken=first["NextToken"])
    assert (len(first["Metrics"]), len(second["Metrics"]), "NextToken" in second) == (500, 200, False)
    assert (await client.fails("ListMetrics", NextToken="x"))[0] == "InvalidParameterValue"


STATISTICS = METRIC | WINDOW | {"Period": 60, "Statistics": ["Sum"]}
QUERY = {"Id": "a", "MetricStat": {"Metric": METRIC, "Period": 60, "Stat": "Sum"}}
REFUSED = [
    (
        "PutMetricData",
        {"Namespace": "AWS/Own", "MetricData": [{"MetricName": "m", "Value": 1}]},
        "InvalidParameterValue",
    ),
    ("PutMetricData", {"Namespace": "Own"}, "MissingParameter"),
    ("PutMetricData", {"Namespace": "Own", "MetricData": [{"MetricName": "m"}]}, "InvalidParameterCombination"),
    (
        "PutMetricData",
        {"Namespace": "Own", "MetricData": [{"MetricName": "m", "Value": 1e200}]},
        "InvalidParameterValue",
    ),
    (
        "PutMetricData",
        {"Namespace": "Own", "MetricData": [{"MetricName": "m", "Values": [1], "Counts": [1, 2]}]},
        "InvalidParameterCombination",
    ),
    (
        "PutMetricData",
        {"Namespace": "Own", "MetricData": [{"MetricName": "m", "Value": 1, "Timestamp": NOW_S - 15 * 86_400}]},
        "InvalidParameterValue",
    ),
    ("PutMetricData", {"Namespace": ":own", "MetricData": []}, "ValidationError"),
    ("GetMetricStatistics", STATISTICS | {"Statistics": ["Median"]}, "ValidationError"),
    ("GetMetricStatistics", {k: v for k, v in STATISTICS.items() if k != "Statistics"}, "MissingParameter"),
    ("GetMetricStatistics", STATISTICS | {"Period": 90}, "InvalidParameterValue"),
    ("GetMetricStatistics", STATISTICS | {"EndTime": NOW_S - 700}, "InvalidParameterCombination"),
    ("GetMetricStatistics", STATISTICS | {"StartTime": NOW_S - 1440 * 60}, "InvalidParameterCombination"),
    ("GetMetricStatistics", STATISTICS | {"ExtendedStatistics": ["p101"]}, "InvalidParameterValue"),
    ("GetMetricData", WINDOW | {"MetricDataQueries": []}, "InvalidParameterValue"),
    ("GetMetricData", WINDOW | {"MetricDataQueries": [QUERY, QUERY]}, "InvalidParameterValue"),
    ("GetMetricData", WINDOW | {"MetricDataQueries": [{"Id": "e", "Expression": "a+b"}]}, "InvalidParameterValue"),
    ("GetMetricData", WINDOW | {"MetricDataQueries": [QUERY], "NextToken": "x"}, "InvalidNextToken"),
]


@pytest.mark.parametrize(("action", "input_", "code"), REFUSED)
async def test_what_is_refused(client: Client, action: str, input_: dict[str, Any], code: str) -> None:
    assert (await client.fails(action, **input_))[0] == code


async def test_numbers_that_are_none(client: Client) -> None:
    if not client.cbor:
        return  # JSON has none
    datum = {"MetricName": "m", "Value": float("nan")}
    assert (await client.fails("PutMetricData", Namespace="Own", MetricData=[datum]))[0] == "InvalidParameterValue"


@pytest.mark.parametrize("path", ["/", "/service/Other/operation/ListMetrics", "/service/x/operation/../y"])
async def test_paths_that_are_no_action(client: Client, path: str) -> None:
    answer = await client.raw(path, {"smithy-protocol": "rpc-v2-cbor"}, b"\xa0")
    assert (answer.status, answer.error) == (404, "UnknownOperationException")


async def test_bodies_that_are_no_cbor(client: Client) -> None:
    path = "/service/GraniteServiceVersion20100801/operation/ListMetrics"
    headers = {"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor"}
    for body in (b"\xff", b"\x01", b"\xa1", b"\xbf"):
        answer = await client.raw(path, headers, body)
        assert (answer.status, answer.error) == (400, "SerializationException")
    assert (await client.raw(path, headers, b"")).status == 200


# ---------------------------------------------------------------- botocore as referee

#: (shape, member, what differs) → why.
ACCEPTED = {
    ("EntityMetricData", "", "type"): "refused by the action, whatever is in it",
    ("ListMetricsOutput", "OwningAccounts", "absent"): "there are no linked accounts",
    ("GetMetricDataOutput", "NextToken", "absent"): "answers are not paged",
    ("GetMetricDataOutput", "Messages", "absent"): "there is nothing to say besides the results",
    ("MetricDataResult", "Messages", "absent"): "the same",
    ("PutMetricDataInput", "StorageResolution", "unknown"): "older models",
}
KINDS = {
    inspect.StrType: "string",
    inspect.EnumType: "string",
    inspect.IntType: "integer",
    inspect.FloatType: "double",
    inspect.BoolType: "boolean",
    inspect.CustomType: "timestamp",
    inspect.StructType: "structure",
    inspect.ListType: "list",
    inspect.DictType: "map",
}


@cache
def model() -> dict[str, Any]:
    found: dict[str, Any] = Loader().load_service_model("cloudwatch", "service-2")
    return found


def differences(kind: inspect.Type, name: str, constraints: bool) -> Iterator[tuple[str, str, str]]:
    if isinstance(kind, inspect.UnionType):
        kind = next(each for each in kind.types if not isinstance(each, inspect.NoneType))
    if isinstance(kind, inspect.Metadata):
        yield from differences(kind.type, name, constraints)
        return
    theirs = model()["shapes"][name]
    if KINDS[type(kind)] != theirs["type"]:
        yield name, "", "type"
        return
    match kind:
        case inspect.StructType():
            fields = {field.encode_name: field for field in kind.fields}
            for member in fields.keys() ^ theirs["members"].keys():
                yield name, member, "unknown" if member in fields else "absent"
            for member in fields.keys() & theirs["members"].keys():
                if constraints and fields[member].required != (member in theirs.get("required", [])):
                    yield name, member, "required"
                yield from differences(fields[member].type, theirs["members"][member]["shape"], constraints)
        case inspect.ListType():
            yield from differences(kind.item_type, theirs["member"]["shape"], constraints)
        case inspect.StrType() | inspect.IntType() if constraints:
            low, high = (kind.ge, kind.le) if isinstance(kind, inspect.IntType) else (kind.min_length, kind.max_length)
            if (low or 0, high) != (theirs.get("min", 0), theirs.get("max")):
                yield name, "", "limits"
            pattern = getattr(kind, "pattern", None)
            if (None if pattern is None else pattern_shown(pattern)) != theirs.get("pattern"):
                yield name, "", "pattern"
        case inspect.EnumType():
            if {each.value for each in kind.cls} != set(theirs["enum"]):
                yield name, "", "enum"


@pytest.mark.parametrize("name", CLOUDWATCH.actions)
def test_the_model(name: str) -> None:
    operation, unbound = model()["operations"][name], CLOUDWATCH.actions[name]
    found = set(differences(inspect.type_info(unbound.input), operation["input"]["shape"], True))
    output = get_type_hints(unbound.handler)["return"]
    if "output" in operation:
        found |= set(differences(inspect.type_info(output), operation["output"]["shape"], False))
    else:
        assert output is type(None)
    assert found - set(ACCEPTED) == set()


def test_the_service() -> None:
    assert model()["metadata"]["targetPrefix"] == CLOUDWATCH.target_prefix
    for code, former in CLOUDWATCH.query_codes.items():
        assert model()["shapes"][code]["error"]["code"] == former
