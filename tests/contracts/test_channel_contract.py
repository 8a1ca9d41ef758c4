"""What every channel promises. A network's test module makes a `Stage` for it and inherits `ChannelContract`:

class TestMine(ChannelContract):
    keyed = False  # only where sending twice with the same key publishes twice

    @pytest.fixture
    async def stage(self) -> AsyncIterator[Stage]: ...

A new file in responders/channels is picked up here by itself for what needs no server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import FrameType
from typing import Any

import pytest
from aiohttp import web

from listener import plugins
from listener.clock import now
from listener.errors import NetworkError
from listener.http import ask_first
from listener.model import Author, Post, Visibility
from listener.settings import secret_variable
from responders.channels.base import Barred, Channel, ChannelKind, Refused, Sent, Unknown, Unsent, Withdrawn
from responders.model import Delivery, DeliveryState, Kind
from tests.servers.proxy import AFTER_STORING, DELAY, HANG, RESET, UNAVAILABLE, Fault, Proxy, Upstream, too_many

CHANNELS = plugins.names("responders.channels", "earnest.channels")
SHORTEST, LONGEST = 1.0, 900.0
WAITS = ("30", "0.5", "0", "-5", "1000000000", "1e400", "nan", "soon", "Wed, 21 Oct 2099 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:00 GMT", "")


@dataclass
class Stage:
    """A network with a channel on it.

    `channel` is new, and reaches the real server through `proxy`. `ask` publishes a customer's post and returns it as a source would;
    `remove` deletes it there; `copies` counts what stands under a post, by us, on the real server, asked past the proxy. Requests are
    named by method and beginning of path: `write` publishes, `taking` withdraws, and `before` is one that a channel which knows no more
    than who it is makes between `send` and the POST (None where it makes none). `barring` is how the network answers the write when it
    does not know our sign-in any more. `slow_down` makes its 429 of the headers it comes with, and `resets` are all the headers by
    which the network says how long to wait, apart from `Retry-After`.
    """

    kind: ChannelKind
    channel: Channel
    proxy: Proxy
    write: tuple[str, str]
    ask: Callable[[str], Awaitable[Post]]
    remove: Callable[[Post], Awaitable[None]]
    copies: Callable[[Post], Awaitable[int]]
    taking: tuple[str, str]
    barring: Fault
    before: tuple[str, str] | None = None
    resets: tuple[Mapping[str, str], ...] = ()
    slow_down: Callable[[Mapping[str, str]], Fault] = field(default=too_many)


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


def sent_as(wanted: Delivery, result: object) -> Delivery:
    """Return the delivery as the ledger keeps it once it is sent."""
    assert isinstance(result, Sent), result
    return replace(wanted, remote_id=result.remote_id, remote_url=result.url, state=DeliveryState.SENT)


def reached(inner: Fault, event: asyncio.Event) -> Fault:
    """Return the same fault, which also says when a request has met it."""

    async def act(proxy: Proxy, request: web.Request, upstream: Upstream) -> web.StreamResponse:
        event.set()
        return await inner.act(proxy, request, upstream)

    return Fault(f"{inner.name}, told", forward=inner.forward, act=act)


def suspended_in(coroutine: Any) -> Iterator[FrameType]:  # noqa: ANN401 - a coroutine of any kind
    """Return where every coroutine below this one waits, from the outermost to the innermost one."""
    while (frame := getattr(coroutine, "cr_frame", None)) is not None:
        yield frame
        coroutine = coroutine.cr_await


class ChannelContract:
    """One POST per attempt, an honest answer to "was it published?", and looking that settles doubt.

    `timeout` is how many seconds an attempt gets where the server hangs. `keyed` is false where the network publishes the same key twice.
    """

    timeout = 1.0
    keyed = True

    def is_client(self, frame: FrameType, method: str) -> bool:
        """Return whether what waits here is the client that makes the request, and none of our own code. May be overridden."""
        module = str(frame.f_globals["__name__"])
        ours = module.startswith("responders.") or module == "listener.bluesky_session"
        return not ours and frame.f_locals.get("method") == method

    @pytest.fixture
    async def stage(self) -> Stage:
        pytest.fail("a channel under contract brings a stage of its own")

    @pytest.fixture
    async def warm(self, stage: Stage) -> Stage:
        await stage.channel.identify()
        await stage.channel.keyed(Kind.PUBLIC)
        return stage

    async def test_a_reply_is_published_once_and_named(self, warm: Stage) -> None:
        post = await warm.ask("my order never came")
        wanted = await delivery(warm, post)
        result = await warm.channel.send(wanted, 10.0)
        assert isinstance(result, Sent)
        assert result.remote_id
        assert result.url.startswith("http")
        assert warm.kind.id_in(result.url, wanted.account) == result.remote_id
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

    @pytest.mark.parametrize("wait", WAITS)
    async def test_asked_to_wait_is_unsent_with_a_bounded_wait(self, warm: Stage, wait: str) -> None:
        post = await warm.ask("my order never came")
        await self._waits(warm, await delivery(warm, post), {"Retry-After": wait} if wait else {})
        assert await warm.copies(post) == 0

    async def test_asked_to_wait_in_the_network_s_own_headers_is_bounded_too(self, warm: Stage) -> None:
        post = await warm.ask("my order never came")
        wanted = await delivery(warm, post)
        for headers in warm.resets:
            await self._waits(warm, wanted, headers)
        await self._waits(warm, wanted, {"Retry-After": format_datetime(now() + timedelta(seconds=40), usegmt=True)}, 30, 41)
        assert await warm.copies(post) == 0

    async def _waits(
        self, stage: Stage, wanted: Delivery, headers: Mapping[str, str], least: float = SHORTEST, most: float = LONGEST
    ) -> None:
        asked = len(stage.proxy.asked(*stage.write))
        stage.proxy.once(*stage.write, stage.slow_down(headers))
        result = await stage.channel.send(wanted, self.timeout * 5)
        assert isinstance(result, Unsent), result
        assert least <= result.retry_after <= most
        assert len(stage.proxy.asked(*stage.write)) == asked + 1

    async def test_the_same_key_again_publishes_nothing_more(self, warm: Stage) -> None:
        post = await warm.ask("my order never came")
        wanted = await delivery(warm, post)
        first = await warm.channel.send(wanted, 10.0)
        if self.keyed:
            assert await warm.channel.send(wanted, 10.0) == first
        else:
            assert not await warm.channel.keyed(Kind.PUBLIC), "nobody may believe that this network has a key"
        assert await warm.copies(post) == 1

    async def test_a_look_sees_the_post_its_answer_and_its_end(self, warm: Stage) -> None:
        post = await warm.ask("my order never came <b> & \U0001f629")
        before = await warm.channel.look(post)
        assert before.there
        assert (before.text, before.ours) == (post.text, ())
        assert before.version == post.version
        sent = await warm.channel.send(await delivery(warm, post), 10.0)
        assert isinstance(sent, Sent)
        assert (await warm.channel.look(post)).ours == (sent.remote_id,)
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

    async def test_what_was_sent_can_be_withdrawn_and_twice_is_harmless(self, warm: Stage) -> None:
        post = await warm.ask("my order never came")
        wanted = await delivery(warm, post)
        sent = sent_as(wanted, await warm.channel.send(wanted, 10.0))
        assert await warm.channel.withdraw(sent, 10.0) == Withdrawn()
        assert len(warm.proxy.asked(*warm.taking)) == 1
        assert await warm.copies(post) == 0
        assert await warm.channel.find(sent) is None
        assert (await warm.channel.look(post)).ours == ()
        assert await warm.channel.withdraw(sent, 10.0) == Withdrawn()

    @pytest.mark.parametrize("fault", AFTER_STORING, ids=lambda fault: fault.name)
    async def test_taken_away_then_misbehaved_is_never_tried_twice_in_one_go(self, warm: Stage, fault: Fault) -> None:
        post = await warm.ask("my order never came")
        wanted = await delivery(warm, post)
        sent = sent_as(wanted, await warm.channel.send(wanted, 10.0))
        warm.proxy.once(*warm.taking, fault)
        assert isinstance(await warm.channel.withdraw(sent, self.timeout), Unknown | Withdrawn)
        assert len(warm.proxy.asked(*warm.taking)) == 1
        warm.proxy.honest()
        assert await warm.copies(post) == 0
        assert await warm.channel.withdraw(sent, 10.0) == Withdrawn()

    @pytest.mark.parametrize("fault", [UNAVAILABLE, RESET.before(), HANG.before()], ids=lambda fault: fault.name)
    async def test_what_may_still_stand_is_never_called_withdrawn(self, warm: Stage, fault: Fault) -> None:
        post = await warm.ask("my order never came")
        wanted = await delivery(warm, post)
        sent = sent_as(wanted, await warm.channel.send(wanted, 10.0))
        warm.proxy.once(*warm.taking, fault)
        assert isinstance(await warm.channel.withdraw(sent, self.timeout), Unknown)
        warm.proxy.honest()
        assert await warm.copies(post) == 1

    async def test_a_withdrawal_that_never_left_says_so(self, warm: Stage) -> None:
        post = await warm.ask("my order never came")
        wanted = await delivery(warm, post)
        sent = sent_as(wanted, await warm.channel.send(wanted, 10.0))
        warm.proxy.once(*warm.taking, warm.slow_down({"Retry-After": "1000000000"}))
        asked = await warm.channel.withdraw(sent, self.timeout * 5)
        assert isinstance(asked, Unsent)
        assert SHORTEST <= asked.retry_after <= LONGEST
        assert isinstance(await warm.channel.withdraw(replace(sent, account="somebody-else"), 10.0), Refused)
        await warm.proxy.stop()
        assert isinstance(await warm.channel.withdraw(sent, self.timeout), Unsent)
        assert await warm.copies(post) == 1

    async def test_a_refused_sign_in_bars_the_account_and_says_what_to_set(self, warm: Stage) -> None:
        post = await warm.ask("my order never came")
        wanted = await delivery(warm, post)
        warm.proxy.once(*warm.write, warm.barring)
        result = await warm.channel.send(wanted, self.timeout * 5)
        assert isinstance(result, Barred), result
        assert result.reason
        assert any(secret_variable(name) in result.hint for name in warm.kind.secrets)
        assert len(warm.proxy.asked(*warm.write)) == 1
        assert await warm.copies(post) == 0

    async def test_a_pause_while_a_question_hangs_is_in_time(self, stage: Stage) -> None:
        post = await stage.ask("my order never came")
        wanted = await delivery(stage, post)
        paused, met = False, asyncio.Event()
        if stage.before:
            stage.proxy.always(*stage.before, reached(DELAY, met))
        sending = asyncio.create_task(stage.channel.send(wanted, 30.0, lambda: not paused))
        if stage.before:
            await asyncio.wait_for(met.wait(), 10.0)
        paused = True
        stage.proxy.honest()
        assert isinstance(await sending, Unsent)
        assert not stage.proxy.asked(*stage.write)

    async def test_it_is_asked_once_more_when_the_connection_stands(self, warm: Stage) -> None:
        wanted = await delivery(warm, await warm.ask("my order never came"))
        with ask_first(lambda: False):
            assert isinstance(await warm.channel.send(wanted, 30.0, lambda: True), Unsent)
        assert not warm.proxy.asked(*warm.write)

    async def test_between_the_yes_and_the_post_nothing_else_is_waited_for(self, warm: Stage) -> None:
        post = await warm.ask("my order never came")
        wanted = await delivery(warm, post)
        waiting: list[bool] = []

        def yes() -> bool:
            # Whatever the channel waits for first after this is what waits when the loop comes round.
            asyncio.get_running_loop().call_soon(
                lambda: waiting.append(any(self.is_client(frame, warm.write[0]) for frame in suspended_in(sending.get_coro())))
            )
            return True

        coroutine: Coroutine[Any, Any, object] = warm.channel.send(wanted, 10.0, yes)
        sending = asyncio.create_task(coroutine)
        assert isinstance(await sending, Sent)
        assert waiting == [True], "the yes is old when the request leaves"


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

    def test_it_says_how_much_the_network_takes(self, name: str) -> None:
        pace = _kind(name).pace
        assert pace.posts >= 1
        assert 60.0 <= pace.per <= 86_400.0
