"""A stage for the X channel: a fake of X, a misbehaving proxy before it, and what tests ask of both."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from listener.model import Post
from listener.rules.rulebook import Brand, Route, Rulebook
from listener.sources.x import post_of
from listener.x_wire import WireIncludes, WirePost
from responders.channels.base import Refused
from responders.channels.x import KIND
from responders.model import Delivery, Kind
from tests.contracts.test_channel_contract import Stage, delivery
from tests.servers.proxy import Proxy, answer
from tests.servers.x import BRAND, MARTA, FakeX, Said
from tests.servers.x_forms import problem

POST = ("POST", "/2/tweets")
MESSAGE = ("POST", f"/2/dm_conversations/with/{MARTA}/messages")
MESSAGES = f"/2/dm_conversations/with/{MARTA}/dm_events"
OWN = f"/2/users/{BRAND}/tweets"
BOOK = Rulebook(version=1, brands={"acme": Brand(names=("Acme",), handles={"x": "acme"})}, routes=(Route(name="all", when="always"),))


def heard(fake: FakeX, said: Said) -> Post:
    """Return a post as the source would bring it."""
    wire = WirePost.model_validate(fake.shown(said))
    return post_of(wire, WireIncludes.model_validate(fake.included([said])), own=False)


@asynccontextmanager
async def stage_on(fake: FakeX, proxy: Proxy) -> AsyncIterator[Stage]:
    async def ask(words: str) -> Post:
        return heard(fake, fake.say(MARTA, f"@acme {words}"))

    async def remove(post: Post) -> None:
        said = fake.post(post.id)
        assert said
        said.gone = True

    async def copies(post: Post) -> int:
        return len(fake.copies(post.id))

    channel = KIND.make({"service": proxy.url}, BOOK)
    yield Stage(
        KIND,
        channel,
        proxy,
        POST,
        ask,
        remove,
        copies,
        taking=("DELETE", "/2/tweets/"),
        barring=answer(401, problem("Unauthorized", "Unauthorized"), forward=False),
        resets=tuple({"x-rate-limit-reset": reset} for reset in (str(int(time.time()) + 300), "0", "99999999999", "soon", "-1")),
    )
    await channel.close()


async def message_for(stage: Stage, fake: FakeX, words: str = "Here we are.") -> Delivery:
    """Return a private answer to somebody who has written to us."""
    fake.tell(MARTA, BRAND, "can you help me here?")
    return await delivery(stage, await stage.ask("where is my order?"), words, kind=Kind.PRIVATE)


async def refused(stage: Stage, wanted: Delivery) -> str:
    """Return why a delivery is refused."""
    result = await stage.channel.send(wanted, 10.0)
    assert isinstance(result, Refused), result
    return result.reason
