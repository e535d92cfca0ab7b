"""The one whom the doors ask: who sent this, and may he do that?

Decisions that depend on nothing but caller, action and resource are kept until an identity changes; a warm request
costs a signature and two look-ups.
"""

from __future__ import annotations

import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Final, NamedTuple, Protocol

import msgspec

from streamcore.clock import Clock
from streamcore.identity.audit import AuditLog
from streamcore.identity.authenticator import Authenticator
from streamcore.identity.callers import NOBODY, Caller, Callers, session_principal
from streamcore.identity.errors import AccessError, Denied
from streamcore.identity.sessions import Session, Sessions
from streamcore.identity.store import Identities
from streamcore.model.iam.context import Context, Value
from streamcore.model.iam.document import Policy, PolicyError, PolicyKind, read_policy
from streamcore.model.iam.evaluate import Decision, Question, evaluate
from streamcore.model.iam.principals import Kind, Principal, account_of
from streamcore.model.iam.sigv4 import Signed

log = logging.getLogger(__name__)

DECISIONS_MAX: Final = 16_384
#: A refusal that is only observed is logged once in this time for each principal, action and resource.
TOLD_EVERY_MS: Final = 60_000
TOLD_MAX: Final = 4096
#: What a role's trust policy decides about: it must allow, whatever else does.
TRUSTED: Final = frozenset({"sts:AssumeRole", "sts:TagSession"})


class Held(NamedTuple):
    """What is known of a resource: its policy, None for none, and the account that owns it, empty where its ARN says
    that."""

    policy: str | None = None
    owner: str = ""


_UNREADABLE: Final = (
    '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Resource":"*","NotAction":["s3:*BucketPolicy",'
    '"kinesis:*ResourcePolicy","lambda:*Permission","lambda:GetPolicy","sns:*TopicAttributes","sqs:*QueueAttributes"]}}'
)
UNKNOWN: Final = Held()
#: What is known of a resource by its ARN.
HeldOf = Callable[[str], Held]


class Mode(StrEnum):
    """What is done about requests that no policy allows. `observe` lets them pass and logs them."""

    OBSERVE = "observe"
    ENFORCE = "enforce"


class Origin(Protocol):
    """Where a request came from: the client's address, and what it says of itself."""

    @property
    def source(self) -> str: ...
    @property
    def is_tls(self) -> bool: ...
    @property
    def user_agent(self) -> str: ...
    @property
    def referer(self) -> str: ...
    @property
    def request_id(self) -> str: ...


class Nowhere(NamedTuple):
    """The origin of what no client sent."""

    source: str = ""
    is_tls: bool = False
    user_agent: str = ""
    referer: str = ""
    request_id: str = ""


class Need(NamedTuple):
    """One thing that a request needs to be allowed. `keys` are condition keys of its service; they are asked for only
    when a condition is met. `is_data`: see `audit`."""

    action: str
    resource: str
    keys: Callable[[], Mapping[str, Value]] | None = None
    is_data: bool = False


class Guard:
    """Verifies and decides. `resources` has, by service, how to find the policy and the owner of a resource."""

    def __init__(
        self,
        identities: Identities,
        clock: Clock,
        mode: Mode,
        audit: AuditLog | None = None,
        *,
        with_data: bool = False,
    ) -> None:
        self.identities = identities
        self.mode = mode
        self.sessions = Sessions(identities.vault)
        self.callers = Callers(identities, self.sessions)
        self.authenticator = Authenticator(identities, self.callers, clock)
        self.resources: dict[str, HeldOf] = {}
        #: (action, `allowed` | `denied` | `observed` | `refused`) → how often.
        self.counts: Counter[tuple[str, str]] = Counter()
        self._clock = clock
        self._audit = audit
        self._with_data = with_data
        self._epoch = -1
        self._decisions: dict[tuple[str, str, str, Held], Decision] = {}
        self._told: OrderedDict[tuple[str, str, str], int] = OrderedDict()

    # ------------------------------------------------------------ who

    def verify(self, request: Signed, service: str, origin: Origin) -> Caller:
        """The caller. Raises AccessError; when it only observes, whoever cannot be verified is nobody in particular."""
        try:
            return self.authenticator.verify(request, service)
        except AccessError as error:
            return self._unverified(error, origin)

    def verify_token(self, authorization: str, origin: Origin) -> Caller:
        """The same for the native API."""
        try:
            return self.authenticator.verify_token(authorization)
        except AccessError as error:
            return self._unverified(error, origin)

    def _unverified(self, error: AccessError, origin: Origin) -> Caller:
        name = type(error).__name__
        self.counts["-", "refused"] += 1
        if self._audit is not None:
            key = getattr(error, "access_key", "")
            self._audit.write(self._entry(origin, allowed=False, refused=name, access_key=key))
        if self.mode is Mode.ENFORCE:
            raise error
        if self._is_news(("unverified", name, origin.source)):
            log.warning("auth observe: a request of %s would be refused: %s", origin.source or "?", _first_line(error))
        return NOBODY

    # ------------------------------------------------------------ what

    def check(self, caller: Caller, need: Need, origin: Origin) -> None:
        """Raises Denied, unless it only observes."""
        decision = self.decide(caller, need, origin)
        outcome = "allowed" if decision.is_allowed else "denied" if self.mode is Mode.ENFORCE else "observed"
        self.counts[need.action, outcome] += 1
        if self._audit is not None and (not need.is_data or self._with_data or not decision.is_allowed):
            self._audit.write(
                self._entry(
                    origin,
                    principal=caller.principal.display,
                    access_key=caller.access_key,
                    action=need.action,
                    resource=need.resource,
                    allowed=decision.is_allowed,
                    by=decision.because,
                )
            )
        if decision.is_allowed:
            return
        if self.mode is Mode.ENFORCE:
            raise refusal(caller.principal, need, decision)
        if self._is_news((caller.principal.display, need.action, need.resource)):
            log.warning(
                "auth observe: %s would be refused %s on %s, %s; allowed by %s",
                caller.principal.display, need.action, need.resource, decision.reason(need.action), allowing(need),
            )  # fmt: skip

    def decide(self, caller: Caller, need: Need, origin: Origin) -> Decision:
        """The decision about one thing, kept when it depends on nothing else."""
        if self._epoch != self.identities.epoch or len(self._decisions) > DECISIONS_MAX:
            self._epoch = self.identities.epoch
            self._decisions.clear()
        held = self._held(need)
        key = (caller.access_key, need.action, need.resource, held)
        known = self._decisions.get(key)
        if known is not None:
            return known
        context = Context(more=partial(self._keys, caller, need, origin))
        decision = self._decide(caller, need, context, held)
        if not decision.depends_on_context:
            self._decisions[key] = decision
        return decision

    def _decide(self, caller: Caller, need: Need, context: Context, held: Held) -> Decision:
        question = Question(
            principal=caller.principal,
            action=need.action,
            resource=need.resource,
            context=context,
            owner=held.owner or account_of(need.resource),
            policy=resource_policy(held.policy, need.resource),
            needs_policy=need.action in TRUSTED,
        )
        return evaluate(question, self.callers.policies_of(caller))

    def _held(self, need: Need) -> Held:
        resource = need.resource
        service = resource.split(":", 3)[2] if resource.startswith("arn:") else ""
        if service == "iam":
            return self._trust(need)
        look = self.resources.get(service)
        return UNKNOWN if look is None else look(resource)

    def _trust(self, need: Need) -> Held:
        """Of roles the trust policy, where it is asked who may take them."""
        role = self.identities.role(need.resource) if need.action in TRUSTED else None
        return UNKNOWN if role is None else Held(role.trust, role.account)

    def _keys(self, caller: Caller, need: Need, origin: Origin) -> Mapping[str, Value]:
        now = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
        keys: dict[str, Value] = {
            "aws:CurrentTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "aws:EpochTime": str(int(now.timestamp())),
            "aws:SecureTransport": "true" if origin.is_tls else "false",
            **caller.principal.keys(),
        }
        optional = {
            "aws:SourceIp": origin.source,
            "aws:UserAgent": origin.user_agent,
            "aws:Referer": origin.referer,
            "aws:RequestedRegion": caller.region,
            "aws:ResourceAccount": account_of(need.resource),
        }
        keys |= {name: value for name, value in optional.items() if value}
        if caller.session is not None:
            issued = datetime.fromtimestamp(caller.session.issued_ms / 1000, UTC)
            keys["aws:TokenIssueTime"] = f"{issued:%Y-%m-%dT%H:%M:%SZ}"
        return keys | dict(need.keys() if need.keys is not None else {})

    # ------------------------------------------------------------ services and roles

    def service_may(self, service: str, need: Need, *, source_arn: str, source_account: str) -> Decision:
        """Whether an AWS service (`s3.amazonaws.com`) may do something for a resource of somebody's: only the policy of
        what it is done to counts."""
        caller = Caller(principal=Principal(kind=Kind.SERVICE, arn=service))
        keys = {"aws:SourceArn": source_arn, "aws:SourceAccount": source_account}
        known = {**caller.principal.keys(), **{name: value for name, value in keys.items() if value}}
        return self._decide(caller, need, Context(known), self._held(need))

    def role_may(self, role_arn: str, need: Need) -> Decision:
        """Whether a role may do something, by its own policies and the resource's."""
        return self.decide(self.caller_of_role(role_arn, "service"), need, Nowhere())

    def caller_of_role(self, role_arn: str, name: str) -> Caller:
        """A session of the role, as a service has one. A role that is not there may nothing."""
        role = self.identities.role(role_arn)
        session = Session(
            account=account_of(role_arn),
            access_key=f"role {role_arn} {name}",
            expires_ms=0,
            role=role_arn,
            name=name,
            role_id="" if role is None else role.id,
        )
        return Caller(principal=session_principal(session), access_key=session.access_key, session=session)

    def trusts(self, role_arn: str, service: str) -> bool:
        """Whether there is such a role, and its trust policy lets the service take it."""
        role = self.identities.role(role_arn)
        if role is None:
            return False
        principal = Principal(kind=Kind.SERVICE, arn=service)
        question = Question(
            principal=principal,
            action="sts:AssumeRole",
            resource=role_arn,
            context=Context(principal.keys()),
            owner=role.account,
            policy=read_policy(role.trust, PolicyKind.TRUST, f"trust policy of {role_arn}"),
        )
        return evaluate(question).is_allowed

    # ------------------------------------------------------------

    def _entry(self, origin: Origin, **about: object) -> dict[str, object]:
        now_ms = self._clock.now_ms()
        at = datetime.fromtimestamp(now_ms / 1000, UTC)
        head = {"time": f"{at:%Y-%m-%dT%H:%M:%S}.{now_ms % 1000:03d}Z", "source": origin.source}
        if self.mode is Mode.OBSERVE:
            head["mode"] = "observe"
        return {**head, **about, "request": origin.request_id}

    def _is_news(self, key: tuple[str, str, str]) -> bool:
        now_ms = self._clock.now_ms()
        last_ms = self._told.get(key)
        if last_ms is not None and 0 <= now_ms - last_ms < TOLD_EVERY_MS:
            return False
        self._told[key] = now_ms
        self._told.move_to_end(key)
        if len(self._told) > TOLD_MAX:
            self._told.popitem(last=False)
        return True

    def flush(self) -> None:
        """Writes what waits for the audit log."""
        if self._audit is not None:
            self._audit.flush()

    def close(self) -> None:
        if self._audit is not None:
            self._audit.close()

    def __repr__(self) -> str:
        return f"<Guard {self.mode}, {len(self._decisions)} decisions kept>"


def resource_policy(text: str | None, resource: str) -> Policy | None:
    """The policy of a resource. One that cannot be read, which was kept before policies were checked, denies everything
    but to change it."""
    if not text:
        return None
    kind = PolicyKind.TRUST if resource.startswith("arn:aws:iam:") else PolicyKind.RESOURCE
    try:
        return read_policy(text, kind, f"policy of {resource}")
    except PolicyError:
        log.warning("the policy of %s cannot be read: everything is denied", resource)
        return read_policy(_UNREADABLE, PolicyKind.RESOURCE, f"unreadable policy of {resource}")


def refusal(principal: Principal, need: Need, decision: Decision) -> Denied:
    """AWS's sentence."""
    return Denied(
        f"User: {principal.display} is not authorized to perform: {need.action} on resource: {need.resource} "
        f"{decision.reason(need.action)}"
    )


def allowing(need: Need) -> str:
    """The statement that would allow it."""
    return msgspec.json.encode({"Effect": "Allow", "Action": need.action, "Resource": need.resource}).decode()


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
