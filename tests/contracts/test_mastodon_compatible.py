"""Servers that speak like Mastodon and are not: what they say of themselves, how they count, whom an answer reaches, and a key
that protects nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from listener import mastodon_instance
from listener.errors import Malformed, NetworkError
from listener.http import Http
from listener.model import Visibility
from listener.rules.rulebook import Brand, Route, Rulebook
from responders.channels._mastodon_text import count
from responders.channels.base import Channel, Refused, Sent
from responders.channels.mastodon import KIND
from responders.model import Kind
from tests.contracts.test_channel_contract import ChannelContract, Stage, delivery
from tests.contracts.test_mastodon_channel import DELETE, INSTANCE, NO_TOKEN, POST, RESETS, heard
from tests.servers.proxy import UNAVAILABLE, Proxy, answer
from tests.servers.town import BRAND, Town, token

V1 = "/api/v1/instance"
MISSING = answer(404, {"error": "Not found"})
BOOK = Rulebook(version=1, brands={"acme": Brand(names=("Acme",))}, routes=(Route(name="all", when="always"),))
LINK = "https://acme.example/" + "a" * 79  # a hundred characters

AKKOMA = {"version": "2.7.2 (compatible; Akkoma 3.13.2)", "max_toot_chars": 5000, "urls": {"streaming_api": "wss://akkoma.example"}}
OLD = {"version": "3.5.5", "urls": {"streaming_api": "wss://old.example"}, "configuration": {"statuses": {"max_characters": 700}}}
GOTOSOCIAL = {
    "version": "0.17.0+git-abc1234",
    "source_url": "https://codeberg.org/superseriousbusiness/gotosocial",
    "configuration": {
        "urls": {"streaming": "wss://gts.example"},
        "statuses": {"max_characters": 5000, "characters_reserved_per_url": 25},
    },
}
MASTODON = {
    "version": "4.6.0",
    "source_url": "https://github.com/mastodon/mastodon",
    "configuration": {"urls": {"streaming": "wss://streaming.mastodon.example"}, "statuses": {"max_characters": 500}},
}


@pytest.fixture
async def proxy(town: Town, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Proxy]:
    async with Proxy(town.url) as proxy:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
        monkeypatch.setenv("EARNEST_SECRET_MASTODON_WRITE", token(BRAND))
        yield proxy


@pytest.fixture
async def channel(proxy: Proxy) -> AsyncIterator[Channel]:
    made = KIND.make({"instance": proxy.url}, BOOK)
    yield made
    await made.close()


@pytest.fixture
async def stage(town: Town, proxy: Proxy, channel: Channel) -> Stage:
    async def ask(words: str) -> Any:  # noqa: ANN401 - a post
        return heard(await town.write("marta", f"@{BRAND} {words}"))

    async def remove(post: Any) -> None:  # noqa: ANN401 - a post
        await town.delete("marta", post.id)

    async def copies(post: Any) -> int:  # noqa: ANN401 - a post
        return len(await town.answers(post.id))

    return Stage(KIND, channel, proxy, POST, ask, remove, copies, DELETE, NO_TOKEN, before=("GET", INSTANCE), resets=RESETS)


class TestCompatible(ChannelContract):
    """The same contract, on a server that is none of Mastodon's own and never looks at the key."""

    keyed = False

    @pytest.fixture
    async def stage(self, stage: Stage) -> Stage:
        stage.proxy.unheard = frozenset({"idempotency-key"})
        return stage


def tells(proxy: Proxy, *, v2: dict[str, Any] | None, v1: dict[str, Any] | None) -> None:
    for path, told in ((INSTANCE, v2), (V1, v1)):
        proxy.always("GET", path, MISSING if told is None else answer(200, told))


SAYS = [
    ("mastodon", MASTODON, None, (500, 23, "wss://streaming.mastodon.example", True)),
    ("gotosocial", GOTOSOCIAL, None, (5000, 25, "wss://gts.example", False)),
    ("akkoma", None, AKKOMA, (5000, None, "wss://akkoma.example", False)),
    ("mastodon 3", None, OLD, (700, None, "wss://old.example", False)),
    ("says nothing", None, None, (500, None, "", False)),
    ("says little", {"version": "1"}, OLD, (500, None, "", False)),
    ("streaming is off", {**MASTODON, "configuration": {"urls": {"streaming": None}}}, None, (500, 23, "", True)),
]


@pytest.mark.parametrize(("v2", "v1", "wanted"), [one[1:] for one in SAYS], ids=[one[0] for one in SAYS])
async def test_what_a_server_says_of_itself_is_read_from_either_page(
    proxy: Proxy, v2: dict[str, Any] | None, v1: dict[str, Any] | None, wanted: tuple[object, ...]
) -> None:
    tells(proxy, v2=v2, v1=v1)
    http = Http(proxy.url)
    told = await mastodon_instance.ask(http, "mastodon_read")
    await http.close()
    assert (told.limit, told.address_length, told.streaming, told.is_mastodon) == wanted


@pytest.mark.parametrize(
    "broken", [{}, {"version": 4}, {"version": "4", "max_toot_chars": 0}, {"version": "4", "configuration": {"statuses": 5}}]
)
async def test_a_page_about_itself_that_makes_no_sense_is_malformed(proxy: Proxy, broken: dict[str, Any]) -> None:
    tells(proxy, v2=broken, v1=None)
    http = Http(proxy.url)
    with pytest.raises(Malformed):
        await mastodon_instance.ask(http, "mastodon_read")
    await http.close()


async def test_a_page_that_fails_is_no_missing_one(proxy: Proxy) -> None:
    proxy.once("GET", INSTANCE, UNAVAILABLE)
    http = Http(proxy.url)
    with pytest.raises(NetworkError):
        await mastodon_instance.ask(http, "mastodon_read")
    await http.close()
    assert not proxy.asked("GET", V1)


@pytest.mark.parametrize(
    ("v2", "v1", "words", "over"),
    [
        (MASTODON, None, 469, 0),  # "@marta " + words + " " + 23 for the address
        (MASTODON, None, 470, 1),
        ({**MASTODON, "configuration": {"statuses": {"max_characters": 500, "characters_reserved_per_url": 25}}}, None, 467, 0),
        ({**MASTODON, "configuration": {"statuses": {"max_characters": 500, "characters_reserved_per_url": 25}}}, None, 468, 1),
        (None, {**AKKOMA, "max_toot_chars": 500}, 392, 0),  # it counts the whole address
        (None, {**AKKOMA, "max_toot_chars": 500}, 393, 1),
        (None, AKKOMA, 1000, 0),
    ],
)
async def test_what_is_too_long_for_this_very_server_never_leaves(
    stage: Stage, v2: dict[str, Any] | None, v1: dict[str, Any] | None, words: int, over: int
) -> None:
    tells(stage.proxy, v2=v2, v1=v1)
    stage.proxy.always("POST", POST[1], answer(200, {"id": "1"}, forward=False))
    wanted = await delivery(stage, await stage.ask("hello"), "x" * words + f" {LINK}")
    result = await stage.channel.send(wanted, 10.0)
    if over:
        assert isinstance(result, Refused)
        assert f"{over} more than this server takes" in result.reason
    assert len(stage.proxy.asked(*POST)) == (not over)


NARROWER = [
    ("unlisted", Visibility.PUBLIC, ""),
    ("private", Visibility.PUBLIC, ""),
    ("private", Visibility.UNLISTED, ""),
    ("private", Visibility.FOLLOWERS, ""),  # our followers are not the author's
    ("direct", Visibility.FOLLOWERS, ""),
    ("unlisted", Visibility.UNLISTED, "unlisted"),
    ("unlisted", Visibility.FOLLOWERS, "private"),
    ("private", Visibility.DIRECT, "direct"),
    ("direct", Visibility.DIRECT, "direct"),
]


@pytest.mark.parametrize(("told", "wanted", "stands"), NARROWER)
async def test_an_answer_is_never_for_more_people_than_its_post(
    town: Town, stage: Stage, told: str, wanted: Visibility, stands: str
) -> None:
    post = heard(await town.write("marta", f"@{BRAND} hello", visibility=told))
    result = await stage.channel.send(await delivery(stage, post, visibility=wanted), 10.0)
    assert isinstance(result, Sent if stands else Refused)
    assert [status["visibility"] for status in await town.answers(post.id)] == ([stands] if stands else [])
    assert len(stage.proxy.asked(*POST)) == bool(stands)


async def test_a_text_for_one_reader_names_nobody_else_also_where_the_server_does_not_look(town: Town, stage: Stage) -> None:
    post = heard(await town.write("marta", f"@{BRAND} between us", visibility="direct"))
    for words, fine in (("Ask @tom please", False), ("We are on it.", True)):
        wanted = await delivery(stage, post, words, visibility=post.visibility)
        assert wanted.kind is Kind.PUBLIC
        assert isinstance(await stage.channel.send(wanted, 10.0), Sent if fine else Refused)
    assert [status["visibility"] for status in await town.answers(post.id)] == ["direct"]


def test_a_server_that_does_not_say_how_it_counts_is_taken_at_its_strictest() -> None:
    assert count(f"@marta@elsewhere.example {LINK}") == 6 + 1 + 23
    assert count(f"@marta@elsewhere.example {LINK}", None) == 24 + 1 + len(LINK)
