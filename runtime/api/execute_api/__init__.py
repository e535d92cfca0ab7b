"""The data plane of API Gateway: requests to deployed APIs, under every name that these have."""

from runtime.api.execute_api.addresses import HOST_PART, PATH_PREFIX, RESTAPIS_PREFIX
from runtime.api.execute_api.door import ExecuteApi, Plane

__all__ = ["HOST_PART", "PATH_PREFIX", "RESTAPIS_PREFIX", "ExecuteApi", "Plane"]
