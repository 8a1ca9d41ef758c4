"""Addresses where we can listen: how they are written, who sits there, and why we cannot.

Nothing here opens a connection but to an address of this machine, to ask who sits there.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import re
import ssl
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from listener.errors import NetworkError, UsageError

SERVER = "Earnest"
"""How our server names itself."""

_LONGEST_SOCKET = 100  # a little less than any system's limit (107 bytes on Linux)
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[0-9.]+|localhost):([0-9]{1,5})")
_HIGHEST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server listens: an address with a port, or the path of a unix socket; and its certificate, where it has one."""

    host: str = ""
    port: int = 0
    socket: str = ""
    certificate: str = ""
    key: str = ""

    @property
    def here(self) -> bool:
        """Whether only this machine can reach it."""
        return bool(self.socket) or ipaddress.ip_address(self.host).is_loopback

    @property
    def names(self) -> frozenset[str]:
        """The host names under which it may be called without being told more."""
        own = f"[{self.host}]" if ":" in self.host else self.host
        return frozenset({"localhost", own} if self.here else {own}) - {""}

    def __str__(self) -> str:
        """Return it as rules.yaml writes it."""
        if self.socket:
            return f"unix:{self.socket}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_place(text: str) -> Place:
    """Read `127.0.0.1:8470`, `localhost:8470`, `[::1]:8470` or `unix:/run/earnest/reviews.sock`.

    Raises:
        ValueError: it is none of these.
    """
    if text.startswith("unix:"):
        path = text.removeprefix("unix:")
        if path.startswith("/") and not path.endswith("/") and "\0" not in path and len(os.fsencode(path)) <= _LONGEST_SOCKET:
            return Place(socket=path)
        message = f"a socket is written unix:/run/earnest/reviews.sock, with at most {_LONGEST_SOCKET} letters"
        raise ValueError(message)
    found = _ADDRESS.fullmatch(text)
    if found and 0 < int(found[2]) <= _HIGHEST_PORT:
        host = "127.0.0.1" if found[1] == "localhost" else found[1].strip("[]")
        with suppress(ValueError):
            return Place(host=str(ipaddress.ip_address(host)), port=int(found[2]))
    message = "write an address of this machine with a port, such as 127.0.0.1:8470, or unix:/run/earnest/reviews.sock"
    raise ValueError(message)


async def who_sits_at(place: Place) -> str:
    """Return "nobody", "earnest" (another of our daemons) or "other": who answers at an address of this machine now."""
    try:
        async with asyncio.timeout(2):
            reader, writer = await (
                asyncio.open_unix_connection(place.socket)
                if place.socket
                else asyncio.open_connection(_reached(place.host), place.port, ssl=_unproven() if place.certificate else None)
            )
            try:
                writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                said = await reader.read(4_096)
            finally:
                writer.close()
    except (ConnectionRefusedError, FileNotFoundError):
        return "nobody"
    except (OSError, TimeoutError):
        return "other"
    return "earnest" if f"\r\nServer: {SERVER}\r\n".encode() in said else "other"


def _unproven() -> ssl.SSLContext:
    """Return what speaks TLS to an address of our own machine, to ask for a name and no more, whoever it proves to be."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _reached(host: str) -> str:
    """Return where a server that listens on every address of the machine can be reached."""
    every = ipaddress.ip_address(host)
    return ("::1" if every.version == 6 else "127.0.0.1") if every.is_unspecified else host  # noqa: PLR2004 - IPv6


def certificate(place: Place) -> ssl.SSLContext | None:
    """Return what proves that we are who we are; None where only this machine can reach the place, and nobody gave a certificate.

    Raises:
        UsageError: other machines can reach it, and there is none.
        NetworkError: the files cannot be used.
    """
    if not place.certificate:
        if not place.here:
            message = f"{place} can be reached from other machines, and has no certificate"
            raise UsageError(message, "Listen on this machine only, or give it `tls`.")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(place.certificate, place.key)
    except (OSError, ValueError):
        message = f"the certificate of {place} cannot be used"
        raise NetworkError(message, "Check that both files of `tls` can be read, hold PEM, and belong together.") from None
    return context


async def clear_away(place: Place) -> None:
    """Remove the socket that a daemon left behind when it was killed; never one that somebody listens on.

    Raises:
        OSError: somebody listens there, or it is something else than a socket.
    """
    kind = _kind(place)
    if kind is None:
        return
    if not stat.S_ISSOCK(kind) or await who_sits_at(place) != "nobody":
        raise OSError(errno.EADDRINUSE, "taken")
    remove(place)


def _kind(place: Place) -> int | None:
    try:
        return Path(place.socket).lstat().st_mode
    except FileNotFoundError:
        return None


def remove(place: Place) -> None:
    """Remove the file of a socket that nobody listens on any more."""
    if place.socket:
        Path(place.socket).unlink(missing_ok=True)


def share(place: Place) -> None:
    """Let a proxy in our group knock at a socket, and nobody else."""
    Path(place.socket).chmod(0o660)


async def cannot_listen(place: Place, problem: OSError) -> NetworkError:
    """Say why nobody can listen at a place, and who does already."""
    if problem.errno == errno.EADDRINUSE:
        who = "another Earnest" if await who_sits_at(place) == "earnest" else "another program or file"
        message = f"cannot listen at {place}: it is in use by {who}"
        return NetworkError(message, "Stop that one, or give this source another address; it is tried again by itself.")
    why = os.strerror(problem.errno).lower() if problem.errno else "it is refused"
    return NetworkError(f"cannot listen at {place}: {why}", "Check the address, its folder, and what this user may do.")
