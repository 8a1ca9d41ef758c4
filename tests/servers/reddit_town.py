"""A Reddit on loopback with a customer, our account and a misbehaving proxy, for the tests of the channel and the source."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest

from listener.model import Post
from listener.reddit_wire import WireThing, post_of
from listener.rules.rulebook import Brand, Route, Rulebook
from responders.channels.base import Channel
from responders.channels.reddit import KIND
from responders.model import Delivery
from tests.contracts.test_channel_contract import Stage, delivery
from tests.servers.proxy import Proxy, answer
from tests.servers.reddit import Reddit, key_of
from tests.servers.reddit_things import Person, Thing, shape

COMMENT, DEL = ("POST", "/api/comment"), ("POST", "/api/del")
TOKEN, ME, INFO, THREAD, OWN = "/api/v1/access_token", "/api/v1/me", "/api/info", "/comments/", "/user/acme/comments"
BOOK = Rulebook(version=1, brands={"acme": Brand(handles={"reddit": "acme"})}, routes=(Route(name="all", when="always"),))

_NO_SIGN_IN = answer(401, {"message": "Unauthorized", "error": 401}, forward=False)
_RESETS = tuple({"x-ratelimit-reset": reset, "x-ratelimit-remaining": "5.5"} for reset in ("0", "7", "321", "-4", "1e9", "nan", "soon"))


@dataclass
class Town:
    """A subreddit with a customer in it, and our account. `end` closes every channel that was made."""

    reddit: Reddit
    proxy: Proxy
    us: Person
    marta: Person
    article: Thing
    end: AsyncExitStack

    def heard(self, thing: Thing) -> Post:
        return post_of(WireThing.model_validate(shape(thing, self.reddit.things)["data"]), own=False)

    def thing(self, post: Post) -> Thing:
        return self.reddit.things[post.id]

    def answers(self, post: Post) -> list[Thing]:
        return self.reddit.below(post.id, self.us)

    def speak(self) -> Channel:
        channel = KIND.make({"service": self.proxy.url, "sign_in": self.proxy.url}, BOOK)
        self.end.push_async_callback(channel.close)
        return channel

    def stage(self) -> Stage:
        async def ask(words: str) -> Post:
            return self.heard(self.reddit.reply(self.marta, self.article, words))

        async def remove(post: Post) -> None:
            self.thing(post).deleted = True

        async def copies(post: Post) -> int:
            return len(self.answers(post))

        before = ("GET", OWN)
        return Stage(KIND, self.speak(), self.proxy, COMMENT, ask, remove, copies, DEL, _NO_SIGN_IN, before=before, resets=_RESETS)


@asynccontextmanager
async def open_town(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    async with Reddit() as reddit, Proxy(reddit.url) as proxy, AsyncExitStack() as end:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
        monkeypatch.setenv("EARNEST_SECRET_REDDIT_READ", key_of("acme"))
        monkeypatch.setenv("EARNEST_SECRET_REDDIT_WRITE", key_of("acme"))
        us, marta = reddit.join("acme"), reddit.join("marta")
        yield Town(reddit, proxy, us, marta, reddit.submit(marta, "shoes", "Acme shoes", "any good?"), end)


async def wanted(stage: Stage, post: Post | None = None, words: str = "Sorry. What happened?", **more: object) -> Delivery:
    return await delivery(stage, post or await stage.ask("my order never came"), words, **more)
