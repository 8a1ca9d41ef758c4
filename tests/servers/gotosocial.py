"""A small server like GoToSocial on loopback: its ids are ULIDs, it gives at most twenty entries a page, whatever it is asked for.

`jumps` makes it take `min_id` for "newer than", as some servers do: then a page holds the newest entries, not those just after the id.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from aiohttp import web

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_START = datetime(2026, 11, 22, tzinfo=UTC)
_MOST = 20


def ulid(number: int) -> str:
    """Return an id that sorts by its letters; read as a number it means nothing."""
    letters = ""
    for _ in range(10):
        letters = _LETTERS[number % 32] + letters
        number //= 32
    return f"01JD{letters:0>10}ZZZZZZZZZZZZ"


@dataclass
class GoToSocial:
    """The server; `say` publishes a mention of our account and returns its id."""

    jumps: bool = False
    url: str = ""
    _told: list[dict[str, Any]] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/api/v1/notifications", self._notifications)
        app.router.add_get("/api/v1/accounts/verify_credentials", self._us)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def say(self, words: str) -> str:
        number = len(self._told)
        text = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>")
        status = {
            "id": ulid(1_000_000 + number * 31),
            "created_at": (_START + timedelta(seconds=number // 3)).isoformat(),  # some in the same second
            "account": {"id": ulid(7), "acct": "marta", "url": f"{self.url}/@marta", "note": "", "fields": []},
            "content": f"<p>@acme {text}</p>",
            "visibility": "public",
            "url": f"{self.url}/@marta/{number}",
            "mentions": [{"id": ulid(1), "acct": "acme", "url": f"{self.url}/@acme"}],
        }
        self._told.append({"id": ulid(500 + number * 33), "type": "mention", "status": status})
        return str(status["id"])

    async def _us(self, _: web.Request) -> web.Response:
        return web.json_response({"id": ulid(1), "acct": "acme", "url": f"{self.url}/@acme"})

    async def _notifications(self, request: web.Request) -> web.Response:
        after = max(request.query.get("min_id", ""), request.query.get("since_id", ""))
        before = request.query.get("max_id", "~")
        found = [told for told in self._told if after < told["id"] < before]
        oldest_first = "min_id" in request.query and not self.jumps
        page = found[:_MOST] if oldest_first else found[-_MOST:]
        return web.json_response(page[::-1])
