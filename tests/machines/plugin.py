"""The square as a network of Earnest's: a source and a channel, brought in by entry points, as a plug-in from outside the tree is.

Where the folder of the machine holds a file `sleep-before-post` or `sleep-after-page`, the process that finds it takes it away and stops
itself (SIGSTOP) there: once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import BaseModel

from listener.clock import now
from listener.errors import NetworkError, NotConnected
from listener.http import Answer, Http, retry_after
from listener.model import Account, Author, Page, Post
from listener.rules.rulebook import Rulebook
from listener.sources.base import SourceKind
from responders.channels.base import (
    TOO_LATE,
    ChannelKind,
    MayLeave,
    Pace,
    Parent,
    Refused,
    SendResult,
    Sent,
    TextLimits,
    Unknown,
    Unsent,
    Withdrawn,
    WithdrawResult,
    always,
)
from responders.model import Delivery, Kind

NETWORK = "square"
SETTLED = 3.0  # seconds after which all that was accepted shows, by the network's own word
NAPS = "EARNEST_TEST_NAPS"
"""The environment variable that names the folder in which a process looks whether it is to stop itself."""

_LONGEST = 500
_OK, _REFUSED, _BUSY = 200, 422, 429


class Options(BaseModel):
    """What rules.yaml says of the square."""

    service: str


def nap(where: str) -> None:
    """Stop this process here, where somebody has asked for that."""
    folder = os.environ.get(NAPS)
    if not folder:
        return
    with suppress(FileNotFoundError):
        (Path(folder) / where).unlink()  # whoever removes it is the one
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)  # to this thread: it does not go on by so much as a statement


def address_of(remote_id: str) -> str:
    return f"https://square.example/{remote_id}"


def post_of(wire: Mapping[str, Any]) -> Post:
    """Return a post as it was told."""
    name, who = str(wire["id"]), str(wire["author"])
    return Post(NETWORK, name, str(wire["text"]), Author(NETWORK, who, who), now(), name, url=address_of(name), mentions=("acme",))


class Square:
    """The source and the channel in one: they ask the same server."""

    network = NETWORK
    name = NETWORK

    def __init__(self, service: str) -> None:
        self._http = Http(service)

    async def identify(self) -> Account:
        me = await self._read("/me")
        return Account(NETWORK, str(me["id"]), str(me["handle"]))

    async def fetch(self, cursor: str | None) -> Page:
        found = await self._read("/posts", since=cursor or "0")
        page = Page(tuple(post_of(one) for one in found["posts"]), str(found["next"]), more=bool(found["more"]))
        if page.posts:
            nap("sleep-after-page")
        return page

    async def keyed(self, kind: Kind) -> bool:  # noqa: ARG002
        return bool((await self._read("/me"))["keys"])

    async def look(self, post: Post) -> Parent:
        found = await self._read(f"/posts/{post.id}")
        return Parent(there=True, text=str(found["text"]), ours=tuple(found["ours"]))

    async def find(self, delivery: Delivery) -> Sent | None:
        found = (await self._read("/answers", parent=delivery.parent.id, text=delivery.text))["id"]
        return Sent(str(found), address_of(str(found))) if found else None

    async def send(self, delivery: Delivery, timeout: float, may_leave: MayLeave = always) -> SendResult:
        nap("sleep-before-post")
        end = asyncio.get_running_loop().time() + timeout
        if not may_leave():
            return Unsent(TOO_LATE)
        body = {"author": delivery.account, "parent": delivery.parent.id, "key": delivery.key, "text": delivery.text}
        left = end - asyncio.get_running_loop().time()
        try:
            answer = await self._http.call("POST", "/answers", json=body, timeout=left)
        except NotConnected as failure:
            return Unsent(failure.message)
        except NetworkError as failure:
            return Unknown(failure.message)
        return _meant(answer)

    async def withdraw(self, delivery: Delivery, timeout: float) -> WithdrawResult:  # noqa: ARG002
        return Withdrawn()

    async def close(self) -> None:
        await self._http.close()

    async def _read(self, path: str, **params: str) -> Any:  # noqa: ANN401 - what the square tells is known to who asks
        answer = await self._http.call("GET", path, params=params, timeout=5.0)
        if not answer.ok or not isinstance(answer.body, dict):
            message = f"the square answered {answer.status}"
            raise NetworkError(message)
        return answer.body


def _meant(answer: Answer) -> SendResult:
    if answer.status == _OK and isinstance(answer.body, dict) and answer.body.get("id"):
        name = str(answer.body["id"])
        return Sent(name, address_of(name))
    if answer.status == _REFUSED:
        return Refused("the square does not take that")
    if answer.status == _BUSY:
        return Unsent("the square asks us to wait", retry_after(answer.headers, now()))
    return Unknown(f"the square answered {answer.status}")


def _make_source(name: str, options: Mapping[str, object], book: Rulebook) -> Square:  # noqa: ARG001
    return Square(Options.model_validate(dict(options)).service)


def _make_channel(options: Mapping[str, object], book: Rulebook) -> Square:  # noqa: ARG001
    return Square(Options.model_validate(dict(options)).service)


def _limits(_: Kind) -> TextLimits:
    return TextLimits(_LONGEST, len, lambda words: "" if len(words) <= _LONGEST else "it is too long")


SOURCE = SourceKind(network=NETWORK, options=Options, make=_make_source, public=True, secrets=())
CHANNEL = ChannelKind(
    network=NETWORK,
    make=_make_channel,
    limits=_limits,
    address=lambda words, _post, _kind: words,
    new_key=lambda: str(uuid4()),
    private=False,
    secrets=(),
    pace=Pace(1_000_000, 60.0),
    settle_after=SETTLED,
    key_lifetime=None,
)
