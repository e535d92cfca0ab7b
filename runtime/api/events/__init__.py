"""EventBridge: one file per action; importing the package registers them all with `EVENTS`."""

from runtime.api.events import (
    delete_rule,
    describe_event_bus,
    describe_rule,
    disable_rule,
    enable_rule,
    list_event_buses,
    list_rule_names_by_target,
    list_rules,
    list_tags_for_resource,
    list_targets_by_rule,
    put_events,
    put_rule,
    put_targets,
    remove_targets,
    tag_resource,
    test_event_pattern,
    untag_resource,
)
from runtime.api.events.shapes import EVENTS

__all__ = [
    "EVENTS",
    "delete_rule",
    "describe_event_bus",
    "describe_rule",
    "disable_rule",
    "enable_rule",
    "list_event_buses",
    "list_rule_names_by_target",
    "list_rules",
    "list_tags_for_resource",
    "list_targets_by_rule",
    "put_events",
    "put_rule",
    "put_targets",
    "remove_targets",
    "tag_resource",
    "test_event_pattern",
    "untag_resource",
]
