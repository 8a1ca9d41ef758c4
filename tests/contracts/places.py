"""Every kind of source on a server of its own: what is said there, edited, deleted, and lost.

A `Place` is a network with a customer on it, whose words name the brand. It keeps a ledger of what it served.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from listener.rules.rulebook import Rulebook
from listener.sources import _reddit_lists, bluesky, hackernews, x
from listener.sources.base import Source, kind
from tests.servers.hackernews import FakeHackerNews
from tests.servers.jetstream import Jetstream
from tests.servers.newsstand import Newsstand
from tests.servers.pds import Pds
from tests.servers.pds_records import Ref, stamp
from tests.servers.proxy import GATEWAY_TIMEOUT, Fault, Proxy
from tests.servers.reddit import Reddit, key_of
from tests.servers.town import Town, token
from tests.servers.x import BRAND, MARTA, TOKEN, FakeX

HANDLES = {"mastodon": "acme", "bluesky": "brand.test", "x": "acme", "reddit": "acme"}
BOOK = Rulebook.model_validate(
    {
        "version": 1,
        "mode": "send",
        "brands": {"acme": {"names": ["Acme"], "handles": HANDLES}},
        "routes": [{"name": "all", "when": "always", "reply": "hello", "approval": "none"}],
        "templates": {"hello": "Could you say a little more? ^{agent}"},
        "teams": {"on-call": {"members": ["kim"], "alert": "secret:oncall"}},
    }
)
_FEW_PAGES = 3
_MANY = 320  # more than so many pages hold


@dataclass(frozen=True)
class Post:
    """What was said: its id in our records, and when, by the network's own clock."""

    id: str
    at: datetime


@dataclass
class Place:
    """One network. `say` publishes as a customer, `own` as ourselves; `flood` says more than the source can read.

    `forgets` is true where a part of a flood is lost for good. `edit` and `delete` are there where the source's own lists tell of it.
    `breaks` and `mends` end and begin its being reachable.
    """

    name: str
    options: Mapping[str, object]
    publish: Callable[[str], Awaitable[Post]]
    breaks: Callable[[], None]
    mends: Callable[[], None]
    own: Callable[[str], Awaitable[object]] | None = None
    edit: Callable[[str, str], Awaitable[object]] | None = None
    delete: Callable[[str], Awaitable[object]] | None = None
    many: int = _MANY
    lose: Callable[[], Awaitable[object]] | None = None
    forgets: bool = True
    served: dict[str, Post] = field(default_factory=dict)

    async def say(self, words: str = "hello") -> Post:
        """Let the customer say something that names the brand."""
        said = await self.publish(words)
        self.served[said.id] = said
        return said

    async def flood(self) -> None:
        """Let more be said than the source can read; where the network forgets, it does so now."""
        for number in range(self.many):
            await self.say(f"flood {number}")
        if self.lose:
            await self.lose()

    def source(self) -> Source:
        """Return a source on it, as a process that has just begun would make it."""
        return kind(self.name).make(self.name, self.options, BOOK)


Open = Callable[[pytest.MonkeyPatch], AbstractAsyncContextManager[Place]]


def _behind(proxy: Proxy, *paths: str, fault: Fault = GATEWAY_TIMEOUT) -> tuple[Callable[[], None], Callable[[], None]]:
    def breaks() -> None:
        for path in paths:
            proxy.always("GET", path, fault)

    return breaks, proxy.honest


@asynccontextmanager
async def _mastodon(patch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    with Town() as town:
        async with Proxy(town.url) as proxy:
            patch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
            patch.setenv("EARNEST_SECRET_MASTODON_READ", token("acme"))

            async def say(words: str) -> Post:
                told = await town.write("marta", f"@acme #acme {words}")  # so that two lists bring it
                return Post(str(told["id"]), datetime.fromisoformat(told["created_at"]))

            async def own(words: str) -> None:
                await town.write("acme", f"@acme #acme {words}")
                await town.ask("POST", f"/api/v1/statuses/{[*place.served][-1]}/reblog", by="tom")

            breaks, mends = _behind(proxy, "/api/v1/notifications", "/api/v1/timelines")
            # From a known post on, Mastodon gives the page just after it, however many came.
            place = Place("mastodon", {"instance": proxy.url, "tags": ["acme"]}, say, breaks, mends, own, many=90, forgets=False)
            yield place


@asynccontextmanager
async def _bluesky(patch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    patch.setattr(bluesky, "_MOST_PAGES", _FEW_PAGES + 2)  # it reads an hour more than it would need
    async with Pds() as pds, Proxy(pds.url) as proxy:
        brand, marta = pds.account("brand.test"), pds.account("marta.test")
        patch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
        patch.setenv("EARNEST_SECRET_BLUESKY_READ", brand.password)

        async def say(words: str) -> Post:
            now = datetime.now(UTC)
            at = now.replace(microsecond=now.microsecond // 1000 * 1000)  # as it tells it
            return Post(pds.post(marta, f"@brand.test {words}", at=stamp(at)).uri, at)

        async def own(words: str) -> None:
            pds.post(brand, f"@brand.test {words}")

        async def edit(uri: str, words: str) -> None:
            pds.edit(marta, Ref(uri, ""), f"@brand.test {words}")

        breaks, mends = _behind(proxy, "/xrpc/app.bsky")
        yield Place("bluesky", {"service": proxy.url}, say, breaks, mends, own, edit, many=_MANY + 200)


@asynccontextmanager
async def _stream(patch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    async with Jetstream() as stream:
        brand, marta = stream.account("brand.test"), stream.account("marta.test")
        patch.setenv("EARNEST_ALLOW_HOSTS", stream.host)
        down = GATEWAY_TIMEOUT.before()

        async def say(words: str) -> Post:
            uri = await stream.say(marta, f"@brand.test {words}")
            return Post(uri, datetime.fromtimestamp(stream.sent[-1][0] / 1_000_000, UTC))

        async def own(words: str) -> None:
            await stream.say(brand, f"Acme {words}")

        async def lose() -> None:
            stream.cut()
            stream.forget()
            await stream.chatter(ago=-120)  # the first it remembers, two minutes later

        def breaks() -> None:
            stream.hold = True
            stream.always("GET", "/subscribe", down)

        def mends() -> None:
            stream.hold = False
            stream.honest()

        options = {"stream": "public", "jetstream": stream.url, "appview": f"http://{stream.host}"}
        yield Place(
            "bluesky",
            options,
            say,
            breaks,
            mends,
            own,
            lambda uri, words: stream.edit(marta, uri, f"@brand.test {words}"),
            lambda uri: stream.delete(marta, uri),
            many=30,
            lose=lose,
        )


@asynccontextmanager
async def _x(patch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    patch.setattr(x, "MOST_PAGES", _FEW_PAGES)
    async with FakeX() as fake, Proxy(fake.url) as proxy:
        patch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
        patch.setenv("EARNEST_SECRET_X_READ", TOKEN)

        async def say(words: str) -> Post:
            said = fake.say(MARTA, f"@acme {words}")
            return Post(said.id, said.at.replace(microsecond=0))  # as it tells it

        async def own(words: str) -> None:
            fake.say(BRAND, f"Acme {words}")

        async def edit(post_id: str, words: str) -> None:
            said = fake.post(post_id)
            assert said
            fake.edit(said, f"@acme {words}")

        breaks, mends = _behind(proxy, "/2/users/", "/2/tweets/")
        yield Place("x", {"service": proxy.url, "query": "acme"}, say, breaks, mends, own, edit)


@asynccontextmanager
async def _reddit(patch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    patch.setattr(_reddit_lists, "MOST_PAGES", _FEW_PAGES)
    async with Reddit() as reddit, Proxy(reddit.url) as proxy:
        patch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
        patch.setenv("EARNEST_SECRET_REDDIT_READ", key_of("acme"))
        us, marta = reddit.join("acme"), reddit.join("marta")

        async def say(words: str) -> Post:
            said = reddit.submit(marta, "shoes", f"Acme: {words}")
            return Post(said.fullname, datetime.fromtimestamp(said.created, UTC))

        async def own(words: str) -> None:
            reddit.submit(us, "shoes", f"Acme: {words}")

        async def edit(name: str, words: str) -> None:
            reddit.things[name].text, reddit.things[name].edited = f"Acme: {words}", 1_790_009_000.0

        async def delete(name: str) -> None:
            reddit.things[name].deleted = True

        places = {"service": proxy.url, "sign_in": proxy.url, "subreddits": ["shoes"]}
        breaks, mends = _behind(proxy, "/r/", "/message")
        yield Place("reddit", places, say, breaks, mends, own, edit, delete)


@asynccontextmanager
async def _hackernews(patch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    patch.setattr(hackernews, "MOST_PAGES", _FEW_PAGES)
    async with FakeHackerNews() as fake, Proxy(fake.url) as proxy:
        patch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
        ago = iter(range(6_000, 0, -5))  # it knows times to the second, and gives no more than a page of one

        async def say(words: str) -> Post:
            said = fake.say("marta", f"Acme: {words}", ago=next(ago))
            return Post(str(said.id), datetime.fromtimestamp(said.at, UTC))

        async def edit(number: str, words: str) -> None:
            next(one for one in fake.ledger if str(one.id) == number).text = f"Acme: {words}"

        async def delete(number: str) -> None:
            fake.gone.add(int(number))

        breaks, mends = _behind(proxy, "/api/v1/")
        yield Place("hackernews", {"query": "acme", "service": proxy.url}, say, breaks, mends, edit=edit, delete=delete)


@asynccontextmanager
async def _feeds(patch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    async with Newsstand() as stand, Proxy(stand.url) as proxy:
        patch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
        url, path = f"{proxy.url}/reviews.atom", "/reviews.atom"
        made = {}

        async def say(words: str) -> Post:
            said = stand.say(path, f"Acme: {words}")
            assert said.at
            made[f"{sha256(url.encode()).hexdigest()[:12]}:{said.guid}"] = said
            return Post([*made][-1], said.at)

        async def edit(entry: str, words: str) -> None:
            made[entry].html = f"<p>Acme: {words}</p>"

        breaks, mends = _behind(proxy, path)
        yield Place("feeds", {"urls": [url]}, say, breaks, mends, edit=edit, many=150)


PLACES: Mapping[str, Open] = {
    "mastodon": _mastodon,
    "bluesky": _bluesky,
    "bluesky stream": _stream,
    "x": _x,
    "reddit": _reddit,
    "hackernews": _hackernews,
    "feeds": _feeds,
}


def packed(options: Mapping[str, object]) -> str:
    """Return options in one word, for another process."""
    return json.dumps(dict(options))
