"""A stream heard as if it were polled: one task reads and sifts what the network sends, and `news` hands over what came since a place.

Only what is worth keeping is kept, in bounded memory: where nobody asks, reading stops, the network's own buffers fill, and it lets us
go. Nothing is lost by that, because the network sends what came since a place again when it is asked to, as far back as it remembers.
What it does not remember any more is told as lost.

A place is a moment in microseconds since 1970. Messages that bear none, or one of the future, count as coming just after the one before.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

import aiohttp

from listener.clock import Clock, now
from listener.errors import Malformed, NetworkError
from listener.http import Params
from listener.sockets import Socket, Sockets

Item = TypeVar("Item")

_MICROSECONDS = 1_000_000
_REWIND = 5 * _MICROSECONDS  # servers behind one name do not agree to the microsecond on when they saw what
_SILENT_HOLE = 60 * _MICROSECONDS  # what is asked for begins with a message that we know, or the server has forgotten it
_AHEAD = 600 * _MICROSECONDS
_MOST_KNOWN = 5_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What is waited for, in seconds, and what is held, in characters and messages."""

    hello: float = 15.0
    pong: float = 10.0
    silence: float = 60.0
    message: int = 1_000_000  # a longer one is left out
    frame: int = 16_000_000  # a longer one ends the connection
    held: int = 10_000
    held_size: int = 16_000_000


@dataclass(frozen=True, slots=True)
class Told(Generic[Item]):
    """What one message said: when (None where it does not say), and what is worth keeping of it, with a name for this very version."""

    at: int | None
    item: Item | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Lost:
    """What was surely or perhaps missed, and between which moments."""

    reason: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class News(Generic[Item]):
    """What came since a place, in order; the place behind it, and whether a message was heard there; and whether more waits."""

    items: tuple[Item, ...]
    lost: tuple[Lost, ...]
    at: int
    known: bool
    more: bool


def moment(place: int) -> datetime:
    """Return a place as a moment; one beyond what a calendar holds becomes the present."""
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=place)
    except OverflowError:
        return now()


@dataclass(frozen=True, slots=True)
class _Kept(Generic[Item]):
    at: int
    what: Item | Lost
    size: int


class Stream(Generic[Item]):
    """One stream of one server. `read` makes sense of a message, and raises ValueError where it makes none."""

    def __init__(
        self,
        sockets: Sockets,
        path: str,
        params: Callable[[int], Params],
        read: Callable[[str], Told[Item]],
        *,
        limits: Limits = Limits(),
        clock: Clock = now,
    ) -> None:
        """Keep what is needed; nothing is opened yet. `params` says how to ask for what came since a place."""
        self._sockets = sockets
        self._path = path
        self._params = params
        self._read = read
        self._limits = limits
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._socket: Socket | None = None
        self._heard = 0
        self._latest = 0
        self._begin_at(None, known=False)
        self._reset_connection()

    async def news(self, place: int, most: int, *, known: bool) -> News[Item]:
        """Return what came since `place`, at most `most` items; whatever came up to `place` is let go of, since it is stored.

        Where nothing waits, the network is asked for a sign of life, so that all it had sent before has been read. `known` says that
        a message was heard at `place`; then a stream that begins long after it has forgotten some.

        Raises:
            RateLimited, Malformed, NotConnected, NetworkError: nothing waits, and the network cannot be heard.
        """
        if self._since is None or not self._since <= place <= self._at:
            await self._disconnect()
            self._begin_at(place, known=known)
        self._let_go(place)
        if not self._kept:
            await self._up_to_date()
        part = [self._kept[number] for number in range(min(most, len(self._kept)))]
        rest = len(part) < len(self._kept)
        items = tuple(kept.what for kept in part if not isinstance(kept.what, Lost))
        lost = tuple(kept.what for kept in part if isinstance(kept.what, Lost))
        more = rest or (bool(part) and not self._is_open())
        return News(items, lost, part[-1].at if rest else self._at, known=self._sure, more=more)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._disconnect()
        await self._sockets.close()

    def _begin_at(self, place: int | None, *, known: bool) -> None:
        self._since = place
        self._at = place or 0
        self._sure = known
        self._kept: deque[_Kept[Item]] = deque()
        self._size = 0
        self._names: dict[str, None] = {}
        self._stuck_at: int | None = None
        self._odd_told = False

    def _reset_connection(self) -> None:
        self._pong: asyncio.Future[None] | None = None
        self._room = asyncio.Event()
        self._begun = False
        self._odd = 0
        self._resumed = self._at
        self._failure: NetworkError | None = None

    def _is_open(self) -> bool:
        return self._task is not None and not self._task.done()

    def _let_go(self, place: int) -> None:
        while self._kept and self._kept[0].at <= place:
            gone = self._kept.popleft()
            self._size -= gone.size
            if isinstance(gone.what, Lost):
                self._odd_told = False
        self._since = place
        if not self._is_full():
            self._room.set()

    def _is_full(self) -> bool:
        return len(self._kept) >= self._limits.held or self._size >= self._limits.held_size

    async def _up_to_date(self) -> None:
        """Make sure of an open connection on which all that was sent before has been read; one that just broke is opened anew, once."""
        for _ in range(2):
            if not self._is_open():
                self._raise_failure()
                await self._connect()
            if await self._asked() or self._kept:
                return
        self._raise_failure()
        message = f"{self._sockets.host} ends the stream as soon as it begins"
        raise NetworkError(message)

    def _raise_failure(self) -> None:
        """Say once why the connection ended, where it was more than a broken line."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    async def _connect(self) -> None:
        await self._disconnect()
        params = self._params(max(self._at - _REWIND, 0))
        self._socket = await self._sockets.connect(self._path, params, timeout=self._limits.hello, max_bytes=self._limits.frame)
        self._reset_connection()
        self._task = asyncio.create_task(self._listen(self._socket), name=f"stream {self._sockets.host}")

    async def _disconnect(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        socket, self._socket = self._socket, None
        if socket is not None:
            with suppress(aiohttp.ClientError, OSError):
                await socket.close()

    async def _asked(self) -> bool:
        """Ask for a sign of life, and wait for it; return False where the connection ended instead.

        Raises:
            NetworkError: there is none.
            Malformed: nothing that came makes sense.
        """
        task, socket = self._task, self._socket
        if task is None or socket is None:
            return False
        heard, self._pong = self._heard, asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._limits.pong):
                await socket.ping()
            await asyncio.wait({task, self._pong}, timeout=self._limits.pong, return_when=asyncio.FIRST_COMPLETED)
        except (aiohttp.ClientError, OSError):
            await self._disconnect()  # it broke before whoever reads from it could notice
            return False
        if self._odd and not self._begun:
            await self._disconnect()
            message = f"{self._sockets.host} sends nothing that can be read"
            raise Malformed(message)
        if not task.done() and not self._pong.done() and self._heard == heard:
            await self._disconnect()
            message = f"{self._sockets.host} gives no sign of life"
            raise NetworkError(message)
        return not task.done()

    async def _listen(self, socket: Socket) -> None:
        """Read until the connection ends, by whatever it ends."""
        clock = asyncio.get_running_loop().time
        until = clock() + self._limits.silence
        while True:
            try:
                message = await socket.receive(timeout=max(until - clock(), 0.001))
            except (aiohttp.ClientError, ConnectionError):
                return
            except TimeoutError:
                silence = f"{self._sockets.host} sent nothing for {self._limits.silence:.0f} s"
                self._failure = NetworkError(silence, "The stream is begun anew.")
                return
            match message.type:
                case aiohttp.WSMsgType.TEXT | aiohttp.WSMsgType.BINARY:
                    self._take(message.data if message.type is aiohttp.WSMsgType.TEXT else "")
                    await self._wait_for_room()
                    until = clock() + self._limits.silence
                case aiohttp.WSMsgType.PING:
                    await socket.pong(message.data)
                case aiohttp.WSMsgType.PONG:
                    self._answered()
                case aiohttp.WSMsgType.ERROR:
                    self._stumble()
                    return
                case _:
                    return

    async def _wait_for_room(self) -> None:
        """Read nothing more while all places are taken."""
        while self._is_full():
            self._answered()
            self._room.clear()
            await self._room.wait()

    def _answered(self) -> None:
        if self._pong is not None and not self._pong.done():
            self._pong.set_result(None)

    def _stumble(self) -> None:
        """Where what comes next breaks the connection a second time, go on with the present."""
        if self._stuck_at != self._at:
            self._stuck_at = self._at
            return
        here = int(self._clock().timestamp() * _MICROSECONDS)
        lost = Lost(f"{self._sockets.host} sent something that cannot be read past", moment(self._at), moment(here))
        self._keep(max(here, self._at + 1), lost, 0)
        self._sure = False

    def _take(self, message: str) -> None:
        self._heard += 1
        try:
            if not 0 < len(message) <= self._limits.message:
                message = ""
            told = self._read(message)
        except Exception:  # noqa: BLE001  # whatever a stranger sends, the next message is heard
            self._odd += 1
            if self._begun:
                self._tell_odd()
            return
        at = self._believed(told.at)
        if not self._begun:
            self._first(at)
        self._sure = self._sure or at >= self._at
        if told.item is None:
            self._at = max(self._at, at)
        elif at > self._resumed or told.name not in self._names:
            self._names[told.name] = None
            if len(self._names) > _MOST_KNOWN:
                del self._names[next(iter(self._names))]
            self._keep(max(at, self._at + 1), told.item, len(message))

    def _believed(self, at: int | None) -> int:
        """Return when a message was sent, by what it says itself where that can be."""
        if at is None or at <= self._at:
            return at or 0
        if at > self._latest:
            self._latest = int(self._clock().timestamp() * _MICROSECONDS) + _AHEAD
        return at if at <= self._latest else 0

    def _first(self, at: int) -> None:
        """The first message that makes sense: the stream is one, and shows how far back it remembers."""
        self._begun = True
        if self._odd:
            self._tell_odd()
        if self._sure and at > self._at + _SILENT_HOLE:
            reason = f"{self._sockets.host} does not remember all that was said since we last heard it"
            self._keep(self._at + 1, Lost(reason, moment(self._at), moment(at)), 0)

    def _tell_odd(self) -> None:
        if not self._odd_told:
            self._odd_told = True
            self._keep(self._at + 1, Lost(f"{self._sockets.host} sent what cannot be read"), 0)

    def _keep(self, at: int, what: Item | Lost, size: int) -> None:
        self._kept.append(_Kept(at, what, size))
        self._size += size
        self._at = at
