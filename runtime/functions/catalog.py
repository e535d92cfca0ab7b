"""The functions of a broker, with everything that belongs to them: kept as documents, held in memory, changed in order.

Reads are plain look-ups. A change goes through `changing`, one at a time, is durable before it is seen, and tells
`on_change` whose it was. What AWS does in the background (Pending, InProgress) lasts for the broker's `transition_ms`.
"""

from __future__ import annotations

import asyncio
import logging
import math
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec

from runtime.errors import CodeStorageError, ConflictError, InvalidValueError, NotFoundError
from runtime.functions.code import CodeStore
from runtime.functions.shelf import Shelf
from runtime.model import configuration as rules
from runtime.model.configuration import Code, Configuration, Function, UpdateStatus
from runtime.model.function import FunctionSpec
from runtime.model.layers import Layer, LayerVersion
from runtime.model.names import LATEST, FunctionKey, FunctionRef, is_version, parse_layer_version
from runtime.model.settings import CodeSigningConfig, EventInvokeConfig, Provisioned, RuntimeManagement, UrlConfig
from runtime.model.versions import Alias, Publication, publish
from streamcore.broker import Broker
from streamcore.clock import sleep_until_ms
from streamcore.model.stream import Scope

log = logging.getLogger(__name__)

Rule = Callable[[Configuration], Configuration]
_LOCAL_ROLE: Final = "arn:aws:iam::000000000000:role/program"


def revision() -> str:
    """A new RevisionId."""
    return str(uuid.uuid4())


class Catalog:
    """Functions, versions, aliases, their settings, layers and code signing configurations."""

    def __init__(self, broker: Broker, code: CodeStore, handlers: dict[str, FunctionSpec]) -> None:
        self._broker = broker
        self.code = code
        #: Handlers of the program that runs this, by name: functions of the default scope that only it changes.
        self.handlers = handlers
        self.functions: Shelf[Function] = Shelf(broker, "function", Function)
        self.versions: Shelf[Configuration] = Shelf(broker, "function-version", Configuration)
        self.aliases: Shelf[Alias] = Shelf(broker, "function-alias", Alias)
        self.invoke_configs: Shelf[EventInvokeConfig] = Shelf(broker, "function-invoke", EventInvokeConfig)
        self.urls: Shelf[UrlConfig] = Shelf(broker, "function-url", UrlConfig)
        self.provisioned: Shelf[Provisioned] = Shelf(broker, "function-provisioned", Provisioned)
        self.management: Shelf[RuntimeManagement] = Shelf(broker, "function-runtime", RuntimeManagement)
        self.layers: Shelf[Layer] = Shelf(broker, "layer", Layer)
        self.layer_versions: Shelf[LayerVersion] = Shelf(broker, "layer-version", LayerVersion)
        self.signing: Shelf[CodeSigningConfig] = Shelf(broker, "code-signing", CodeSigningConfig)
        #: Called with a function's key after each change of it.
        self.on_change: list[Callable[[FunctionKey], None]] = []
        #: Whether anything of a function still runs, so that its code has to stay.
        self.is_busy: Callable[[FunctionKey], bool] = lambda key: False
        self._changing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._unused: dict[FunctionKey, set[str]] = {}

    @property
    def _of_functions(self) -> tuple[Shelf[Any], ...]:
        return self.versions, self.aliases, self.invoke_configs, self.urls, self.provisioned, self.management

    async def start(self) -> None:
        """Reads what is kept; a restart ends what was Pending or InProgress, and a deletion that was begun."""
        for shelf in (self.functions, *self._of_functions, self.layers, self.layer_versions, self.signing):
            await shelf.load()
        for shelf in self._of_functions:
            for owner in {owner for owner, _, _ in shelf if self.functions.get(owner) is None}:
                await shelf.clear(owner)
        await self._drop_layers()
        for owner, _, function in self.functions:
            await self._resume(FunctionKey(*owner), function)
        await self.code.start(self.digests())

    async def _resume(self, key: FunctionKey, function: Function) -> None:
        last = max((int(number) for number in self.versions.of(key)), default=0)
        latest = function.latest
        if last > function.last_version:  # killed between the version and the function
            function = msgspec.structs.replace(function, last_version=last, published="")
            await self.functions.put(key, "", function)
        if rules.is_changing(latest):
            await self._settle(key)

    async def _drop_layers(self) -> None:
        used = self.used_layers()
        for owner, number, layer in self.layer_versions:
            if layer.is_deleted and layer.arn not in used:
                await self.layer_versions.remove(owner, number)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.code.close()

    def now_ms(self) -> int:
        return self._broker.clock.now_ms()

    # ------------------------------------------------------------ reading

    def function(self, key: FunctionKey) -> Function:
        """Raises NotFoundError."""
        local = self._local(key)
        found = of_handler(local, key) if local is not None else self.functions.get(key)
        if found is None:
            raise NotFoundError(f"Function not found: {key.arn}")
        return found

    def configuration(self, ref: FunctionRef) -> Configuration:
        """That of a version, or of the version that an alias points to. Raises NotFoundError."""
        try:
            function = self.function(ref.key)
        except NotFoundError:
            raise NotFoundError(f"Function not found: {ref.arn}") from None
        if ref.qualifier in (None, LATEST):
            return function.latest
        assert ref.qualifier is not None
        number = ref.qualifier
        if not is_version(number):
            alias = self.aliases.get(ref.key, number)
            number = "" if alias is None else alias.version
        found = function.latest if number == LATEST else self.versions.get(ref.key, number)
        if found is None:
            raise NotFoundError(f"Function not found: {ref.arn}")
        return found

    def check_qualifier(self, ref: FunctionRef) -> str:
        """The qualifier, "$LATEST" for none, of something that exists. Raises NotFoundError."""
        self.configuration(ref)
        return ref.qualifier or LATEST

    def alias(self, key: FunctionKey, name: str) -> Alias:
        """Raises NotFoundError."""
        self.function(key)
        found = self.aliases.get(key, name)
        if found is None:
            raise NotFoundError(f"Cannot find alias arn: {key.qualified(name)}")
        return found

    def of_scope(self, scope: Scope) -> list[Function]:
        """All functions of an account in a region, those of the program too."""
        found = {owner[2]: each for owner, _, each in self.functions if owner[:2] == (scope.account, scope.region)}
        if scope == self._broker.settings.scope:
            keys = (FunctionKey(scope.account, scope.region, name) for name in self.handlers)
            found |= {key.name: of_handler(self.handlers[key.name], key) for key in keys}
        return [found[name] for name in sorted(found)]

    def handler(self, ref: FunctionRef) -> FunctionSpec | None:
        """The program's own handler of that name; it has no versions. Raises NotFoundError for one of them."""
        spec = self._local(ref.key)
        if spec is not None and ref.qualifier not in (None, LATEST):
            raise NotFoundError(f"Function not found: {ref.arn}")
        return spec

    def reserved(self, scope: Scope, but: FunctionKey | None = None) -> list[int]:
        """Reserved concurrencies of the scope's functions."""
        of_scope = (each for each in self.of_scope(scope) if each.key != but)
        return [each.reserved for each in of_scope if each.reserved is not None]

    def layer_version(self, arn: str) -> LayerVersion:
        """One that functions have, perhaps deleted since. Raises InvalidValueError when it is not there."""
        parsed = parse_layer_version(arn)
        found = None if parsed is None else self.layer_versions.get(parsed[0], str(parsed[1]))
        if found is None:
            raise InvalidValueError(f"Layer version {arn[:300]} does not exist.")
        return found

    def used_layers(self) -> set[str]:
        """ARNs of all layer versions that functions have."""
        latest = {arn for _, _, function in self.functions for arn in function.latest.layers}
        return latest | {arn for _, _, version in self.versions for arn in version.layers}

    def digests(self) -> set[str]:
        """All archives in use."""
        latest = {function.latest.code.digest for _, _, function in self.functions}
        versions = {version.code.digest for _, _, version in self.versions}
        return (latest | versions | {layer.code.digest for _, _, layer in self.layer_versions}) - {""}

    def stored_bytes(self, scope: Scope) -> int:
        """Of all archives of the scope, each counted where it is used, as AWS counts."""
        wanted = (scope.account, scope.region)
        codes = [each.latest.code for owner, _, each in self.functions if owner[:2] == wanted]
        codes += [each.code for owner, _, each in self.versions if owner[:2] == wanted]
        codes += [each.code for owner, _, each in self.layer_versions if owner[:2] == wanted]
        return sum(code.size_bytes for code in codes)

    # ------------------------------------------------------------ changing

    @asynccontextmanager
    async def changing(self, key: FunctionKey | None = None) -> AsyncIterator[None]:
        """One change at a time; with a key, of a function that is not the program's own. Raises InvalidValueError."""
        if key is not None and self._local(key) is not None:
            raise InvalidValueError(f"{key.name} is a handler of the program that runs this endpoint; change it there.")
        async with self._changing:
            yield
        if key is not None:
            self.tell(key)

    def tell(self, key: FunctionKey) -> None:
        for hear in self.on_change:
            hear(key)

    async def create(self, function: Function, *, is_published: bool) -> Configuration:
        """Makes a function, Pending; the version too if it is to be published. Raises ConflictError."""
        key = function.key
        if self._local(key) is not None:
            raise ConflictError(f"Function already exist: {key.name}")
        async with self.changing(key):
            if self.functions.get(key) is not None:
                raise ConflictError(f"Function already exist: {key.name}")
            self.check_storage(key.scope, function.latest.code)
            told = function.latest
            if is_published:
                done = publish(function, {}, revision())
                function, told = done.function, done.version
                await self.versions.put(key, told.version, told)
            await self.functions.put(key, "", function)
        self._settle_later(key)
        return told

    async def update(
        self, key: FunctionKey, rule: Rule, revision_id: str | None = None, *, is_published: bool = False
    ) -> Configuration:
        """Changes `$LATEST` by a rule; it is InProgress on return. Raises what the rule raises, NotFoundError,
        ConflictError, PreconditionError."""
        async with self.changing(key):
            function = self.function(key)
            before = function.latest
            rules.check_changeable(before)
            rules.check_revision(before.revision_id, revision_id)
            after = msgspec.structs.replace(
                rule(before), revision_id=revision(), modified_ms=self.now_ms(), last_update=UpdateStatus.IN_PROGRESS
            )
            function = msgspec.structs.replace(function, latest=after)
            await self.functions.put(key, "", function)
            if is_published:
                after = (await self._publish(function, None)).version
        self._settle_later(key)
        self._forsake(key, before.code.digest)
        return after

    async def publish(
        self, key: FunctionKey, description: str | None, check: Callable[[Function], None]
    ) -> Configuration:
        """Raises what `check` raises, NotFoundError, ConflictError."""
        async with self.changing(key):
            function = self.function(key)
            rules.check_changeable(function.latest)
            check(function)
            return (await self._publish(function, description)).version

    async def _publish(self, function: Function, description: str | None) -> Publication:
        key = function.key
        done = publish(function, self.versions.of(key), revision(), description)
        if done.is_new:
            self.check_storage(key.scope, done.version.code)
            await self.versions.put(key, done.version.version, done.version)
            await self.functions.put(key, "", done.function)
        return done

    async def save(self, function: Function) -> None:
        """Keeps a function that was changed under `changing`."""
        await self.functions.put(function.key, "", function)

    async def delete(self, key: FunctionKey) -> None:
        """Removes a function with all that belongs to it. Raises NotFoundError."""
        async with self.changing(key):
            digests = {self.function(key).latest.code.digest}
            digests |= {version.code.digest for version in self.versions.of(key).values()}
            await self.functions.remove(key)
            for shelf in self._of_functions:
                await shelf.clear(key)
        self._forsake(key, *digests)

    async def delete_version(self, key: FunctionKey, number: str) -> None:
        """Raises NotFoundError, and ConflictError when an alias points to it. One that is not there is no error."""
        async with self.changing(key):
            self.function(key)
            users = [each.name for each in self.aliases.of(key).values() if number in (each.version, *each.weights)]
            if users:
                names = ", ".join(sorted(users))
                raise ConflictError(f"Version {number} cannot be deleted: the aliases [{names}] point to it.")
            removed = await self.versions.remove(key, number)
            for shelf in (self.invoke_configs, self.provisioned, self.management):
                await shelf.remove(key, number)
        if removed is not None:
            self._forsake(key, removed.code.digest)

    def check_storage(self, scope: Scope, code: Code) -> None:
        """Raises CodeStorageError: with this code the account has more than AWS gives."""
        if self.stored_bytes(scope) + code.size_bytes > rules.CODE_STORAGE_MAX_BYTES:
            raise CodeStorageError("Code storage limit exceeded.")

    def check_code(self, layers: Iterable[str], code: Code, *, had: Iterable[str] = ()) -> None:
        """Raises InvalidValueError: layers that are not there, or more bytes than a function may have. `had` are those
        that the function has already, which may have been deleted since."""
        arns, known = list(layers), set(had)
        rules.check_layers(arns)
        for arn in arns:
            if self.layer_version(arn).is_deleted and arn not in known:
                raise InvalidValueError(f"Layer version {arn} does not exist.")
        rules.check_unzipped(code.unzipped_bytes, sum(self.layer_version(arn).code.unzipped_bytes for arn in arns))

    def forsake(self, digest: str) -> None:
        """An archive of no function is used no more."""
        if digest and digest not in self.digests():
            self._spawn(self.code.remove(digest))

    def rested(self, key: FunctionKey) -> None:
        """Nothing of a function runs any more: code that it has left can go."""
        for digest in self._unused.pop(key, ()):
            self.forsake(digest)

    # ------------------------------------------------------------

    def _forsake(self, key: FunctionKey, *digests: str) -> None:
        self._unused.setdefault(key, set()).update(digests)
        if not self.is_busy(key):
            self.rested(key)

    def _local(self, key: FunctionKey) -> FunctionSpec | None:
        return self.handlers.get(key.name) if key.scope == self._broker.settings.scope else None

    def _settle_later(self, key: FunctionKey) -> None:
        self._spawn(self._settle_after(key, self.now_ms() + self._broker.settings.transition_ms))

    async def _settle_after(self, key: FunctionKey, due_ms: int) -> None:
        await sleep_until_ms(self._broker.clock, due_ms)
        async with self._changing:
            await self._settle(key)
        self.tell(key)

    async def _settle(self, key: FunctionKey) -> None:
        function = self.functions.get(key)
        if function is None:
            return
        for number, version in list(self.versions.of(key).items()):
            if rules.is_changing(version):
                await self.versions.put(key, number, rules.settled(version, version.revision_id))
        if rules.is_changing(function.latest):
            await self.save(msgspec.structs.replace(function, latest=rules.settled(function.latest, revision())))

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a change of a function did not end", exc_info=task.exception())

    def __repr__(self) -> str:
        return f"<Catalog {self.functions!r}>"


def of_handler(spec: FunctionSpec, key: FunctionKey) -> Function:
    """How a handler of the program looks among the functions."""
    return Function(
        latest=Configuration(
            name=spec.name,
            account=key.account,
            region=key.region,
            role=_LOCAL_ROLE,
            runtime=spec.runtime or f"python{sys.version_info.major}.{sys.version_info.minor}",
            handler=spec.handler,
            code=Code(folder=spec.paths[0] if spec.paths else ""),
            revision_id=str(uuid.uuid5(uuid.NAMESPACE_OID, repr(spec))),
            modified_ms=0,
            description="A handler of the program that runs this endpoint.",
            timeout_s=math.ceil(spec.timeout_ms / 1000),
            memory_mb=spec.memory_mb,
            tmp_mb=spec.tmp_mb,
            environment=spec.environment or None,
        )
    )
