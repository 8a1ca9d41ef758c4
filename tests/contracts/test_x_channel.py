"""What the X channel promises, against a fake of X with a misbehaving proxy before it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from listener.errors import NetworkError, SignInNeeded
from listener.model import Author, Visibility
from listener.settings import Secret
from responders.channels.base import Barred, Refused, SendResult, Sent, Unknown, Unsent, Withdrawn
from responders.channels.x import KIND, X
from responders.model import Kind
from tests.contracts.test_channel_contract import ChannelContract, Stage, delivery
from tests.servers.proxy import RESET, Proxy, answer
from tests.servers.x import BRAND, KEYS, MARTA, TOKEN, TOM, FakeX
from tests.servers.x_forms import problem
from tests.servers.x_stage import BOOK, OWN, POST, heard, refused, stage_on

WORDS = "Thanks for telling us. What happened?"


@pytest.fixture
async def fake() -> AsyncIterator[FakeX]:
    async with FakeX() as fake:
        yield fake


@pytest.fixture
async def proxy(fake: FakeX, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Proxy]:
    async with Proxy(fake.url) as proxy:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", f"{proxy.host},{fake.host}")
        monkeypatch.setenv("EARNEST_SECRET_X_WRITE", TOKEN)
        yield proxy


@pytest.fixture
async def stage(fake: FakeX, proxy: Proxy) -> AsyncIterator[Stage]:
    async with stage_on(fake, proxy) as stage:
        yield stage


class TestX(ChannelContract):
    keyed = False

    @pytest.fixture
    async def stage(self, stage: Stage) -> Stage:
        return stage


async def test_a_reply_stands_under_its_post(fake: FakeX, stage: Stage) -> None:
    post = await stage.ask("where is my order?")
    sent = await stage.channel.send(await delivery(stage, post, "Let us look."), 10.0)
    (copy,) = fake.copies(post.id)
    assert copy.text == "@marta Let us look."
    assert sent == Sent(copy.id, f"https://x.com/acme/status/{copy.id}")
    (asked,) = stage.proxy.asked(*POST)
    assert json.loads(asked.body) == {"text": "Let us look.", "reply": {"in_reply_to_tweet_id": post.id}}


async def test_an_answer_that_shows_late_is_found_when_it_shows(fake: FakeX, stage: Stage) -> None:
    wanted = await delivery(stage, await stage.ask("hello"))
    fake.hide = True
    stage.proxy.once(*POST, RESET)
    assert isinstance(await stage.channel.send(wanted, 5.0), Unknown)
    assert await stage.channel.find(wanted) is None
    fake.show()
    assert isinstance(await stage.channel.find(wanted), Sent)
    assert len(stage.proxy.asked(*POST)) == 1


async def test_the_same_words_again_are_probably_live(fake: FakeX, stage: Stage) -> None:
    post = await stage.ask("hello")
    wanted = await delivery(stage, post)
    await stage.channel.send(wanted, 10.0)
    result = await stage.channel.send(wanted, 10.0)
    assert isinstance(result, Unknown)
    assert "probably live" in result.reason
    assert len(fake.copies(post.id)) == 1


async def test_a_post_that_did_not_call_us_is_for_a_person_and_nothing_is_asked(fake: FakeX, stage: Stage) -> None:
    await stage.channel.identify()
    asked = len(stage.proxy.ledger)
    post = heard(fake, fake.say(TOM, "Acme shoes are falling apart"))
    reason = await refused(stage, await delivery(stage, post))
    assert "by hand" in reason
    assert f"https://x.com/tom/status/{post.id}" in reason
    assert len(stage.proxy.ledger) == asked


@pytest.mark.parametrize("way", ["reply", "quote", "handle"])
async def test_whoever_calls_us_in_any_way_is_answered(fake: FakeX, stage: Stage, way: str) -> None:
    ours = fake.say(BRAND, "New shoes!")
    said = {
        "reply": lambda: fake.say(TOM, "They squeak", reply_to=ours.id),
        "quote": lambda: fake.say(TOM, "They squeak", quotes=ours.id),
        "handle": lambda: fake.say(TOM, "They squeak, @ACME"),
    }[way]()
    post = heard(fake, said)
    assert isinstance(await stage.channel.send(await delivery(stage, post), 10.0), Sent)
    assert len(fake.copies(post.id)) == 1


async def test_a_rule_of_x_that_we_did_not_foresee_is_for_a_person_too(stage: Stage) -> None:
    detail = "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author of the post"
    stage.proxy.once(*POST, answer(403, problem("Forbidden", detail), forward=False))
    post = await stage.ask("hello")
    reason = await refused(stage, await delivery(stage, post))
    assert "by hand" in reason
    assert post.url in reason


@pytest.mark.parametrize("how", ["protected", "unanswerable"])
async def test_an_author_who_lets_nobody_answer_is_a_refusal(fake: FakeX, stage: Stage, how: str) -> None:
    wanted = await delivery(stage, await stage.ask("hello"))
    getattr(fake, how).add(MARTA)
    assert "who wrote the post" in await refused(stage, wanted)


async def test_a_post_we_may_not_see_is_not_there_and_says_why(fake: FakeX, stage: Stage) -> None:
    post = await stage.ask("hello")
    fake.protected.add(MARTA)
    parent = await stage.channel.look(post)
    assert not parent.there
    assert "protected" in parent.reason


BARRING = [
    (401, problem("Unauthorized", "Unauthorized")),
    (402, problem("CreditsDepleted", "Your enrolled account [1] does not have any credits to fulfill this request.")),
    (
        403,
        problem("Forbidden", "To protect our users from spam, this account is temporarily locked. Please log in to unlock your account."),
    ),
    (403, problem("Forbidden", "Your client app is not configured with the permissions.", kind="oauth1-permissions")),
    (403, {"title": "Client Forbidden", "detail": "Use keys of a Project.", "type": "https://api.twitter.com/2/problems/client-forbidden"}),
    (429, problem("UsageCapExceeded", "Usage cap exceeded: Monthly product cap", kind="usage-capped")),
]
UNCLEAR: list[tuple[int, object]] = [
    (400, problem("Bad Request", "whatever")),
    (401, b"<html>401</html>"),
    (402, b""),
    (403, problem("Forbidden", "You are not permitted to perform this action.")),
    (403, problem("Forbidden", "User has been suspended: [123].")),
    (403, b"<html>Attention required</html>"),
    (403, {"errors": [{"message": "what"}]}),
    (404, b""),
    (404, problem("Not Found Error", "Could not find tweet", kind="resource-not-found")),
    (409, problem("Conflict", "Conflict")),
    (500, problem("Internal Server Error", "Oops", kind="internal-error")),
    (502, b"<html>bad gateway</html>"),
    (200, {"data": {"id": 7, "text": "x"}}),
    (201, {"errors": [problem("Odd", "odd")]}),
    (204, b""),
]


@pytest.mark.parametrize(("status", "body"), BARRING, ids=lambda part: str(part)[:40])
@pytest.mark.parametrize("act", ["send", "withdraw"])
async def test_what_is_wrong_with_our_account_bars_it(stage: Stage, status: int, body: object, act: str) -> None:
    wanted = await delivery(stage, await stage.ask("hello"), remote_id="7")
    stage.proxy.always("POST", "/", answer(status, body, forward=False))
    stage.proxy.always("DELETE", "/", answer(status, body, forward=False))
    result = await getattr(stage.channel, act)(wanted, 10.0)
    assert isinstance(result, Barred), result
    assert result.hint


@pytest.mark.parametrize(("status", "body"), UNCLEAR, ids=lambda part: str(part)[:40])
async def test_whatever_is_not_known_to_be_a_no_is_doubt(stage: Stage, status: int, body: object) -> None:
    wanted = await delivery(stage, await stage.ask("hello"))
    stage.proxy.once(*POST, answer(status, body))
    assert isinstance(await stage.channel.send(wanted, 10.0), Unknown)
    assert len(stage.proxy.asked(*POST)) == 1


async def test_words_that_x_checks_first_are_a_refusal(stage: Stage) -> None:
    wanted = await delivery(stage, await stage.ask("hello"))
    stage.proxy.once(*POST, answer(400, problem("Invalid Request", "One or more parameters", kind="invalid-request"), forward=False))
    assert "One or more parameters" in await refused(stage, wanted)


async def test_x_s_own_limit_is_kept_to_the_moment_it_names(fake: FakeX, stage: Stage) -> None:
    wanted = await delivery(stage, await stage.ask("hello"))
    fake.left["POST /2/tweets"] = 0
    result = await stage.channel.send(wanted, 10.0)
    assert isinstance(result, Unsent)
    assert 850 < result.retry_after <= 900


GONE = problem("Not Found Error", "Could not find tweet with id: [7].", kind="resource-not-found")
TAKEN: list[tuple[int, object, type]] = [
    (200, {"data": {"deleted": True}}, Withdrawn),
    (200, {"errors": [GONE]}, Withdrawn),
    (404, GONE, Withdrawn),
    (404, b"", Unknown),
    (200, {"data": {"deleted": False}}, Unknown),
    (200, {}, Unknown),
    (403, problem("Forbidden", "You are not authorized to delete this Tweet."), Refused),
    (403, b"<html>", Unknown),
]


@pytest.mark.parametrize(("status", "body", "wanted"), TAKEN, ids=lambda part: str(part)[:40])
async def test_only_what_is_surely_gone_is_withdrawn(stage: Stage, status: int, body: object, wanted: type) -> None:
    sent = await delivery(stage, await stage.ask("hello"), remote_id="7")
    stage.proxy.once("DELETE", "/2/tweets/7", answer(status, body, forward=False))
    assert isinstance(await stage.channel.withdraw(sent, 10.0), wanted)


async def test_what_has_no_id_of_x_is_not_withdrawn(stage: Stage) -> None:
    sent = await delivery(stage, await stage.ask("hello"), remote_id="../users/me")
    assert isinstance(await stage.channel.withdraw(sent, 10.0), Refused)
    assert not stage.proxy.asked("DELETE")


async def test_an_edit_shows_in_a_look_and_so_does_our_answer_to_either_version(fake: FakeX, stage: Stage) -> None:
    said = fake.say(MARTA, "@acme lovely shoes")
    post = heard(fake, said)
    first = await stage.channel.send(await delivery(stage, post), 10.0)
    newer = fake.edit(said, "@acme my foot bleeds")
    seen = await stage.channel.look(post)
    assert seen.text.endswith("bleeds")
    assert seen.version == newer.id != post.version
    again = heard(fake, newer)
    assert (again.id, again.version) == (post.id, newer.id)
    wanted = await delivery(stage, again, "Oh no. Please see a doctor.")
    second = await stage.channel.send(wanted, 10.0)
    assert await stage.channel.find(wanted) == second
    assert isinstance(first, Sent)
    assert isinstance(second, Sent)
    assert sorted((await stage.channel.look(again)).ours) == [first.remote_id, second.remote_id]


async def test_another_author_under_the_same_id_is_another_post(stage: Stage) -> None:
    post = await stage.ask("hello")
    assert not (await stage.channel.look(replace(post, author=Author("x", "1", "marta")))).there
    assert not (await stage.channel.look(replace(post, id="../users/me"))).there
    assert isinstance(await stage.channel.send(await delivery(stage, replace(post, id="7/../8")), 10.0), Refused)


@pytest.mark.parametrize("body", [{}, {"errors": []}, {"errors": [problem("Odd", "odd", kind="internal-error")]}, {"data": None}, [], 7])
async def test_a_look_that_says_neither_yes_nor_no_fails(stage: Stage, body: object) -> None:
    post = await stage.ask("hello")
    stage.proxy.always("GET", f"/2/tweets/{post.id}", answer(200, body))
    with pytest.raises(NetworkError):
        await stage.channel.look(post)


@pytest.mark.parametrize("how", ["older", "newer", "lenient older", "lenient newer"])
async def test_both_ways_to_name_what_posts_hold_are_spoken(fake: FakeX, stage: Stage, how: str) -> None:
    fake.newer, fake.lenient = how.endswith("newer"), how.startswith("lenient")
    post = await stage.ask("hello")
    wanted = await delivery(stage, post)
    sent = await stage.channel.send(wanted, 10.0)
    assert isinstance(sent, Sent)
    for _ in range(3):
        assert (await stage.channel.look(post)).ours == (sent.remote_id,)
        assert await stage.channel.find(wanted) == sent
    wrong = [one for one in stage.proxy.asked("GET", "/2/tweets/") if ("post.fields" in one.query) is not fake.newer]
    assert len(wrong) == (0 if fake.newer else 1)


async def test_our_answer_is_found_behind_what_we_wrote_since(fake: FakeX, stage: Stage) -> None:
    wanted = await delivery(stage, await stage.ask("hello"))
    sent = await stage.channel.send(wanted, 10.0)
    for number in range(250):
        fake.say(BRAND, f"news {number}")
    assert await stage.channel.find(wanted) == sent
    assert isinstance(sent, Sent)
    assert (await stage.channel.look(wanted.parent)).ours == (sent.remote_id,)


async def test_a_find_that_cannot_see_far_enough_says_so(fake: FakeX, stage: Stage) -> None:
    wanted = await delivery(stage, await stage.ask("hello"))
    page = {"data": [fake.shown(fake.say(BRAND, "news"))], "meta": {"result_count": 1, "next_token": "the same again and again"}}
    stage.proxy.always("GET", OWN, answer(200, page))
    with pytest.raises(NetworkError):
        await stage.channel.find(wanted)


async def test_another_answer_of_ours_is_not_mistaken_for_the_delivery(fake: FakeX, stage: Stage) -> None:
    post, other = await stage.ask("hello"), await stage.ask("hello too")
    fake.say(BRAND, "@marta something a person wrote", reply_to=post.id)
    fake.say(BRAND, f"@marta {WORDS}", reply_to=other.id)
    assert await stage.channel.find(await delivery(stage, post, WORDS)) is None


async def test_a_rendered_text_is_still_known(fake: FakeX, stage: Stage) -> None:
    words = "Hé <there> & you:\n\n  see https://acme.example/a?b=1&c=2 or https://acme.example/help/. \N{WAVING HAND SIGN}"
    wanted = await delivery(stage, await stage.ask("hello"), words)
    sent = await stage.channel.send(wanted, 10.0)
    assert isinstance(sent, Sent)
    assert "t.co" in fake.copies(wanted.parent.id)[0].text
    assert await stage.channel.find(wanted) == sent


async def test_a_post_for_few_eyes_is_never_answered_in_public(stage: Stage) -> None:
    for seen in (Visibility.FOLLOWERS, Visibility.DIRECT):
        post = replace(await stage.ask("hello"), visibility=seen)
        assert "not public" in await refused(stage, await delivery(stage, post))
    assert not stage.proxy.asked(*POST)


@pytest.mark.parametrize(("keys", "taken"), [(" ".join(KEYS), True), ("\n".join(KEYS), True), ("consumer wrong access wrong", False)])
async def test_the_four_keys_of_an_account_sign_every_request(
    fake: FakeX, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, keys: str, *, taken: bool
) -> None:
    monkeypatch.setenv("EARNEST_SECRET_X_WRITE", keys)
    assert proxy.url
    channel = KIND.make({"service": fake.url}, BOOK)
    fake.tell(MARTA, BRAND, "hello & <you>")
    post = heard(fake, fake.say(MARTA, "@acme hello"))
    if taken:
        assert (await channel.identify()).id == BRAND
        stage = Stage(KIND, channel, proxy, POST, *[lambda _: None] * 3, taking=POST, barring=RESET)  # type: ignore[arg-type, list-item]
        for kind in Kind:
            wanted = await delivery(stage, post, kind=kind)
            sent = await channel.send(wanted, 10.0)
            assert isinstance(sent, Sent)
            assert await channel.find(wanted) == sent
    else:
        with pytest.raises(SignInNeeded):
            await channel.identify()
    await channel.close()


@pytest.mark.parametrize("keys", [None, "two words", "a b c", "a b c d e"])
def test_keys_that_cannot_be_keys_say_which_secret_to_set(monkeypatch: pytest.MonkeyPatch, keys: str | None) -> None:
    monkeypatch.setenv("EARNEST_SECRET_X_READ", "reading")
    if keys is None:
        monkeypatch.delenv("EARNEST_SECRET_X_WRITE", raising=False)
    else:
        monkeypatch.setenv("EARNEST_SECRET_X_WRITE", keys)
    with pytest.raises(SignInNeeded) as caught:
        KIND.make({}, BOOK)
    assert "EARNEST_SECRET_X_WRITE" in caught.value.hint
    assert "a b c" not in f"{caught.value.message} {caught.value.hint}"


async def test_loopback_is_reached_only_where_it_is_allowed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARNEST_ALLOW_HOSTS", "")
    with pytest.raises(Exception, match="https"):
        KIND.make({"service": stage.proxy.url}, BOOK)
    hidden = X("https://127.0.0.1:1", Secret(TOKEN), ())
    with pytest.raises(NetworkError):
        await hidden.identify()
    await hidden.close()


async def test_without_a_key_nothing_may_be_sent_again(stage: Stage) -> None:
    assert await stage.channel.keyed(Kind.PUBLIC) is False
    assert KIND.key_lifetime == 0.0
    result: SendResult = await stage.channel.send(await delivery(stage, await stage.ask("hello")), 10.0)
    assert isinstance(result, Sent)
