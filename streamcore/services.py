"""Which services `streamcore serve` offers: a function for each of AWS's, which says by what its requests are known and
imports it when the first comes; and the doors with paths or hosts of their own.

Beside the composition the only file of the broker's package that knows the runtime. Its functions import what they
build, so that a process that is asked for Kinesis alone never loads the rest.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from runtime.telemetry.door import Watched
from streamcore.api.aws.deferred import Deferred
from streamcore.api.aws.kinesis import KINESIS
from streamcore.api.aws.query import QueryProtocol
from streamcore.api.aws.query_form import QUERY
from streamcore.api.aws.rest import BoundService, RestJsonProtocol
from streamcore.api.aws.rpc_cbor import RpcCborProtocol
from streamcore.api.aws.service import Endpoint, Service
from streamcore.api.aws.target import TargetProtocol
from streamcore.api.hosts import ByHost
from streamcore.api.native import NativeApi
from streamcore.api.operations import OperationsApi
from streamcore.api.server import HttpServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.api.execute_api import Plane
    from runtime.api.execute_api.ports import GatewayPorts
    from runtime.app import Functions
    from runtime.events.service import Events
    from runtime.gateway.httpapi.service import HttpGateway
    from runtime.gateway.late import Late
    from runtime.gateway.service import Gateway
    from runtime.logbook import Logbook
    from runtime.objects.app import Objects
    from runtime.queues.service import Queues
    from runtime.snapshots.service import Snapshots
    from runtime.topics.service import Topics
    from streamcore.api.aws.access import Access
    from streamcore.api.aws.query import QueryService
    from streamcore.api.http import Api
    from streamcore.broker import Broker
    from streamcore.config import Settings
    from streamcore.identity.app import IdentityApp
    from streamcore.metrics import Exposition

#: The largest zip that comes in a request, in base64, with the members around it.
LAMBDA_BODY_MAX_BYTES: Final = 69_905_067
#: The versions of Lambda's API: the first segments of its paths.
LAMBDA_VERSIONS: Final = (
    "2015-03-31", "2016-08-19", "2017-03-31", "2017-10-31", "2018-10-31", "2019-09-25", "2019-09-30", "2020-04-22",
    "2020-06-30", "2021-07-20", "2021-10-31", "2021-11-15", "2024-08-31",
)  # fmt: skip


class Parts(NamedTuple):
    """What the services work on."""

    broker: Broker
    functions: Functions
    events: Events
    objects: Objects
    queues: Queues
    topics: Topics
    logbook: Logbook
    snapshots: Snapshots
    gateway: Late[Gateway]
    http_gateway: Late[HttpGateway]
    exposition: Exposition
    identity: IdentityApp


def server(settings: Settings, parts: Parts, ports: GatewayPorts) -> HttpServer:
    """Everything behind one address; API gateways reach the services behind it as well, by `ports`."""
    from runtime.api import execute_api
    from runtime.api.function_urls import HOST_PART, FunctionUrlApi
    from runtime.api.s3.address import is_marked
    from runtime.api.s3.api import S3Api
    from runtime.api.s3.app import S3App

    guarded = access(parts)
    aws = endpoint(parts, guarded)
    urls = FunctionUrlApi(parts.functions, guarded)
    s3 = S3Api(S3App(parts.objects), aws, settings, guarded)
    watched = ports.services = Watched(s3, parts.logbook.meter)
    apis = execute_api.ExecuteApi([rest_apis(parts.gateway), http_apis(parts.http_gateway)], watched)
    doors = paths(parts, urls) | {execute_api.PATH_PREFIX: apis, execute_api.RESTAPIS_PREFIX: apis}
    by_host = ByHost({HOST_PART: urls, execute_api.HOST_PART: apis}, watched)
    return HttpServer(settings, doors, by_host, aws.body_limit, streams=by_host.streams(s3.streams), claims=is_marked)


def endpoint(parts: Parts, guarded: Access | None = None) -> Endpoint:
    """AWS's services by their protocols, S3 aside. The last protocol gets what none claims."""
    broker, logbook, events = parts.broker, parts.logbook, parts.events
    metrics = cloudwatch(logbook)
    return Endpoint(
        [
            QueryProtocol(
                broker,
                [],
                [
                    cloudwatch_query(logbook),
                    ec2(parts.snapshots),
                    sqs_query(parts.queues),
                    sns(parts.topics),
                    iam(parts.identity),
                    sts(parts.identity),
                ],
                guarded,
            ),
            RestJsonProtocol(
                broker,
                [],
                [
                    lambda_(parts.functions),
                    scheduler(events),
                    api_gateway(parts.gateway),
                    api_gateway_v2(parts.http_gateway),
                ],
                guarded,
            ),
            RpcCborProtocol(broker, [], [metrics], guarded),
            TargetProtocol(
                broker, [KINESIS], [logs(logbook), metrics, event_bridge(events), sqs(parts.queues)], guarded
            ),
        ]
    )


def access(parts: Parts) -> Access | None:
    """What stands before all of them where authentication is on. A service whose actions need more than
    `service:Action` on everything has its table here."""
    guard = parts.identity.guard
    if guard is None:
        return None
    from runtime.api.cloudwatch.permissions import PERMISSIONS as CLOUDWATCH
    from runtime.api.events.permissions import PERMISSIONS as EVENTS
    from runtime.api.http_api_permissions import PERMISSIONS as HTTP_APIS
    from runtime.api.lambda_ import permissions as functions
    from runtime.api.logs.permissions import PERMISSIONS as LOGS
    from runtime.api.s3 import permissions as objects
    from runtime.api.scheduler.permissions import PERMISSIONS as SCHEDULER
    from streamcore.api.aws.access import Access
    from streamcore.api.aws.iam.permissions import PERMISSIONS as IAM
    from streamcore.api.aws.kinesis import permissions as streams
    from streamcore.api.aws.sts.permissions import PERMISSIONS as STS

    guard.resources |= {
        "kinesis": partial(streams.held_of, parts.broker),
        "lambda": partial(functions.held_of, parts.functions.catalog),
        "s3": partial(objects.held_of, parts.objects.store),
    }
    tables = [streams.PERMISSIONS, functions.PERMISSIONS, objects.PERMISSIONS]
    return Access(guard, [*tables, CLOUDWATCH, EVENTS, HTTP_APIS, LOGS, SCHEDULER, IAM, STS])


def paths(parts: Parts, urls: Api) -> dict[str, Api]:
    """Doors by their path; the first prefix that fits is taken."""
    from runtime.api import downloads, function_urls, sample_events
    from runtime.api.mappings import MappingsApi
    from runtime.api.s3 import webhook
    from runtime.api.snapshots import SnapshotsApi
    from runtime.api.sns.door import SubscriptionDoor
    from runtime.functions.downloads import PREFIX
    from runtime.topics.service import DOOR

    broker, functions, meter = parts.broker, parts.functions, parts.logbook.meter
    operations = OperationsApi(broker, parts.exposition)
    guard = parts.identity.guard
    if guard is not None:
        return guarded_paths(parts, urls, operations)
    mappings = Watched(MappingsApi(broker, functions), meter)
    snapshots = SnapshotsApi(parts.snapshots)
    return {
        "/v1/mappings": mappings,
        "/v1/mappings/": mappings,
        "/v1/snapshots": snapshots,
        "/v1/snapshots/": snapshots,
        sample_events.PREFIX: sample_events.SampleEventsApi(broker, functions),
        "/v1/": Watched(NativeApi(broker), meter),
        "/metrics": operations,
        "/healthz": operations,
        "/readyz": operations,
        PREFIX: downloads.DownloadsApi(functions.downloads, broker.clock),
        function_urls.PATH_PREFIX: urls,
        webhook.PATH: webhook.WebhookApi(parts.objects),
        DOOR: SubscriptionDoor(parts.topics),
    }


def guarded_paths(parts: Parts, urls: Api, operations: Api) -> dict[str, Api]:
    """The same where authentication is on. Tickets, function URLs and the supervisor's questions say for themselves who
    may."""
    from runtime.api import downloads, function_urls, native_permissions, sample_events
    from runtime.api.mappings import MappingsApi
    from runtime.api.s3 import webhook
    from runtime.api.snapshots import SnapshotsApi
    from runtime.api.sns.door import SubscriptionDoor
    from runtime.functions.downloads import PREFIX
    from runtime.topics.service import DOOR
    from streamcore.api import tokens
    from streamcore.api.guarded import Guarded
    from streamcore.api.native_permissions import NativeNeeds, fixed

    broker, functions, meter, guard = parts.broker, parts.functions, parts.logbook.meter, parts.identity.guard
    assert guard is not None
    scope = broker.settings.scope
    mappings = Guarded(
        Watched(MappingsApi(broker, functions), meter), guard, partial(native_permissions.of_mapping, scope)
    )
    snapshots = Guarded(SnapshotsApi(parts.snapshots), guard, native_permissions.of_snapshots)
    tokens_api = Guarded(tokens.TokensApi(parts.identity), guard, tokens.need_of)
    saved = sample_events.SampleEventsApi(broker, functions)
    notified = webhook.WebhookApi(parts.objects)
    return {
        "/v1/mappings": mappings,
        "/v1/mappings/": mappings,
        "/v1/snapshots": snapshots,
        "/v1/snapshots/": snapshots,
        tokens.PATH: tokens_api,
        f"{tokens.PATH}/": tokens_api,
        sample_events.PREFIX: Guarded(saved, guard, partial(native_permissions.of_saved_events, scope), in_json=True),
        "/v1/": Guarded(Watched(NativeApi(broker), meter), guard, NativeNeeds(broker)),
        "/metrics": Guarded(operations, guard, lambda request: fixed("streamcore:GetMetrics"), in_json=True),
        "/healthz": operations,
        "/readyz": operations,
        PREFIX: downloads.DownloadsApi(functions.downloads, broker.clock),
        function_urls.PATH_PREFIX: urls,
        DOOR: SubscriptionDoor(parts.topics),
        webhook.PATH: Guarded(notified, guard, lambda request: fixed("streamcore:PutS3Events"), in_json=True),
    }


# ---------------------------------------------------------------- AWS's services, by name


def lambda_(functions: Functions) -> Deferred[BoundService]:
    def load() -> BoundService:
        from runtime.api.lambda_ import LAMBDA

        return LAMBDA.on(functions)

    return Deferred(LAMBDA_VERSIONS, load, LAMBDA_BODY_MAX_BYTES)


def scheduler(events: Events) -> Deferred[BoundService]:
    def load() -> BoundService:
        from runtime.api.scheduler import SCHEDULER

        return SCHEDULER.on(events)

    return Deferred(("schedules", "schedule-groups", "tags"), load)


def api_gateway(gateway: Late[Gateway]) -> Deferred[BoundService]:
    """REST APIs."""

    def load() -> BoundService:
        from runtime.api.apigateway import APIGATEWAY

        return APIGATEWAY.on(gateway.get())

    return Deferred(("account", "apikeys", "domainnames", "restapis", "tags", "usageplans", "vpclinks"), load)


def rest_apis(gateway: Late[Gateway]) -> Callable[[], Plane | None]:
    """The data plane of REST APIs, as soon as there are any."""

    def plane() -> Plane | None:
        if gateway.made is None:
            return None
        from runtime.api.execute_api.rest import RestPlane

        return RestPlane(gateway.made)

    return plane


def api_gateway_v2(gateway: Late[HttpGateway]) -> Deferred[BoundService]:
    """HTTP APIs."""

    def load() -> BoundService:
        from runtime.api.apigatewayv2 import APIGATEWAYV2

        return APIGATEWAYV2.on(gateway.get())

    return Deferred(("v2",), load)


def http_apis(gateway: Late[HttpGateway]) -> Callable[[], Plane | None]:
    """The data plane of HTTP APIs, as soon as there are any."""

    def plane() -> Plane | None:
        if gateway.made is None:
            return None
        from runtime.api.execute_api.http import HttpPlane

        return HttpPlane(gateway.made)

    return plane


def logs(logbook: Logbook) -> Deferred[Service]:
    def load() -> Service:
        from runtime.api.logs import logs_service

        return logs_service(logbook.store)

    return Deferred(("Logs_20140328",), load)


def event_bridge(events: Events) -> Deferred[Service]:
    def load() -> Service:
        from runtime.api.events import EVENTS

        return EVENTS.bind(events)

    return Deferred(("AWSEvents",), load)


def cloudwatch(logbook: Logbook) -> Deferred[Service]:
    def load() -> Service:
        from runtime.api.cloudwatch import cloudwatch_service

        return cloudwatch_service(logbook.meter)

    return Deferred(("GraniteServiceVersion20100801",), load)


def cloudwatch_query(logbook: Logbook) -> Deferred[QueryService]:
    """CloudWatch as SDKs before 2025 speak it."""

    def load() -> QueryService:
        from streamcore.api.aws.query import QueryService

        namespace = "http://monitoring.amazonaws.com/doc/2010-08-01/"
        return QueryService(cloudwatch(logbook).load(), "2010-08-01", namespace, QUERY)

    return Deferred(("2010-08-01",), load)


def ec2(snapshots: Snapshots) -> Deferred[QueryService]:
    """The volumes and snapshots of EC2."""

    def load() -> QueryService:
        from runtime.api.ec2 import EC2, NAMESPACE, SPELLING, VERSION
        from streamcore.api.aws.query import QueryService

        return QueryService(EC2.bind(snapshots), VERSION, NAMESPACE, SPELLING)

    return Deferred(("2016-11-15",), load)


def sqs(queues: Queues) -> Deferred[Service]:
    def load() -> Service:
        from runtime.api.sqs import sqs_service

        return sqs_service(queues)

    return Deferred(("AmazonSQS",), load)


def sqs_query(queues: Queues) -> Deferred[QueryService]:
    """SQS as SDKs before 2024 speak it."""

    def load() -> QueryService:
        from runtime.api.sqs import sqs_query_service

        return sqs_query_service(queues)

    return Deferred(("2012-11-05",), load)


def sns(topics: Topics) -> Deferred[QueryService]:
    def load() -> QueryService:
        from runtime.api.sns import sns_query_service

        return sns_query_service(topics)

    return Deferred(("2010-03-31",), load)


def iam(identity: IdentityApp) -> Deferred[QueryService]:
    def load() -> QueryService:
        from streamcore.api.aws.iam import IAM
        from streamcore.api.aws.iam.registry import NAMESPACE, VERSION
        from streamcore.api.aws.query import QueryService

        return QueryService(IAM.bind(identity), VERSION, NAMESPACE)

    return Deferred(("2010-05-08",), load)


def sts(identity: IdentityApp) -> Deferred[QueryService]:
    def load() -> QueryService:
        from streamcore.api.aws.query import QueryService
        from streamcore.api.aws.sts import STS
        from streamcore.api.aws.sts.registry import NAMESPACE, VERSION

        return QueryService(STS.bind(identity), VERSION, NAMESPACE)

    return Deferred(("2011-06-15",), load)
