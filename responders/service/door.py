"""The HTTP of the daemon: how it is (`/healthz`) and what it counts (`/metrics`), for this machine only.

It reads and changes nothing, it knows no secrets, and nobody's words or names can be asked for. Whoever calls it by another name than ours
is a page in somebody's browser that was led here, and gets nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from listener.errors import EarnestError, UsageError
from listener.places import SERVER, Place, cannot_listen, clear_away, read_place, remove, share

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:/?#@\s]+)(?::[0-9]{1,5})?")
_PAGES = "Earnest\n/healthz /healthz/live /healthz/ready\n/metrics\n"
_LAST_MOMENT = 2.0
_IDLE = 30.0  # seconds that a connection may be kept

Health = Callable[[], dict[str, object]]
"""Says how the daemon is; its `live` and `ready` are answered by the status of the answer."""


def place_of(text: str) -> Place:
    """Read where to listen.

    Raises:
        UsageError: it is no address of this machine, or other machines could reach it.
    """
    try:
        place = read_place(text)
    except ValueError:
        message = f'"{text}" is no address for the HTTP of the daemon'
        raise UsageError(message, _WRITE_IT) from None
    if not place.here:
        message = f"{place} could be reached from other machines, and this HTTP asks nobody who they are"
        raise UsageError(message, f"{_WRITE_IT}; let a proxy that knows its callers stand before it.")
    return place


_WRITE_IT = "Write an address of this machine such as 127.0.0.1:9464 or [::1]:9464, or unix:/run/earnest/http.sock"


class HttpDoor:
    """One small server."""

    def __init__(self, place: Place, health: Health, registry: CollectorRegistry) -> None:
        """Answer at `place`, which only this machine can reach."""
        self._place, self._health, self._registry = place, health, registry
        self._runner: web.AppRunner | None = None
        self._thread = ThreadPoolExecutor(1, "metrics")  # one, so that the store is read by one reader, and by one scrape at a time

    async def open(self) -> None:
        """Begin to answer.

        Raises:
            EarnestError: nobody can listen there.
        """
        app = web.Application(middlewares=[self._only_by_our_name])
        pages = {
            "/": self._front,
            "/healthz": self._both,
            "/healthz/live": self._live,
            "/healthz/ready": self._ready,
            "/metrics": self._metrics,
        }
        for path, answer in pages.items():
            app.router.add_get(path, answer)
        app.on_response_prepare.append(_signed)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=_LAST_MOMENT, keepalive_timeout=_IDLE, lingering_time=_LAST_MOMENT
        )
        await self._runner.setup()
        try:
            await self._listen(self._runner)
        except OSError as problem:
            await self.close()
            found = await cannot_listen(self._place, problem)
            raise EarnestError(found.message, "Stop that one, or name another address for the HTTP of this daemon.") from None

    async def _listen(self, runner: web.AppRunner) -> None:
        if not self._place.socket:
            await web.TCPSite(runner, self._place.host, self._place.port).start()
            return
        await clear_away(self._place)
        await web.UnixSite(runner, self._place.socket).start()
        share(self._place)

    async def close(self) -> None:
        """Stop answering."""
        if self._runner:
            listened = bool(self._runner.addresses)
            await self._runner.cleanup()
            if listened:
                remove(self._place)
            self._runner = None
        self._thread.shutdown(wait=False, cancel_futures=True)

    @web.middleware
    async def _only_by_our_name(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        said = request.headers.getall("Host", [])
        found = _HOST.fullmatch(said[0]) if len(said) == 1 else None
        if not found or found[1].lower() not in self._place.names:
            return web.Response(status=421, text="This is not the name of this server.\n")
        return await handler(request)

    async def _front(self, _request: web.Request) -> web.Response:
        return web.Response(text=_PAGES)

    async def _both(self, _request: web.Request) -> web.Response:
        said = self._health()
        return web.json_response(said, status=200 if said["live"] and said["ready"] else 503)

    async def _live(self, _request: web.Request) -> web.Response:
        said = self._health()
        return web.json_response({"live": said["live"], "stalled": said["stalled"]}, status=200 if said["live"] else 503)

    async def _ready(self, _request: web.Request) -> web.Response:
        said = self._health()
        return web.json_response({"ready": said["ready"], "status": said["status"]}, status=200 if said["ready"] else 503)

    async def _metrics(self, request: web.Request) -> web.Response:
        write, kind = choose_encoder(", ".join(request.headers.getall("Accept", [])))
        body = await asyncio.get_running_loop().run_in_executor(self._thread, write, self._registry)
        return web.Response(body=body, headers={"Content-Type": kind})


async def _signed(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update({"Server": SERVER, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})
