"""CloudWatch Logs: one file per action; importing the package registers them all with `LOGS`."""

from runtime.api.logs import (
    create_log_group,
    create_log_stream,
    delete_log_group,
    delete_log_stream,
    delete_retention_policy,
    describe_log_groups,
    describe_log_streams,
    filter_log_events,
    get_log_events,
    list_tags_for_resource,
    list_tags_log_group,
    put_log_events,
    put_retention_policy,
    start_live_tail,
    tag_log_group,
    tag_resource,
    test_metric_filter,
    untag_log_group,
    untag_resource,
)
from runtime.api.logs.shapes import LOGS
from runtime.logs.store import LogStore
from streamcore.api.aws.service import Service


def logs_service(store: LogStore) -> Service:
    """The service on that store."""
    service = LOGS.bind(store)
    service.on_drain = store.followers.end
    return service


__all__ = [
    "LOGS",
    "create_log_group",
    "create_log_stream",
    "delete_log_group",
    "delete_log_stream",
    "delete_retention_policy",
    "describe_log_groups",
    "describe_log_streams",
    "filter_log_events",
    "get_log_events",
    "list_tags_for_resource",
    "list_tags_log_group",
    "logs_service",
    "put_log_events",
    "put_retention_policy",
    "start_live_tail",
    "tag_log_group",
    "tag_resource",
    "test_metric_filter",
    "untag_log_group",
    "untag_resource",
]
