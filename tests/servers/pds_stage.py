"""A Bluesky channel on its stage: a small honest server, the misbehaving proxy in front of it, and two people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from listener.model import Author, Post
from listener.rules.rulebook import Brand, Route, Rulebook
from responders.channels.bluesky import KIND
from tests.contracts.test_channel_contract import Stage
from tests.servers.pds import Pds
from tests.servers.pds_people import Person
from tests.servers.pds_records import Ref
from tests.servers.proxy import Proxy, answer

PUT = "com.atproto.repo.putRecord"
DELETE = "com.atproto.repo.deleteRecord"
NO_SIGN_IN = answer(401, {"error": "AuthenticationRequired", "message": "Authentication Required"}, forward=False)
RESETS = tuple({"RateLimit-Reset": moment} for moment in ("4102444800", "1420070400", "0", "-1", "soon"))
NOW = datetime(2026, 11, 20, 12, 0, 0, 123_000, tzinfo=UTC)
BOOK = Rulebook(version=1, brands={"acme": Brand(handles={"bluesky": "brand.test"})}, routes=(Route(name="all", when="always"),))


def heard(author: Person, ref: Ref, text: str = "@brand.test help") -> Post:
    person = Author("bluesky", author.did, author.handle)
    return Post("bluesky", ref.uri, text, person, NOW, thread_id=ref.uri, version=ref.cid)


@asynccontextmanager
async def stage_on(pds: Pds, proxy: Proxy, brand: Person, alice: Person) -> AsyncIterator[Stage]:
    """The channel of `brand`, asked by `alice`. Its secret and the allowed hosts are set by the test."""
    made = KIND.make({"service": proxy.url, "handle": brand.handle}, BOOK)

    async def ask(words: str) -> Post:
        return heard(alice, pds.post(alice, words), words)

    async def remove(post: Post) -> None:
        pds.delete(alice, Ref(post.id, post.version))

    async def copies(post: Post) -> int:
        return len(pds.replies_to(Ref(post.id, post.version)))

    write, taking, before = (("POST", f"/xrpc/{PUT}"), ("POST", f"/xrpc/{DELETE}"), ("GET", "/xrpc/app.bsky.feed.getPosts"))
    yield Stage(KIND, made, proxy, write, ask, remove, copies, taking, NO_SIGN_IN, before=before, resets=RESETS)
    await made.close()
