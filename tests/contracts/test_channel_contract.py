"""What every channel promises. A network's test module makes a `Stage` for it and inherits `ChannelContract`:

class TestMine(ChannelContract):
    @pytest.fixture
    async def stage(self) -> AsyncIterator[Stage]: ...

A new file in responders/channels is picked up here by itself for what needs no server.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from listener import plugins
from listener.clock import now
from listener.errors import NetworkError
from listener.model import Author, Post, Visibility
from responders.channels.base import Channel, ChannelKind, Refused, Sent, Unknown, Unsent
from responders.model import Delivery, DeliveryState, Kind
from tests.servers.proxy import AFTER_STORING, HANG, RESET, UNAVAILABLE, Fault, Proxy, too_many

CHANNELS = plugins.names("responders.channels", "earnest.channels")


@dataclass
class Stage:
    """A network with a channel on it.

    `channel` reaches the real server through `proxy`; `write` is the method and path of the request that publishes. `ask` publishes a
    customer's post and returns it as a source would; `remove` deletes it there; `copies` counts what stands under a post, by us, on
    the real server, asked past the proxy.
    """

    kind: ChannelKind
    channel: Channel
    proxy: Proxy
    write: tuple[str, str]
    ask: Callable[[str], Awaitable[Post]]
    remove: Callable[[Post], Awaitable[None]]
    copies: Callable[[Post], Awaitable[int]]


async def delivery(stage: Stage, parent: Post, words: str = "Thanks for telling us. What happened?", **more: object) -> Delivery:
    kind = Kind(str(more.pop("kind", Kind.PUBLIC)))
    made = Delivery(
        id=1,
        case="A-1",
        draft_id=1,
        kind=kind,
        network=stage.kind.network,
        account=(await stage.channel.identify()).id,
        parent=parent,
        visibility=Visibility.UNLISTED if kind is Kind.PUBLIC else Visibility.DIRECT,
        text=stage.kind.address(words, parent, kind),
        key=stage.kind.new_key(),
        created_at=now(),
        bound="",
        state=DeliveryState.CLAIMED,
        attempts=1,
        first_attempt_at=now(),
    )
    return replace(made, **more)  # type: ignore[arg-type]


class ChannelContract:
    """One POST per attempt, an honest answer to "was it published?", and looking that settles doubt."""

    timeout = 1.0

    @pytest.fixture
    async def stage(self) -> Stage:
        pytest.fail("a channel under contract brings a stage of its own")

    @pytest.fixture
    async def warm(self, stage: Stage) -> Stage:
        await stage.channel.identify()
        await stage.channel.keyed()
        return stage

    async def test_a_reply_is_published_once_and_named(self, warm: Stage) -> None:
        post = await warm.ask("my order never came")
        wanted = await delivery(warm, post)
        result = await warm.channel.send(wanted, 10.0)
        assert isinstance(result, Sent)
        assert result.remote_id
        assert result.url.startswith("http")
        assert await warm.copies(post) == 1
        assert len(warm.proxy.forwarded(*warm.write)) == 1
        assert await warm.channel.find(wanted) == result

    @pytest.mark.parametrize("fault", AFTER_STORING, ids=lambda fault: fault.name)
    async def test_stored_then_misbehaved_is_unknown_until_a_look_finds_it(self, warm: Stage, fault: Fault) -> None:
        post = await warm.ask("my order never came")
        wanted = await delivery(warm, post)
        warm.proxy.once(*warm.write, fault)
        result = await warm.channel.send(wanted, self.timeout)
        assert isinstance(result, Unknown), result
        assert result.reason
        assert await warm.copies(post) == 1
        assert len(warm.proxy.asked(*warm.write)) == 1
        warm.proxy.honest()
        assert isinstance(await warm.channel.find(wanted), Sent)

    @pytest.mark.parametrize("fault", [UNAVAILABLE, RESET.before(), HANG.before()], ids=lambda fault: fault.name)
    async def test_never_stored_is_unknown_too_and_a_look_finds_nothing(self, warm: Stage, fault: Fault) -> None:
        post = await warm.ask("my order never came")
        wanted = await delivery(warm, post)
        warm.proxy.once(*warm.write, fault)
        assert isinstance(await warm.channel.send(wanted, self.timeout), Unknown)
        assert len(warm.proxy.asked(*warm.write)) == 1
        warm.proxy.honest()
        assert await warm.copies(post) == 0
        assert await warm.channel.find(wanted) is None

    async def test_no_connection_is_unsent(self, warm: Stage) -> None:
        post = await warm.ask("my order never came")
        wanted = await delivery(warm, post)
        await warm.proxy.stop()
        assert isinstance(await warm.channel.send(wanted, self.timeout), Unsent)
        assert await warm.copies(post) == 0
        with pytest.raises(NetworkError):
            await warm.channel.find(wanted)

    @pytest.mark.parametrize("wait", ["30", "Wed, 21 Oct 2099 07:28:00 GMT", "-5", "1000000000", "soon", ""])
    async def test_asked_to_wait_is_unsent_with_a_bounded_wait(self, warm: Stage, wait: str) -> None:
        post = await warm.ask("my order never came")
        warm.proxy.once(*warm.write, too_many({"Retry-After": wait} if wait else {}))
        result = await warm.channel.send(await delivery(warm, post), self.timeout * 5)
        assert isinstance(result, Unsent)
        assert 1 <= result.retry_after <= 900
        assert await warm.copies(post) == 0

    async def test_the_same_key_again_publishes_nothing_more(self, warm: Stage) -> None:
        post = await warm.ask("my order never came")
        wanted = await delivery(warm, post)
        first = await warm.channel.send(wanted, 10.0)
        assert await warm.channel.send(wanted, 10.0) == first
        assert await warm.copies(post) == 1

    async def test_a_look_sees_the_post_its_answer_and_its_end(self, warm: Stage) -> None:
        post = await warm.ask("my order never came <b> & \U0001f629")
        before = await warm.channel.look(post)
        assert before.there
        assert (before.text, before.answered_by_us) == (post.text, False)
        assert before.version == post.version
        await warm.channel.send(await delivery(warm, post), 10.0)
        assert (await warm.channel.look(post)).answered_by_us
        await warm.remove(post)
        assert not (await warm.channel.look(post)).there

    async def test_a_failed_look_says_so(self, warm: Stage) -> None:
        post = await warm.ask("my order never came")
        for method in ("GET", "POST"):
            warm.proxy.always(method, "/", UNAVAILABLE)
        with pytest.raises(NetworkError):
            await warm.channel.look(post)
        with pytest.raises(NetworkError):
            await warm.channel.find(await delivery(warm, post))

    async def test_a_text_beyond_the_limit_is_never_sent(self, warm: Stage) -> None:
        post = await warm.ask("my order never came")
        long = "word " * warm.kind.limits(Kind.PUBLIC).limit
        assert isinstance(await warm.channel.send(await delivery(warm, post, long), 10.0), Refused)
        assert not warm.proxy.asked(*warm.write)

    async def test_another_account_than_the_approved_one_never_speaks(self, warm: Stage) -> None:
        post = await warm.ask("my order never came")
        result = await warm.channel.send(await delivery(warm, post, account="somebody-else"), 10.0)
        assert isinstance(result, Refused)
        assert not warm.proxy.asked(*warm.write)


def _kind(name: str) -> ChannelKind:
    kind = plugins.load("responders.channels", "earnest.channels", name)
    assert isinstance(kind, ChannelKind)
    return kind


def _post(network: str) -> Post:
    author = Author(network, "42", "marta.k")
    return Post(network, "7", "hello", author, datetime(2026, 11, 20, tzinfo=UTC), thread_id="7")


@pytest.mark.parametrize("name", CHANNELS)
class TestEveryChannel:
    """What holds for every file in responders/channels, with no server at all."""

    def test_is_named_after_its_file(self, name: str) -> None:
        assert _kind(name).network == name

    def test_writes_with_a_secret_of_its_own(self, name: str) -> None:
        assert all(secret.endswith("_write") for secret in _kind(name).secrets)

    @pytest.mark.parametrize("kind", list(Kind))
    def test_addressing_twice_changes_nothing(self, name: str, kind: Kind) -> None:
        address = _kind(name).address
        once = address("Hello there", _post(name), kind)
        assert "Hello there" in once
        assert address(once, _post(name), kind) == once

    def test_keys_are_all_different(self, name: str) -> None:
        new_key = _kind(name).new_key
        assert len({new_key() for _ in range(1_000)}) == 1_000

    def test_a_short_text_fits_and_a_long_one_does_not(self, name: str) -> None:
        kind = _kind(name)
        limits = kind.limits(Kind.PUBLIC)
        assert not limits.problem(kind.address("Hello there", _post(name), Kind.PUBLIC))
        assert limits.problem("x" * (limits.limit + 1))
        assert limits.count("x" * 10) == 10
