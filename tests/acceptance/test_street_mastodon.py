"""The street on a Mastodon-like town over real HTTP, with a proxy in front of it that can lie: what a customer would see there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from listener.errors import EarnestError
from responders.switch import Switch
from tests.servers import proxy as faults
from tests.servers.proxy import Proxy
from tests.servers.town import BRAND, Town, token
from tests.street import Street

CHARGE = "@acme you charged me twice and support ignores me"


@pytest.fixture
async def street(tmp_path: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Street]:
    monkeypatch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
    monkeypatch.setenv("EARNEST_SECRET_MASTODON_READ", token("acme"))
    monkeypatch.setenv("EARNEST_SECRET_MASTODON_WRITE", token("acme"))
    made = Street(tmp_path, {"mastodon": {"instance": f"http://{proxy.host}"}})
    yield made
    made.close()


async def _approved(street: Street, town: Town, words: str = CHARGE) -> str:
    status = await town.write("marta", words)
    await street.round()
    street.desk().approve("A-1")
    return str(status["id"])


async def test_a_cry_becomes_one_private_and_one_public_answer(street: Street, town: Town) -> None:
    post = await _approved(street, town)
    assert await town.answers(post) == [], "nothing leaves before the ten seconds are over"
    await street.later(seconds=11)
    answers = await town.answers(post)
    assert sorted(answer["visibility"] for answer in answers) == ["direct", "unlisted"]
    assert street.states() == [("private", "sent"), ("public", "sent")]
    await street.later(seconds=60)
    assert len(await town.answers(post)) == 2, "later rounds add nothing"
    row = street.store.read().one("SELECT state FROM cases")
    assert row == {"state": "answered"}


async def test_the_private_message_goes_first_and_its_failure_keeps_the_public_word_back(street: Street, town: Town, proxy: Proxy) -> None:
    post = await _approved(street, town)
    proxy.once("POST", "/api/v1/statuses", faults.answer(422, {"error": "Validation failed"}, forward=False))
    await street.later(seconds=11)
    assert street.states() == [("private", "refused"), ("public", "held")]
    assert await town.answers(post) == []


@pytest.mark.parametrize("fault", ["answer_504", "reset", "truncate"])
async def test_stored_then_lied_about_is_found_again_and_never_doubled(street: Street, town: Town, proxy: Proxy, fault: str) -> None:
    post = await _approved(street, town, "@acme hello there, one thing")
    lies = {"answer_504": faults.GATEWAY_TIMEOUT, "reset": faults.RESET, "truncate": faults.TRUNCATE}
    proxy.once("POST", "/api/v1/statuses", lies[fault])
    await street.later(seconds=11)
    assert street.states() == [("public", "unknown")]
    for _ in range(4):
        await street.later(seconds=100)
    assert street.states() == [("public", "sent")]
    assert len(await town.answers(post)) == 1
    assert len(proxy.forwarded("POST", "/api/v1/statuses")) == 1


async def test_lost_before_it_was_stored_is_parked_for_a_person_where_no_key_protects(street: Street, town: Town, proxy: Proxy) -> None:
    post = await _approved(street, town, "@acme hello there, one thing")
    proxy.once("POST", "/api/v1/statuses", faults.answer(504, b"", forward=False))
    await street.later(seconds=11)
    for _ in range(3):
        await street.later(seconds=100)
    assert street.states() == [("public", "parked")]
    assert "decide" in str(street.deliveries()[0]["reason"])
    assert await town.answers(post) == [], "nothing is sent a second time by itself"


async def test_a_daemon_that_dies_while_sending_finds_its_reply_again(street: Street, town: Town) -> None:
    post = await _approved(street, town, "@acme hello there, one thing")
    await street.later(seconds=11)
    # What a daemon leaves behind that was killed between the network's answer and its own record.
    street.store.write(lambda tx: tx.run("UPDATE deliveries SET state = 'claimed', remote_id = '', sent_at = NULL"))
    await street.round()
    await street.later(seconds=100)
    assert street.states() == [("public", "sent")]
    assert len(await town.answers(post)) == 1


async def test_what_changed_after_approval_is_held(street: Street, town: Town) -> None:
    post = await _approved(street, town, "@acme hello there, one thing")
    await town.edit("marta", post, "@acme you are all liars and I hate you")
    street.clock.forward(seconds=11)
    await street.round()
    assert await town.answers(post) == []
    assert "sent" not in dict(street.states()).values()


async def test_what_is_deleted_after_approval_is_held(street: Street, town: Town) -> None:
    post = await _approved(street, town, "@acme hello there, one thing")
    await town.delete("marta", post)
    await street.later(seconds=11)
    assert street.states() == [("public", "held")]
    assert street.draft()["state"] == "waiting"


async def test_stop_after_approval_stops_the_reply(street: Street, town: Town) -> None:
    post = await _approved(street, town, "@acme hello there, one thing")
    await town.write("marta", "@acme stop messaging me, leave me alone")
    street.clock.forward(seconds=11)
    await street.round()
    assert street.states() == [("public", "held")]
    assert await town.answers(post) == []
    with pytest.raises(EarnestError, match="asked us to stop"):
        street.desk().approve("A-1")


async def test_pause_means_nothing_leaves_and_resume_lets_it(street: Street, town: Town) -> None:
    post = await _approved(street, town, "@acme hello there, one thing")
    Switch(street.store, street.clock, who="jo").pause("checking", None)
    await street.later(seconds=30)
    assert await town.answers(post) == []
    Switch(street.store, street.clock, who="jo").resume()
    await street.round()
    assert len(await town.answers(post)) == 1


async def test_an_approval_can_be_taken_back_until_it_leaves(street: Street, town: Town) -> None:
    post = await _approved(street, town, "@acme hello there, one thing")
    street.dispatch().take_back("A-1")
    await street.later(seconds=30)
    assert await town.answers(post) == []
    street.desk().approve("A-1")
    await street.later(seconds=11)
    assert len(await town.answers(post)) == 1
    with pytest.raises(EarnestError, match="cannot be taken back"):
        street.dispatch().take_back("A-1")


async def test_two_people_must_agree_where_the_route_says_so(street: Street, town: Town) -> None:
    post = await _approved(street, town, "@acme the charger started smoking and burned my daughter's hand")
    await street.later(seconds=30)
    assert await town.answers(post) == []
    with pytest.raises(EarnestError, match="said yes to A-1 already"):
        street.desk("jo").approve("A-1")
    street.desk("kim").approve("A-1")
    await street.later(seconds=30)
    assert len(await town.answers(post)) == 2


async def test_words_changed_after_a_yes_need_a_new_yes(street: Street, town: Town) -> None:
    await _approved(street, town, "@acme the charger started smoking and burned my daughter's hand")
    street.desk("kim").edit("A-1", public="Please unplug it. We have written to you in private. ^Kim")
    done = street.desk("kim").approve("A-1")
    assert not done.complete, "jo's yes was for other words"


async def test_the_second_of_two_people_is_told_who_was_faster(street: Street, town: Town) -> None:
    await _approved(street, town, "@acme hello there, one thing")
    with pytest.raises(EarnestError, match="approved already, by jo"):
        street.desk("kim").approve("A-1")
    with pytest.raises(EarnestError, match="approved already, by jo"):
        street.desk("kim").reject("A-1", "tone")


async def test_an_answer_given_by_hand_is_not_given_again(street: Street, town: Town) -> None:
    post = await _approved(street, town, "@acme hello there, one thing")
    await town.write("acme", "@marta we are on it", in_reply_to_id=post)
    await street.later(seconds=11)
    assert len(await town.answers(post)) == 1
    assert "sent" not in dict(street.states()).values()


async def test_a_reply_never_reaches_more_people_than_the_post(street: Street, town: Town) -> None:
    status = await town.write("marta", "@acme hello there, one thing", visibility="direct")
    await street.round()
    street.desk().approve("A-1")
    await street.later(seconds=11)
    assert [answer["visibility"] for answer in await town.answers(str(status["id"]))] == ["direct"]


async def test_a_follow_up_joins_the_case_and_drops_the_old_draft(street: Street, town: Town) -> None:
    first = await town.write("marta", "@acme hello there, one thing")
    await street.round()
    old = street.draft()
    await town.write("marta", "@acme never mind, it is about a refund, you charged me twice", in_reply_to_id=str(first["id"]))
    await street.round()
    assert street.store.read().one("SELECT COUNT(*) AS n FROM cases") == {"n": 1}
    assert street.store.read().one("SELECT state FROM drafts WHERE id = :id", id=old["id"]) == {"state": "dropped"}
    assert street.draft()["route"] == "billing"


async def test_stop_drops_what_waits_for_that_person_in_every_conversation(street: Street, town: Town) -> None:
    await town.write("marta", "@acme hello there, one thing")
    await town.write("tom", "@acme hello from me too")
    await street.round()
    await town.write("marta", "@acme stop messaging me, leave me alone")
    await street.round()
    waiting = street.store.read().all("SELECT c.handle FROM drafts d JOIN cases c ON c.id = d.case_id WHERE d.state = 'waiting'")
    assert [row["handle"] for row in waiting] == ["tom"]


async def test_only_in_mode_send_does_clear_praise_get_its_thanks_without_a_person(
    tmp_path: Path, street: Street, proxy: Proxy, town: Town
) -> None:
    status = await town.write("marta", "@acme love the new shoes, thank you so much!")
    await street.later(seconds=30)
    assert street.states() == [], "in mode draft a person decides"
    await town.mark(BRAND)  # what leaves by itself waits for that
    sending = Street(tmp_path / "sending", {"mastodon": {"instance": f"http://{proxy.host}"}}, mode="send")
    try:
        await sending.round()
        for _ in range(3):
            await sending.later(seconds=30)
        assert sending.states() == [("public", "sent")]
    finally:
        sending.close()
    assert len(await town.answers(str(status["id"]))) == 1


@pytest.mark.usefixtures("street")
async def test_in_mode_observe_nothing_is_drafted_and_people_are_still_called(tmp_path: Path, proxy: Proxy, town: Town) -> None:
    await town.write("marta", "@acme the charger started smoking and burned my daughter's hand")
    watching = Street(tmp_path / "watching", {"mastodon": {"instance": f"http://{proxy.host}"}}, mode="observe")
    try:
        await watching.round()
        read = watching.store.read()
        assert read.all("SELECT * FROM drafts") == []
        assert read.one("SELECT team FROM escalations") == {"team": "on-call"}
    finally:
        watching.close()
