"""A server whose ids are no numbers, and which gives less than it is asked for: nothing is lost, skipped or out of order."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from listener.rules.rulebook import Brand, Route, Rulebook
from listener.sources.mastodon import KIND
from tests.contracts.test_source_contract import Scene, SourceContract, drain
from tests.servers.gotosocial import GoToSocial
from tests.servers.proxy import Proxy

BOOK = Rulebook(version=1, brands={"acme": Brand(handles={"mastodon": "acme"})}, routes=(Route(name="all", when="always"),))


@pytest.fixture(params=[False, True], ids=["min_id", "min_id means newer"])
async def scene(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    async with GoToSocial(jumps=request.param) as server, Proxy(server.url) as proxy:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
        monkeypatch.setenv("EARNEST_SECRET_MASTODON_READ", "acme-token")
        source = KIND.make("mastodon", {"instance": proxy.url}, BOOK)
        yield Scene(source, proxy, "/api/v1/notifications", server.say)
        await source.close()


class TestUlids(SourceContract):
    @pytest.fixture
    async def scene(self, scene: Scene) -> Scene:
        return scene


async def test_many_pages_of_twenty_are_heard_whole_and_in_order(scene: Scene) -> None:
    _, cursor = await drain(scene.source, None)
    said = [await scene.say(f"word {number}") for number in range(130)]
    assert said == sorted(said)
    posts, cursor = await drain(scene.source, cursor)
    assert [post.id for post in posts] == said
    said = [await scene.say(f"later {number}") for number in range(17)]
    posts, _ = await drain(scene.source, cursor)
    assert [post.id for post in posts] == said
