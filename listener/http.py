"""One HTTP client for every network: guarded where the socket is made, bounded, and honest about what it cannot know.

A write is made once; a read whose connection broke may be made twice by the library below. Redirects are followed for reads only,
by hand, and every hop passes the same guard. An error never holds the request, because a request's headers hold the token.
"""

from __future__ import annotations

import ipaddress
import math
import re
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from listener.clock import from_text
from listener.decoding import TooDeepError, decoded
from listener.errors import Malformed, NetworkError, NotConnected, SignInNeeded, UsageError
from listener.reaching import unreached
from listener.settings import Secret, allowed_hosts

MAX_BYTES = 5_000_000
SHORTEST_WAIT = 1.0
LONGEST_WAIT = 900.0
USUAL_WAIT = 60.0

_MAX_HOPS = 5
_MAX_CONNECT = 10.0
_CHUNK = 65_536
_READS = frozenset({"GET", "HEAD"})
_HOST = re.compile(r"[0-9A-Za-z._:-]+")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_EARLIEST_EPOCH = 1_000_000_000  # a reset below this (2001) is seconds to go, not a moment
# Ways to write an IPv4 address inside an IPv6 one: NAT64 (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380), mapped (RFC 4291).
_OPEN_V6 = ipaddress.ip_network("2000::/3")  # all of IPv6 that is given out (RFC 4291, 2.4)
_DISGUISES = tuple(ipaddress.ip_network(net) for net in ("64:ff9b::/96", "2002::/16", "2001::/32", "::ffff:0:0/96"))

Params = Mapping[str, str] | Sequence[tuple[str, str]]

_goal: ContextVar[str] = ContextVar("goal", default="")
_may_begin: ContextVar[Callable[[], bool] | None] = ContextVar("may_begin", default=None)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `headers` ignore case. `body` is the decoded JSON, or text where a failure came without JSON."""

    status: int
    headers: Mapping[str, str]
    body: object

    @property
    def ok(self) -> bool:
        """True for 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the range is the definition


class _GuardedError(OSError):
    """An address that must not be reached."""


class _NotBegunError(aiohttp.ClientError):
    """A write that may not begin any more."""


class _Request(aiohttp.ClientRequest):
    """A request that asks once more, when its connection stands, whether it may begin."""

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        may_begin = _may_begin.get()
        if may_begin is not None and self.method not in _READS and not may_begin():
            raise _NotBegunError
        return await super().send(conn)


@contextmanager
def ask_first(may_begin: Callable[[], bool]) -> Iterator[None]:
    """Ask `may_begin` just before the first byte of every write made within; where it says no, `NotConnected` is raised.

    Finding a host and making a connection may take ten seconds, and meanwhile somebody may say "stop".
    """
    mark = _may_begin.set(may_begin)
    try:
        yield
    finally:
        _may_begin.reset(mark)


class _BrokenError(aiohttp.ClientError):
    """A write broke off after it had begun."""


async def _once_only(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from making a write again by itself: it repeats a DELETE or PUT whose connection breaks, and shows the second answer."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as broken:
        raise _BrokenError from broken


def is_public(address: str) -> bool:
    """Return whether an IP address lies on the open internet: not private, shared, local, multicast, reserved or in disguise."""
    ip = ipaddress.ip_address(address)
    if any(ip in net for net in _DISGUISES if net.version == ip.version):
        return False
    if ip.version == _OPEN_V6.version and ip not in _OPEN_V6:
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved)


def retry_after(headers: Mapping[str, str], now: datetime) -> float:
    """Return how many seconds to wait, always between 1 and 900.

    Reads `Retry-After` (seconds or a date), then `X-RateLimit-Reset` and `RateLimit-Reset` (a moment in ISO 8601, seconds since
    1970, or seconds to go). 60 where none of them makes sense.
    """
    for name in ("Retry-After", "X-RateLimit-Reset", "RateLimit-Reset"):
        wait = _wait(headers.get(name, "").strip(), now)
        if wait is not None:
            return min(max(wait, SHORTEST_WAIT), LONGEST_WAIT)
    return USUAL_WAIT


def _wait(text: str, now: datetime) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return _until(text, now)
    if not math.isfinite(number):
        return None
    return number - now.timestamp() if number > _EARLIEST_EPOCH else number


def _until(text: str, now: datetime) -> float | None:
    for read in (from_text, parsedate_to_datetime):
        try:
            moment = read(text)
        except (ValueError, OverflowError):
            continue
        return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
    return None


def _place(url: URL) -> str:
    host = (url.host or "").lower()
    return f"[{host}]:{url.port}" if ":" in host else f"{host}:{url.port}"


def _check_token(token: Secret | None, host: str | None) -> None:
    if token is not None and not (token.reveal().isascii() and token.reveal().isprintable()):
        message = f"the token for {host} holds characters that cannot be part of one"
        raise SignInNeeded(message, "Copy it again, without line breaks.")


class Http:
    """Requests to one network. `base_url` is `https://host[:port]`; plain http is for hosts named in `EARNEST_ALLOW_HOSTS`."""

    def __init__(self, base_url: str, *, token: Secret | None = None, max_bytes: int = MAX_BYTES, reader: bool = False) -> None:
        """Keep the address and the token; nothing is opened yet. Bodies beyond `max_bytes` are refused.

        A `reader` asks for page after page: its connections serve the next question too, and it refuses to write.

        Raises:
            UsageError: the address cannot be used.
            SignInNeeded: the token holds characters that no header may carry.
        """
        self._allowed = allowed_hosts()
        try:
            url = URL(base_url)
        except ValueError:
            url = URL()
        problem = self._problem(url)
        if problem:
            raise UsageError(problem, "Write it as https://host.example.")
        _check_token(token, url.host)
        self._base = str(url).rstrip("/")
        self._origin = url.origin()
        self._token = token
        self._max_bytes = max_bytes
        self._reader = reader
        self._session: aiohttp.ClientSession | None = None
        self.date = ""
        """What time it was at the host when it answered last, as it wrote it, whatever else was wrong with the answer."""

    @property
    def host(self) -> str:
        """The host's name, for messages."""
        return self._origin.host or ""

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        json: object = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        token: Secret | None = None,
        timeout: float = 30.0,
    ) -> Answer:
        """Make one request and return the answer, whatever its status. `path` begins with "/" and is quoted by the caller.

        The body is `json`, or `data` as the fields of a form, or nothing.

        `timeout` is in seconds, for all of it. `token` takes the place of the client's own for this call. `headers` and tokens go
        to the network's own address only, never on to where it redirects us.

        Raises:
            SignInNeeded: `token` holds characters that no header may carry; no byte was sent.
            NotConnected: no connection was made, so no byte was sent.
            Malformed: a 2xx answer is no JSON, too large or too deep.
            NetworkError: anything else; whether the request was carried out cannot be told.
            ValueError: a reader was told to write.
        """
        if self._reader and method not in _READS:
            why = f"a reader does not {method}"
            raise ValueError(why)
        url = URL(self._base + path, encoded=False)
        if params:
            url = url.with_query(list(params.items()) if isinstance(params, Mapping) else list(params))
        _check_token(token, self.host)
        for _ in range(_MAX_HOPS):
            body = {"json": json} if data is None else {"data": dict(data)}
            answer = await self._once(method, url, body=body, headers=headers or {}, token=token or self._token, timeout=timeout)
            onward = answer.headers.get("Location")
            if method not in _READS or answer.status not in _REDIRECTS or onward is None:
                return answer
            url = self._next(url, onward)
        message = f"{self.host} sent us from address to address without an end"
        raise NetworkError(message)

    async def close(self) -> None:
        """Let go of connections. The next call opens new ones."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _problem(self, url: URL) -> str:
        if not _HOST.fullmatch(url.raw_host or "") or url.scheme not in {"http", "https"}:
            return "this is no web address"
        if url.user or url.password:
            return f"the address of {url.host} must not hold a name or password"
        if url.scheme != "https" and _place(url) not in self._allowed:
            return f"the address of {url.host} must begin with https://"
        return ""

    def _next(self, url: URL, onward: str) -> URL:
        try:
            following = url.join(URL(onward))
            problem = self._problem(following)
        except ValueError:
            problem = "this is no web address"
        if problem:
            message = f"{self.host} sent us to another address, but {problem}"
            raise NetworkError(message)
        return following

    def _headers(self, url: URL, extra: Mapping[str, str], token: Secret | None) -> dict[str, str]:
        ours = {"Accept": "application/json", "User-Agent": "earnest"}
        if url.origin() != self._origin:
            return ours
        if token is not None:
            ours["Authorization"] = f"Bearer {token.reveal()}"
        return {**ours, **extra}

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            # A fresh connection for every write: a kept one may be dead already, and then nobody can tell whether bytes arrived.
            connector = aiohttp.TCPConnector(socket_factory=self._socket, force_close=not self._reader)
            jar = aiohttp.DummyCookieJar()
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=jar, trust_env=False, request_class=_Request)
        return self._session

    @contextmanager
    def _towards(self, url: URL) -> Iterator[None]:
        """Guard every socket made within as one to `url`."""
        mark = _goal.set(_place(url))
        try:
            yield
        finally:
            _goal.reset(mark)

    def _socket(self, info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, address = info
        if _goal.get() not in self._allowed and not is_public(str(address[0])):
            raise _GuardedError
        return socket.socket(family=family, type=kind, proto=protocol)

    async def _once(
        self, method: str, url: URL, *, body: Mapping[str, Any], headers: Mapping[str, str], token: Secret | None, timeout: float
    ) -> Answer:
        limits = aiohttp.ClientTimeout(total=timeout, connect=min(_MAX_CONNECT, timeout / 2))
        failure: NetworkError
        mark = _goal.set(_place(url))
        # Errors are raised after the handler has ended: one raised within would carry the library's own, with the token in it.
        try:
            async with self._open().request(
                method,
                url,
                headers=self._headers(url, headers, token),
                timeout=limits,
                allow_redirects=False,
                middlewares=() if method in _READS else (_once_only,),
                **body,
            ) as response:
                self.date = response.headers.get("Date", "")
                data = await self._read(response)
                status, answered = response.status, response.headers
        except aiohttp.ClientConnectorError as error:
            failure = self._unconnected(error)
        except _NotBegunError:
            failure = NotConnected(f"nothing was sent to {self.host}: it may not begin any more")
        except (aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            failure = unreached(self.host, error)
        except (aiohttp.ClientError, HttpProcessingError, OSError, EOFError) as error:
            what = "did not answer in time" if isinstance(error, TimeoutError) else "broke off"
            failure = NetworkError(f"{self.host} {what}; whether it acted cannot be told")
        else:
            return Answer(status, answered, self._decode(status, data))
        finally:
            _goal.reset(mark)
        raise failure

    def _unconnected(self, error: aiohttp.ClientConnectorError) -> NotConnected:
        if isinstance(error.os_error, _GuardedError):
            return NotConnected(
                f"{self.host} lies on this machine or a private network",
                "If it is meant, name it in EARNEST_ALLOW_HOSTS as host:port.",
            )
        return unreached(self.host, error)

    async def _read(self, response: aiohttp.ClientResponse) -> bytes | None:
        parts: list[bytes] = []
        size = 0
        async for part in response.content.iter_chunked(_CHUNK):
            size += len(part)
            if size > self._max_bytes:
                return None
            parts.append(part)
        return b"".join(parts)

    def _decode(self, status: int, data: bytes | None) -> object:
        good = 200 <= status < 300  # noqa: PLR2004 - the range is the definition
        if status == 204:  # noqa: PLR2004 - "no content"
            return None
        try:
            if data is None:
                problem = "is too large"
            else:
                return decoded(data)
        except TooDeepError as error:
            problem = str(error)
        except ValueError:
            problem = "is no JSON"
        if good:
            message = f"the answer of {self.host} {problem}"
            raise Malformed(message)
        return (data or b"")[:500].decode("utf-8", "replace")
