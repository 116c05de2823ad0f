"""ICE inside a range of UDP ports, and deaf to malformed STUN."""

import asyncio
import ipaddress
import logging
import random
import socket
import struct
from typing import Any

from aioice import Candidate, Connection, TransportPolicy
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import StunProtocol, get_host_addresses, relayed_candidate, server_reflexive_candidate

log = logging.getLogger(__name__)
RECEIVE_BUFFER_BYTES = 1 << 18
GATHER_TIMEOUT_S = 5
SHORTEST_PACKET_BYTES = 12  # An RTP header; those of STUN and DTLS are longer.


class NoPortsLeft(OSError):
    """Every UDP port of MEDIA_UDP_PORTS is in use: widen the range or lower the node's capacity."""


class GuardedStunProtocol(StunProtocol):
    """Drops what neither STUN, DTLS nor RTP can be, and malformed STUN, at which aioice raises struct.error."""

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        if len(data) < SHORTEST_PACKET_BYTES:
            # aiortc looks at the first byte without asking; an empty datagram from anybody would end the call.
            return
        try:
            super().datagram_received(data, addr)
        except (struct.error, ValueError, IndexError, KeyError, UnicodeDecodeError) as error:
            log.info("A malformed datagram from %s was ignored: %s", addr[0], error)


def bind_udp(address: str, ports: range) -> socket.socket:
    """
    Bind a datagram socket of `address` to a free port of `ports`, beginning anywhere in the range.

    Raises:
        NoPortsLeft: none is free.
    """
    family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
    first = random.randrange(len(ports))
    for step in range(len(ports)):
        sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            sock.bind((address, ports[(first + step) % len(ports)]))
        except PermissionError:
            sock.close()
            raise
        except OSError as error:
            sock.close()
            if error.errno == 99:  # EADDRNOTAVAIL: the address went away, another port won't help.
                raise
            continue
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        return sock
    raise NoPortsLeft(f"No UDP port of {ports.start}-{ports.stop - 1} is free on {address}.")


class PortRangeConnection(Connection):
    """
    An aioice connection whose host candidates lie inside a range of ports.

    `address` is the one that browsers reach the node by: bound alone if it is this machine's own; otherwise (a router
    in front translates it, ports unchanged) told in place of the first bound IPv4 address.
    """

    def __init__(self, *, ports: range, ice_controlling: bool, address: str = "", **kwargs: Any) -> None:
        super().__init__(ice_controlling=ice_controlling, **kwargs)
        self._ports = ports
        self._address = address

    async def gather_candidates(self) -> None:
        await super().gather_candidates()
        if not self.local_candidates:
            raise NoPortsLeft(
                f"No address could be bound within the UDP ports {self._ports.start}-{self._ports.stop - 1}."
            )

    async def get_component_candidates(
        self, component: int, addresses: list[str], timeout: int = GATHER_TIMEOUT_S
    ) -> list[Candidate]:
        if not addresses and self._transport_policy == TransportPolicy.ALL:
            # A machine without any network still serves the browser that runs on it.
            addresses = get_host_addresses(use_ipv4=True, use_ipv6=False) or ["127.0.0.1"]
        told = self._address
        if told in addresses:
            addresses, told = [told], ""
        loop = asyncio.get_running_loop()
        candidates: list[Candidate] = []
        hosts: list[StunProtocol] = []
        for address in addresses:
            try:
                sock = bind_udp(address, self._ports)
            except NoPortsLeft as error:
                log.warning("%s", error)
                continue
            except OSError as error:
                log.info("Could not bind to %s: %s", address, error)
                continue
            _, protocol = await loop.create_datagram_endpoint(lambda: GuardedStunProtocol(self), sock=sock)
            host, port = sock.getsockname()[:2]
            if told and sock.family == socket.AF_INET:
                host, told = told, ""
            protocol.local_candidate = Candidate(
                foundation=candidate_foundation("host", "udp", host),
                component=component,
                transport="udp",
                priority=candidate_priority(component, "host"),
                host=host,
                port=port,
                type="host",
            )
            hosts.append(protocol)
            candidates.append(protocol.local_candidate)
        self._protocols += hosts
        return candidates + await self._beyond_host(component, hosts, timeout)

    async def _beyond_host(self, component: int, hosts: list[StunProtocol], timeout: int) -> list[Candidate]:
        """Candidates that a STUN or TURN server gives."""
        tasks: list[asyncio.Task[Any]] = []
        if self.stun_server:
            tasks += [
                asyncio.create_task(server_reflexive_candidate(protocol, self.stun_server))
                for protocol in hosts
                if ipaddress.ip_address(protocol.local_candidate.host).version == 4
            ]
        if self.turn_server:
            relay = relayed_candidate(
                component=component,
                hide_related_address=self._transport_policy == TransportPolicy.RELAY,
                protocol_factory=lambda: GuardedStunProtocol(self),
                turn_server=self.turn_server,
                turn_username=self.turn_username,
                turn_password=self.turn_password,
                turn_ssl=self.turn_ssl,
                turn_transport=self.turn_transport,
            )
            tasks.append(asyncio.create_task(relay))
        if not tasks:
            return []
        done, pending = await asyncio.wait(tasks, timeout=timeout)
        for task in pending:
            task.cancel()
        candidates = []
        for task in done:
            if task.exception() is not None:
                log.warning("A STUN or TURN server did not answer: %s", task.exception())
                continue
            candidate, protocol = task.result()
            candidates.append(candidate)
            if protocol is not None:
                self._protocols.append(protocol)
        return candidates
