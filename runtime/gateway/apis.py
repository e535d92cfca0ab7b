"""REST APIs, their deployments and stages: kept durably, found by id, served from what is compiled of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

import msgspec

from runtime.errors import ApiConflictError, ApiGatewayError, ApiLimitError, ApiNotFoundError
from runtime.gateway.records import ApiRecord, DeploymentRecord, Shelf, StageRecord
from runtime.model.apigateway.served import BROKEN, ServedStage
from runtime.model.apigateway.structure import methods_of
from runtime.model.apigateway.values import Content, Deployment, Stage
from streamcore.broker import Broker
from streamcore.model.stream import Scope

log = logging.getLogger(__name__)

APIS_MAX: Final = 600
RESOURCES_MAX: Final = 300
STAGES_MAX: Final = 10
#: Deployments that are kept of one API; the oldest that no stage serves goes first.
DEPLOYMENTS_MAX: Final = 200


class Apis:
    """Found by id alone in the data plane, by account and region in the management API."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._clock = broker.clock
        self._apis = Shelf(broker, "apigateway-api", ApiRecord)
        self._deployments = Shelf(broker, "apigateway-deployment", DeploymentRecord)
        self._stages = Shelf(broker, "apigateway-stage", StageRecord)
        self._served: dict[tuple[str, str], ServedStage] = {}
        #: Held while something is read to be changed.
        self.changing = asyncio.Lock()
        #: Told (API id, stage, or "" for all of them) when what a stage serves has changed.
        self.on_change: list[Callable[[str, str], None]] = []

    def __repr__(self) -> str:
        return f"<Apis {len(self._apis.held)}, {len(self._stages.held)} stages>"

    async def start(self) -> None:
        for shelf in (self._apis, self._deployments, self._stages):
            await shelf.start()

    # ------------------------------------------------------------ APIs

    def apis(self, scope: Scope) -> list[ApiRecord]:
        return list(self._apis.of(scope).values())

    def api(self, scope: Scope, api_id: str) -> ApiRecord:
        """Raises ApiNotFoundError."""
        found = self._apis.held.get((api_id,))
        if found is None or found.scope != scope:
            raise ApiNotFoundError(f"Invalid API identifier specified {scope.account}:{api_id}")
        return found

    def owns(self, api_id: str) -> bool:
        """Whether a REST API has this id, in any account."""
        return (api_id,) in self._apis.held

    def record(self, api_id: str) -> ApiRecord | None:
        """By id, in any account."""
        return self._apis.held.get((api_id,))

    async def create(self, record: ApiRecord) -> None:
        """Raises ApiLimitError."""
        if len(self._apis.of(record.scope)) >= APIS_MAX:
            raise ApiLimitError("Maximum number of REST APIs has been reached.")
        await self._apis.put((record.id,), record)

    async def save(self, record: ApiRecord, content: Content) -> ApiRecord:
        """With other content; nothing of it is served before it is deployed. Raises ApiLimitError."""
        if len(content.resources) > RESOURCES_MAX:
            raise ApiLimitError(f"Maximum number of resources for this API has been reached. Limit: {RESOURCES_MAX}")
        after = msgspec.structs.replace(record, content=content)
        await self._apis.put((record.id,), after)
        return after

    async def delete(self, record: ApiRecord) -> None:
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

    def deployments(self, record: ApiRecord) -> list[DeploymentRecord]:
        """The newest first."""
        found = [each for each in self._deployments.held.values() if each.api_id == record.id]
        return sorted(found, key=lambda each: each.deployment.created_date, reverse=True)

    def deployment(self, record: ApiRecord, deployment_id: str) -> DeploymentRecord:
        """Raises ApiNotFoundError."""
        found = self._deployments.held.get((record.id, deployment_id))
        if found is None:
            raise ApiNotFoundError("Invalid Deployment identifier specified")
        return found

    async def deploy(self, record: ApiRecord, deployment: Deployment, stage: Stage | None) -> None:
        """Keeps the API as it is, and serves it by the stage if there is one, in one commit. Raises ApiGatewayError."""
        check_deployable(record.content)
        made = DeploymentRecord(
            account=record.account,
            region=record.region,
            api_id=record.id,
            deployment=deployment,
            content=record.content,
        )
        key = (record.id, deployment.id)
        old = self._superfluous(record)
        documents = [self._deployments.document(key, made), *(self._deployments.document(each, None) for each in old)]
        if stage is not None:
            documents.append(self._stages.document((record.id, stage.stage_name), self._stage_record(record, stage)))
        await self._broker.save_documents(documents)
        self._deployments.hold(key, made)
        for each in old:
            self._deployments.hold(each, None)
        if stage is not None:
            self._stages.hold((record.id, stage.stage_name), self._stage_record(record, stage))
            self._forget(record.id, stage.stage_name)

    def _superfluous(self, record: ApiRecord) -> list[tuple[str, str]]:
        present = self.deployments(record)
        served = {each.stage.deployment_id for each in self._stages.held.values() if each.api_id == record.id}
        idle = [each for each in present if each.deployment.id not in served]
        too_many = len(present) + 1 - DEPLOYMENTS_MAX
        return [(record.id, each.deployment.id) for each in idle[-too_many:]] if too_many > 0 else []

    async def save_deployment(self, before: DeploymentRecord, deployment: Deployment) -> None:
        after = msgspec.structs.replace(before, deployment=deployment)
        await self._deployments.put((before.api_id, deployment.id), after)

    async def delete_deployment(self, record: ApiRecord, deployment_id: str) -> None:
        """Raises ApiNotFoundError, ApiGatewayError when a stage serves it."""
        found = self.deployment(record, deployment_id)
        if any(each.stage.deployment_id == deployment_id for each in self.stages(record)):
            raise ApiGatewayError("Active stages pointing to this deployment must be moved or deleted")
        await self._deployments.put((record.id, found.deployment.id), None)

    # ------------------------------------------------------------ stages

    def stages(self, record: ApiRecord) -> list[StageRecord]:
        return [each for key, each in sorted(self._stages.held.items()) if key[0] == record.id]

    def stage(self, record: ApiRecord, name: str) -> StageRecord:
        """Raises ApiNotFoundError."""
        found = self._stages.held.get((record.id, name))
        if found is None:
            raise ApiNotFoundError("Invalid stage identifier specified")
        return found

    def has_stage(self, api_id: str, name: str) -> bool:
        return (api_id, name) in self._stages.held

    async def create_stage(self, record: ApiRecord, stage: Stage) -> None:
        """Raises ApiConflictError, ApiLimitError, ApiNotFoundError for its deployment."""
        self.deployment(record, stage.deployment_id)
        if self.has_stage(record.id, stage.stage_name):
            raise ApiConflictError("Stage already exists")
        self.check_stages(record)
        await self.save_stage(record, stage)

    def check_stages(self, record: ApiRecord) -> None:
        """Whether there is room for one more. Raises ApiLimitError."""
        if len(self.stages(record)) >= STAGES_MAX:
            raise ApiLimitError(f"Maximum number of stages for this API has been reached. Limit: {STAGES_MAX}")

    async def save_stage(self, record: ApiRecord, stage: Stage) -> None:
        """It serves what it says from now on. Raises ApiNotFoundError for its deployment."""
        self.deployment(record, stage.deployment_id)
        await self._stages.put((record.id, stage.stage_name), self._stage_record(record, stage))
        self._forget(record.id, stage.stage_name)

    async def delete_stage(self, record: ApiRecord, name: str) -> None:
        """Raises ApiNotFoundError."""
        self.stage(record, name)
        await self._stages.put((record.id, name), None)
        self._forget(record.id, name)

    def _stage_record(self, record: ApiRecord, stage: Stage) -> StageRecord:
        return StageRecord(account=record.account, region=record.region, api_id=record.id, stage=stage)

    # ------------------------------------------------------------ serving

    def served(self, api_id: str, stage: str) -> ServedStage | None:
        """What a stage serves, compiled at its first request; None when there is no such stage."""
        found = self._served.get((api_id, stage))
        if found is None:
            record = self._stages.held.get((api_id, stage))
            if record is None:
                return None
            found = self._compile(record)
            self._served[api_id, stage] = found
        return found

    def _compile(self, record: StageRecord) -> ServedStage:
        deployed = self._deployments.held[record.api_id, record.stage.deployment_id]
        try:
            return ServedStage(record.account, record.region, deployed.content, record.stage)
        except BROKEN as error:  # a gateway response that came by an import
            log.warning("gateway responses of %s are left out: %s", record.api_id, error)
            content = msgspec.structs.replace(deployed.content, gateway_responses={})
            return ServedStage(record.account, record.region, content, record.stage)

    def _forget(self, api_id: str, stage: str) -> None:
        self._served.pop((api_id, stage), None)
        for tell in self.on_change:
            tell(api_id, stage)


def check_deployable(content: Content) -> None:
    """Raises ApiGatewayError."""
    methods = list(methods_of(content))
    if not methods:
        raise ApiGatewayError("The REST API doesn't contain any methods")
    if any(each.method_integration is None for each in methods):
        raise ApiGatewayError("No integration defined for method")
