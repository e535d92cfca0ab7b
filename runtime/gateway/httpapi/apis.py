"""HTTP APIs, their deployments and stages: kept durably, found by id, served from what is compiled of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from runtime.errors import ApiConflictError, ApiGatewayError, ApiLimitError, ApiNotFoundError
from runtime.gateway.ids import new_id
from runtime.gateway.records import Record, Shelf
from runtime.model.apigateway.values import changed
from runtime.model.httpapi.route_key import DEFAULT
from runtime.model.httpapi.served import ServedHttpStage
from runtime.model.httpapi.values import HttpContent, HttpDeployment, HttpStage
from streamcore.broker import Broker
from streamcore.model.stream import Scope

APIS_MAX: Final = 600
STAGES_MAX: Final = 10
#: Deployments that are kept of one API; the oldest that no stage serves goes first.
DEPLOYMENTS_MAX: Final = 50


#: Deployments are done at once.
DEPLOYED: Final = "DEPLOYED"


class HttpApiRecord(Record, frozen=True, kw_only=True):
    content: HttpContent

    @property
    def id(self) -> str:
        return self.content.api.api_id


class HttpDeploymentRecord(Record, frozen=True, kw_only=True):
    """`content` is the API as it was when it was deployed."""

    api_id: str
    deployment: HttpDeployment
    content: HttpContent


class HttpStageRecord(Record, frozen=True, kw_only=True):
    api_id: str
    stage: HttpStage


class HttpApis:
    """Found by id alone in the data plane, by account and region in the management API."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._clock = broker.clock
        self._apis = Shelf(broker, "httpapi-api", HttpApiRecord)
        self._deployments = Shelf(broker, "httpapi-deployment", HttpDeploymentRecord)
        self._stages = Shelf(broker, "httpapi-stage", HttpStageRecord)
        self._served: dict[tuple[str, str], ServedHttpStage] = {}
        #: Held while something is read to be changed.
        self.changing = asyncio.Lock()
        #: Told (API id, stage) when what a stage serves has changed.
        self.on_change: list[Callable[[str, str], None]] = []

    def __repr__(self) -> str:
        return f"<HttpApis {len(self._apis.held)}, {len(self._stages.held)} stages>"

    async def start(self) -> None:
        for shelf in (self._apis, self._deployments, self._stages):
            await shelf.start()

    def now(self) -> str:
        """The time as it is told."""
        return f"{datetime.fromtimestamp(self._clock.now_ms() // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"

    # ------------------------------------------------------------ APIs

    def apis(self, scope: Scope) -> list[HttpApiRecord]:
        return list(self._apis.of(scope).values())

    def api(self, scope: Scope, api_id: str) -> HttpApiRecord:
        """Raises ApiNotFoundError."""
        found = self._apis.held.get((api_id,))
        if found is None or found.scope != scope:
            raise ApiNotFoundError(f"Invalid API identifier specified {scope.account}:{api_id}")
        return found

    def owns(self, api_id: str) -> bool:
        """Whether an HTTP API has this id, in any account."""
        return (api_id,) in self._apis.held

    async def create(self, record: HttpApiRecord, *stages: HttpStage) -> None:
        """With stages that deploy themselves. Raises ApiLimitError."""
        if len(self._apis.of(record.scope)) >= APIS_MAX:
            raise ApiLimitError("Maximum number of APIs has been reached.")
        await self._put(record, list(stages))

    async def save(self, record: HttpApiRecord, content: HttpContent) -> HttpApiRecord:
        """With other content, which stages that deploy themselves serve from now on, in one commit."""
        after = changed(record, content=content)
        stages = [each.stage for each in self.stages(record)]
        await self._put(after, [each for each in stages if each.auto_deploy])
        for each in stages:  # the API's own settings hold in all of them
            self._forget(record.id, each.stage_name)
        return after

    async def delete(self, record: HttpApiRecord) -> None:
        """With its deployments and stages, in one commit."""
        deployments = [key for key in self._deployments.held if key[0] == record.id]
        stages = [key for key in self._stages.held if key[0] == record.id]
        await self._broker.save_documents(
            [
                self._apis.document((record.id,), None),
                *(self._deployments.document(key, None) for key in deployments),
                *(self._stages.document(key, None) for key in stages),
            ]
        )
        self._apis.hold((record.id,), None)
        for key in deployments:
            self._deployments.hold(key, None)
        for key in stages:
            self._stages.hold(key, None)
            self._forget(*key)

    # ------------------------------------------------------------ deployments

    def deployments(self, record: HttpApiRecord) -> list[HttpDeploymentRecord]:
        """The newest first."""
        found = [each for key, each in self._deployments.held.items() if key[0] == record.id]
        return sorted(found, key=lambda each: each.deployment.created_date)[::-1]

    def deployment(self, record: HttpApiRecord, deployment_id: str) -> HttpDeploymentRecord:
        """Raises ApiNotFoundError."""
        found = self._deployments.held.get((record.id, deployment_id))
        if found is None:
            raise ApiNotFoundError("Invalid Deployment identifier specified")
        return found

    async def deploy(self, record: HttpApiRecord, description: str | None, stage: HttpStage | None) -> HttpDeployment:
        """Keeps the API as it is, and serves it by the stage if there is one, in one commit."""
        made = HttpDeployment(
            deployment_id=new_id(length=6),
            auto_deployed=False,
            created_date=self.now(),
            deployment_status=DEPLOYED,
            description=description,
        )
        await self._put(record, [] if stage is None else [stage], made)
        return made

    async def save_deployment(self, before: HttpDeploymentRecord, deployment: HttpDeployment) -> None:
        await self._deployments.put((before.api_id, deployment.deployment_id), changed(before, deployment=deployment))

    async def delete_deployment(self, record: HttpApiRecord, deployment_id: str) -> None:
        """Raises ApiNotFoundError, ApiGatewayError when a stage serves it."""
        self.deployment(record, deployment_id)
        if any(each.stage.deployment_id == deployment_id for each in self.stages(record)):
            raise ApiGatewayError("Active stages pointing to this deployment must be moved or deleted")
        await self._deployments.put((record.id, deployment_id), None)

    # ------------------------------------------------------------ stages

    def stages(self, record: HttpApiRecord) -> list[HttpStageRecord]:
        return [each for key, each in sorted(self._stages.held.items()) if key[0] == record.id]

    def stage(self, record: HttpApiRecord, name: str) -> HttpStage:
        """Raises ApiNotFoundError."""
        found = self._stages.held.get((record.id, name))
        if found is None:
            raise ApiNotFoundError("Invalid stage identifier specified")
        return found.stage

    async def create_stage(self, record: HttpApiRecord, stage: HttpStage) -> HttpStage:
        """Raises ApiConflictError, ApiLimitError, ApiNotFoundError for its deployment."""
        if (record.id, stage.stage_name) in self._stages.held:
            raise ApiConflictError("Stage already exists")
        if len(self.stages(record)) >= STAGES_MAX:
            raise ApiLimitError(f"Maximum number of stages for this API has been reached. Limit: {STAGES_MAX}")
        return await self.save_stage(record, stage)

    async def save_stage(self, record: HttpApiRecord, stage: HttpStage) -> HttpStage:
        """It serves what it says from now on; one that deploys itself, the API as it is. Raises ApiNotFoundError for
        its deployment."""
        if stage.auto_deploy:
            await self._put(record, [stage])
            return self.stage(record, stage.stage_name)
        if stage.deployment_id is not None:
            self.deployment(record, stage.deployment_id)
        await self._stages.put((record.id, stage.stage_name), self._stage_record(record, stage))
        self._forget(record.id, stage.stage_name)
        return stage

    async def delete_stage(self, record: HttpApiRecord, name: str) -> None:
        """Raises ApiNotFoundError."""
        self.stage(record, name)
        await self._stages.put((record.id, name), None)
        self._forget(record.id, name)

    # ------------------------------------------------------------ one commit

    async def _put(
        self, record: HttpApiRecord, stages: list[HttpStage], deployment: HttpDeployment | None = None
    ) -> None:
        """The API, and what these stages serve of it from now on."""
        documents = [self._apis.document((record.id,), record)]
        made = deployment if deployment is not None or not stages else self._automatic()
        deployments: dict[tuple[str, ...], HttpDeploymentRecord | None] = {}
        if made is not None:
            deployments = dict.fromkeys(self._superfluous(record, {each.stage_name for each in stages}))
            deployments[record.id, made.deployment_id] = HttpDeploymentRecord(
                account=record.account, region=record.region, api_id=record.id, deployment=made, content=record.content
            )
        served = [self._stage_record(record, self._serving(each, made)) for each in stages]
        documents += [self._deployments.document(key, each) for key, each in deployments.items()]
        documents += [self._stages.document((record.id, each.stage.stage_name), each) for each in served]
        await self._broker.save_documents(documents)
        self._apis.hold((record.id,), record)
        for key, each in deployments.items():
            self._deployments.hold(key, each)
        for stage in served:
            self._stages.hold((record.id, stage.stage.stage_name), stage)
            self._forget(record.id, stage.stage.stage_name)

    def _automatic(self) -> HttpDeployment:
        return HttpDeployment(
            deployment_id=new_id(length=6),
            auto_deployed=True,
            created_date=self.now(),
            deployment_status=DEPLOYED,
            description="Automatic deployment triggered by changes to the Api configuration",
        )

    def _serving(self, stage: HttpStage, deployment: HttpDeployment | None) -> HttpStage:
        if deployment is None:
            return stage
        message = None
        if stage.auto_deploy:
            message = f"Successfully deployed stage with deployment ID '{deployment.deployment_id}'"
        return changed(
            stage,
            deployment_id=deployment.deployment_id,
            last_updated_date=self.now(),
            last_deployment_status_message=message,
        )

    def _superfluous(self, record: HttpApiRecord, moving: set[str]) -> list[tuple[str, ...]]:
        """Deployments to be dropped for a new one; `moving` are the stages that will serve that."""
        present = self.deployments(record)
        stages = [each.stage for each in self.stages(record)]
        served = {each.deployment_id for each in stages if each.stage_name not in moving}
        idle = [each for each in present if each.deployment.deployment_id not in served]
        too_many = len(present) + 1 - DEPLOYMENTS_MAX
        return [(record.id, each.deployment.deployment_id) for each in idle[-too_many:]] if too_many > 0 else []

    def _stage_record(self, record: HttpApiRecord, stage: HttpStage) -> HttpStageRecord:
        return HttpStageRecord(account=record.account, region=record.region, api_id=record.id, stage=stage)

    # ------------------------------------------------------------ serving

    def addressed(self, api_id: str, path: str) -> tuple[str, str]:
        """(stage, path below it) of a path, percent-encoded: by its first part if that is a stage, else `$default`."""
        first, _, rest = path[1:].partition("/")
        name = DEFAULT if first.lower() == "%24default" else first
        if (api_id, name) in self._stages.held:
            return name, f"/{rest}"
        return DEFAULT, path

    def served(self, api_id: str, stage: str) -> ServedHttpStage | None:
        """What a stage serves, compiled at its first request; None when there is no such stage, or nothing deployed."""
        found = self._served.get((api_id, stage))
        if found is None:
            record = self._stages.held.get((api_id, stage))
            if record is None or record.stage.deployment_id is None:
                return None
            deployed = self._deployments.held[api_id, record.stage.deployment_id]
            api = self._apis.held[(api_id,)].content.api  # its settings need no deployment
            content = changed(deployed.content, api=api)
            found = ServedHttpStage(record.account, record.region, content, record.stage)
            self._served[api_id, stage] = found
        return found

    def _forget(self, api_id: str, stage: str) -> None:
        self._served.pop((api_id, stage), None)
        for tell in self.on_change:
            tell(api_id, stage)
