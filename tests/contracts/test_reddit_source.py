"""What the Reddit source promises, against a Reddit on loopback with a misbehaving proxy before it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from pydantic import ValidationError

from listener.errors import Malformed, NetworkError, SignInNeeded
from listener.model import Post, Visibility
from listener.sources.base import Source
from listener.sources.reddit import KIND
from tests.contracts.test_channel_contract import reached
from tests.contracts.test_source_contract import Scene, SourceContract, drain
from tests.servers.proxy import HANG, answer, changed
from tests.servers.reddit import KEY, key_of
from tests.servers.reddit_town import BOOK, INFO, TOKEN, Town, open_town

INBOX, COMMENTS, NEW = "/message/inbox", "/r/shoes/comments", "/r/shoes/new"
Listen = Callable[..., Source]


@pytest.fixture
async def town(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    async with open_town(monkeypatch) as town:
        town.reddit.things.clear()
        yield town


@pytest.fixture
async def listen(town: Town) -> Listen:
    def listen(*subreddits: str, name: str = "reddit", search: tuple[str, ...] = ()) -> Source:
        places = {"service": town.proxy.url, "sign_in": town.proxy.url}
        source = KIND.make(name, {**places, "subreddits": list(subreddits), "search": list(search)}, BOOK)
        town.end.push_async_callback(source.close)
        return source

    return listen


async def heard(source: Source, cursor: str | None = None) -> list[Post]:
    return (await drain(source, cursor))[0]


def saying(town: Town, form: str, *, reply: bool = False) -> Callable[[str], Awaitable[str]]:
    """Return what says something new, as a comment or as a submission; the place it stands in is older than all of it."""
    elsewhere = town.reddit.submit(town.marta, "elsewhere", "an old post")
    elsewhere.subreddit = "shoes" if reply else "elsewhere"

    async def say(words: str) -> str:
        words = form.format(words)
        said = town.reddit.reply(town.marta, elsewhere, words) if reply else town.reddit.submit(town.marta, "shoes", words)
        return said.fullname

    return say


class TestInbox(SourceContract):
    @pytest.fixture
    async def scene(self, town: Town, listen: Listen) -> Scene:
        return Scene(listen(), town.proxy, INBOX, saying(town, "u/acme {}", reply=True))


class TestSubmissions(SourceContract):
    @pytest.fixture
    async def scene(self, town: Town, listen: Listen) -> Scene:
        return Scene(listen("shoes"), town.proxy, NEW, saying(town, "{}"))


# ---- what is heard


async def test_a_comment_is_told_whole(town: Town, listen: Listen) -> None:
    article = town.reddit.submit(town.marta, "shoes", "Which shoes?")
    tom = town.reddit.join("tom-bot")
    said = town.reddit.reply(tom, article, "Not acme\\_shoes!\n\n&#x200B;\n\nSee a\\*b")
    post = (await heard(listen("shoes")))[-1]
    assert (post.id, post.thread_id, post.parent_id) == (said.fullname, article.fullname, article.fullname)
    assert (post.parent_author_id, post.visibility) == (f"t2_{town.marta.id}", Visibility.PUBLIC)
    assert post.text == "Not acme_shoes!\n\n\n\nSee a*b"
    assert (post.author.id, post.author.handle, post.author.bot) == (f"t2_{tom.id}", "tom-bot", True)
    assert post.url == f"https://www.reddit.com/r/shoes/comments/{article.id}/a_title/{said.id}/"


async def test_a_submission_starts_its_own_thread(town: Town, listen: Listen) -> None:
    said = town.reddit.submit(town.marta, "shoes", "Which shoes?", "I run a lot.")
    (post,) = await heard(listen("shoes"))
    assert (post.id, post.thread_id, post.parent_id) == (said.fullname, said.fullname, None)
    assert post.text == "Which shoes?\n\nI run a lot."


async def test_the_inbox_tells_answers_to_us_and_mentions_but_no_private_message(town: Town, listen: Listen) -> None:
    ours = town.reddit.reply(town.us, town.reddit.submit(town.marta, "shoes", "Which?"), "These.")
    answered = town.reddit.reply(town.marta, ours, "They are late")
    named = town.reddit.reply(town.marta, town.reddit.submit(town.marta, "elsewhere", "x"), "ask u/acme")
    secret = {"kind": "t4", "data": {"name": "t4_1", "author": "mallory", "body": "psst"}}

    def with_a_message(body: dict[str, dict[str, list[object]]]) -> object:
        body["data"]["children"].insert(0, secret)
        return body

    town.proxy.always("GET", INBOX, changed(with_a_message))
    page = await listen().fetch(None)
    assert [post.id for post in page.posts] == [answered.fullname, named.fullname]
    assert page.gap is None
    first, second = page.posts
    assert (first.parent_author_id, first.mentions) == (f"t2_{town.us.id}", ())
    assert second.mentions == ("acme", f"t2_{town.us.id}")
    assert first.thread_id == ours.article
    assert first.url.startswith("https://www.reddit.com/r/shoes/comments/")
    assert all(asked["mark"] == "false" for asked in town.reddit.asked("GET", INBOX))


async def test_what_is_heard_in_two_places_is_told_once_and_is_a_mention(town: Town, listen: Listen) -> None:
    town.reddit.reply(town.marta, town.reddit.submit(town.marta, "shoes", "x"), "u/acme help")
    posts = [post for post in await heard(listen("shoes")) if post.text == "u/acme help"]
    assert [post.mentions for post in posts] == [("acme", f"t2_{town.us.id}")]


async def test_a_search_hears_submissions_anywhere(town: Town, listen: Listen) -> None:
    town.reddit.submit(town.marta, "running", "My ACME shoes broke")
    town.reddit.submit(town.marta, "running", "Other shoes")
    assert [post.text for post in await heard(listen(search=('"acme shoes"',)))] == ["My ACME shoes broke"]
    (asked,) = town.reddit.asked("GET", "/search")
    assert (asked["q"], asked["sort"], asked["type"]) == ('"acme shoes"', "new", "link")


async def test_our_own_posts_are_known_by_the_account_and_by_the_handle(town: Town, listen: Listen) -> None:
    town.reddit.submit(town.us, "shoes", "Sale!")
    town.reddit.submit(town.marta, "shoes", "Too dear")
    assert [post.own for post in await heard(listen("shoes"))] == [True, False]


# ---- nothing is lost


async def test_more_than_a_page_is_read_to_where_it_was_left(town: Town, listen: Listen) -> None:
    source = listen("shoes")
    town.reddit.submit(town.marta, "shoes", "before")
    _, cursor = await drain(source, None)
    said = [town.reddit.submit(town.marta, "shoes", f"post {number}").fullname for number in range(230)]
    page = await source.fetch(cursor)
    assert [post.id for post in page.posts] == said
    assert page.gap is None


async def test_a_list_that_ends_before_what_was_known_is_a_gap(town: Town, listen: Listen) -> None:
    source = listen("shoes")
    town.reddit.submit(town.marta, "shoes", "before")
    _, cursor = await drain(source, None)
    for number in range(1_050):
        town.reddit.submit(town.marta, "shoes", f"post {number}")
    page = await source.fetch(cursor)
    assert len(page.posts) == 1_000
    assert page.gap is not None
    assert "more than 1000 posts came in r/shoes, submissions" in page.gap.reason
    assert await heard(source, page.cursor) == []


async def test_the_last_known_post_may_be_deleted_without_losing_what_comes(town: Town, listen: Listen) -> None:
    source = listen("shoes")
    first = town.reddit.submit(town.marta, "shoes", "before")
    _, cursor = await drain(source, None)
    first.deleted = True
    said = town.reddit.submit(town.marta, "shoes", "after")
    page = await source.fetch(cursor)
    assert [post.id for post in page.posts] == [said.fullname]
    assert page.gone == (first.fullname,)


async def test_what_shows_late_is_still_heard(town: Town, listen: Listen) -> None:
    source = listen("shoes")
    town.reddit.submit(town.marta, "shoes", "one")
    town.reddit.late = True
    late = town.reddit.submit(town.marta, "shoes", "held back by a filter")
    town.reddit.late = False
    town.reddit.submit(town.marta, "shoes", "two")
    _, cursor = await drain(source, None)
    town.reddit.reveal()
    assert [post.id for post in await heard(source, cursor)] == [late.fullname]


async def test_an_edit_is_another_version(town: Town, listen: Listen) -> None:
    source = listen("shoes")
    said = town.reddit.submit(town.marta, "shoes", "lovely", "so soft")
    posts, cursor = await drain(source, None)
    said.text = "so hard"
    (after,), cursor = await drain(source, cursor)
    assert (after.id, after.text) == (said.fullname, "lovely\n\nso hard")
    assert after.version != posts[0].version
    assert await heard(source, cursor) == []


@pytest.mark.parametrize("way", ["deleted", "removed"])
async def test_what_is_gone_is_told_once(town: Town, listen: Listen, way: str) -> None:
    source = listen("shoes")
    said = [town.reddit.submit(town.marta, "shoes", f"post {number}") for number in range(3)]
    _, cursor = await drain(source, None)
    setattr(said[1], way, True)
    page = await source.fetch(cursor)
    assert (page.posts, page.gone) == ((), (said[1].fullname,))
    again = await source.fetch(page.cursor)
    assert (again.posts, again.gone, again.cursor) == ((), (), page.cursor)


async def test_what_only_fell_off_the_page_is_not_gone(town: Town, listen: Listen) -> None:
    source = listen("shoes")
    for number in range(100):
        town.reddit.submit(town.marta, "shoes", f"post {number}")
    _, cursor = await drain(source, None)
    for number in range(60):
        town.reddit.submit(town.marta, "shoes", f"more {number}")
    page = await source.fetch(cursor)
    assert (len(page.posts), page.gone) == (60, ())
    assert not town.proxy.asked("GET", INFO)


async def test_a_list_that_lost_all_that_was_known_is_not_read_to_its_end(town: Town, listen: Listen) -> None:
    source = listen("shoes")
    said = [town.reddit.submit(town.marta, "shoes", f"post {number}") for number in range(250)]
    _, cursor = await drain(source, None)
    for one in said[-100:]:
        one.deleted = True
    asked = len(town.proxy.asked("GET", NEW))
    page = await source.fetch(cursor)
    assert (page.posts, len(page.gone), page.gap) == ((), 0, None)
    assert len(town.proxy.asked("GET", NEW)) == asked + 1


async def test_older_posts_that_move_up_when_others_go_are_no_news(town: Town, listen: Listen) -> None:
    source = listen("shoes")
    said = [town.reddit.submit(town.marta, "shoes", f"post {number}") for number in range(130)]
    _, cursor = await drain(source, None)
    for one in said[-20:]:
        one.deleted = True
    page = await source.fetch(cursor)
    assert page.posts == ()
    assert len(page.gone) == 20
    assert await heard(source, page.cursor) == []


async def test_a_cursor_of_another_account_starts_anew_and_says_so(town: Town, listen: Listen) -> None:
    town.reddit.submit(town.marta, "shoes", "hello")
    page = await listen("shoes").fetch(json.dumps({"at": "t2_other", "lists": {}}))
    assert page.gap is not None
    assert len(page.posts) == 1


async def test_a_new_subreddit_in_the_rules_begins_with_its_newest_posts(town: Town, listen: Listen) -> None:
    town.reddit.submit(town.marta, "shoes", "one")
    town.reddit.submit(town.marta, "boots", "two")
    _, cursor = await drain(listen("shoes"), None)
    assert [post.text for post in await heard(listen("shoes", "boots"), cursor)] == ["two"]


async def test_one_odd_post_does_not_silence_those_around_it(town: Town, listen: Listen) -> None:
    town.reddit.submit(town.marta, "shoes", "it burns")

    def oddly(body: dict[str, dict[str, list[object]]]) -> object:
        body["data"]["children"].insert(0, {"kind": "t3", "data": {"name": "t3_odd", "author": 7}})
        return body

    town.proxy.once("GET", NEW, changed(oddly))
    page = await listen("shoes").fetch(None)
    assert [post.text for post in page.posts] == ["it burns"]
    assert page.gap is not None
    assert "r/shoes, submissions, entry 0 made no sense" in page.gap.reason


@pytest.mark.parametrize("change", [{"name": "t3_../me"}, {"created_utc": "x"}, {"created_utc": 1e300}, {"title": None}, {"author": 7}])
async def test_wrong_types_are_told_with_their_place(town: Town, listen: Listen, change: dict[str, object]) -> None:
    town.reddit.submit(town.marta, "shoes", "hello")

    def wrongly(body: dict[str, dict[str, list[dict[str, dict[str, object]]]]]) -> object:
        body["data"]["children"][0]["data"] |= change
        return body

    town.proxy.always("GET", NEW, changed(wrongly))
    with pytest.raises(Malformed) as caught:
        await listen("shoes").fetch(None)
    assert "r/shoes, submissions, entry 0" in caught.value.message


async def test_a_subreddit_that_does_not_exist_is_said(town: Town, listen: Listen) -> None:
    found = {"kind": "Listing", "data": {"children": [{"kind": "t5", "data": {"display_name": "shoe"}}], "after": None}}
    town.proxy.always("GET", COMMENTS, answer(302, b"", {"Location": "/subreddits/search?q=shoes"}))
    town.proxy.always("GET", "/subreddits/search", answer(200, found, forward=False))
    with pytest.raises(NetworkError) as caught:
        await listen("shoes").fetch(None)
    assert "no such subreddit" in caught.value.message


async def test_a_private_subreddit_is_named(town: Town, listen: Listen) -> None:
    town.reddit.closed.add("shoes")
    with pytest.raises(SignInNeeded) as caught:
        await listen("shoes").fetch(None)
    assert "r/shoes" in caught.value.message


# ---- the ear cannot speak


async def test_nothing_is_posted_but_the_sign_in(town: Town, listen: Listen) -> None:
    source = listen("shoes", search=("acme",))
    await saying(town, "u/acme {}", reply=True)("hello")
    await source.fetch(None)
    assert {asked.path for asked in town.proxy.ledger if asked.method != "GET"} == {TOKEN}
    assert len(town.proxy.asked("POST")) == 1
    assert KEY not in str(vars(source))


async def test_a_closed_source_leaves_no_thread_behind(listen: Listen) -> None:
    source = listen()
    await source.fetch(None)
    (thread,) = (thread for thread in threading.enumerate() if thread.name.startswith("reddit"))
    await source.close()
    thread.join(5.0)
    assert not thread.is_alive()
    assert (await source.fetch(None)).cursor


async def test_closing_lets_go_of_a_question_that_hangs(town: Town, listen: Listen) -> None:
    source, met = listen(), asyncio.Event()
    town.proxy.once("GET", INBOX, reached(HANG, met))
    asking = asyncio.create_task(source.fetch(None))
    await met.wait()
    await source.close()
    with pytest.raises(NetworkError):
        await asyncio.wait_for(asking, 5.0)


async def test_a_source_of_another_name_reads_its_own_secret(listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SignInNeeded) as caught:
        listen(name="acme-de")
    assert "acme-de_read" in caught.value.hint
    monkeypatch.setenv("EARNEST_SECRET_ACME_DE_READ", key_of("acme"))
    assert await heard(listen(name="acme-de")) == []


@pytest.mark.parametrize("options", [{"subreddits": ["two words"]}, {"subreddits": "../me"}, {"subreddit": "shoes"}, {"search": [""]}])
def test_mistakes_in_the_options_are_found(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        KIND.options.model_validate(options)


def test_a_subreddit_may_be_written_as_people_write_it() -> None:
    assert KIND.options.model_validate({"subreddits": ["r/shoes", "/r/boots", "running"]}).model_dump()["subreddits"] == (
        "shoes",
        "boots",
        "running",
    )


async def test_a_list_that_is_empty_for_a_moment_loses_nothing_of_that_second(town: Town, listen: Listen) -> None:
    """So it went in the traffic recorded for praw: a full list, an empty one, and then more of the newest thing's own second."""
    first = town.reddit.submit(town.marta, "shoes", "the first")
    source = listen("shoes")
    _, cursor = await drain(source, None)
    town.proxy.once("GET", NEW, answer(200, {"kind": "Listing", "data": {"children": [], "after": None}}))
    page = await source.fetch(cursor)
    assert (page.posts, page.gone) == ((), ())
    second = town.reddit.submit(town.marta, "shoes", "the second")
    second.created = first.created
    posts, _ = await drain(source, page.cursor)
    assert [post.id for post in posts] == [second.fullname]
