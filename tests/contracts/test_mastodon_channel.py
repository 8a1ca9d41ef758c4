"""What the Mastodon channel promises, against a town with a misbehaving proxy before it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from listener.errors import NetworkError, SignInNeeded
from listener.mastodon_wire import WireStatus, post_of
from listener.model import Author, Post, Visibility
from listener.rules.rulebook import Brand, Route, Rulebook
from responders.channels._mastodon_text import count
from responders.channels.base import Barred, Refused, Sent, Unknown, Unsent, Withdrawn
from responders.channels.mastodon import KIND
from responders.model import Kind
from tests.contracts.test_channel_contract import ChannelContract, Stage, delivery, sent_as
from tests.servers.proxy import NULL, UNAVAILABLE, Proxy, answer, changed, too_many
from tests.servers.town import BRAND, Town, token

POST = ("POST", "/api/v1/statuses")
BOOK = Rulebook(version=1, brands={"acme": Brand(names=("Acme",))}, routes=(Route(name="all", when="always"),))
DELETE = ("DELETE", "/api/v1/statuses/")
INSTANCE = "/api/v2/instance"
WHO = "/api/v1/accounts/verify_credentials"
NO_TOKEN = answer(401, {"error": "The access token is invalid"}, forward=False)
RESETS = tuple({"X-RateLimit-Reset": moment} for moment in ("2099-01-01T00:00:00.000000Z", "2015-01-01T00:00:00.000000Z", "soon"))
WRITTEN = datetime(2026, 11, 20, tzinfo=UTC)


def heard(status: Mapping[str, Any]) -> Post:
    return post_of(WireStatus.model_validate(status), str(status["id"]), own=False)


@pytest.fixture
async def proxy(town: Town, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Proxy]:
    async with Proxy(town.url) as proxy:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
        monkeypatch.setenv("EARNEST_SECRET_MASTODON_WRITE", token(BRAND))
        yield proxy


@pytest.fixture
async def stage(town: Town, proxy: Proxy) -> AsyncIterator[Stage]:
    async def ask(words: str) -> Post:
        return heard(await town.write("marta", f"@{BRAND} {words}"))

    async def remove(post: Post) -> None:
        await town.delete("marta", post.id)

    async def copies(post: Post) -> int:
        return len(await town.answers(post.id))

    channel = KIND.make({"instance": proxy.url}, BOOK)
    yield Stage(KIND, channel, proxy, POST, ask, remove, copies, DELETE, NO_TOKEN, before=("GET", INSTANCE), resets=RESETS)
    await channel.close()


class TestMastodon(ChannelContract):
    @pytest.fixture
    async def stage(self, stage: Stage) -> Stage:
        return stage


async def test_a_reply_stands_under_its_post_unlisted_and_names_the_author(town: Town, stage: Stage) -> None:
    post = await stage.ask("where is my order?")
    assert isinstance(await stage.channel.send(await delivery(stage, post, "Let us look."), 10.0), Sent)
    (status,) = await town.answers(post.id)
    assert (status["visibility"], status["content"]) == ("unlisted", "<p>@marta Let us look.</p>")
    assert [mention["acct"] for mention in status["mentions"]] == ["marta"]


async def test_a_private_message_is_direct_whatever_the_delivery_says(town: Town, stage: Stage) -> None:
    post = await stage.ask("where is my order?")
    wanted = await delivery(stage, post, "Your number?", kind=Kind.PRIVATE, visibility=Visibility.PUBLIC)
    assert isinstance(await stage.channel.send(wanted, 10.0), Sent)
    assert [status["visibility"] for status in await town.answers(post.id)] == ["direct"]
    assert not await town.page(f"/api/v1/accounts/{wanted.account}/statuses")
    assert json.loads(stage.proxy.asked(*POST)[0].body)["allowed_mentions"] == [post.author.id]


async def test_a_private_message_is_told_from_the_public_reply_of_the_same_words(stage: Stage) -> None:
    post = await stage.ask("where is my order?")
    public = await delivery(stage, post, "We are here.")
    private = await delivery(stage, post, "We are here.", kind=Kind.PRIVATE)
    sent = [await stage.channel.send(each, 10.0) for each in (public, private)]
    assert [await stage.channel.find(each) for each in (public, private)] == sent


async def test_a_private_message_that_names_another_is_never_sent(stage: Stage) -> None:
    post = await stage.ask("where is my order?")
    for words in ("Ask @tom please", "Ask @lena@elsewhere.example", "@marta@elsewhere.example hi"):
        wanted = await delivery(stage, post, words, kind=Kind.PRIVATE)
        assert KIND.limits(Kind.PRIVATE).problem(wanted.text)
        assert isinstance(await stage.channel.send(wanted, 10.0), Refused)
    assert isinstance(await stage.channel.send(await delivery(stage, post, kind=Kind.PRIVATE, text="@tom hello"), 10.0), Refused)
    assert not stage.proxy.asked(*POST)


async def test_a_private_post_is_never_answered_in_public(town: Town, stage: Stage) -> None:
    for told in ("direct", "private"):
        post = heard(await town.write("marta", f"@{BRAND} my address is …", visibility=told))
        assert isinstance(await stage.channel.send(await delivery(stage, post), 10.0), Refused)
    assert not stage.proxy.asked(*POST)


async def test_a_post_from_another_server_is_not_ours_to_answer(stage: Stage) -> None:
    post = await stage.ask("hello")
    look = stage.channel.look
    assert not (await look(replace(post, author=Author("mastodon", "1", "marta")))).there
    assert not (await look(replace(post, id="../../oauth/token"))).there
    assert isinstance(await stage.channel.send(await delivery(stage, replace(post, id="7/../8")), 10.0), Refused)


async def test_an_edit_shows_in_a_look(town: Town, stage: Stage) -> None:
    post = await stage.ask("lovely shoes")
    await town.edit("marta", post.id, f"@{BRAND} my foot bleeds")
    seen = await stage.channel.look(post)
    assert seen.text.endswith("bleeds")
    assert seen.version != post.version


async def test_an_answer_further_down_is_no_answer_to_the_post(town: Town, stage: Stage) -> None:
    post = await stage.ask("hello")
    below = await town.write("tom", "me too", in_reply_to_id=post.id)
    await town.write(BRAND, "@tom hi", in_reply_to_id=below["id"])
    assert (await stage.channel.look(post)).ours == ()


async def test_every_answer_of_ours_is_named_also_private_ones_and_those_written_by_hand(town: Town, stage: Stage) -> None:
    post = await stage.ask("hello")
    by_hand = await town.write(BRAND, "@marta a person wrote this", in_reply_to_id=post.id)
    sent = [await stage.channel.send(await delivery(stage, post, "One thing?", kind=kind), 10.0) for kind in Kind]
    await town.write("tom", "me too", in_reply_to_id=post.id)
    ours = {by_hand["id"], *(getattr(each, "remote_id", "") for each in sent)}
    assert set((await stage.channel.look(post)).ours) == ours
    assert len(ours) == 3


@pytest.mark.parametrize(
    ("fault", "ends", "word"),
    [
        (NO_TOKEN, Barred, "invalid"),
        (answer(403, {"error": "Your login is currently disabled"}, forward=False), Barred, "disabled"),
        (answer(403, {"error": "Your login is currently pending approval"}, forward=False), Barred, "pending"),
        (answer(403, {"error": "Your login is missing a confirmed e-mail address"}, forward=False), Barred, "confirmed"),
        (answer(403, {"error": "Your account requires two-factor authentication"}, forward=False), Barred, "two-factor"),
        (answer(403, {"error": "This action is outside the authorized scopes"}, forward=False), Barred, "scopes"),
        (answer(422, {"error": "This method requires an authenticated user"}, forward=False), Barred, "authenticated"),
        (answer(403, {"error": "The account you answer is suspended"}, forward=False), Refused, "suspended"),
        (answer(403, b"Your login is currently disabled"), Unknown, "403"),
        (answer(403, {"error": "This action is not allowed"}, forward=False), Refused, "not allowed"),
        (answer(404, {"error": "The post you are trying to reply to does not appear to exist."}, forward=False), Refused, "exist"),
        (answer(422, {"error": "Validation failed: Text can't be blank"}, forward=False), Refused, "blank"),
        (answer(422, b"<html>nginx</html>"), Unknown, "422"),
        (answer(404, {"message": "no route"}), Unknown, "404"),
        (answer(403, {"error": ["x"]}), Unknown, "403"),
        (answer(400, {"error": "bad request"}), Unknown, "400"),
        (answer(302, b"", {"Location": "/api/v1/statuses"}), Unknown, "302"),
        (answer(200, {"id": "5", "scheduled_at": "2026-11-22T10:00:00Z"}), Unknown, "answer"),
        (answer(200, {"id": 5}), Unknown, "id"),
        (changed(lambda status: {**status, "id": "../1"}), Unknown, "id"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
async def test_only_a_refusal_known_to_come_before_storing_counts(stage: Stage, fault: Any, ends: type, word: str) -> None:  # noqa: ANN401
    wanted = await delivery(stage, await stage.ask("hello"))
    stage.proxy.once(*POST, fault)
    result = await stage.channel.send(wanted, 10.0)
    assert isinstance(result, ends)
    assert word in getattr(result, "reason", "")
    assert len(stage.proxy.asked(*POST)) == 1


@pytest.mark.parametrize(("status", "words"), [(401, "The access token was revoked"), (403, "Your login is currently disabled")])
async def test_a_sign_in_refused_before_the_post_bars_the_account(stage: Stage, status: int, words: str) -> None:
    wanted = await delivery(stage, await stage.ask("hello"))
    fresh = KIND.make({"instance": stage.proxy.url}, BOOK)
    stage.proxy.always("GET", WHO, answer(status, {"error": words}))
    result = await fresh.send(wanted, 10.0)
    assert isinstance(result, Barred)
    assert words in result.reason
    assert "EARNEST_SECRET_MASTODON_WRITE" in result.hint
    assert not stage.proxy.asked(*POST)
    await fresh.close()


async def test_a_barred_account_is_asked_for_anew(stage: Stage) -> None:
    wanted = await delivery(stage, await stage.ask("hello"))
    stage.proxy.once(*POST, NO_TOKEN)
    assert isinstance(await stage.channel.send(wanted, 10.0), Barred)
    stage.proxy.once("GET", WHO, NO_TOKEN)
    with pytest.raises(SignInNeeded):
        await stage.channel.identify()
    assert (await stage.channel.identify()).id == wanted.account
    assert isinstance(await stage.channel.send(wanted, 10.0), Sent)


@pytest.mark.parametrize(
    ("fault", "ends"),
    [
        (answer(404, {"error": "Record not found"}, forward=False), Withdrawn),
        (answer(410, {"error": "Gone"}, forward=False), Withdrawn),
        (answer(404, b"<html>nginx</html>", forward=False), Unknown),
        (answer(200, [], forward=False), Unknown),
        (answer(502, b"<html>", forward=False), Unknown),
        (answer(400, {"error": "bad request"}, forward=False), Unknown),
        (NO_TOKEN, Barred),
        (answer(403, {"error": "Your login is currently disabled"}, forward=False), Barred),
        (answer(403, {"error": "This action is not allowed"}, forward=False), Refused),
    ],
    ids=lambda value: getattr(value, "name", None),
)
async def test_what_a_withdrawal_is_told_is_not_called_more_than_it_is(stage: Stage, fault: Any, ends: type) -> None:  # noqa: ANN401
    wanted = await delivery(stage, await stage.ask("hello"))
    sent = sent_as(wanted, await stage.channel.send(wanted, 10.0))
    stage.proxy.once(*DELETE, fault)
    assert isinstance(await stage.channel.withdraw(sent, 10.0), ends)
    assert [one.path for one in stage.proxy.asked(*DELETE)] == [f"/api/v1/statuses/{sent.remote_id}"]


@pytest.mark.parametrize("strange", ["", "../accounts/1", "7/8", "7?x=1"])
async def test_what_has_no_id_is_not_withdrawn(stage: Stage, strange: str) -> None:
    wanted = await delivery(stage, await stage.ask("hello"), remote_id=strange)
    assert isinstance(await stage.channel.withdraw(wanted, 10.0), Refused)
    assert not stage.proxy.asked("DELETE")


async def test_the_server_s_words_are_shown_without_their_escapes(stage: Stage) -> None:
    wanted = await delivery(stage, await stage.ask("hello"))
    stage.proxy.once(*POST, answer(422, {"error": "no \x1b]0;owned\x07" + "x" * 5_000}, forward=False))
    result = await stage.channel.send(wanted, 10.0)
    assert isinstance(result, Refused)
    assert "\x1b" not in result.reason
    assert len(result.reason) < 400


async def test_reset_times_are_read_as_mastodon_writes_them(stage: Stage) -> None:
    wanted = await delivery(stage, await stage.ask("hello"))
    stage.proxy.once(*POST, too_many({"X-RateLimit-Reset": "2099-01-01T00:00:00.000000Z"}))
    assert await stage.channel.send(wanted, 10.0) == Unsent("127.0.0.1 asks us to wait", 900.0)


@pytest.mark.parametrize("path", [WHO, INSTANCE])
@pytest.mark.parametrize("fault", [UNAVAILABLE, NULL, too_many({"Retry-After": "7"})], ids=lambda fault: fault.name)
async def test_what_fails_before_the_post_leaves_nothing(stage: Stage, path: str, fault: Any) -> None:  # noqa: ANN401
    wanted = await delivery(stage, await stage.ask("hello"))
    fresh = KIND.make({"instance": stage.proxy.url}, BOOK)
    stage.proxy.always("GET", path, fault)
    assert isinstance(await fresh.send(wanted, 10.0), Unsent)
    assert not stage.proxy.asked(*POST)
    await fresh.close()


async def test_the_server_s_own_limits_are_kept(stage: Stage) -> None:
    wanted = await delivery(stage, await stage.ask("hello"), "x" * 80)
    sizes = {"statuses": {"max_characters": 50, "characters_reserved_per_url": 25}}
    stage.proxy.always("GET", INSTANCE, answer(200, {"version": "4.6.0", "configuration": sizes}))
    result = await stage.channel.send(wanted, 10.0)
    assert isinstance(result, Refused)
    assert "37 more" in result.reason


@pytest.mark.parametrize(
    ("version", "source", "trusted"),
    [
        ("4.6.0", "https://github.com/mastodon/mastodon", True),
        ("4.6.0-nightly.2026-11-01", "https://github.com/mastodon/mastodon.git", True),
        ("2.7.2 (compatible; Pleroma 2.6.0)", "https://github.com/mastodon/mastodon", False),
        ("0.20.1", "https://codeberg.org/superseriousbusiness/gotosocial", False),
        ("4.6.0", "https://github.com/mastodon/mastodon.evil.example", False),
        ("4.6.0", "", False),
    ],
)
async def test_the_key_is_trusted_on_mastodon_itself_only(stage: Stage, version: str, source: str, *, trusted: bool) -> None:
    stage.proxy.always("GET", INSTANCE, answer(200, {"version": version, "source_url": source}))
    assert await stage.channel.keyed(Kind.PUBLIC) is trusted


async def test_a_server_too_old_to_tell_is_not_trusted_and_one_that_fails_says_so(stage: Stage) -> None:
    stage.proxy.once("GET", INSTANCE, UNAVAILABLE)
    with pytest.raises(NetworkError):
        await stage.channel.keyed(Kind.PUBLIC)
    stage.proxy.once("GET", INSTANCE, answer(404, {"error": "Record not found"}))
    assert await stage.channel.keyed(Kind.PUBLIC) is False


async def test_a_find_that_cannot_see_far_enough_says_so(town: Town, stage: Stage) -> None:
    wanted = await delivery(stage, await stage.ask("hello"))
    other = await town.write(BRAND, "something else")
    path = f"/api/v1/accounts/{wanted.account}/statuses"
    stage.proxy.always("GET", path, answer(200, [other] * 40))
    with pytest.raises(NetworkError):
        await stage.channel.find(wanted)


async def test_a_find_looks_past_what_we_wrote_since(town: Town, stage: Stage) -> None:
    wanted = await delivery(stage, await stage.ask("hello"))
    sent = await stage.channel.send(wanted, 10.0)
    for number in range(45):
        await town.write(BRAND, f"news {number}")
    assert await stage.channel.find(wanted) == sent


async def test_another_answer_of_ours_is_not_mistaken_for_the_delivery(town: Town, stage: Stage) -> None:
    post = await stage.ask("hello")
    await town.write(BRAND, "@marta something a person wrote", in_reply_to_id=post.id, visibility="unlisted")
    assert await stage.channel.find(await delivery(stage, post)) is None


async def test_a_rendered_text_is_still_known(town: Town, stage: Stage) -> None:
    post = await stage.ask("hello")
    words = "Hé <there> & you:\n\n  see https://acme.example/a?b=1&c=2 \N{WAVING HAND SIGN}\nbye @lena@elsewhere.example"
    wanted = await delivery(stage, post, words)
    sent = await stage.channel.send(wanted, 10.0)
    content = (
        '<p><span class="h-card"><a href="https://x/@marta" class="u-url mention">@<span>marta</span></a></span> H\u00e9 &lt;there&gt; '
        '&amp; you:</p><p>see <a href="https://acme.example/a?b=1&amp;c=2"><span class="invisible">https://</span><span class="ellipsis">'
        'acme.example/a?b</span><span class="invisible">=1&amp;c=2</span></a> \N{WAVING HAND SIGN}<br />bye '
        '<span class="h-card"><a href="https://x/@lena">@<span>lena</span></a></span></p>'
    )
    path = f"/api/v1/accounts/{wanted.account}/statuses"
    stage.proxy.always("GET", path, changed(lambda page: [{**page[0], "content": content}, *page[1:]]))
    assert await stage.channel.find(wanted) == sent
    assert (await town.answers(post.id))[0]["id"] == getattr(sent, "remote_id", "")


def test_without_its_secret_it_says_which_one_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EARNEST_SECRET_MASTODON_WRITE", raising=False)
    monkeypatch.setenv("EARNEST_SECRET_MASTODON_READ", "reading")
    with pytest.raises(SignInNeeded) as caught:
        KIND.make({"instance": "mastodon.example"}, BOOK)
    assert "EARNEST_SECRET_MASTODON_WRITE" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("hello", 5),
        ("@marta@elsewhere.example hi", 9),
        ("see https://acme.example/" + "a" * 200, 27),
        ("https://a.example.", 24),
        ("https://mastodon.example/@marta@elsewhere.example", 23),
        ("mail me@elsewhere.example", 25),
        ("\N{FAMILY}" * 3, 3),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", 1),
        ("e\u0301", 1),
        ("\u65e5\u672c", 2),
    ],
)
def test_characters_are_counted_as_mastodon_counts_them(text: str, length: int) -> None:
    assert count(text) == length


@pytest.mark.parametrize(
    ("handle", "text", "wanted"),
    [
        ("marta", "Hello", "@marta Hello"),
        ("marta", "Hello @Marta", "Hello @Marta"),
        ("Marta@Elsewhere.example", "@marta@elsewhere.EXAMPLE hi", "@marta@elsewhere.EXAMPLE hi"),
        ("marta@elsewhere.example", "@marta hi", "@marta@elsewhere.example @marta hi"),
        ("marta", "@marta@elsewhere.example hi", "@marta @marta@elsewhere.example hi"),
        ("marta", "@martas hi", "@marta @martas hi"),
        ("marta", "me@marta", "@marta me@marta"),
        ("marta", "https://acme.example/@marta", "@marta https://acme.example/@marta"),
        ("x @ceo", "Hello", "Hello"),
    ],
)
def test_the_author_is_named_once(handle: str, text: str, wanted: str) -> None:
    post = Post("mastodon", "7", "", Author("mastodon", "1", handle), WRITTEN, thread_id="7")
    for kind in Kind:
        assert KIND.address(text, post, kind) == wanted
        assert KIND.address(wanted, post, kind) == wanted
