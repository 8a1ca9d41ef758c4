"""Mastodon's stream, as a bell: it tells that there is news, and which posts were edited or deleted. What they say is read elsewhere.

The stream has no memory: what is said while it is away is never told. So nothing is stored from it, and losing it costs time, not posts.
Since Mastodon 4.2 every stream needs a token, those of hashtags too (its release notes and `streaming/index.js`). The token travels in a
header, never in an address, which servers write into their logs. The server sends a ping every 30 seconds.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import aiohttp

from listener import logs
from listener.errors import EarnestError, Malformed, NetworkError, RateLimited
from listener.http import Http
from listener.mastodon_instance import ask
from listener.resting import rest_after
from listener.settings import Secret
from listener.sockets import Socket, Sockets
from listener.sources._mastodon_changes import Changes
from listener.sources._mastodon_frames import read

_log = logs.get("mastodon")
_PATH = "/api/v1/streaming"
_MOST_ODD = 100  # so many messages in a row that make no sense, and it is no stream
_BREATH = 100  # after so many messages others have their turn for sure
_BREATH_TAKES = 0.1
_GOODBYE = 0.5


@dataclass(frozen=True, slots=True)
class Patience:
    """What is waited for, in seconds; and `frame`, how many bytes one message may have."""

    hello: float = 15.0
    silence: float = 75.0
    pong: float = 15.0
    first_rest: float = 2.0
    longest_rest: float = 900.0
    steady: float = 120.0
    per_request: float = 2.0  # a token may ask 300 times in five minutes: half of that is for what the stream tells
    frame: int = 1_000_000

    def rest(self, failures: int) -> float:
        """Return how long to rest after so many failures in a row: at most twice as long each time, and never the same for all."""
        return rest_after(failures, first=self.first_rest, longest=self.longest_rest)


PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class Wanted:
    """One stream on the server: `user`, or `hashtag` with its tag."""

    stream: str
    tag: str = ""

    def asked(self) -> dict[str, str]:
        """Return it as the server wants it asked for."""
        return {"stream": self.stream, **({"tag": self.tag} if self.tag else {})}


class Bell:
    """The stream of one server. Its task begins with `begin`, ends with `close`, and survives whatever the server does."""

    def __init__(
        self,
        http: Http,
        wanted: Sequence[Wanted],
        concerns: Callable[[str, Mapping[str, object]], bool],
        *,
        secret: str,
        token: Secret,
        base: str,
        patience: Patience,
    ) -> None:
        """Keep what to listen to; nothing is opened yet. `base` is the server's own address, where it names no other for its stream."""
        self._http = http
        self._secret = secret
        self._token = token
        self._wanted = tuple(wanted)
        self._concerns = concerns
        self._base = base
        self._patience = patience
        self._task: asyncio.Task[None] | None = None
        self._rung = asyncio.Event()
        self._odd = 0
        self._open = False
        self.changes = Changes()
        self.away = ""
        self.refused = ""

    @property
    def remark(self) -> str:
        """Say what is wrong with the stream, in words for a person, or ""."""
        if self.away:
            return f"the stream is away, so news come with the next poll: {self.away}"
        return f"the server refuses a part of the stream, so its news come with the next poll: {self.refused}" if self.refused else ""

    def begin(self) -> None:
        """See to it that the stream is listened to."""
        if self._task is None:
            self._task = asyncio.create_task(self._keep(), name=f"stream {self._http.host}")

    def ring(self) -> None:
        """Say that something waits."""
        self._rung.set()

    async def rung(self) -> None:
        """Return once something waits; what rang before counts, until it is heard."""
        await self._rung.wait()

    def heard(self) -> None:
        """All that rang so far is being fetched."""
        self._rung.clear()

    async def close(self) -> None:
        """End the task and let go of the connection."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    async def _keep(self) -> None:
        """Listen for ever: where it breaks, rest, longer each time it breaks at once, and begin anew."""
        clock = asyncio.get_running_loop().time
        failures = 0
        while True:
            begun, self._open = clock(), False
            problem = await self._attempt()
            failures = 1 if self._open and clock() - begun >= self._patience.steady else failures + 1
            self._lost(problem)
            await asyncio.sleep(max(self._patience.rest(failures), problem.retry_after if isinstance(problem, RateLimited) else 0.0))

    async def _attempt(self) -> EarnestError:
        try:
            await self._listen()
        except EarnestError as problem:
            return problem
        except Exception as problem:  # noqa: BLE001  # whatever a stranger sends, it must not end the task
            return NetworkError(f"unexpected {type(problem).__name__} while listening")
        return NetworkError(f"{self._http.host} ended its stream")

    def _lost(self, problem: EarnestError) -> None:
        """Say once that the stream is away, so that it is known, and that what it told last is fetched."""
        if not self.away:
            _log.warning("the stream is away", host=self._http.host, problem=problem.message)
            self.ring()
        self.away = problem.message

    async def _listen(self) -> None:
        server = await ask(self._http, self._secret)
        sockets = Sockets(server.streaming or self._base, token=self._token)
        first, *others = self._wanted
        wait = self._patience.hello
        try:
            socket = await sockets.connect(_PATH, first.asked(), timeout=wait, max_bytes=self._patience.frame)
            try:
                async with asyncio.timeout(wait):
                    for one in others:
                        await socket.send_str(json.dumps({"type": "subscribe", **one.asked()}))
                self._opened()
                await self._read(socket)
            finally:
                with suppress(aiohttp.ClientError, OSError):
                    async with asyncio.timeout(_GOODBYE):
                        await socket.close()
        except (aiohttp.ClientError, OSError):  # a timeout is one of the latter
            message = f"{sockets.host} broke off its stream"
            raise NetworkError(message) from None
        finally:
            await sockets.close()

    def _opened(self) -> None:
        """It tells nothing of what came before, so all is fetched once."""
        self._open = True
        self._odd = 0
        self.away = self.refused = ""
        self.ring()

    async def _read(self, socket: Socket) -> None:
        asked, count = False, 0
        while True:
            try:
                message = await socket.receive(timeout=self._patience.pong if asked else self._patience.silence)
            except TimeoutError:
                if asked:
                    reason = f"{self._http.host} gives no sign of life on its stream"
                    raise NetworkError(reason) from None
                asked = True
                async with asyncio.timeout(self._patience.pong):
                    await socket.ping()
                continue
            asked, count = False, count + 1
            match message.type:
                case aiohttp.WSMsgType.TEXT:
                    self._take(message.data)
                case aiohttp.WSMsgType.BINARY:
                    self._stumble()
                case aiohttp.WSMsgType.PING:
                    await socket.pong(message.data)
                case aiohttp.WSMsgType.PONG:
                    pass
                case aiohttp.WSMsgType.ERROR:
                    reason = f"{self._http.host} sent on its stream what is too long or broken"
                    raise Malformed(reason)
                case _:
                    return
            await asyncio.sleep(0 if count % _BREATH else _BREATH_TAKES)

    def _take(self, frame: str) -> None:
        try:
            told = read(frame, self._concerns)
        except ValueError:
            self._stumble()
            return
        self._odd = 0
        if told.changed:
            self.changes.add(told.changed)
        if told.news or told.changed or (told.refused and told.refused != self.refused):
            self.ring()
        self.refused = told.refused or self.refused

    def _stumble(self) -> None:
        self._odd += 1
        if self._odd >= _MOST_ODD:
            message = f"{self._http.host} sends nothing on its stream that can be read"
            raise Malformed(message)
