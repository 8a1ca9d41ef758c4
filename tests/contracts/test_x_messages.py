"""What the X channel promises about private messages, and about what goes before a POST of either kind."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from responders.channels.base import Barred, Refused, Sent, Unknown, Unsent
from responders.channels.x import KIND
from responders.model import Kind
from tests.contracts.test_channel_contract import Stage, delivery, sent_as
from tests.servers.proxy import AFTER_STORING, NULL, UNAVAILABLE, Fault, Proxy, answer
from tests.servers.x import BRAND, MARTA, TOKEN, TOM, FakeX
from tests.servers.x_forms import problem
from tests.servers.x_stage import BOOK, MESSAGE, MESSAGES, message_for, refused, stage_on


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


NOT_LET_IN: dict[str, tuple[Callable[[FakeX], None], str]] = {
    "suspended": (lambda fake: setattr(fake, "suspended", True), "x.com"),
    "no credit": (lambda fake: setattr(fake, "credit", False), "console.x.com"),
}


@pytest.mark.parametrize("why", NOT_LET_IN)
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("kind", list(Kind))
async def test_a_closed_account_is_barred_and_told_what_to_do(fake: FakeX, stage: Stage, why: str, kind: Kind, *, known: bool) -> None:
    close, hint = NOT_LET_IN[why]
    wanted = replace(await message_for(stage, fake), kind=kind)
    fresh = stage.channel if known else KIND.make({"service": stage.proxy.url}, BOOK)
    close(fake)
    result = await fresh.send(wanted, 10.0)
    await fresh.close()
    assert isinstance(result, Barred), result
    assert hint in result.hint


@pytest.mark.parametrize("kind", list(Kind))
async def test_a_no_at_the_last_moment_leaves_nothing(fake: FakeX, stage: Stage, kind: Kind) -> None:
    wanted = replace(await message_for(stage, fake), kind=kind)
    assert isinstance(await stage.channel.send(wanted, 10.0, lambda: False), Unsent)
    assert not stage.proxy.asked("POST")


@pytest.mark.parametrize(
    "fault", [UNAVAILABLE, NULL, answer(429, problem("Too Many Requests", "Too Many Requests"))], ids=lambda one: one.name
)
@pytest.mark.parametrize("path", ["/2/users/me", MESSAGES])
async def test_what_fails_before_the_post_leaves_nothing(fake: FakeX, stage: Stage, path: str, fault: Fault) -> None:
    wanted = await message_for(stage, fake)
    fresh = KIND.make({"service": stage.proxy.url}, BOOK)
    stage.proxy.always("GET", path, fault)
    assert isinstance(await fresh.send(wanted, 10.0), Unsent)
    assert not stage.proxy.asked(*MESSAGE)
    await fresh.close()


async def test_a_message_goes_to_whoever_wrote_us_one(fake: FakeX, stage: Stage) -> None:
    wanted = await message_for(stage, fake, "Your number, please <here> & now: https://acme.example/form?a=1&b=2")
    sent = await stage.channel.send(wanted, 10.0)
    (written,) = [one for one in fake.messages if one.sender == BRAND]
    assert (written.person, list(written.links.values())) == (MARTA, ["https://acme.example/form?a=1&b=2"])
    assert json.loads(stage.proxy.asked(*MESSAGE)[0].body) == {"text": wanted.text}
    assert isinstance(sent, Sent)
    assert sent.url == f"https://x.com/messages/{BRAND}-{MARTA}"
    assert await stage.channel.find(wanted) == sent
    assert not fake.copies(wanted.parent.id)


async def test_nobody_is_written_to_first(fake: FakeX, stage: Stage) -> None:
    fake.tell(BRAND, MARTA, "We wrote to you once")
    fake.tell(TOM, BRAND, "I am somebody else")
    wanted = await delivery(stage, await stage.ask("hello"), kind=Kind.PRIVATE)
    assert "not written us" in await refused(stage, wanted)
    assert not stage.proxy.asked("POST")


async def test_a_message_of_theirs_is_found_behind_many_of_ours(fake: FakeX, stage: Stage) -> None:
    wanted = await message_for(stage, fake)
    for number in range(150):
        fake.tell(BRAND, MARTA, f"word {number}")
    assert isinstance(await stage.channel.send(wanted, 10.0), Sent)


async def test_keys_that_may_not_read_messages_write_none(fake: FakeX, stage: Stage) -> None:
    wanted = await message_for(stage, fake)
    stage.proxy.always("GET", MESSAGES, answer(403, problem("Forbidden", "You are not permitted to read this"), forward=False))
    assert "not permitted" in await refused(stage, wanted)


async def test_a_person_who_takes_no_messages_is_a_refusal(fake: FakeX, stage: Stage) -> None:
    wanted = await message_for(stage, fake)
    fake.unanswerable.add(MARTA)
    assert "permission" in await refused(stage, wanted)


@pytest.mark.parametrize("fault", AFTER_STORING, ids=lambda fault: fault.name)
async def test_a_stored_message_is_written_once_and_found(fake: FakeX, stage: Stage, fault: Fault) -> None:
    wanted = await message_for(stage, fake)
    stage.proxy.once(*MESSAGE, fault)
    assert isinstance(await stage.channel.send(wanted, 1.0), Unknown)
    assert len(stage.proxy.asked(*MESSAGE)) == 1
    stage.proxy.honest()
    assert isinstance(await stage.channel.find(wanted), Sent)
    assert len([one for one in fake.messages if one.sender == BRAND]) == 1


async def test_an_old_message_of_the_same_words_is_not_the_delivery(fake: FakeX, stage: Stage) -> None:
    old = fake.tell(BRAND, MARTA, "Here we are.")
    old.at -= timedelta(days=3)
    wanted = await message_for(stage, fake)
    assert await stage.channel.find(wanted) is None


async def test_a_message_cannot_be_taken_back_and_nobody_claims_it(fake: FakeX, stage: Stage) -> None:
    wanted = await message_for(stage, fake)
    sent = sent_as(wanted, await stage.channel.send(wanted, 10.0))
    result = await stage.channel.withdraw(sent, 10.0)
    assert isinstance(result, Refused)
    assert "the person keeps it" in result.reason
    assert not stage.proxy.asked("DELETE")
