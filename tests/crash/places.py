"""Networks on loopback that stand in a process of their own, each behind the misbehaving proxy. A new one is one function in `PLACES`."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from typing import Any

from listener.mastodon_wire import WireStatus
from listener.mastodon_wire import post_of as mastodon_post
from listener.model import Author, Post
from listener.reddit_wire import WireThing
from listener.reddit_wire import post_of as reddit_post
from listener.sources.x import post_of as x_post
from listener.x_wire import WireIncludes, WirePost
from tests.servers.pds import Pds
from tests.servers.pds_records import Ref
from tests.servers.proxy import GATEWAY_TIMEOUT, RESET, TRUNCATE, Fault, Proxy, answer, changed
from tests.servers.reddit import Reddit, key_of
from tests.servers.reddit_things import shape
from tests.servers.town import BRAND, Town, token
from tests.servers.x import MARTA, TOKEN, FakeX
from tests.servers.x_forms import problem

HANDLES = {"mastodon": BRAND, "bluesky": "brand.test", "x": "acme", "reddit": "acme"}
OUTCOMES = ("ok", "stored, then 504", "stored, then reset", "lost", "refused", "truncated")
_PLAIN = "hello there, one thing"
_BOTH = "you charged me twice and support ignores me"  # answered in private first, then in public


@dataclass(frozen=True)
class Place:
    """A network that stands: how to reach it, how to misbehave, and what to ask past the proxy.

    `copies` names what stands under a post by us, one word each; two equal words are one answer twice. `clear` takes that away.
    """

    proxy: Proxy
    secret: str
    options: Mapping[str, object]
    write: tuple[str, str]
    refusal: Fault
    ask: Callable[[], Awaitable[Post]]
    copies: Callable[[Post], Awaitable[list[str]]]
    clear: Callable[[Post], Awaitable[None]]
    always: tuple[tuple[str, str, Fault], ...] = ()

    def lie(self, outcome: str) -> None:
        """Be honest but for the next write, which ends as `outcome` says."""
        self.proxy.honest()
        for one in self.always:
            self.proxy.always(*one)
        faults = (None, GATEWAY_TIMEOUT, RESET, RESET.before(), self.refusal, TRUNCATE)
        if fault := dict(zip(OUTCOMES, faults, strict=True))[outcome]:
            self.proxy.once(*self.write, fault)


@asynccontextmanager
async def _mastodon() -> AsyncIterator[Place]:
    real = {"source_url": "https://github.com/mastodon/mastodon", "version": "4.5.0"}  # it keeps keys, as Mastodon does
    with Town() as town:

        async def ask() -> Post:
            status = await town.write("marta", f"@{BRAND} {_BOTH}")
            return mastodon_post(WireStatus.model_validate(status), str(status["id"]), own=False)

        async def copies(post: Post) -> list[str]:
            return [str(one["visibility"]) for one in await town.answers(post.id)]

        async def clear(post: Post) -> None:
            for one in await town.answers(post.id):
                await town.delete(BRAND, one["id"])

        refusal = answer(422, {"error": "Validation failed: Text can't be blank"}, forward=False)
        always = (("GET", "/api/v2/instance", changed(lambda body: body | real)),)
        async with Proxy(town.url) as proxy:
            write = ("POST", "/api/v1/statuses")
            yield Place(proxy, token(BRAND), {"instance": proxy.url}, write, refusal, ask, copies, clear, always)


@asynccontextmanager
async def _bluesky() -> AsyncIterator[Place]:
    async with Pds() as pds, Proxy(pds.url) as proxy:
        brand, alice = pds.account(HANDLES["bluesky"]), pds.account("alice.test")

        async def ask() -> Post:
            words = f"@{brand.handle} {_PLAIN}"
            ref = pds.post(alice, words)
            who = Author("bluesky", alice.did, alice.handle)
            return Post("bluesky", ref.uri, words, who, datetime.now(UTC), ref.uri, version=ref.cid, mentions=(brand.handle,))

        async def copies(post: Post) -> list[str]:
            return ["public" for _ in pds.replies_to(Ref(post.id, ""))]

        async def clear(_: Post) -> None:
            brand.records.clear()

        refusal = answer(400, {"error": "InvalidRequest", "message": "Invalid app.bsky.feed.post record: too long"}, forward=False)
        write = ("POST", "/xrpc/com.atproto.repo.putRecord")
        yield Place(proxy, brand.password, {"service": proxy.url, "handle": brand.handle}, write, refusal, ask, copies, clear)


@asynccontextmanager
async def _x() -> AsyncIterator[Place]:
    async with FakeX() as fake, Proxy(fake.url) as proxy:

        async def ask() -> Post:
            said = fake.say(MARTA, f"@acme {_PLAIN}")
            wire, included = WirePost.model_validate(fake.shown(said)), WireIncludes.model_validate(fake.included([said]))
            return x_post(wire, included, own=False)

        async def copies(post: Post) -> list[str]:
            return ["public" for _ in fake.copies(post.id)]

        async def clear(post: Post) -> None:
            fake.left.clear()  # its limits count by the real time, which hardly passes here
            for one in fake.copies(post.id):
                one.gone = True

        told = "Quoting or replying to this post is not allowed because you have not been mentioned or otherwise engaged by the author."
        refusal = answer(403, problem("Forbidden", told), forward=False)
        yield Place(proxy, TOKEN, {"service": proxy.url}, ("POST", "/2/tweets"), refusal, ask, copies, clear)


@asynccontextmanager
async def _reddit() -> AsyncIterator[Place]:
    async with Reddit() as reddit, Proxy(reddit.url) as proxy:
        us, marta = reddit.join("acme"), reddit.join("marta")

        async def ask() -> Post:
            article = reddit.submit(marta, "shoes", "Acme shoes", "any good?")
            thing = reddit.reply(marta, article, f"u/acme {_PLAIN}")
            heard = reddit_post(WireThing.model_validate(shape(thing, reddit.things)["data"]), own=False)
            return replace(heard, created_at=datetime.now(UTC))  # its things are of another year

        async def copies(post: Post) -> list[str]:
            return ["public" for _ in reddit.below(post.id, us)]

        async def clear(post: Post) -> None:
            for one in reddit.below(post.id, us):
                one.deleted = True

        refusal = answer(200, {"json": {"errors": [["THREAD_LOCKED", "Comments are locked.", "parent"]]}}, forward=False)
        options = {"service": proxy.url, "sign_in": proxy.url}
        yield Place(proxy, key_of("acme"), options, ("POST", "/api/comment"), refusal, ask, copies, clear)


PLACES: Mapping[str, Callable[[], AbstractAsyncContextManager[Place]]] = {
    "mastodon": _mastodon,
    "bluesky": _bluesky,
    "x": _x,
    "reddit": _reddit,
}


@dataclass(frozen=True)
class Standing:
    """A place in its own process, as seen from here."""

    line: Connection
    env: Mapping[str, str]
    options: Mapping[str, object]

    def ask(self) -> Post:
        """Let somebody write to us."""
        post: Post = self._call("ask")
        return post

    def lie(self, outcome: str) -> None:
        """Be honest but for the next write."""
        self._call("lie", outcome)

    def copies(self, post: Post) -> list[str]:
        """Return what stands under a post by us."""
        found: list[str] = self._call("copies", post)
        return found

    def clear(self, post: Post) -> None:
        """Take away what stands under a post by us."""
        self._call("clear", post)

    def _call(self, *words: object) -> Any:  # noqa: ANN401  # what the place returns is known to who asks
        self.line.send(words)
        return self.line.recv()


@contextmanager
def standing(network: str) -> Iterator[Standing]:
    """Let a network stand in a process of its own while the block runs."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_stand, args=(network, there, here))
    process.start()
    there.close()
    try:
        yield Standing(here, *here.recv())
    finally:
        here.close()
        process.join(10)
        process.kill()


def _stand(network: str, line: Connection, other: Connection) -> None:
    other.close()
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(network, line))


async def _serve(network: str, line: Connection) -> None:
    async with PLACES[network]() as place:
        env = {"EARNEST_ALLOW_HOSTS": place.proxy.host, f"EARNEST_SECRET_{network.upper()}_WRITE": place.secret}
        line.send((env, place.options))
        loop = asyncio.get_running_loop()
        while True:
            try:
                what, *words = await loop.run_in_executor(None, line.recv)
            except EOFError:
                return
            done = getattr(place, what)(*words)
            line.send(await done if asyncio.iscoroutine(done) else done)
