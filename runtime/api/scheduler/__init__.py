"""EventBridge Scheduler: one file per action; importing the package registers them all with `SCHEDULER`."""

from runtime.api.scheduler import (
    create_schedule,
    create_schedule_group,
    delete_schedule,
    delete_schedule_group,
    get_schedule,
    get_schedule_group,
    list_schedule_groups,
    list_schedules,
    list_tags_for_resource,
    tag_resource,
    untag_resource,
    update_schedule,
)
from runtime.api.scheduler.registry import SCHEDULER

__all__ = [
    "SCHEDULER",
    "create_schedule",
    "create_schedule_group",
    "delete_schedule",
    "delete_schedule_group",
    "get_schedule",
    "get_schedule_group",
    "list_schedule_groups",
    "list_schedules",
    "list_tags_for_resource",
    "tag_resource",
    "untag_resource",
    "update_schedule",
]
