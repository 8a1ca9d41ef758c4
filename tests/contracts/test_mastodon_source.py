"""What the Mastodon source promises, against a town with a misbehaving proxy before it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable

import pytest
from pydantic import ValidationError

from listener.errors import Malformed, RateLimited, SignInNeeded, UsageError
from listener.model import Post, Visibility
from listener.rules.rulebook import Brand, Route, Rulebook
from listener.sources.base import Source
from listener.sources.mastodon import KIND
from tests.contracts.test_source_contract import Scene, SourceContract, drain
from tests.servers.proxy import Proxy, answer, changed
from tests.servers.town import BRAND, Town, token

MENTIONS = "/api/v1/notifications"
STATUSES = "/api/v1/statuses"


def book(*handles: str) -> Rulebook:
    brands = {f"brand{number}": Brand(handles={"mastodon": handle}) for number, handle in enumerate(handles)}
    return Rulebook(version=1, brands=brands, routes=(Route(name="all", when="always"),))


@pytest.fixture
async def proxy(town: Town, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Proxy]:
    async with Proxy(town.url) as proxy:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
        yield proxy


@pytest.fixture
async def listening(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[..., Source]]:
    made: list[Source] = []

    def listen(*tags: str, signed_in: bool = True, name: str = "mastodon") -> Source:
        monkeypatch.delenv("EARNEST_SECRET_MASTODON_READ", raising=False)
        if signed_in:
            monkeypatch.setenv("EARNEST_SECRET_MASTODON_READ", token(BRAND))
        made.append(KIND.make(name, {"instance": proxy.url, "tags": list(tags)}, book(BRAND)))
        return made[-1]

    yield listen
    for source in made:
        await source.close()


async def heard(source: Source) -> list[Post]:
    return list((await source.fetch(None)).posts)


class TestMentions(SourceContract):
    @pytest.fixture
    async def scene(self, town: Town, proxy: Proxy, listening: Callable[..., Source]) -> Scene:
        async def say(words: str) -> str:
            return str((await town.write("marta", f"@{BRAND} {words}"))["id"])

        return Scene(listening(), proxy, MENTIONS, say)


class TestHashtags(SourceContract):
    @pytest.fixture
    async def scene(self, town: Town, proxy: Proxy, listening: Callable[..., Source]) -> Scene:
        async def say(words: str) -> str:
            return str((await town.write("marta", f"#acmefail {words}"))["id"])

        return Scene(listening("acmefail", signed_in=False), proxy, "/api/v1/timelines/tag/acmefail", say)


async def test_a_hashtag_needs_no_account_and_sends_no_token(town: Town, proxy: Proxy, listening: Callable[..., Source]) -> None:
    source = listening("shoes", signed_in=False)
    await town.write("marta", "new #shoes")
    assert await source.identify() is None
    assert [post.tags for post in await heard(source)] == [("shoes",)]
    assert not any("Authorization" in asked.headers for asked in proxy.ledger)


async def test_without_hashtags_and_token_it_says_what_is_missing(listening: Callable[..., Source]) -> None:
    source = listening(signed_in=False)
    with pytest.raises(SignInNeeded) as caught:
        await source.fetch(None)
    assert "EARNEST_SECRET_MASTODON_READ" in caught.value.hint


async def test_our_own_account_is_known_by_its_id(listening: Callable[..., Source]) -> None:
    account = await listening().identify()
    assert account is not None
    assert account.handle == BRAND
    assert account.id.isdigit()


async def test_an_author_is_told_whole(town: Town, listening: Callable[..., Source]) -> None:
    await town.write("marta", f"@{BRAND} one")
    await town.write("robo", f"@{BRAND} two")
    marta, robo = (post.author for post in await heard(listening()))
    assert (marta.handle, marta.display_name, marta.followers, marta.bot) == ("marta", "Marta", 1, False)
    assert marta.bio == "Runner. Shoes, shoes."
    assert (robo.bot, robo.bio) == (True, "#nobot")


async def test_a_mention_names_the_account_in_every_form(town: Town, listening: Callable[..., Source]) -> None:
    await town.write("marta", f"@{BRAND} and @lena@elsewhere.example")
    source = listening()
    (post,) = await heard(source)
    account = await source.identify()
    assert account is not None
    assert {BRAND, f"{BRAND}@127.0.0.1", account.id, "lena@elsewhere.example"} <= set(post.mentions)


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        ("public", Visibility.PUBLIC),
        ("unlisted", Visibility.UNLISTED),
        ("private", Visibility.FOLLOWERS),
        ("direct", Visibility.DIRECT),
        ("mutuals_only", Visibility.FOLLOWERS),
    ],
)
async def test_visibility_is_never_taken_for_wider(town: Town, listening: Callable[..., Source], told: str, seen: Visibility) -> None:
    await town.write("marta", f"@{BRAND} hush", visibility=told)
    assert [post.visibility for post in await heard(listening())] == [seen]


async def test_a_reply_belongs_to_the_thread_of_the_first_post(town: Town, proxy: Proxy, listening: Callable[..., Source]) -> None:
    first = await town.write("tom", "I love shoes")
    second = await town.write("marta", "me too", in_reply_to_id=first["id"])
    third = await town.write("tom", f"@{BRAND} you hear that?", in_reply_to_id=second["id"])
    await town.write("marta", f"@{BRAND} indeed", in_reply_to_id=third["id"])
    source = listening()
    posts = await heard(source)
    assert [post.thread_id for post in posts] == [first["id"]] * 2
    assert [post.parent_id for post in posts] == [second["id"], third["id"]]
    assert posts[0].parent_author_id == second["account"]["id"]
    await heard(source)
    assert len([asked for asked in proxy.asked("GET", STATUSES) if asked.path.endswith("/context")]) == 1


async def test_a_thread_that_cannot_be_read_does_not_silence_the_post(town: Town, proxy: Proxy, listening: Callable[..., Source]) -> None:
    first = await town.write("tom", "I love shoes")
    await town.write("marta", f"@{BRAND} help", in_reply_to_id=first["id"])
    proxy.always("GET", STATUSES, answer(404, {"error": "Record not found"}))
    assert [post.thread_id for post in await heard(listening())] == [first["id"]]


async def test_an_edit_is_another_version(town: Town, listening: Callable[..., Source]) -> None:
    status = await town.write("marta", f"@{BRAND} lovely")
    source = listening()
    (before,) = await heard(source)
    await town.edit("marta", status["id"], f"@{BRAND} awful")
    (after,) = await heard(source)
    assert after.id == before.id
    assert after.version != before.version
    assert after.text.endswith("awful")


async def test_our_own_posts_are_known_with_and_without_a_token(town: Town, listening: Callable[..., Source]) -> None:
    await town.write(BRAND, "we sell #shoes")
    await town.write("marta", "I buy #shoes")
    for signed_in in (True, False):
        assert [post.own for post in await heard(listening("shoes", signed_in=signed_in))] == [True, False]


async def test_boosts_are_left_alone(town: Town, proxy: Proxy, listening: Callable[..., Source]) -> None:
    await town.write("marta", "new #shoes")
    boosted = changed(lambda posts: [{**posts[0], "id": "99", "reblog": posts[0]}, *posts])
    proxy.always("GET", "/api/v1/timelines", boosted)
    assert len(await heard(listening("shoes", signed_in=False))) == 1


async def test_a_mention_under_a_heard_hashtag_is_told_once(town: Town, listening: Callable[..., Source]) -> None:
    await town.write("marta", f"@{BRAND} new #shoes")
    assert len(await heard(listening("shoes"))) == 1


async def test_a_mention_deleted_meanwhile_stops_nothing(town: Town, proxy: Proxy, listening: Callable[..., Source]) -> None:
    await town.write("marta", f"@{BRAND} one")
    await town.write("marta", f"@{BRAND} two")
    proxy.once("GET", MENTIONS, changed(lambda told: [{**told[0], "status": None}, *told[1:]]))
    assert [post.text for post in await heard(listening())] == [f"@{BRAND} one"]


async def test_a_server_that_jumps_to_the_newest_is_read_backwards(town: Town, proxy: Proxy, listening: Callable[..., Source]) -> None:
    await town.write("marta", "before #shoes")
    source = listening("shoes", signed_in=False)
    _, cursor = await drain(source, None)
    said = [(await town.write("marta", f"#shoes {number}"))["id"] for number in range(45)]
    newest = await town.page("/api/v1/timelines/tag/shoes?limit=40")
    proxy.once("GET", "/api/v1/timelines", answer(200, newest))
    page = await source.fetch(cursor)
    assert [post.id for post in page.posts] == said
    assert page.gap is None


async def test_in_a_storm_each_page_takes_one_question_and_the_first_two(
    town: Town, proxy: Proxy, listening: Callable[..., Source]
) -> None:
    """A page that begins with the post that ended the one before has left nothing out, so nobody needs to ask what lies between."""
    source = listening("shoes", signed_in=False)
    await town.write("marta", "before #shoes")
    _, cursor = await drain(source, None)
    said = [(await town.write("marta", f"#shoes {number}"))["id"] for number in range(130)]
    before = len(proxy.asked("GET", "/api/v1/timelines"))
    posts, _ = await drain(source, cursor)
    assert [post.id for post in posts] == said
    assert len(proxy.asked("GET", "/api/v1/timelines")) - before == 2 + 3  # 40, what lies before them, 39, 39, 12


@pytest.mark.parametrize("lost", ["jumped", "deleted", "both"])
async def test_a_storm_loses_nothing_where_its_pages_do_not_meet(
    lost: str, town: Town, proxy: Proxy, listening: Callable[..., Source]
) -> None:
    source = listening("shoes", signed_in=False)
    await town.write("marta", "before #shoes")
    _, cursor = await drain(source, None)
    said = [(await town.write("marta", f"#shoes {number}"))["id"] for number in range(130)]
    first = await source.fetch(cursor)
    if lost != "deleted":
        proxy.once("GET", "/api/v1/timelines", answer(200, await town.page("/api/v1/timelines/tag/shoes?limit=40")))
    if lost != "jumped":
        await town.delete("marta", first.posts[-1].id)
    posts, _ = await drain(source, first.cursor)
    assert [post.id for post in (*first.posts, *posts)] == said


async def test_more_than_can_be_read_back_is_a_gap(town: Town, proxy: Proxy, listening: Callable[..., Source]) -> None:
    await town.write("marta", "before #shoes")
    source = listening("shoes", signed_in=False)
    _, cursor = await drain(source, None)
    status = await town.write("marta", "#shoes")
    for page in range(20):
        proxy.once("GET", "/api/v1/timelines", answer(200, [{**status, "id": f"{page}x{number}"} for number in range(40)]))
    gap = (await source.fetch(cursor)).gap
    assert gap is not None
    assert "#shoes" in gap.reason


async def test_a_cursor_from_another_server_starts_anew_and_says_so(town: Town, listening: Callable[..., Source]) -> None:
    await town.write("marta", f"@{BRAND} hello")
    page = await listening().fetch(json.dumps({"at": "mastodon.example", "mentions": "1"}))
    assert page.gap is not None
    assert len(page.posts) == 1


async def test_wrong_types_are_told_with_their_place(town: Town, proxy: Proxy, listening: Callable[..., Source]) -> None:
    status = await town.write("marta", f"@{BRAND} hello")
    for broken, place in [
        ({**status, "id": 7}, "status.id"),
        ({**status, "created_at": 7}, "status.created_at"),
        ({**status, "created_at": "0001-01-01T00:00:00+14:00"}, "status.created_at"),
        ({**status, "account": None}, "status.account"),
        ({**status, "mentions": [{"id": {}}]}, "status.mentions[0].id"),
        ({**status, "in_reply_to_id": "../../oauth"}, "status.in_reply_to_id"),
    ]:
        proxy.once("GET", MENTIONS, answer(200, [{"id": "1", "type": "mention", "status": broken}]))
        with pytest.raises(Malformed) as caught:
            await listening().fetch(None)
        assert place in caught.value.message


async def test_one_odd_post_does_not_silence_those_around_it(town: Town, proxy: Proxy, listening: Callable[..., Source]) -> None:
    status = await town.write("marta", f"@{BRAND} help, it burns")
    odd = {"id": "9", "type": "mention", "status": {**status, "id": "77", "created_at": "0001-01-01T00:00:00+14:00"}}
    proxy.once("GET", MENTIONS, answer(200, [odd, {"id": "8", "type": "mention", "status": status}]))
    page = await listening().fetch(None)
    assert [post.id for post in page.posts] == [status["id"]]
    assert page.gap is not None
    assert "entry 0 made no sense at status.created_at" in page.gap.reason


async def test_an_odd_post_just_behind_what_was_heard_does_not_silence_a_full_page(
    town: Town, proxy: Proxy, listening: Callable[..., Source]
) -> None:
    """What may lie behind that page is then the odd one alone."""
    source = listening("shoes", signed_in=False)
    await town.write("marta", "before #shoes")
    _, cursor = await drain(source, None)
    said = [await town.write("marta", f"#shoes {number}") for number in range(20)]
    odd = {**said[0], "created_at": "0001-01-01T00:00:00+14:00"}
    for page in ([*said[:0:-1], odd], [odd]):
        proxy.once("GET", "/api/v1/timelines", answer(200, page))
    page = await source.fetch(cursor)
    assert [post.id for post in page.posts] == [status["id"] for status in said[1:]]
    assert page.gap is not None
    assert "entry 19 made no sense" in page.gap.reason


async def test_ids_that_are_no_numbers_are_fine(town: Town, proxy: Proxy, listening: Callable[..., Source]) -> None:
    status = await town.write("marta", f"@{BRAND} hello")
    told = {"id": "01HZX", "type": "mention", "status": {**status, "id": "01J0ULID7", "account": {**status["account"], "id": "01ACC"}}}
    proxy.once("GET", MENTIONS, answer(200, [told]))
    page = await listening().fetch(None)
    assert [post.id for post in page.posts] == ["01J0ULID7"]
    assert page.cursor is not None
    assert json.loads(page.cursor)["mentions"] == "01HZX"


async def test_a_closed_timeline_asks_for_a_sign_in(proxy: Proxy, listening: Callable[..., Source]) -> None:
    proxy.always("GET", "/api/v1/timelines", answer(422, {"error": "This method requires an authenticated user"}))
    with pytest.raises(SignInNeeded):
        await listening("shoes", signed_in=False).fetch(None)


async def test_reset_times_are_read_as_mastodon_writes_them(proxy: Proxy, listening: Callable[..., Source]) -> None:
    proxy.always("GET", MENTIONS, answer(429, {"error": "x"}, {"X-RateLimit-Reset": "2020-01-01T00:00:00.000000Z"}))
    with pytest.raises(RateLimited) as caught:
        await listening().fetch(None)
    assert caught.value.retry_after == 1


async def test_a_second_server_never_gets_the_token_of_the_first(town: Town, proxy: Proxy, listening: Callable[..., Source]) -> None:
    await town.write("marta", "new #shoes")
    assert await heard(listening("shoes", name="art-server"))
    assert not any("Authorization" in asked.headers for asked in proxy.ledger)


@pytest.mark.parametrize(
    "instance", ["http://mastodon.example", "ftp://mastodon.example", "https://", "https://me:pw@mastodon.example", "a b", "https://[::1"]
)
def test_an_instance_that_is_no_https_address_is_refused(instance: str) -> None:
    with pytest.raises(UsageError):
        KIND.make("mastodon", {"instance": instance, "tags": ["shoes"]}, book(BRAND))


@pytest.mark.parametrize("options", [{}, {"instance": ""}, {"instance": "a.example", "tags": ["two words"]}, {"instance": "a", "tag": "x"}])
def test_mistakes_in_the_options_are_found(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        KIND.options.model_validate(options)
