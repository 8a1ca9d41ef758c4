"""Somebody who delivers: an honest sender of signed webhooks over real HTTP, to a socket or an address of this machine."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from listener.doorbell import Doorbells, Limits
from listener.sources._webhook_options import Options
from listener.sources._webhook_seals import Form, key_of, sign
from listener.sources.webhook import Webhook
from tests.running import until
from tests.street import Hands

SECRET = "anOldShoeAndALongLaceForYou1"
MAP = {"id": "id", "text": "body", "author": "user.name", "author_id": "user.id", "at": "created", "url": "link", "version": "version"}
GITHUB = {"style": "github"}


def free_port() -> int:
    """Return a port of this machine that nobody has now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def options(place: str, **changes: object) -> dict[str, object]:
    """Return what rules.yaml says of a webhook at `place`."""
    return {"listen": place, "path": "/reviews", "network": "reviewhub", "signature": GITHUB, "map": MAP, **changes}


@dataclass(frozen=True)
class Answered:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> Any:  # noqa: ANN401
        return json.loads(self.body)


@dataclass
class Sender:
    """Delivers to one door; `place` and `path` are where it is, `clock` is the time it signs."""

    place: str
    path: str = "/reviews"
    form: Form = field(default_factory=lambda: Form("github", "X-Hub-Signature-256"))
    secret: str = SECRET
    clock: Hands = field(default_factory=Hands)
    numbers: count[int] = field(default_factory=lambda: count(1))

    def review(self, words: str = "Acme is lovely", **changes: object) -> dict[str, object]:
        """Return a new review, as this sender writes them."""
        number = next(self.numbers)
        return {
            "id": f"r{number}",
            "body": words,
            "user": {"name": "marta", "id": 7},
            "created": datetime.now(UTC).isoformat(),
            "link": f"https://reviews.example/{number}",
            "version": 1,
            **changes,
        }

    def signed(self, body: bytes, *, delivery: str = "d1", at: float | None = None) -> dict[str, str]:
        """Return the headers of a delivery."""
        moment = int(self.clock().timestamp() if at is None else at)
        return sign(self.form, key_of(self.form.style, self.secret), body, delivery=delivery, at=moment)

    def door_is_there(self) -> bool:
        """Return whether there is a socket to knock at."""
        return Path(self.place.removeprefix("unix:")).exists()

    async def deliver(self, what: object, *, delivery: str = "d1", at: float | None = None, **headers: str) -> Answered:
        """Deliver something, signed, as JSON (bytes go as they are)."""
        body = what if isinstance(what, bytes) else json.dumps(what).encode()
        return await self.post(body, {**self.signed(body, delivery=delivery, at=at), **headers})

    async def post(self, body: object, headers: dict[str, str] | None = None, method: str = "POST", path: str = "") -> Answered:
        """Ask with whatever headers."""
        unix = self.place.startswith("unix:")
        connector = aiohttp.UnixConnector(self.place.removeprefix("unix:")) if unix else aiohttp.TCPConnector()
        url = f"http://{'localhost' if unix else self.place}{path or self.path}"
        async with (
            aiohttp.ClientSession(connector=connector, auto_decompress=False) as session,
            session.request(method, url, data=body, headers=headers) as answer,
        ):
            return Answered(answer.status, dict(answer.headers), await answer.read())


def make(
    folder: Path,
    name: str = "reviews",
    *,
    bells: Doorbells | None = None,
    patience: float = 30,
    limits: Limits | None = None,
    **changes: object,
) -> tuple[Webhook, Sender]:
    """Return a source on a socket in `folder` (or at `listen`), and somebody who delivers to it; both go by one clock."""
    found = Options.model_validate(options(**{"place": f"unix:{folder}/{name}.sock", **changes}))  # type: ignore[arg-type]
    clock = Hands()
    source = Webhook(name, found, clock, bells or Doorbells(limits or Limits()), patience)
    return source, Sender(found.listen, found.path, found.form, clock=clock)


async def arrived(source: Webhook, number: int = 1) -> None:
    """Wait until so many deliveries wait to be stored."""
    await until(lambda: len(source.line) >= number, "it arrived")
