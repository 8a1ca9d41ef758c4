"""What every source promises. A network's test module makes a `Scene` for it and inherits `SourceContract`.

class TestMine(SourceContract):
    @pytest.fixture
    async def scene(self) -> AsyncIterator[Scene]: ...

A new file in listener/sources is picked up here by itself for what needs no server.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC

import pytest

from listener import plugins
from listener.errors import Malformed, NetworkError, NotConnected, RateLimited, SignInNeeded
from listener.model import Page, Post
from listener.sources.base import Source, SourceKind
from tests.servers.proxy import BROKEN, DEEP, EMPTY, GATEWAY_TIMEOUT, HTML, HUGE, RESET, TRUNCATE, Fault, Proxy, answer, too_many

SOURCES = plugins.names("listener.sources", "earnest.sources")


@dataclass
class Heard:
    """A network with a source on it. `say` publishes a post that the source must hear and returns its id."""

    source: Source
    say: Callable[[str], Awaitable[str]]


@dataclass
class Scene:
    """The same, where the source asks for posts: it reaches the real server through `proxy`; `read` is the path it polls."""

    source: Source
    proxy: Proxy
    read: str
    say: Callable[[str], Awaitable[str]]


async def drain(source: Source, cursor: str | None) -> tuple[list[Post], str | None]:
    """Fetch until nothing more waits, as polling does."""
    posts: list[Post] = []
    for _ in range(50):
        page = await source.fetch(cursor)
        posts += page.posts
        cursor = page.cursor
        if not page.more:
            return posts, cursor
    message = "the source never comes to an end"
    raise AssertionError(message)


class HearingContract:
    """Nothing is lost and nothing is skipped, whether a source asks for posts or is brought them."""

    @pytest.fixture
    async def scene(self) -> Heard | Scene:
        pytest.fail("a source under contract brings a scene of its own")

    async def test_hears_what_is_said_after_the_first_poll(self, scene: Heard) -> None:
        _, cursor = await drain(scene.source, None)
        said = [await scene.say(f"word number {number}") for number in range(3)]
        posts, _ = await drain(scene.source, cursor)
        assert [post.id for post in posts] == said
        assert [post.text.endswith(f"word number {number}") for number, post in enumerate(posts)] == [True] * 3

    async def test_a_post_is_whole(self, scene: Heard) -> None:
        _, cursor = await drain(scene.source, None)
        await scene.say("line one\nline two & <b>")
        (post,), _ = await drain(scene.source, cursor)
        assert post.text.endswith("line one\nline two & <b>")
        assert post.network == post.author.network == scene.source.network
        assert post.created_at.utcoffset() == UTC.utcoffset(None)
        assert isinstance(post.id, str)
        assert isinstance(post.author.id, str)
        assert not post.author.handle.startswith("@")
        assert post.url.startswith("http")
        assert not post.own

    async def test_a_burst_is_heard_whole_once_and_in_order(self, scene: Heard) -> None:
        await scene.say("before")
        _, cursor = await drain(scene.source, None)
        said = [await scene.say(f"burst {number}") for number in range(45)]
        posts, _ = await drain(scene.source, cursor)
        assert [post.id for post in posts] == said

    async def test_the_same_page_a_hundred_times_brings_nothing_new(self, scene: Heard) -> None:
        await scene.say("one")
        await scene.say("two")
        seen: set[tuple[str, str]] = set()
        cursors: set[str | None] = set()
        for _ in range(100):
            page = await scene.source.fetch(None)
            seen |= {(post.id, post.version) for post in page.posts}
            cursors.add(page.cursor)
        assert len(seen) == 2
        assert len(cursors) == 1

    async def test_the_same_cursor_twice_brings_the_same(self, scene: Heard) -> None:
        _, cursor = await drain(scene.source, None)
        await scene.say("again")
        first: Page = await scene.source.fetch(cursor)
        assert await scene.source.fetch(cursor) == first

    async def test_silence_moves_nothing(self, scene: Heard) -> None:
        await scene.say("before")
        _, cursor = await drain(scene.source, None)
        assert await drain(scene.source, cursor) == ([], cursor)

    async def test_what_comes_to_an_empty_place_is_not_lost(self, scene: Heard) -> None:
        posts, cursor = await drain(scene.source, None)
        assert not posts
        said = [await scene.say(f"first words {number}") for number in range(45)]
        posts, _ = await drain(scene.source, cursor)
        assert [post.id for post in posts] == said

    async def test_a_cursor_that_makes_no_sense_is_a_gap_and_not_the_end(self, scene: Heard) -> None:
        said = await scene.say("still here")
        page = await scene.source.fetch("{nonsense")
        assert page.gap is not None
        assert said in {post.id for post in page.posts}


class SourceContract(HearingContract):
    """Besides, where a source asks: a failure moves nothing, and nonsense is called so."""

    @pytest.mark.parametrize("fault", [HTML, EMPTY, BROKEN, DEEP, HUGE], ids=lambda fault: fault.name)
    async def test_nonsense_is_malformed(self, scene: Scene, fault: Fault) -> None:
        scene.proxy.always("GET", scene.read, fault)
        with pytest.raises(Malformed):
            await scene.source.fetch(None)

    @pytest.mark.parametrize("body", [None, 7, "text", {"a": 1}, [1], [None], [[]], [{}], [{"id": 5}], [{"id": "5"}], True])
    async def test_wrong_types_are_malformed(self, scene: Scene, body: object) -> None:
        scene.proxy.always("GET", scene.read, answer(200, body))
        with pytest.raises(Malformed):
            await scene.source.fetch(None)

    @pytest.mark.parametrize("fault", [GATEWAY_TIMEOUT, RESET, TRUNCATE], ids=lambda fault: fault.name)
    async def test_a_failure_says_so_and_loses_nothing(self, scene: Scene, fault: Fault) -> None:
        _, cursor = await drain(scene.source, None)
        said = await scene.say("through the storm")
        scene.proxy.always("GET", scene.read, fault)
        with pytest.raises(NetworkError):
            await scene.source.fetch(cursor)
        scene.proxy.honest()
        posts, _ = await drain(scene.source, cursor)
        assert [post.id for post in posts] == [said]

    async def test_asked_to_wait_says_how_long(self, scene: Scene) -> None:
        scene.proxy.once("GET", scene.read, too_many({"Retry-After": "1000000000"}))
        with pytest.raises(RateLimited) as caught:
            await scene.source.fetch(None)
        assert caught.value.retry_after == 900

    @pytest.mark.parametrize("status", [401, 403])
    async def test_a_refused_sign_in_says_which_secret_to_set(self, scene: Scene, status: int) -> None:
        scene.proxy.always("GET", scene.read, answer(status, {"error": "The access token is invalid"}, forward=False))
        with pytest.raises(SignInNeeded) as caught:
            await scene.source.fetch(None)
        assert "_read" in caught.value.hint

    async def test_no_connection_says_so(self, scene: Scene) -> None:
        await scene.source.fetch(None)
        await scene.proxy.stop()
        with pytest.raises(NotConnected):
            await scene.source.fetch(None)


@pytest.mark.parametrize("name", SOURCES)
class TestEverySource:
    """What holds for every file in listener/sources, with no server at all."""

    def test_is_a_kind_with_documented_options(self, name: str) -> None:
        kind = plugins.load("listener.sources", "earnest.sources", name)
        assert isinstance(kind, SourceKind)
        assert kind.network
        assert all(field.description for field in kind.options.model_fields.values())
        assert kind.options.model_config.get("extra") == "forbid"

    def test_reads_with_reading_secrets_only(self, name: str) -> None:
        kind = plugins.load("listener.sources", "earnest.sources", name)
        assert isinstance(kind, SourceKind)
        assert not any(secret.endswith("_write") for secret in kind.secrets)
