"""How much one client - one address - may have open and under way, so that it cannot take everything from the others.

Clients on loopback are the machine's own and all have one address: only the totals bound them.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from streamcore.config import Settings


@lru_cache(maxsize=4096)
def is_own(address: str) -> bool:
    """Whether an address is this machine's loopback; also what has none (a Unix socket)."""
    try:
        return not address or ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


class Clients:
    """Counts connections and requests by address. An address that has nothing is not remembered."""

    def __init__(self, settings: Settings) -> None:
        self._connections_max = settings.max_connections_per_client
        self._requests_max = settings.max_requests_per_client
        self._connections: dict[str, int] = {}
        self._requests: dict[str, int] = {}

    def connect(self, address: str) -> bool:
        """False when the client has as many as it may; else `disconnect` is due."""
        return self._take(self._connections, address, self._connections_max)

    def disconnect(self, address: str) -> None:
        self._give_back(self._connections, address)

    def begin(self, address: str) -> bool:
        """False when the client has as many requests under way as it may; else `end` is due."""
        return self._take(self._requests, address, self._requests_max)

    def end(self, address: str) -> None:
        self._give_back(self._requests, address)

    def _take(self, counts: dict[str, int], address: str, most: int) -> bool:
        count = counts.get(address, 0)
        if count >= most and not is_own(address):
            return False
        counts[address] = count + 1
        return True

    def _give_back(self, counts: dict[str, int], address: str) -> None:
        count = counts[address] - 1
        if count:
            counts[address] = count
        else:
            del counts[address]

    def __repr__(self) -> str:
        return f"<Clients {len(self._connections)}, {sum(self._requests.values())} requests>"


def address_of(peername: object) -> str:
    """The address in what a transport calls `peername`; empty for what has none."""
    return str(peername[0]) if isinstance(peername, tuple) and peername else ""
