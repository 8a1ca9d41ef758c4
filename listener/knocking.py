"""Can the hosts of our sources be reached from here? One question to each, all at once, with a short patience; nobody signs in."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping

from yarl import URL

from listener.errors import EarnestError, Malformed
from listener.http import Http

PATIENCE = 4.0  # seconds for each, half of them for the connection

_SOCKET = re.compile(r"^ws(?=s?://)")


def knock(addresses: Iterable[str]) -> Mapping[str, EarnestError | None]:
    """Ask each host of these addresses for a sign of life; return why it cannot be reached, by host, None where it can.

    Whatever a host answers counts: it is asked for nothing but its headers. An address that may not be used is a problem too.
    """
    doors = dict.fromkeys(_door(address) for address in addresses)
    return asyncio.run(_knock_at(list(doors)))


def host_of(address: str) -> str:
    """Return the host of an address, with its port where that is no usual one, as `knock` names it."""
    return _door(address).partition("://")[2] or address


def _door(address: str) -> str:
    try:
        return str(URL(_SOCKET.sub("http", address)).origin())
    except ValueError:
        return address


async def _knock_at(doors: list[str]) -> Mapping[str, EarnestError | None]:
    told = await asyncio.gather(*map(_answer, doors))
    return {host_of(door): problem for door, problem in zip(doors, told, strict=True)}


async def _answer(door: str) -> EarnestError | None:
    try:
        host = Http(door)
        try:
            await host.call("HEAD", "/", timeout=PATIENCE)
        finally:
            await host.close()
    except Malformed:
        return None
    except EarnestError as problem:
        return problem
    return None
