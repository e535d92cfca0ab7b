"""HTTP APIs of a broker as one thing: what is kept of them, and the way of a request through them."""

from __future__ import annotations

from runtime.gateway.function_call import FunctionCalls
from runtime.gateway.httpapi.apis import HttpApis
from runtime.gateway.httpapi.authorizers import HttpAuthorizers
from runtime.gateway.httpapi.integrations import HttpIntegrations
from runtime.gateway.httpapi.keys import IssuerKeys
from runtime.gateway.httpapi.pipeline import HttpPipeline
from runtime.gateway.ports import Ports
from streamcore.broker import Broker


class HttpGateway:
    """What the `apigatewayv2` API acts on, and what serves its data plane."""

    def __init__(self, broker: Broker, ports: Ports) -> None:
        self.apis = HttpApis(broker)
        self._functions = FunctionCalls(ports.call_function)
        self._keys = IssuerKeys(broker.clock, ports.call_http)
        self.authorizers = HttpAuthorizers(broker.clock, self._functions, self._keys)
        self.apis.on_change.append(self.authorizers.forget)
        integrations = HttpIntegrations(ports, self._functions)
        self.pipeline = HttpPipeline(broker.clock, self.apis, self.authorizers, integrations, ports.write_log)

    def __repr__(self) -> str:
        return f"<HttpGateway {self.apis}>"

    async def start(self) -> None:
        """Reads what is kept; stages are compiled when they are asked for."""
        await self.apis.start()

    async def close(self) -> None:
        await self._functions.close()
        await self._keys.close()
