"""A pause that comes while the connection is being made: every gate said yes a moment ago, and still no byte of the POST leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from listener.errors import NotConnected
from listener.http import Http
from responders.channels.base import MayLeave, SendResult, Unsent, always
from responders.model import Delivery
from responders.switch import Switch
from tests.mouth import NETWORK, House, Mouth


class Wired(Mouth):
    """A network behind a real connection; `before_post` happens after the channel's own question, before the connection is made."""

    http: Http

    async def send(self, delivery: Delivery, timeout: float, may_leave: MayLeave = always) -> SendResult:
        if not may_leave():
            return Unsent("not any more")
        self.before_post()
        try:
            await self.http.call("POST", "/statuses", json={"status": delivery.text}, timeout=timeout)
        except NotConnected as failure:
            return Unsent(failure.message)
        self.published.append(delivery)
        return self.sent(delivery)


@pytest.fixture
async def posts() -> AsyncIterator[tuple[list[str], str]]:
    seen: list[str] = []

    async def take(request: web.Request) -> web.Response:
        seen.append((await request.json())["status"])
        return web.json_response({})

    app = web.Application()
    app.router.add_post("/statuses", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield seen, f"127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_a_pause_while_connecting_keeps_the_post_back(
    tmp_path: Path, posts: tuple[list[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, place = posts
    monkeypatch.setenv("EARNEST_ALLOW_HOSTS", place)
    house = House(tmp_path)
    mouth = Wired()
    mouth.http = Http(f"http://{place}")
    house.channels[NETWORK] = mouth
    switch = Switch(house.store, house.clock, who="kim")
    try:
        await house.approved()
        mouth.before_post = lambda: switch.pause("a storm", None)
        await house.speak(seconds=11)
        assert (seen, house.states()) == ([], ["ready"])
        switch.resume()
        mouth.before_post = lambda: None
        await house.speak(seconds=60)
        assert (len(seen), house.states()) == (1, ["sent"])
    finally:
        await mouth.http.close()
        house.store.close()
