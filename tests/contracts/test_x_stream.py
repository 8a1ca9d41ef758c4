"""What hearing X's filtered stream promises, against a fake of X that may have one connection: news at once, and nothing rests on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from listener.errors import NetworkError, NotConnected, RateLimited, SignInNeeded
from listener.model import Page, Post
from listener.polling import Ear as Taker
from listener.polling import Taken
from listener.rules.rulebook import Brand, Route, Rulebook, SourceSettings
from listener.settings import Secret
from listener.sources._x_stream import Rests
from listener.sources.x import KIND, X
from listener.watching import Watcher
from listener.x_stream import Patience, StreamClient
from listener.x_wire import Options
from tests.contracts.test_source_contract import Scene, SourceContract, drain
from tests.mouth import ALONE, House
from tests.servers.proxy import Proxy, answer
from tests.servers.x import APP_TOKEN, BRAND, KEYS, MARTA, TOKEN, TOM, FakeX
from tests.servers.x_forms import Refusal, problem
from tests.servers.x_streams import RULES, STREAM

MENTION = "@acme -from:acme -is:retweet"
AT_ONCE = Rests(stood=0.0, unreached=0.0, refused=0.0, limited=0.0, shut=0.0)
ONCE = Rests(stood=1000.0, unreached=1000.0, refused=1000.0, limited=1000.0, shut=1000.0)


@pytest.fixture
async def fake(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeX]:
    async with FakeX() as fake:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", fake.host)
        yield fake


@dataclass
class Ear:
    """A source that hears the stream, and how far it got."""

    source: X
    fake: FakeX
    cursor: str | None = None

    async def begin(self) -> None:
        """Read the lists, begin the stream, and read the lists again, as news of an open stream ask for."""
        await self.drain()
        await self.stirred()

    async def drain(self) -> list[Post]:
        posts, self.cursor = await drain(self.source, self.cursor)
        return posts

    async def stirred(self) -> list[Post]:
        await asyncio.wait_for(self.source.stir(), 10)
        return await self.drain()

    async def fetch(self) -> Page:
        page = await self.source.fetch(self.cursor)
        self.cursor = page.cursor
        return page


Hear = Callable[..., Ear]


@pytest.fixture
async def hear(fake: FakeX) -> AsyncIterator[Hear]:
    made: list[Ear] = []

    def listen(query: str = "", *, keys: str = APP_TOKEN, rests: Rests = ONCE, every: float = 1000.0, silence: float = 30.0) -> Ear:
        options = Options(service=fake.url, query=query, handle="acme", stream=True)
        patience = Patience(silence=silence, longest=100_000)
        source = X("x", options, ("acme",), Secret(keys), every=every, rests=rests, patience=patience)
        made.append(Ear(source, fake))
        return made[-1]

    yield listen
    for ear in made:
        await ear.source.close()


class TestWithTheStreamAway(SourceContract):
    """Nothing rests on the stream: every promise of a source holds where X lets nobody hear it."""

    @pytest.fixture
    async def scene(self, fake: FakeX, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
        async with Proxy(fake.url) as proxy:
            monkeypatch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
            monkeypatch.setenv("EARNEST_SECRET_X_READ", APP_TOKEN)
            proxy.always("GET", RULES, answer(403, problem("Client Forbidden", "Not your tier", kind="client-forbidden"), forward=False))
            brands = {"acme": Brand(names=("Acme",), handles={"x": "acme"})}
            book = Rulebook(version=1, brands=brands, routes=(Route(name="all", when="always"),), sources={"x": SourceSettings()})
            source = KIND.make("x", {"service": proxy.url, "stream": True}, book)

            async def say(words: str) -> str:
                return fake.say(MARTA, f"@acme {words}").id

            await source.fetch(None)
            await asyncio.wait_for(source.stir(), 10)
            fake.left.clear()
            yield Scene(source, proxy, f"/2/users/{BRAND}/mentions", say)
            await source.close()


async def test_what_the_stream_brings_is_heard_at_once_and_asks_no_list(fake: FakeX, hear: Hear) -> None:
    ear = hear("shoes")
    await ear.begin()
    asked = dict(fake.left)
    said = [fake.say(MARTA, "@acme hello & <b>"), fake.say(TOM, "my shoes squeak")]
    posts: list[Post] = []
    while len(posts) < len(said):
        posts += await ear.stirred()
    assert [post.id for post in posts] == [one.id for one in said]
    assert posts[0].text == "@acme hello & <b>"
    assert posts[0].mentions == ("acme", BRAND)
    assert posts[0].author.handle == "marta"
    assert fake.left == asked


async def test_the_lists_bring_it_too_so_a_stream_that_loses_it_loses_nothing(fake: FakeX, hear: Hear) -> None:
    ear = hear()
    await ear.begin()
    said = fake.say(MARTA, "@acme hello")
    streamed = await ear.stirred()
    listed = await ear.drain()
    assert streamed == listed
    assert [post.id for post in listed] == [said.id]
    assert await ear.drain() == []


async def test_what_was_handed_over_and_not_stored_is_handed_over_again(fake: FakeX, hear: Hear) -> None:
    ear = hear()
    await ear.begin()
    said = fake.say(MARTA, "@acme hello")
    said.late = True  # no list shows it yet
    await asyncio.wait_for(ear.source.stir(), 10)
    lost = await ear.source.fetch(ear.cursor)
    again = await ear.source.fetch(ear.cursor)
    assert [post.id for post in lost.posts] == [post.id for post in again.posts] == [said.id]
    after = await ear.source.fetch(again.cursor)
    assert after.posts == ()
    said.late = False
    assert [post.id for post in (await ear.source.fetch(after.cursor)).posts] == [said.id]


async def test_a_busy_stream_does_not_keep_the_lists_from_being_read(fake: FakeX, hear: Hear) -> None:
    ear = hear(every=0.0)
    await ear.begin()
    hidden, shown = fake.say(MARTA, "@acme hidden"), fake.say(MARTA, "@acme hello")
    await asyncio.wait_for(ear.source.stir(), 10)
    page = await ear.fetch()
    assert page.posts
    assert page.more
    assert {hidden.id, shown.id} <= {post.id for post in [*page.posts, *await ear.drain()]}


async def test_its_rules_are_made_and_those_of_others_are_left_alone(fake: FakeX, hear: Hear) -> None:
    theirs = [fake.streams.put("boats", ""), fake.streams.put("cats", "earnest:x-other:search")]
    fake.streams.put("old words", "earnest:x:search")
    ear = hear("shoes lang:en")
    await ear.begin()
    assert {one: fake.streams.rules[one] for one in theirs} == {theirs[0]: ("boats", ""), theirs[1]: ("cats", "earnest:x-other:search")}
    ours = sorted((tag, value) for value, tag in fake.streams.rules.values() if tag.startswith("earnest:x:"))
    assert ours == [("earnest:x:mentions", MENTION), ("earnest:x:search", "shoes lang:en")]


async def test_rules_that_stand_are_not_made_again(fake: FakeX, hear: Hear) -> None:
    fake.streams.put(MENTION, "earnest:x:mentions")
    fake.streams.put("shoes", "somebody else's")
    await hear("shoes").begin()
    assert fake.streams.changes == []


async def test_what_rules_of_others_bring_is_not_ours(fake: FakeX, hear: Hear) -> None:
    fake.streams.put("boats", "")
    ear = hear()
    await ear.begin()
    fake.say(TOM, "boats, boats")
    said = fake.say(MARTA, "@acme hello")
    assert [post.id for post in await ear.stirred()] == [said.id]


async def test_a_query_that_is_no_rule_does_not_keep_the_mentions_away(fake: FakeX, hear: Hear) -> None:
    fake.streams.bad = "shoes"
    ear = hear("shoes")
    await ear.begin()
    assert "does not take one of its rules" in ear.source.remark
    said = fake.say(MARTA, "@acme hello")
    assert [post.id for post in await ear.stirred()] == [said.id]


async def test_a_stream_that_ends_is_begun_again_and_the_lists_bring_what_it_missed(fake: FakeX, hear: Hear) -> None:
    ear = hear(rests=AT_ONCE)
    await ear.begin()
    fake.streams.opened.clear()
    fake.streams.rules.clear()
    fake.streams.tell({"errors": [problem("operational-disconnect", "Operational reasons.", kind="operational-disconnect")]})
    fake.streams.end()
    said = fake.say(MARTA, "@acme meanwhile")
    heard = await ear.stirred()
    await asyncio.wait_for(fake.streams.opened.wait(), 10)
    while not heard:
        heard = await ear.stirred()
    assert [post.id for post in heard] == [said.id]
    assert fake.streams.begun == 2


REFUSALS = {
    "another connection": (429, problem("ConnectionException", "At the limit.", kind="streaming-connection"), "something else hears"),
    "asks to wait": (429, problem("Too Many Requests", "Too Many Requests"), "asks us to wait"),
    "no credit": (402, problem("CreditsDepleted", "No credits.", kind="credits"), "no credit is left"),
    "not this tier": (403, problem("Client Forbidden", "Not your tier", kind="client-forbidden"), "Not your tier"),
    "no rules": (409, problem("ConnectionException", "No rules.", kind="streaming-connection"), "No rules"),
    "its own trouble": (503, {"title": "Service Unavailable", "type": "about:blank", "detail": "Over capacity"}, "503"),
}


@pytest.mark.parametrize("why", REFUSALS)
async def test_where_x_lets_nobody_hear_it_the_lists_are_read_and_it_is_said(fake: FakeX, hear: Hear, why: str) -> None:
    status, body, words = REFUSALS[why]
    fake.streams.refusals = [Refusal(status, body)]
    ear = hear()
    await ear.drain()
    said = fake.say(MARTA, "@acme hello")
    assert [post.id for post in await ear.stirred()] == [said.id]
    assert words in ear.source.remark
    assert fake.streams.begun == 0


async def test_a_second_ear_of_the_same_app_is_told_so(hear: Hear) -> None:
    await hear().begin()
    second = hear()
    await second.drain()
    await second.stirred()
    assert "something else hears this app's stream" in second.source.remark


@pytest.mark.parametrize("keys", [TOKEN, " ".join(KEYS)])
async def test_keys_of_an_account_hear_the_lists_and_are_told_what_the_stream_wants(fake: FakeX, hear: Hear, keys: str) -> None:
    ear = hear(keys=keys)
    said = fake.say(MARTA, "@acme hello")
    posts = await ear.drain()
    if keys == TOKEN:
        await ear.stirred()
    assert [post.id for post in posts] == [said.id]
    assert "app's own token" in ear.source.remark
    assert "EARNEST_SECRET_X_READ" in ear.source.remark


async def test_silence_is_the_end_of_it(fake: FakeX, hear: Hear) -> None:
    fake.streams.silent = True
    ear = hear(silence=0.05)
    await ear.begin()
    while "sent nothing" not in ear.source.remark:
        await ear.stirred()


async def test_signs_of_life_keep_it(fake: FakeX, hear: Hear) -> None:
    ear = hear(silence=10.0)
    await ear.begin()
    for _ in range(5):
        fake.streams.tell(b"")
    said = fake.say(MARTA, "@acme hello")
    assert [post.id for post in await ear.stirred()] == [said.id]
    assert ear.source.remark == ""


ODD = [b"{", b"[" * 10_000, b"7", b'"text"', b"\xff\xfe", b"NaN", b'{"data": 7}', b'{"unheard": {"of": 1}}', b'{"data": null}']


@pytest.mark.parametrize("line", ODD, ids=lambda line: repr(line)[:20])
async def test_a_line_that_makes_no_sense_does_no_harm(fake: FakeX, hear: Hear, line: bytes) -> None:
    ear = hear()
    await ear.begin()
    fake.streams.tell(line)
    ours = next(iter(fake.streams.rules))
    fake.streams.tell({"data": {"id": "x"}, "matching_rules": [{"id": ours}]})
    said = fake.say(MARTA, "@acme hello")
    assert [post.id for post in await ear.stirred()] == [said.id]
    assert fake.streams.begun == 1


async def test_a_line_without_an_end_ends_it(fake: FakeX, hear: Hear) -> None:
    ear = hear()
    await ear.begin()
    fake.streams.tell(b"a" * 200_000)
    await ear.stirred()
    assert "a line without an end" in ear.source.remark


async def test_what_is_streamed_is_heard_where_a_list_asks_to_wait(fake: FakeX, hear: Hear) -> None:
    ear = hear(every=0.0)
    await ear.begin()
    fake.left["GET /2/users/{id}/mentions"] = 0
    said = fake.say(MARTA, "@acme hello")
    await asyncio.wait_for(ear.source.stir(), 10)
    page = await ear.fetch()
    assert [post.id for post in page.posts] == [said.id]
    assert page.more
    with pytest.raises(RateLimited):
        await ear.fetch()


@pytest.mark.parametrize("newer", [True, False])
async def test_both_ways_to_name_what_posts_hold_are_streamed(fake: FakeX, hear: Hear, *, newer: bool) -> None:
    fake.streams.newer = fake.newer = newer
    ours = fake.say(BRAND, "New shoes!")
    ear = hear("squeak")
    await ear.begin()
    said = fake.say(TOM, "squeak indeed", quotes=ours.id)
    (post,) = await ear.stirred()
    assert (post.id, post.mentions) == (said.id, ("acme", BRAND))
    assert fake.streams.tried == (2 if newer else 1)


async def test_the_ear_posts_rules_and_nothing_else(fake: FakeX) -> None:
    client = StreamClient(fake.url, Secret(APP_TOKEN), "x_read", Patience())
    for method, route in (("POST", "/2/tweets"), ("DELETE", "/2/tweets/1"), ("DELETE", RULES), ("POST", STREAM)):
        with pytest.raises(NotImplementedError):
            await client.request(method, route)
    await client.close()


async def test_no_token_is_ever_logged(fake: FakeX, hear: Hear, capsys: pytest.CaptureFixture[str]) -> None:
    fake.streams.refusals = [Refusal(403, problem("Client Forbidden", "Not your tier", kind="client-forbidden"))]
    ear = hear()
    await ear.drain()
    await ear.stirred()
    told = capsys.readouterr()
    assert APP_TOKEN not in told.out + told.err + ear.source.remark


async def test_a_look_at_one_page_touches_neither_rules_nor_connection(fake: FakeX, hear: Hear) -> None:
    ear = hear("shoes")
    fake.say(MARTA, "@acme hello")
    assert await ear.drain()
    await ear.source.close()
    assert (fake.streams.tried, fake.streams.changes) == (0, [])


async def test_what_the_stream_brings_is_stored_long_before_the_next_poll(fake: FakeX, hear: Hear, tmp_path: Path) -> None:
    house, ear, stop = House(tmp_path, **ALONE), hear(), asyncio.Event()
    stored: asyncio.Queue[str] = asyncio.Queue()
    taker = Taker(house.store, house.book, house.clock)

    def heard(_: Taken) -> None:
        for row in house.store.read().all("SELECT id FROM posts"):
            stored.put_nowait(str(row["id"]))

    watcher = Watcher(ear.source, lambda: taker, house.store, house.clock, every=3600, heard=heard)
    running = asyncio.create_task(watcher.run(stop))
    await asyncio.wait_for(fake.streams.opened.wait(), 10)
    said = fake.say(BRAND, "@acme of our own, so it is stored whatever the rules say")
    fake.streams.tell(fake.streams.message(fake.shown(said), fake.included([said])))
    assert await asyncio.wait_for(stored.get(), 10) == said.id
    stop.set()
    await asyncio.wait_for(running, 10)
    house.store.close()


def test_rests_grow_and_end() -> None:
    rests, broken = Rests(), NetworkError("broke off")
    assert rests.after(broken, 0) == 0
    assert [rests.after(broken, number) for number in (1, 2, 3, 99)] == [5, 10, 20, 320]
    assert [rests.after(RateLimited("wait", 7), number) for number in (1, 2, 99)] == [60, 120, 900]
    assert rests.after(RateLimited("wait", 700), 1) == 700
    assert [rests.after(NotConnected("away"), number) for number in (1, 4, 999)] == [0.25, 1, 16]
    assert rests.after(SignInNeeded("keys", ""), 1) == 900
