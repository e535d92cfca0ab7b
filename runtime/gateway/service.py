"""REST APIs of a broker as one thing: what is kept of them, and the way of a request through them."""

from __future__ import annotations

from runtime.gateway.apis import Apis
from runtime.gateway.authorizers import Authorizers
from runtime.gateway.function_call import FunctionCalls
from runtime.gateway.integrations import Integrations
from runtime.gateway.keys import Keys
from runtime.gateway.pipeline import Pipeline
from runtime.gateway.ports import Ports
from runtime.gateway.records import AccountRecord, Shelf
from runtime.model.apigateway.values import Account, ThrottleSettings
from streamcore.broker import Broker
from streamcore.model.stream import Scope

#: What GetAccount tells of an account that never said anything.
_ACCOUNT = Account(
    throttle_settings=ThrottleSettings(burst_limit=5000, rate_limit=10_000.0),
    features=["UsagePlans"],
    api_key_version="4",
)


class Gateway:
    """What the `apigateway` API acts on, and what serves the data plane. `functions` and `authorizer cache` are of
    use to HTTP APIs as well."""

    def __init__(self, broker: Broker, ports: Ports) -> None:
        self.clock = broker.clock
        self.apis = Apis(broker)
        self.keys = Keys(broker)
        self.functions = FunctionCalls(ports.call_function)
        self.authorizers = Authorizers(broker.clock, self.functions)
        self.apis.on_change.append(self.authorizers.forget)
        integrations = Integrations(ports, self.functions)
        self.pipeline = Pipeline(broker.clock, self.apis, self.keys, self.authorizers, integrations, ports.write_log)
        self._accounts = Shelf(broker, "apigateway-account", AccountRecord)

    def __repr__(self) -> str:
        return f"<Gateway {self.apis} {self.keys}>"

    async def start(self) -> None:
        """Reads what is kept; stages are compiled when they are asked for."""
        await self.apis.start()
        await self.keys.start()
        await self._accounts.start()

    async def close(self) -> None:
        await self.functions.close()
        await self.keys.close()

    def account(self, scope: Scope) -> Account:
        found = self._accounts.held.get((scope.account, scope.region))
        return _ACCOUNT if found is None else found.settings

    async def save_account(self, scope: Scope, settings: Account) -> None:
        record = AccountRecord(account=scope.account, region=scope.region, settings=settings)
        await self._accounts.put((scope.account, scope.region), record)
