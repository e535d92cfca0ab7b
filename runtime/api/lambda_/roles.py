"""Execution roles where authentication is on: that Lambda can take them, and that they may read and send what they
shall."""

from __future__ import annotations

from runtime.api.lambda_.permissions import SERVICE
from runtime.destinations.guarded import need_of
from runtime.errors import InvalidValueError
from runtime.mappings.permissions import refused
from streamcore.api.aws.service import Call
from streamcore.identity.guard import Mode, Need


def check_role(call: Call, arn: str | None) -> None:
    """Raises InvalidValueError."""
    if arn is None or call.grant is None or call.grant.guard.mode is not Mode.ENFORCE:
        return
    if not call.grant.guard.trusts(arn, SERVICE):
        raise InvalidValueError("The role defined for the function cannot be assumed by Lambda.")


def check_reads(call: Call, role: str, source: str, consumer: str = "") -> None:
    """Raises InvalidValueError when a function's role may not read the stream or the queue of its mapping."""
    if call.grant is None or call.grant.guard.mode is not Mode.ENFORCE:
        return
    sentence = refused(call.grant.guard, role, source, consumer)
    if sentence is not None:
        raise InvalidValueError(sentence)


def check_sends_dead_letters(call: Call, role: str, target: str | None) -> None:
    """Raises InvalidValueError when a function's role may not send to its dead letter queue or topic."""
    need = _unsent(call, role, target)
    if need is not None:
        service, _, action = need.action.partition(":")
        raise InvalidValueError(
            f"The provided execution role does not have permissions to call {action} on {service.upper()}"
        )


def check_sends(call: Call, role: str, *targets: str | None) -> None:
    """The same for the destinations of a function or a mapping."""
    for target in targets:
        need = _unsent(call, role, target)
        if need is not None:
            action = need.action.partition(":")[2]
            raise InvalidValueError(
                f"The function's execution role does not have permissions to call {action} on {target}"
            )


def _unsent(call: Call, role: str, target: str | None) -> Need | None:
    """What the role lacks."""
    if not target or call.grant is None or call.grant.guard.mode is not Mode.ENFORCE:
        return None
    need = need_of(target)
    return None if call.grant.guard.role_may(role, need).is_allowed else need
