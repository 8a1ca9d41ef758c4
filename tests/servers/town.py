"""A small Mastodon-like town on loopback, carried by the `mastodon_mock` package: a brand, customers, a bot, and someone from elsewhere.

with Town() as town:
    post = await town.write("marta", "@acme hello")

One town takes about a second to start and is empty again after `reset`. What differs from Mastodon itself: it takes `Idempotency-Key`
but calls itself by another source, so it does not count as Mastodon; it never says 404 to a reply whose parent is gone; it counts
lengths in code points; it renders `**bold**`; all its addresses begin with its `domain`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from tempfile import TemporaryDirectory
from typing import Any, Self, cast

from aiohttp import ClientSession
from mastodon_mock.config import DatabaseConfig, MastodonMockConfig, SeedAccount, SeedConfig, SeedFollow
from mastodon_mock.testing.server import MockServer

BRAND = "acme"
PEOPLE = ("marta", "tom", "Zoe_K")
BOT = "robo"


def token(name: str) -> str:
    return f"{name}-token"


def _seed() -> SeedConfig:
    people = [SeedAccount(username=name, display_name=name.title(), access_token=token(name)) for name in (BRAND, *PEOPLE)]
    people[1].note = "<p>Runner. Shoes, <b>shoes</b>.</p>"
    robot = SeedAccount(username=BOT, display_name="Robo", bot=True, access_token=token(BOT), note="<p>#<span>nobot</span></p>")
    stranger = SeedAccount(username="lena", domain="elsewhere.example", display_name="Lena")
    return SeedConfig(accounts=[*people, robot, stranger], follows=[SeedFollow(follower="tom", following="marta")])


class Town:
    """The town; `url` is where it listens, `host` is that without its scheme."""

    def __init__(self) -> None:
        self._pictures = TemporaryDirectory(prefix="earnest-town-", ignore_cleanup_errors=True)
        config = MastodonMockConfig(
            database=DatabaseConfig(path=":memory:"), seed=_seed(), url_scheme="http", media_storage_path=self._pictures.name
        )
        self._config = config
        self._server = MockServer(config=config, log_level="critical")

    def __enter__(self) -> Self:
        self._server.start()
        self._config.domain = self.host  # read anew for each answer, so links lead back here
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        self._pictures.cleanup()

    @property
    def url(self) -> str:
        return str(self._server.base_url)

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    async def ask(self, method: str, path: str, *, by: str = "", json: object = None) -> dict[str, Any]:
        """Ask the town itself, past any proxy, for one thing."""
        return dict(await self._ask(method, path, by, json))

    async def page(self, path: str, *, by: str = "") -> list[dict[str, Any]]:
        """Ask the town itself, past any proxy, for a list of things."""
        return [dict(each) for each in await self._ask("GET", path, by)]

    async def _ask(self, method: str, path: str, by: str, json: object = None) -> Iterable[Any]:
        headers = {"Authorization": f"Bearer {token(by)}"} if by else {}
        async with ClientSession(headers=headers) as session, session.request(method, self.url + path, json=json) as answer:
            answer.raise_for_status()
            return cast("Iterable[Any]", await answer.json())

    async def reset(self) -> None:
        await self.ask("POST", "/api/v1/_mock/reset")

    async def mark(self, name: str) -> None:
        """Mark an account as a bot, as its owner does in the settings."""
        headers = {"Authorization": f"Bearer {token(name)}"}
        path = f"{self.url}/api/v1/accounts/update_credentials"
        async with ClientSession(headers=headers) as session, session.patch(path, data={"bot": "true"}) as answer:
            answer.raise_for_status()

    async def write(self, by: str, words: str, **more: str) -> Mapping[str, Any]:
        """Publish a status and return it as the town tells it; `more` are its other parameters."""
        return await self.ask("POST", "/api/v1/statuses", by=by, json={"status": words, **more})

    async def edit(self, by: str, status_id: str, words: str) -> None:
        await self.ask("PUT", f"/api/v1/statuses/{status_id}", by=by, json={"status": words})

    async def delete(self, by: str, status_id: str) -> None:
        await self.ask("DELETE", f"/api/v1/statuses/{status_id}", by=by)

    async def answers(self, status_id: str, *, by: str = BRAND) -> list[Mapping[str, Any]]:
        """Return what `by` has written in answer to a status, as `by` sees it."""
        below = (await self.ask("GET", f"/api/v1/statuses/{status_id}/context", by=by))["descendants"]
        return [each for each in below if each["account"]["acct"] == by and each["in_reply_to_id"] == status_id]
