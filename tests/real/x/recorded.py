"""A server on loopback that answers what X itself once answered, to tweepy's asynchronous client in 2022.

Those requests asked for no fields, so the answers hold ids, words, versions and where the next page begins, and nothing else. With
`dressed` the server adds what our requests ask for besides, made up here: who wrote it, and when (which follows from X's ids). Of the
messages, `ours` are said to be by `us`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, Self
from urllib.parse import urlsplit

import yaml
from aiohttp import web

from tests.real.x.traffic import recordings

_ID = re.compile(r"\d{5,19}")
_EPOCH = 1_288_834_974_657  # X's ids hold the milliseconds since this moment
_PAGES = ("pagination_token", "next_token")


@dataclass(frozen=True)
class Recorded:
    """One recorded request and its answer; in `place` ids stand as `*`."""

    tape: str
    method: str
    path: str
    place: str
    asked: object
    status: int
    headers: Mapping[str, str]
    answer: Any


@cache
def tapes() -> tuple[Recorded, ...]:
    """Return every recording."""
    return tuple(one for path in recordings() for one in _read(path.stem, yaml.safe_load(path.read_text("utf-8"))))


def _read(name: str, tape: Mapping[str, Any]) -> Iterator[Recorded]:
    for one in tape["interactions"]:
        asked, told = one["request"], one["response"]
        headers = {key.lower(): values[0] for key, values in told["headers"].items()}
        answer = json.loads(told["body"]["string"])
        path = urlsplit(asked["uri"]).path
        yield Recorded(name, asked["method"], path, place(path), asked["body"], told["status"]["code"], headers, answer)


@cache
def person() -> str:
    """Return the id of whom the recorded messages were written to; every recorded post is said to be theirs."""
    return next(one.path.split("/")[-2] for one in tapes() if one.place == "/2/dm_conversations/with/*/messages")


def place(path: str) -> str:
    """Return a path with a star for each id."""
    return "/".join("*" if all(_ID.fullmatch(part) for part in step.split("-")) else step for step in path.split("/"))


def at(post_id: str) -> str:
    """Return when X made an id."""
    moment = datetime.fromtimestamp(((int(post_id) >> 22) + _EPOCH) / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


@dataclass
class Replay:
    """The server. Pages behind the recorded one are empty; what was never recorded is a mistake of whoever asks, kept in `unknown`."""

    dressed: bool = True
    ours: Sequence[str] = ()
    us: str = ""
    asked: list[tuple[str, str, Mapping[str, str], object]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    url: str = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else None
        self.asked.append((request.method, request.path, dict(request.query), body))
        found = [one for one in tapes() if (one.method, one.place) == (request.method, place(request.path))]
        if not found:
            self.unknown.append(f"{request.method} {request.path}")
            return web.json_response({"title": "Not recorded", "detail": "Not recorded", "type": "about:blank"}, status=501)
        if any(name in request.query for name in _PAGES):
            return web.json_response({"meta": {"result_count": 0}})
        one = found[0]
        headers = {name: value for name, value in one.headers.items() if name.startswith("x-rate-limit")}
        return web.json_response(self._dress(one), status=one.status, headers=headers)

    def _dress(self, one: Recorded) -> object:
        answer = one.answer
        if not self.dressed or one.method != "GET" or "data" not in answer:
            return answer
        if one.place.startswith("/2/users/me"):
            return answer
        many = answer["data"] if isinstance(answer["data"], list) else [answer["data"]]
        dressed = [{**self._more(post), **post} for post in many]
        users = [{"id": person(), "username": "somebody", "name": "Somebody"}]
        return {**answer, "data": dressed if isinstance(answer["data"], list) else dressed[0], "includes": {"users": users}}

    def _more(self, post: Mapping[str, Any]) -> Mapping[str, Any]:
        if "event_type" in post:
            sender = self.us if post["id"] in self.ours else person()
            return {"sender_id": sender, "created_at": at(post["id"]), "dm_conversation_id": "1-2"}
        return {"author_id": person(), "created_at": at(post["id"]), "conversation_id": post["id"]}
