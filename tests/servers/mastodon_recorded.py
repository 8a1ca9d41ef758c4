"""A server on loopback that answers what Mastodon itself once answered: recorded by Mastodon.py's authors against Mastodon 4.7.

The recordings (in the source archive of Mastodon.py 2.3.3, MIT) hold real people's words, so they are fetched when a test runs, into a
folder outside git, and none is committed.
"""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self
from urllib.parse import urlsplit

import yaml
from aiohttp import web

from tests.servers.recordings import source_archive

ARCHIVE = "mastodon_py-2.3.3.tar.gz"
SHA256 = "a3cda3db86d65809957c978aef8ac7fb3dfc93abfeda3f1c6bdef4c79090ab7b"
_NUMBER = re.compile(r"\d{2,}")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KEPT_HEADERS = ("link", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


@dataclass(frozen=True)
class Exchange:
    """One recorded request and its answer."""

    method: str
    path: str
    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:  # noqa: ANN401 - recordings hold anything
        return json.loads(self.body)


@cache
def tapes() -> Mapping[str, tuple[Exchange, ...]]:
    """Return every recording by its name, such as `test_notifications_mentions_only`."""
    found: dict[str, tuple[Exchange, ...]] = {}
    with tarfile.open(source_archive("Mastodon.py==2.3.3", ARCHIVE, SHA256)) as packed:
        for member in packed:
            name = re.fullmatch(r"[^/]+/tests/cassettes(?:_entity_tests)?/(.+)\.yaml", member.name)
            file = packed.extractfile(member) if name else None
            if name and file:
                found[name[1]] = tuple(_exchanges(yaml.load(file, Loader=_LOADER)))  # noqa: S506 - a safe loader
    return found


def _exchanges(tape: object) -> Iterator[Exchange]:
    for one in tape.get("interactions", ()) if isinstance(tape, dict) else ():
        asked, told = one["request"], one["response"]
        body = told["body"].get("string") or ""
        headers = {name.lower(): ", ".join(values) for name, values in told["headers"].items()}
        kept = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
        data = body if isinstance(body, bytes) else str(body).encode()
        yield Exchange(asked["method"], urlsplit(asked["uri"]).path.rstrip("/"), told["status"]["code"], data, kept)


def things(*needed: str) -> list[dict[str, Any]]:
    """Return every JSON object in every recorded answer that has all these keys."""
    found: list[dict[str, Any]] = []

    def walk(value: object) -> None:
        if isinstance(value, dict):
            if all(key in value for key in needed):
                found.append(value)
            for part in value.values():
                walk(part)
        elif isinstance(value, list):
            for part in value:
                walk(part)

    for tape in tapes().values():
        for exchange in tape:
            if exchange.body[:1] in {b"{", b"["}:
                walk(exchange.json)
    return found


@dataclass
class Recorded:
    """The server. It answers with the recorded exchange of the same method and path (ids may differ), in the order of recording."""

    exchanges: list[Exchange]
    url: str = ""
    asked: list[str] = field(default_factory=list)
    _last: dict[tuple[str, str], Exchange] = field(default_factory=dict)

    @classmethod
    def of(cls, *names: str) -> Self:
        """Return a server that plays these recordings."""
        return cls([exchange for name in names for exchange in tapes()[name]])

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def told(self, method: str, path: str) -> Exchange:
        """Return the first exchange recorded for this."""
        return next(one for one in self.exchanges if _same(one, method, path))

    async def _handle(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path_qs}")
        found = next((one for one in self.exchanges if _same(one, request.method, request.path)), None)
        key = (request.method, _NUMBER.sub("0", request.path))
        if found is not None:
            self.exchanges.remove(found)
            self._last[key] = found
        answer = self._last.get(key)
        if answer is None:
            return web.json_response({"error": "Record not found"}, status=404)
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers, content_type="application/json")


def _same(exchange: Exchange, method: str, path: str) -> bool:
    return exchange.method == method and _NUMBER.sub("0", exchange.path) == _NUMBER.sub("0", path.rstrip("/"))
