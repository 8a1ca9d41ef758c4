"""What the X source promises, against a fake of X with a misbehaving proxy before it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from listener.errors import NetworkError, RateLimited, SignInNeeded, UsageError
from listener.model import Post, Visibility
from listener.rules.rulebook import Brand, Route, Rulebook
from listener.settings import Secret
from listener.sources.base import Source
from listener.sources.x import KIND, MOST_PAGES, PAGE_SIZE, X
from listener.x_client import ReadingClient
from listener.x_wire import Options
from tests.contracts.test_source_contract import Scene, SourceContract, drain
from tests.servers.proxy import Proxy, answer, changed
from tests.servers.x import APP_TOKEN, BRAND, KEYS, MARTA, TOKEN, TOM, FakeX
from tests.servers.x_forms import problem

MENTIONS = f"/2/users/{BRAND}/mentions"
SEARCH = "/2/tweets/search/recent"


def book(*handles: str) -> Rulebook:
    brands = {"acme": Brand(names=("Acme",))} | {f"brand{number}": Brand(handles={"x": one}) for number, one in enumerate(handles)}
    return Rulebook(version=1, brands=brands, routes=(Route(name="all", when="always"),))


@pytest.fixture
async def fake() -> AsyncIterator[FakeX]:
    async with FakeX() as fake:
        yield fake


@pytest.fixture
async def proxy(fake: FakeX, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Proxy]:
    async with Proxy(fake.url) as proxy:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", f"{proxy.host},{fake.host}")
        yield proxy


@pytest.fixture
async def listening(fake: FakeX, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[..., Source]]:
    made: list[Source] = []

    def listen(
        query: str = "", *, keys: str = TOKEN, handles: tuple[str, ...] = ("acme",), handle: str = "", straight: bool = False
    ) -> Source:
        monkeypatch.setenv("EARNEST_SECRET_X_READ", keys)
        options = {"service": fake.url if straight else proxy.url, "query": query, "handle": handle}
        made.append(KIND.make("x", options, book(*handles)))
        return made[-1]

    yield listen
    for source in made:
        await source.close()


async def heard(source: Source) -> list[Post]:
    return list((await source.fetch(None)).posts)


class TestMentions(SourceContract):
    @pytest.fixture
    async def scene(self, fake: FakeX, proxy: Proxy, listening: Callable[..., Source]) -> Scene:
        async def say(words: str) -> str:
            return fake.say(MARTA, f"@acme {words}").id

        return Scene(listening(), proxy, MENTIONS, say)


class TestSearch(SourceContract):
    @pytest.fixture
    async def scene(self, fake: FakeX, proxy: Proxy, listening: Callable[..., Source]) -> Scene:
        async def say(words: str) -> str:
            return fake.say(MARTA, f"my shoes: {words}").id

        return Scene(listening("shoes"), proxy, SEARCH, say)


async def test_what_both_lists_bring_is_heard_once(fake: FakeX, listening: Callable[..., Source]) -> None:
    source = listening("shoes")
    _, cursor = await drain(source, None)
    both, other = fake.say(MARTA, "@acme your shoes squeak"), fake.say(TOM, "new shoes")
    posts, _ = await drain(source, cursor)
    assert [post.id for post in posts] == [both.id, other.id]
    assert posts[0].mentions == ("acme", BRAND)
    assert posts[1].mentions == ()


async def test_a_post_and_its_author_are_told_whole(fake: FakeX, listening: Callable[..., Source]) -> None:
    ours = fake.say(BRAND, "New shoes!")
    said = fake.say(MARTA, "They squeak #fail", reply_to=ours.id)
    (post,) = await heard(listening())
    assert (post.thread_id, post.parent_id, post.parent_author_id) == (ours.id, ours.id, BRAND)
    assert (post.tags, post.language, post.visibility) == (("fail",), "en", Visibility.PUBLIC)
    assert post.url == f"https://x.com/marta/status/{said.id}"
    author = post.author
    assert (author.id, author.handle, author.display_name, author.followers, author.bio) == (MARTA, "marta", "Marta", 7, "marta was here")


async def test_whoever_quotes_us_calls_us(fake: FakeX, listening: Callable[..., Source]) -> None:
    ours = fake.say(BRAND, "New shoes!")
    fake.say(MARTA, "these shoes squeak", quotes=ours.id)
    (post,) = [post for post in await heard(listening("squeak")) if not post.own]
    assert post.mentions == ("acme", BRAND)


async def test_our_own_posts_are_marked(fake: FakeX, listening: Callable[..., Source]) -> None:
    fake.say(BRAND, "Our shoes")
    fake.say(TOM, "My shoes")
    assert [post.own for post in await heard(listening("shoes"))] == [True, False]
    assert [post.own for post in await heard(listening("shoes", handles=("Tom",)))] == [True, True]


async def test_an_edit_is_the_same_post_in_another_version(fake: FakeX, listening: Callable[..., Source]) -> None:
    said = fake.say(MARTA, "@acme lovely shoes")
    source = listening()
    (first,), cursor = await drain(source, None)
    newer = fake.edit(said, "@acme my foot bleeds")
    (second,), _ = await drain(source, cursor)
    assert second.id == first.id == said.id
    assert (first.version, second.version) == (said.id, newer.id)
    assert second.text == "@acme my foot bleeds"


async def test_ids_beyond_what_a_float_can_hold_stay_whole(fake: FakeX, listening: Callable[..., Source]) -> None:
    said = [fake.say(MARTA, f"@acme {number}").id for number in range(5)]
    assert all(int(one) > 2**53 for one in said)
    assert [post.id for post in await heard(listening())] == said


async def test_a_long_post_is_heard_to_its_end(proxy: Proxy, fake: FakeX, listening: Callable[..., Source]) -> None:
    fake.say(MARTA, "@acme it begins")
    long = "@acme it begins " + "and goes on " * 50 + "&amp; ends"
    for name in ("note_post", "note_tweet"):
        note = {name: {"text": long}}
        proxy.once("GET", MENTIONS, changed(lambda page, note=note: {**page, "data": [{**page["data"][0], **note}]}))
        (post,) = await heard(listening())
        assert post.text.endswith("and goes on & ends")


async def test_a_repost_is_nobody_s_words_and_still_moves_the_cursor(proxy: Proxy, fake: FakeX, listening: Callable[..., Source]) -> None:
    said = fake.say(MARTA, "@acme hello")
    again = [{"type": "retweeted", "id": "7"}]
    proxy.always("GET", MENTIONS, changed(lambda page: {**page, "data": [{**page["data"][0], "referenced_posts": again}]}))
    page = await listening().fetch(None)
    assert page.posts == ()
    assert page.gap is None
    assert said.id in (page.cursor or "")


async def test_one_odd_post_does_not_silence_the_others(proxy: Proxy, fake: FakeX, listening: Callable[..., Source]) -> None:
    said = fake.say(MARTA, "@acme hello")
    proxy.always("GET", MENTIONS, changed(lambda page: {**page, "data": [{"id": 7}, *page["data"], {**page["data"][0], "author_id": "9"}]}))
    page = await listening().fetch(None)
    assert [post.id for post in page.posts] == [said.id]
    assert page.gap is not None
    assert "entry 0" in page.gap.reason


async def test_errors_beside_data_do_no_harm(proxy: Proxy, fake: FakeX, listening: Callable[..., Source]) -> None:
    said = fake.say(MARTA, "@acme hello")
    hidden = problem("Authorization Error", "Sorry", kind="not-authorized-for-resource")
    proxy.always("GET", MENTIONS, changed(lambda page: {**page, "errors": [hidden]}))
    page = await listening().fetch(None)
    assert [post.id for post in page.posts] == [said.id]
    assert page.gap is None


@pytest.mark.parametrize(("query", "most"), [("", 800), ("burst", PAGE_SIZE * MOST_PAGES)], ids=["mentions", "search"])
async def test_more_than_can_be_read_is_a_gap_that_is_told(fake: FakeX, listening: Callable[..., Source], query: str, most: int) -> None:
    source = listening(query)
    fake.say(MARTA, "@acme before the burst")
    _, cursor = await drain(source, None)
    said = [fake.say(MARTA, f"@acme burst {number}").id for number in range(most + 3)]
    page = await source.fetch(cursor)
    assert [post.id for post in page.posts] == said[3:]
    assert page.gap is not None
    assert str(most) in page.gap.reason
    after = fake.say(MARTA, "@acme after the burst")
    page = await source.fetch(page.cursor)
    assert [post.id for post in page.posts] == [after.id]
    assert page.gap is None


async def test_the_past_is_not_read_to_its_end_at_first(proxy: Proxy, fake: FakeX, listening: Callable[..., Source]) -> None:
    for number in range(PAGE_SIZE + 5):
        fake.say(MARTA, f"@acme {number}")
    page = await listening().fetch(None)
    assert len(page.posts) == PAGE_SIZE
    assert page.gap is None
    assert len(proxy.asked("GET", MENTIONS)) == 1


@pytest.mark.parametrize("query", ["shoes", "shoes OR " + " OR ".join(f"word{number:016}" for number in range(40))])
async def test_a_search_reaches_back_seven_days_and_no_further(
    proxy: Proxy, fake: FakeX, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    old = fake.say(TOM, f"old shoes, word{39:016}", ago=6.5 * 86_400)
    at = datetime.now(UTC)
    assert proxy.url
    source = X("x", Options(service=proxy.url, query=query), (), Secret(TOKEN), clock=lambda: at)
    _, cursor = await drain(source, None)
    assert await drain(source, cursor) == ([], cursor)
    assert f"since_id={old.id}" in proxy.asked("GET", SEARCH)[-1].query
    at += timedelta(days=1)
    said = fake.say(TOM, "new shoes")
    posts, _ = await drain(source, cursor)
    assert [post.id for post in posts] == [said.id]
    assert "since_id" not in proxy.asked("GET", SEARCH)[-1].query
    assert len({asked.query for asked in proxy.asked("GET", SEARCH) if f"since_id={old.id}" in asked.query}) == (
        1 if query == "shoes" else 2
    )
    await source.close()
    assert monkeypatch


async def test_an_author_who_hides_is_heard_as_such(proxy: Proxy, fake: FakeX, listening: Callable[..., Source]) -> None:
    fake.say(MARTA, "@acme hello")
    users = [{"id": MARTA, "username": "marta", "name": "Marta", "protected": True}]
    proxy.always("GET", MENTIONS, changed(lambda page: {**page, "includes": {"users": users}}))
    (post,) = await heard(listening())
    assert post.visibility is Visibility.FOLLOWERS


@pytest.mark.parametrize("how", ["older", "newer", "lenient older"])
async def test_both_ways_to_name_what_posts_hold_are_heard(fake: FakeX, listening: Callable[..., Source], how: str) -> None:
    fake.newer, fake.lenient = how.endswith("newer"), how.startswith("lenient")
    ours = fake.say(BRAND, "New shoes!")
    said = [fake.say(MARTA, "they squeak", reply_to=ours.id), fake.say(TOM, "squeak indeed", quotes=ours.id)]
    posts = await heard(listening("squeak"))
    assert [post.id for post in posts] == [one.id for one in said]
    assert all("acme" in post.mentions for post in posts)


async def test_keys_of_an_app_hear_for_the_brand_s_handle(fake: FakeX, listening: Callable[..., Source]) -> None:
    said = fake.say(MARTA, "@acme hello")
    source = listening(keys=APP_TOKEN)
    account = await source.identify()
    assert account is not None
    assert (account.id, account.handle, account.url) == (BRAND, "acme", "https://x.com/acme")
    assert [post.id for post in await heard(source)] == [said.id]


async def test_keys_of_an_app_hear_for_the_handle_that_is_named(listening: Callable[..., Source]) -> None:
    account = await listening(keys=APP_TOKEN, handles=("acme", "other"), handle="@tom").identify()
    assert account is not None
    assert account.id == TOM


@pytest.mark.parametrize("handles", [(), ("acme", "tom"), ("nobody_here",), ("../me",)])
async def test_a_source_that_does_not_know_its_own_account_hears_nothing(
    proxy: Proxy, listening: Callable[..., Source], handles: tuple[str, ...]
) -> None:
    with pytest.raises(SignInNeeded) as caught:
        await listening(keys=APP_TOKEN, handles=handles).fetch(None)
    assert "handle" in caught.value.hint
    assert not proxy.asked("GET", MENTIONS)


async def test_the_four_keys_of_an_account_hear_too(fake: FakeX, listening: Callable[..., Source]) -> None:
    said = fake.say(MARTA, "@acme new shoes (red): 50 % off?")
    source = listening('shoes (red OR "50 %") -is:retweet', keys=" ".join(KEYS), straight=True)
    assert [post.id for post in await heard(source)] == [said.id]


async def test_without_keys_it_says_which_secret_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EARNEST_SECRET_X_READ", raising=False)
    monkeypatch.setenv("EARNEST_SECRET_X_WRITE", "writing")
    source = KIND.make("x", {}, book())
    for act in (source.identify(), source.fetch(None)):
        with pytest.raises(SignInNeeded) as caught:
            await act
        assert "EARNEST_SECRET_X_READ" in caught.value.hint
    await source.close()


async def test_a_source_of_another_name_reads_a_secret_of_its_own(
    fake: FakeX, proxy: Proxy, listening: Callable[..., Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    listening(keys="wrong")
    monkeypatch.setenv("EARNEST_SECRET_ACME_DE_READ", TOKEN)
    source = KIND.make("acme-de", {"service": proxy.url}, book("acme"))
    said = fake.say(MARTA, "@acme hello")
    assert [post.id for post in await heard(source)] == [said.id]
    await source.close()


async def test_no_credit_is_told_with_where_to_add_it(fake: FakeX, listening: Callable[..., Source]) -> None:
    fake.credit = False
    with pytest.raises(SignInNeeded) as caught:
        await listening().fetch(None)
    assert "console.x.com" in caught.value.hint


async def test_x_s_own_limit_is_kept_to_the_moment_it_names(fake: FakeX, listening: Callable[..., Source]) -> None:
    source = listening()
    await source.identify()
    fake.left["GET /2/users/{id}/mentions"] = 0
    with pytest.raises(RateLimited) as caught:
        await source.fetch(None)
    assert 850 < caught.value.retry_after <= 900


async def test_a_question_x_does_not_understand_is_told_in_its_words(proxy: Proxy, listening: Callable[..., Source]) -> None:
    proxy.always("GET", SEARCH, answer(400, problem("Invalid Request", "There is an error in your query", kind="invalid-request")))
    with pytest.raises(NetworkError, match="error in your query"):
        await listening("shoes").fetch(None)
    assert len(proxy.asked("GET", SEARCH)) == 2


def test_a_query_longer_than_x_takes_is_refused_at_once() -> None:
    assert KIND.options.model_validate({"query": "x" * 512})
    with pytest.raises(ValidationError):
        KIND.options.model_validate({"query": "x" * 513})


async def test_whoever_listens_cannot_write(fake: FakeX, proxy: Proxy) -> None:
    assert proxy.url
    client = ReadingClient(fake.url, Secret(TOKEN), "x_read")
    parent = fake.say(MARTA, "@acme hello")
    for act in (
        client.create_tweet(text="hello", in_reply_to_tweet_id=parent.id, user_auth=False),
        client.delete_tweet(parent.id, user_auth=False),
        client.create_direct_message(participant_id=MARTA, text="hello", user_auth=False),
    ):
        with pytest.raises(NotImplementedError):
            await act
    assert len(fake.ledger) == 1
    assert not fake.messages
    await client.close()


def test_plain_http_is_refused_where_it_is_not_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARNEST_SECRET_X_READ", TOKEN)
    with pytest.raises(UsageError):
        KIND.make("x", {"service": "http://api.x.com"}, book())
