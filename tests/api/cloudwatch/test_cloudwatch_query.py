"""CloudWatch by the query protocol, as SDKs before 2025 speak it: forms as botocore serialises them, answers as it
reads them."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

import botocore.parsers
import botocore.serialize
import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from runtime.sqlite import Database
from runtime.telemetry.meter import Meter
from streamcore import services
from streamcore.api.aws.query import QueryProtocol
from streamcore.api.aws.service import BODY_MAX_BYTES, Endpoint, Request, Response
from streamcore.broker import open_broker
from streamcore.clock import ManualClock

NOW_S = 1_700_000_040  # a whole minute
NOW = datetime.fromtimestamp(NOW_S, UTC)
VERSION = "2010-08-01"
CREDENTIAL = "123456789012/20231114/eu-west-1/monitoring/aws4_request"


@cache
def model() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("cloudwatch", "service-2"), "cloudwatch")


class _Logbook:
    def __init__(self, meter: Meter) -> None:
        self.meter = meter


class Client:
    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def form(self, body: str, method: str = "POST", packed: bytes = b"") -> Response:
        headers = {
            "authorization": f"AWS4-HMAC-SHA256 Credential={CREDENTIAL}, SignedHeaders=host;x-amz-date, Signature=0a",
            "x-amz-date": "20231114T221320Z",
            "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        }
        query, sent = (body, b"") if method == "GET" else ("", body.encode())
        if packed:
            headers["content-encoding"], sent = "gzip", packed
        answer = await self._endpoint.handle(Request(method, "/", headers, sent, query))
        assert isinstance(answer, Response)
        return answer

    async def call(self, action: str, **given: Any) -> tuple[int, Any]:
        """(status, what botocore makes of the answer); the input is checked by nobody but the service."""
        operation = model().operation_model(action)
        made = botocore.serialize.create_serializer("query", False).serialize_to_request(given, operation)
        answer = await self.form(urlencode(made["body"]))
        response = {"status_code": answer.status, "headers": answer.headers, "body": answer.body}
        parser = botocore.parsers.create_parser("query")
        return answer.status, parser.parse(response, operation.output_shape)

    async def ok(self, action: str, **given: Any) -> Any:
        status, told = await self.call(action, **given)
        assert status == 200, told
        assert told.pop("ResponseMetadata")["RequestId"]
        return told

    async def fails(self, action: str, **given: Any) -> tuple[str, str, str]:
        status, told = await self.call(action, **given)
        assert status == 400, told
        return told["Error"]["Type"], told["Error"]["Code"], told["Error"]["Message"]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    clock = ManualClock(NOW_S * 1000)
    async with open_broker(None, clock=clock) as broker:
        database = Database(None, 8 * 1024 * 1024)
        await database.open()
        meter = Meter(database, clock)
        await meter.start()
        deferred = services.cloudwatch_query(_Logbook(meter))  # type: ignore[arg-type]  the part that is looked at
        yield Client(Endpoint([QueryProtocol(broker, [], [deferred])]))
        meter.close()
        await database.close()


WINDOW = {"StartTime": datetime.fromtimestamp(NOW_S - 600, UTC), "EndTime": datetime.fromtimestamp(NOW_S + 60, UTC)}
DIMENSIONS = [{"Name": "Shop", "Value": "north & south"}, {"Name": "Till", "Value": "1"}]
METRIC = {"Namespace": "Own", "MetricName": "m", "Dimensions": DIMENSIONS}
DATA = [
    {"MetricName": "m", "Dimensions": DIMENSIONS, "Timestamp": NOW, "Value": 1.5, "Unit": "Seconds"},
    {"MetricName": "m", "Dimensions": DIMENSIONS, "Timestamp": NOW, "Values": [2.0, 3.0], "Counts": [2.0, 1.0],
     "Unit": "Seconds", "StorageResolution": 60},
    {"MetricName": "m", "Dimensions": DIMENSIONS, "Timestamp": NOW, "Unit": "Seconds",
     "StatisticValues": {"SampleCount": 2.0, "Sum": 10.0, "Minimum": 4.0, "Maximum": 6.0}},
    {"MetricName": "plain", "Value": 0.0},
]  # fmt: skip


async def put(client: Client) -> None:
    assert await client.ok("PutMetricData", Namespace="Own", MetricData=DATA) == {}


async def test_statistics(client: Client) -> None:
    await put(client)
    told = await client.ok(
        "GetMetricStatistics", **METRIC, **WINDOW, Period=60, ExtendedStatistics=["p50"],
        Statistics=["SampleCount", "Average", "Sum", "Minimum", "Maximum"],
    )  # fmt: skip
    [point] = told.pop("Datapoints")
    percentiles = point.pop("ExtendedStatistics")
    assert told == {"Label": "m"}
    assert point == {
        "Timestamp": NOW, "Unit": "Seconds", "SampleCount": 6.0, "Sum": 18.5, "Average": 18.5 / 6, "Minimum": 1.5,
        "Maximum": 6.0,
    }  # fmt: skip
    assert 1.5 <= percentiles["p50"] <= 6.0
    assert (await client.ok("GetMetricStatistics", **METRIC | {"MetricName": "x"}, **WINDOW, Period=60,
                            Statistics=["Sum"]))["Datapoints"] == []  # fmt: skip


async def test_metric_data(client: Client) -> None:
    await put(client)
    queries = [
        {"Id": "one", "MetricStat": {"Metric": METRIC, "Period": 60, "Stat": "Sum"}},
        {"Id": "two", "Label": "none", "ReturnData": True,
         "MetricStat": {"Metric": {"Namespace": "Own", "MetricName": "nothing"}, "Period": 300, "Stat": "p99"}},
        {"Id": "three", "MetricStat": {"Metric": METRIC, "Period": 60, "Stat": "Sum"}, "ReturnData": False},
    ]  # fmt: skip
    told = await client.ok("GetMetricData", MetricDataQueries=queries, ScanBy="TimestampAscending", **WINDOW)
    assert told["MetricDataResults"] == [
        {"Id": "one", "Label": "m", "Timestamps": [NOW], "Values": [18.5], "StatusCode": "Complete"},
        {"Id": "two", "Label": "none", "Timestamps": [], "Values": [], "StatusCode": "Complete"},
    ]


async def test_metrics_are_listed(client: Client) -> None:
    await put(client)
    told = await client.ok("ListMetrics")
    assert sorted(told["Metrics"], key=lambda metric: str(metric["MetricName"])) == [
        METRIC, {"Namespace": "Own", "MetricName": "plain", "Dimensions": []}
    ]  # fmt: skip
    for given, count in (
        ({"Namespace": "Own", "MetricName": "m", "Dimensions": [{"Name": "Shop"}], "RecentlyActive": "PT3H"}, 1),
        ({"Dimensions": [{"Name": "Shop", "Value": "north & south"}]}, 1),
        ({"Dimensions": [{"Name": "Shop", "Value": "north"}]}, 0),
        ({"Namespace": "Else"}, 0),
    ):
        assert len((await client.ok("ListMetrics", **given))["Metrics"]) == count


async def test_a_list_has_pages(client: Client) -> None:
    data = [{"MetricName": f"m{i:03d}", "Value": 1.0} for i in range(600)]
    await client.ok("PutMetricData", Namespace="Own", MetricData=data)
    first = await client.ok("ListMetrics", Namespace="Own")
    second = await client.ok("ListMetrics", Namespace="Own", NextToken=first["NextToken"])
    assert (len(first["Metrics"]), len(second["Metrics"])) == (500, 100)
    assert "NextToken" not in second


#: What is wrong → (action, input, code, text). The codes are those of the service's model for this protocol.
REFUSED: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "reserved": (
        "PutMetricData", {"Namespace": "AWS/Own", "MetricData": []}, "InvalidParameterValue",
        "The value AWS/ for parameter Namespace is invalid: it is reserved.",
    ),
    "no statistic": (
        "GetMetricStatistics", {**METRIC, **WINDOW, "Period": 60}, "MissingParameter",
        "Must specify either Statistics or ExtendedStatistics",
    ),
    "too many points": (
        "GetMetricStatistics",
        {**METRIC, "StartTime": datetime(2023, 1, 1, tzinfo=UTC), "EndTime": NOW, "Period": 60, "Statistics": ["Sum"]},
        "InvalidParameterCombination", "You have requested up to ",
    ),
    "a value twice": (
        "PutMetricData",
        {"Namespace": "Own", "MetricData": [{"MetricName": "m", "Value": 1.0, "Values": [1.0]}]},
        "InvalidParameterCombination", "",
    ),
    "token": ("ListMetrics", {"NextToken": "x"}, "InvalidParameterValue", "The parameter NextToken is invalid."),
    "no namespace": ("PutMetricData", {"MetricData": []}, "ValidationError", "1 validation error detected: "),
    "no such unit": (
        "PutMetricData", {"Namespace": "Own", "MetricData": [{"MetricName": "m", "Value": 1.0, "Unit": "Ells"}]},
        "ValidationError", "1 validation error detected: ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
async def test_refusals(client: Client, case: str) -> None:
    action, given, code, text = REFUSED[case]
    kind, told, message = await client.fails(action, **given)
    assert (kind, told) == ("Sender", code), message
    assert message.startswith(text)


async def test_as_a_url(client: Client) -> None:
    """The oldest form of all: everything in the query string of a GET."""
    await put(client)
    answer = await client.form(f"Action=ListMetrics&Version={VERSION}&MetricName=plain", "GET")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/xml"
    assert b'<ListMetricsResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><ListMetricsResult>' in (
        answer.body
    )


async def test_a_number_that_is_none(client: Client) -> None:
    form = f"Action=PutMetricData&Version={VERSION}&Namespace=Own&MetricData.member.1.MetricName=m"
    answer = await client.form(f"{form}&MetricData.member.1.Value=much")
    assert (answer.status, answer.error) == (400, "MalformedInput")
    assert (await client.form(f"{form}&MetricData.member.1.Value=1")).status == 200


@pytest.mark.parametrize("count", [1, 1000])
async def test_a_form_that_is_compressed(client: Client, count: int) -> None:
    """SDKs do so with PutMetricData from 10 KiB on."""
    data = "".join(
        f"&MetricData.member.{i}.MetricName=m{i}&MetricData.member.{i}.Value={i}" for i in range(1, count + 1)
    )
    form = f"Action=PutMetricData&Version={VERSION}&Namespace=Own{data}"
    answer = await client.form("", packed=gzip.compress(form.encode()))
    assert answer.status == 200, answer.body
    assert (await client.ok("ListMetrics", MetricName=f"m{count}"))["Metrics"] != []


BAD = {
    "no gzip": (b"Action=PutMetricData", 400, "SerializationException"),
    "cut off": (gzip.compress(b"Action=PutMetricData", mtime=0)[:-3], 400, "SerializationException"),
    "a bomb": (gzip.compress(bytes(BODY_MAX_BYTES + 1)), 413, "RequestEntityTooLargeException"),
    "no text": (gzip.compress(b"Action=\xff"), 400, "MalformedQueryString"),
}


@pytest.mark.parametrize("case", BAD)
async def test_compression_that_is_none(client: Client, case: str) -> None:
    packed, status, code = BAD[case]
    answer = await client.form("", packed=packed)
    assert (answer.status, answer.error) == (status, code)
