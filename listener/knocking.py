"""Can the hosts of our sources be reached from here? One question to each, all at once, with a short patience; nobody signs in."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from yarl import URL

from listener import clock
from listener.errors import EarnestError, Malformed
from listener.http import Http

PATIENCE = 4.0  # seconds for each, half of them for the connection

_A_SECOND = timedelta(seconds=1)
_SOCKET = re.compile(r"^ws(?=s?://)")


def knock(addresses: Iterable[str], offsets: dict[str, float] | None = None) -> Mapping[str, EarnestError | None]:
    """Ask each host of these addresses for a sign of life; return why it cannot be reached, by host, None where it can.

    Whatever a host answers counts: it is asked for nothing but its headers. An address that may not be used is a problem too.
    By how many seconds each host's clock is ahead of ours, where it tells, is put into `offsets`.
    """
    doors = dict.fromkeys(_door(address) for address in addresses)
    return asyncio.run(_knock_at(list(doors), {} if offsets is None else offsets))


def host_of(address: str) -> str:
    """Return the host of an address, with its port where that is no usual one, as `knock` names it."""
    return _door(address).partition("://")[2] or address


def _door(address: str) -> str:
    try:
        return str(URL(_SOCKET.sub("http", address)).origin())
    except ValueError:
        return address


async def _knock_at(doors: list[str], offsets: dict[str, float]) -> Mapping[str, EarnestError | None]:
    told = await asyncio.gather(*(_answer(door, offsets) for door in doors))
    return {host_of(door): problem for door, problem in zip(doors, told, strict=True)}


def _note_clock(host: str, date: str, asked: datetime, offsets: dict[str, float]) -> None:
    """Note by how much a host's clock (RFC 9110, 6.6.1: in whole seconds) is ahead of ours, which went on while it was asked."""
    with suppress(ValueError, TypeError):
        theirs, now = parsedate_to_datetime(date), clock.now()
        if theirs < asked - _A_SECOND:
            offsets[host] = (theirs + _A_SECOND - asked).total_seconds()
        else:
            offsets[host] = max(0.0, (theirs - now).total_seconds())


async def _answer(door: str, offsets: dict[str, float]) -> EarnestError | None:
    try:
        host, asked = Http(door), clock.now()
        try:
            await host.call("HEAD", "/", timeout=PATIENCE)
        finally:
            _note_clock(host_of(door), host.date, asked, offsets)
            await host.close()
    except Malformed:
        return None
    except EarnestError as problem:
        return problem
    return None
