"""What the answers of a Reddit mean to the channel that speaks there, how it signs in, and what it sees."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from listener.errors import NetworkError, NotConnected, RateLimited, SignInNeeded, UsageError
from listener.model import Author
from responders.channels.base import Barred, Refused, Sent, Unknown, Unsent
from responders.channels.reddit import KIND
from tests.contracts.test_channel_contract import Stage
from tests.servers.proxy import RESET, UNAVAILABLE, Fault, answer, changed, too_many
from tests.servers.reddit import KEY, key_of
from tests.servers.reddit_things import shape
from tests.servers.reddit_town import BOOK, COMMENT, OWN, THREAD, TOKEN, Town, open_town, wanted


@pytest.fixture
async def town(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    async with open_town(monkeypatch) as town:
        yield town


@pytest.fixture
def stage(town: Town) -> Stage:
    return town.stage()


# ---- what an answer means


@pytest.mark.parametrize(
    ("code", "words", "ends", "told"),
    [
        ("THREAD_LOCKED", "Comments are locked.", Refused, "locked"),
        ("DELETED_COMMENT", "that comment has been deleted", Refused, "deleted"),
        ("TOO_OLD", "that's a piece of history now", Refused, "archived"),
        ("USER_BLOCKED", "you can't send to a user that you have blocked", Refused, "blocked"),
        ("TOO_LONG", "this is too long (max: 10000)", Refused, "too long"),
        ("USER_REQUIRED", "Please log in to do that.", Barred, "sign-in"),
        ("SOMETHING_IS_BROKEN", "Something is broken, please try again later.", Unknown, "SOMETHING_IS_BROKEN"),
        ("NEW_IN_2027", "\x1b]0;owned\x07 who knows", Unknown, "NEW_IN_2027"),
    ],
)
async def test_an_error_inside_a_200_counts_only_where_it_is_known(  # noqa: PLR0917 - a row of a table
    town: Town, stage: Stage, code: str, words: str, ends: type, told: str
) -> None:
    sending = await wanted(stage)
    town.reddit.errors = [[code, words, "parent"]]
    result = await stage.channel.send(sending, 5.0)
    assert isinstance(result, ends), result
    assert told in getattr(result, "reason", "")
    assert "\x1b" not in getattr(result, "reason", "")
    assert len(town.proxy.asked(*COMMENT)) == 1


@pytest.mark.parametrize(
    ("words", "wait"),
    [
        ("you are doing that too much. try again in 9 minutes.", 540.0),
        ("Looks like you've been doing that a lot. Take a break for 5 seconds before trying again.", 5.0),
        ("Take a break for 300 milliseconds before trying again.", 1.0),
        ("try again in 3 hours.", 900.0),
        ("Take a break for 4 \u0441 before trying again.", 60.0),
    ],
)
async def test_ratelimit_inside_a_200_waits_as_long_as_it_says(town: Town, stage: Stage, words: str, wait: float) -> None:
    sending = await wanted(stage)
    town.reddit.errors = [["RATELIMIT", words, "ratelimit"]]
    result = await stage.channel.send(sending, 5.0)
    assert isinstance(result, Unsent)
    assert result.retry_after == wait
    assert len(town.proxy.asked(*COMMENT)) == 1


async def test_a_known_and_an_unknown_error_together_mean_nothing_certain(town: Town, stage: Stage) -> None:
    town.reddit.errors = [["TOO_OLD", "history", "parent"], ["WHATEVER", "", None]]
    assert isinstance(await stage.channel.send(await wanted(stage), 5.0), Unknown)


@pytest.mark.parametrize("status", [400, 409, 413, 500])
async def test_a_refusal_after_storing_is_no_refusal(town: Town, stage: Stage, status: int) -> None:
    sending = await wanted(stage)
    town.reddit.after_storing = status
    assert isinstance(await stage.channel.send(sending, 5.0), Unknown)
    assert len(town.answers(sending.parent)) == 1
    assert isinstance(await stage.channel.find(sending), Sent)


async def test_a_comment_that_is_stored_without_being_named_is_looked_for(town: Town, stage: Stage) -> None:
    town.reddit.quiet = True
    sending = await wanted(stage)
    assert isinstance(await stage.channel.send(sending, 5.0), Unknown)
    assert isinstance(await stage.channel.find(sending), Sent)


@pytest.mark.parametrize(
    "body",
    [
        {"success": True, "jquery": []},
        {"json": {"errors": [], "data": {"things": [{"kind": "t1", "data": {"name": "t1_x"}}]}}},
        {"json": {"errors": "no"}},
        {"json": {"errors": [{}, 7]}},
        [],
    ],
)
async def test_an_answer_of_another_shape_proves_nothing(town: Town, stage: Stage, body: object) -> None:
    sending = await wanted(stage)
    town.proxy.once(*COMMENT, answer(200, body))
    assert isinstance(await stage.channel.send(sending, 5.0), Unknown)


async def test_a_comment_under_another_post_is_not_taken_for_ours(town: Town, stage: Stage) -> None:
    def elsewhere(body: Any) -> object:  # noqa: ANN401
        body["json"]["data"]["things"][0]["data"]["parent_id"] = "t1_zzz"
        return body

    sending = await wanted(stage)
    town.proxy.once(*COMMENT, changed(elsewhere))
    assert isinstance(await stage.channel.send(sending, 5.0), Unknown)


async def test_a_ban_is_named(town: Town, stage: Stage) -> None:
    sending = await wanted(stage)
    town.reddit.banned.add(("shoes", "acme"))
    assert await stage.channel.send(sending, 5.0) == Refused("our account is banned from r/shoes", closes="shoes")


async def test_a_403_of_a_proxy_is_no_refusal(town: Town, stage: Stage) -> None:
    sending = await wanted(stage)
    town.proxy.once(*COMMENT, answer(403, b"<html>blocked by network security</html>"))
    assert isinstance(await stage.channel.send(sending, 5.0), Unknown)


async def test_a_403_without_a_ban_says_what_reddit_says(town: Town, stage: Stage) -> None:
    sending = await wanted(stage)
    town.proxy.once(*COMMENT, answer(403, {"message": "Forbidden", "error": 403}, forward=False))
    assert await stage.channel.send(sending, 5.0) == Refused("our account may not comment there: Forbidden", closes="shoes")


async def test_a_missing_scope_bars_the_account(town: Town, stage: Stage) -> None:
    sending = await wanted(stage)
    denied = {"WWW-Authenticate": 'Bearer realm="reddit", error="insufficient_scope"'}
    town.proxy.once(*COMMENT, answer(403, {"message": "Forbidden", "error": 403}, denied, forward=False))
    result = await stage.channel.send(sending, 5.0)
    assert isinstance(result, Barred)
    assert "scope submit" in result.reason


async def test_a_suspended_account_is_barred_until_it_is_not(town: Town, stage: Stage) -> None:
    sending = await wanted(stage)
    town.us.suspended = True
    result = await stage.channel.send(sending, 5.0)
    assert isinstance(result, Barred)
    assert "suspended" in result.reason
    with pytest.raises(SignInNeeded):
        await stage.channel.identify()
    town.us.suspended = False
    assert (await stage.channel.identify()).handle == "acme"
    assert isinstance(await stage.channel.send(sending, 5.0), Sent)


# ---- the sign-in


async def test_a_revoked_token_is_renewed_once_before_the_post(town: Town, stage: Stage) -> None:
    sending = await wanted(stage)
    town.reddit.revoke()
    assert isinstance(await stage.channel.send(sending, 5.0), Sent)
    assert town.reddit.refreshes == 2


async def test_a_token_refused_at_the_post_bars_the_account(town: Town, stage: Stage) -> None:
    sending = await wanted(stage)
    town.proxy.once(*COMMENT, answer(401, {"message": "Unauthorized", "error": 401}, forward=False))
    result = await stage.channel.send(sending, 5.0)
    assert isinstance(result, Barred)
    assert "EARNEST_SECRET_REDDIT_WRITE" in result.hint
    assert len(town.proxy.asked(*COMMENT)) == 1


async def test_a_refused_renewal_bars_the_account_and_is_asked_for_once(town: Town, stage: Stage) -> None:
    sending = await wanted(stage)
    town.reddit.revoke()
    town.reddit.refuse_refresh = True
    results = await asyncio.gather(*(stage.channel.send(sending, 5.0) for _ in range(3)))
    assert all(isinstance(result, Barred) for result in results)
    with pytest.raises(SignInNeeded) as caught:
        await stage.channel.identify()
    assert "EARNEST_SECRET_REDDIT_WRITE" in caught.value.hint
    assert town.reddit.refreshes == 2
    assert not town.proxy.asked(*COMMENT)


async def test_a_no_to_the_sign_in_inside_a_200_is_a_no(town: Town) -> None:
    town.proxy.always("POST", TOKEN, answer(200, {"error": "invalid_grant"}))
    with pytest.raises(SignInNeeded):
        await town.speak().identify()
    assert len(town.proxy.asked("POST", TOKEN)) == 1


@pytest.mark.parametrize(
    "fault", [UNAVAILABLE, RESET, too_many({"Retry-After": "7"}), answer(200, {"token": 1})], ids=lambda fault: fault.name
)
async def test_a_sign_in_that_fails_is_no_refusal_and_leaves_nothing(town: Town, stage: Stage, fault: Fault) -> None:
    def then_it_fails(body: object) -> object:
        town.proxy.always("POST", TOKEN, fault)
        return body

    town.reddit.expires_in = 0
    sending = await wanted(stage)
    for start in (OWN, THREAD):  # the last thing before the POST is to look at the thread
        town.proxy.once("GET", start, changed(then_it_fails))
        assert isinstance(await stage.channel.send(sending, 5.0), Unsent)
        town.proxy.honest()
    assert not town.proxy.asked(*COMMENT)
    assert isinstance(await stage.channel.send(sending, 5.0), Sent)


async def test_many_questions_at_once_sign_in_once(town: Town) -> None:
    channel = town.speak()
    accounts = await asyncio.gather(*(channel.identify() for _ in range(5)))
    assert {account.handle for account in accounts} == {"acme"}
    assert town.reddit.refreshes == 1


@pytest.mark.parametrize("secret", ["", "one-word", "two words", "four words are one", "a:b secret token", "\u00e9 secret token"])
def test_keys_of_another_shape_are_told_with_the_shape_they_need(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("EARNEST_SECRET_REDDIT_WRITE", secret)
    monkeypatch.setenv("EARNEST_SECRET_REDDIT_READ", key_of("acme"))
    with pytest.raises(SignInNeeded) as caught:
        KIND.make({}, BOOK)
    assert "EARNEST_SECRET_REDDIT_WRITE" in caught.value.hint
    assert "client id, client secret and refresh token" in caught.value.hint


async def test_no_error_tells_a_key(town: Town, stage: Stage) -> None:
    post = await stage.ask("hello")
    for path in (TOKEN, "/"):
        town.proxy.always("POST" if path == TOKEN else "GET", path, RESET)
        town.reddit.revoke()
        with pytest.raises(NetworkError) as caught:
            await stage.channel.look(post)
        assert KEY not in "".join(map(str, (caught.value, caught.value.__cause__, caught.value.__context__)))
        assert caught.value.__cause__ is None


async def test_a_private_network_is_reached_only_where_it_is_named(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARNEST_ALLOW_HOSTS", "")
    with pytest.raises(UsageError):
        KIND.make({"service": town.proxy.url, "sign_in": town.proxy.url}, BOOK)
    https = town.proxy.url.replace("http:", "https:")
    channel = KIND.make({"service": https, "sign_in": https}, BOOK)
    with pytest.raises(NotConnected) as caught:
        await channel.identify()
    assert "EARNEST_ALLOW_HOSTS" in caught.value.hint
    await channel.close()


async def test_praw_s_own_files_and_variables_change_nothing(town: Town, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "praw.ini").write_text("[DEFAULT]\nusername=mallory\npassword=x\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("praw.config.Config.CONFIG", None)
    monkeypatch.setenv("praw_username", "mallory")
    monkeypatch.setenv("praw_site", "nowhere")
    assert (await town.speak().identify()).handle == "acme"


# ---- limits


async def test_no_request_left_waits_for_the_reset(town: Town, stage: Stage) -> None:
    sending = await wanted(stage)
    town.reddit.remaining, town.reddit.reset = "0.0", "42"
    with pytest.raises(RateLimited):
        await stage.channel.find(sending)
    asked = len(town.proxy.ledger)
    with pytest.raises(RateLimited) as caught:
        await stage.channel.look(sending.parent)
    assert 30 < caught.value.retry_after <= 42
    result = await stage.channel.send(sending, 5.0)
    assert isinstance(result, Unsent)
    assert result.retry_after > 30
    assert len(town.proxy.ledger) == asked


@pytest.mark.parametrize(("remaining", "reset"), [("nan", "5"), ("0", "inf"), ("0", "-3"), ("soon", "x"), ("1.5", "500")])
async def test_odd_headers_stop_nothing(town: Town, stage: Stage, remaining: str, reset: str) -> None:
    town.reddit.remaining, town.reddit.reset = remaining, reset
    assert isinstance(await stage.channel.send(await wanted(stage), 5.0), Sent)


# ---- looking


@pytest.mark.parametrize("where", ["comment", "article"])
@pytest.mark.parametrize("mark", ["locked", "archived"])
async def test_what_nobody_can_answer_is_not_there(town: Town, stage: Stage, where: str, mark: str) -> None:
    post = await stage.ask("hello")
    setattr(town.thing(post) if where == "comment" else town.article, mark, True)
    seen = await stage.channel.look(post)
    assert not seen.there
    assert mark in seen.reason


async def test_what_a_moderator_removed_is_gone(town: Town, stage: Stage) -> None:
    for post in (await stage.ask("hello"), town.heard(town.article)):
        town.thing(post).removed = True
        assert not (await stage.channel.look(post)).there


async def test_a_subreddit_that_is_closed_to_us_is_no_place_to_answer(town: Town, stage: Stage) -> None:
    post = await stage.ask("hello")
    town.reddit.closed.add("shoes")
    assert not (await stage.channel.look(post)).there


async def test_an_edit_shows_even_where_reddit_does_not_mark_it(town: Town, stage: Stage) -> None:
    post = await stage.ask("lovely shoes")
    town.thing(post).text = "my foot bleeds"
    seen = await stage.channel.look(post)
    assert (seen.text, seen.there) == ("my foot bleeds", True)
    assert seen.version != post.version


async def test_another_s_post_under_the_same_id_is_not_answered(stage: Stage) -> None:
    post = await stage.ask("hello")
    assert not (await stage.channel.look(replace(post, author=Author("reddit", "t2_other", "marta")))).there
    assert not (await stage.channel.look(replace(post, id="../api/v1/me"))).there
    assert isinstance(await stage.channel.send(await wanted(stage, replace(post, id="t4_abc")), 5.0), Refused)


async def test_all_our_answers_directly_below_are_told_and_no_other(town: Town, stage: Stage) -> None:
    post = await stage.ask("hello")
    first = town.reddit.reply(town.us, town.thing(post), "a person wrote this")
    below = town.reddit.reply(town.marta, town.thing(post), "me too")
    town.reddit.reply(town.us, below, "to somebody else")
    assert (await stage.channel.look(post)).ours == (first.fullname,)
    sent = await stage.channel.send(await wanted(stage, post), 5.0)
    assert isinstance(sent, Sent)
    assert set((await stage.channel.look(post)).ours) == {first.fullname, sent.remote_id}


@pytest.mark.parametrize("hide", [THREAD, OWN])
async def test_either_place_is_enough_to_find_it(town: Town, stage: Stage, hide: str) -> None:
    sending = await wanted(stage)
    sent = await stage.channel.send(sending, 5.0)
    assert isinstance(sent, Sent)
    empty = {"kind": "Listing", "data": {"children": [], "after": None}}
    town.proxy.always("GET", hide, answer(200, empty if hide == OWN else [empty, empty]))
    assert await stage.channel.find(sending) == sent
    assert (await stage.channel.look(sending.parent)).ours == (sent.remote_id,)


async def test_a_look_that_cannot_see_far_enough_says_so(town: Town, stage: Stage) -> None:
    sending = await wanted(stage)
    for number in range(3):
        town.reddit.reply(town.marta, town.thing(sending.parent), f"me {number} too")
    town.reddit.most_below = 1
    page = {
        "kind": "Listing",
        "data": {"children": [shape(town.reddit.reply(town.us, town.article, "x"), town.reddit.things)], "after": "t1_x"},
    }
    page["data"]["children"][0]["data"]["created_utc"] = 4_000_000_000  # type: ignore[index]
    town.proxy.always("GET", OWN, answer(200, page))
    for looking in (stage.channel.find(sending), stage.channel.look(sending.parent)):
        with pytest.raises(NetworkError):
            await looking


async def test_our_answers_are_known_where_reddit_tells_no_ids(town: Town, stage: Stage) -> None:
    def without_ids(told: Any) -> object:  # noqa: ANN401
        if isinstance(told, list):
            return [without_ids(each) for each in told]
        return {key: without_ids(value) for key, value in told.items() if key != "author_fullname"} if isinstance(told, dict) else told

    sending = await wanted(stage)
    town.proxy.always("GET", OWN, changed(without_ids))
    town.proxy.always("GET", THREAD, changed(without_ids))
    town.proxy.once(*COMMENT, RESET)
    assert isinstance(await stage.channel.send(sending, 5.0), Unknown)
    sent = await stage.channel.find(sending)
    assert isinstance(sent, Sent)
    assert (await stage.channel.look(sending.parent)).ours == (sent.remote_id,)


async def test_another_answer_of_ours_is_not_mistaken_for_the_delivery(town: Town, stage: Stage) -> None:
    sending = await wanted(stage)
    town.reddit.reply(town.us, town.thing(sending.parent), "something a person wrote")
    other = town.reddit.reply(town.marta, town.article, "another post")
    town.reddit.reply(town.us, other, sending.text)
    town.reddit.reply(town.marta, town.thing(sending.parent), sending.text)
    assert await stage.channel.find(sending) is None
