"""What the commands promise that come after an approval: undo, found, resend, withdraw; and what is said of answers in such states."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from listener.clock import now
from listener.errors import EarnestError
from listener.store.base import Tx
from listener.store.sqlite import SqliteStore
from responders import flag
from responders.dispatch import Dispatch
from responders.house import channel_kind, open_store
from responders.ledger import cases, deliveries, drafts, incidents, moves, people
from responders.ledger.people import Pause
from responders.lifecycle import Arrow
from responders.model import DeliveryState, Kind, Proposal
from tests.program import Program
from tests.stores import NETWORK, make_rules, make_store
from tests.terminal import Terminal

HERE = "https://town.example/@acme/4711"


@pytest.fixture
def run(tmp_path: Path) -> Program:
    return Program(make_store(tmp_path), make_rules(tmp_path), {"EARNEST_NAME": "jo"})


@pytest.fixture
def store(run: Program) -> Iterator[SqliteStore]:
    with closing(open_store(run.store)) as opened:
        yield opened


def walk(store: SqliteStore, case: int, kind: Kind, *arrows: Arrow) -> None:
    """Do to the newest answer of a kind what the daemon would do."""

    def work(tx: Tx) -> None:
        at = now() + timedelta(minutes=1)
        this = [one for one in deliveries.of_case(tx, case) if one.kind is kind][-1]
        for arrow in arrows:
            moved = moves.claim(tx, this.id, at=at) if arrow is Arrow.CLAIM else moves.move(tx, this.id, arrow, reason="timed out", at=at)
            assert moved, arrow

    store.write(work)


def states(run: Program, case: str) -> dict[str, str]:
    return {one["kind"]: one["state"] for one in run.case(case)["deliveries"]}


def both_parked(run: Program, store: SqliteStore) -> None:
    run("approve", "A-1")
    for kind in Kind:
        walk(store, 1, kind, Arrow.CLAIM, Arrow.DOUBT, Arrow.PARK)


def two_agree(run: Program) -> None:
    for who in ("ana", "kim"):
        assert run("approve", "A-2", "--as", who).code == 0


def test_what_a_person_found_is_kept_as_sent_at_its_address(run: Program) -> None:
    done = run("found", "A-4", HERE, "--reason", "seen in a private window")
    assert (done.code, done.out) == (0, f"A-4: kept as sent. The public answer stands at {HERE}\n")
    assert "earnest inbox" in done.err
    (answer,) = run.case("A-4")["deliveries"]
    assert (answer["state"], answer["url"], answer["remote_id"]) == ("sent", HERE, "4711")
    said = run("log", "A-4", "--json").objects[-2:]
    assert [(line["who"], line["action"]) for line in said] == [("jo", "sent"), ("jo", "gave a reason")]
    late = run("resend", "A-4", "--as", "kim")
    assert late.code == 1
    assert "the public answer is sent" in late.err
    assert [one["case"] for one in run("inbox", "--json").objects] == ["A-1", "A-2", "A-5"]


def test_found_wants_a_web_address_and_a_case_in_doubt(run: Program) -> None:
    assert run("found", "A-4", "somewhere").code == 2
    assert run("found", "A-4").code == 2
    assert run("found", "A-1", HERE).code == 1
    assert run("found", "A-99", HERE).code == 1
    assert states(run, "A-4") == {"public": "parked"}


def test_where_both_answers_are_in_doubt_the_kind_is_asked_for(run: Program, store: SqliteStore) -> None:
    both_parked(run, store)
    for command in (("found", "A-1", HERE), ("resend", "A-1")):
        unclear = run(*command)
        assert unclear.code == 2
        assert "--kind public or --kind private" in unclear.err
    assert "earnest found A-1 URL --kind private" in run("status").out
    assert run("found", "A-1", HERE, "--kind", "private").code == 0
    assert run("resend", "A-1").code == 0
    assert states(run, "A-1") == {"private": "sent", "public": "ready"}


def test_what_nobody_found_is_sent_again_and_can_be_taken_back_alone(run: Program, store: SqliteStore) -> None:
    run("approve", "A-1")
    walk(store, 1, Kind.PRIVATE, Arrow.CLAIM, Arrow.SEND)
    walk(store, 1, Kind.PUBLIC, Arrow.CLAIM, Arrow.DOUBT, Arrow.PARK)
    again = run("resend", "A-1")
    assert again.out == "A-1: it leaves in 10 s, unless a last look finds it after all.\n"
    assert "The daemon is not running, so nothing leaves before: earnest run. Take it back: earnest undo A-1" in again.err
    assert states(run, "A-1") == {"private": "sent", "public": "ready"}
    assert run("undo", "A-1").code == 0
    assert states(run, "A-1") == {"private": "sent", "public": "parked"}
    assert run("absent", "A-1").out == "A-1: kept as not sent. The draft waits again.\n"
    assert run.case("A-1")["draft"]["state"] == "waiting"
    assert run("approve", "A-1").code == 0
    assert states(run, "A-1") == {"private": "sent", "public": "ready"}


def test_what_was_sent_again_can_be_taken_back_though_a_newer_draft_waits(run: Program, store: SqliteStore) -> None:
    def newer(tx: Tx) -> None:
        case = cases.find(tx, "A-4")
        proposal = Proposal("@omar And where is it now? ^Jo", None, "x", None)
        about = {"network": NETWORK, "post_id": "p4", "brand": "acme", "route": case.route, "rule_version": "1", "parent_text": "x"}
        drafts.add(tx, drafts.row(case.id, **about, proposal=proposal, approvals_needed=1, at=now(), expires_at=None))  # type: ignore[arg-type]

    store.write(newer)
    assert [(one["case"], one["state"]) for one in run("inbox", "--json").objects if one["case"] == "A-4"] == [
        ("A-4", "waiting"), ("A-4", "parked"),
    ]  # fmt: skip
    run("resend", "A-4")
    back = run("undo", "A-4")
    assert (back.code, back.out) == (0, "A-4: taken back. Whether it is there is open as before: earnest show A-4\n")
    assert states(run, "A-4") == {"public": "parked"}
    assert "where is it now" in run.case("A-4")["draft"]["public"]


@pytest.mark.parametrize(("answer", "code", "state"), [("n\r", 1, "parked"), ("y\r", 0, "ready")])
def test_on_a_terminal_resend_shows_everything_and_asks_whether_they_looked(run: Program, answer: str, code: int, state: str) -> None:
    screen = Terminal("resend", "A-4", EARNEST_STORE=run.store, EARNEST_RULES=str(run.rules), columns=120)
    try:
        screen.sees(
            "timed out", "@omar A wrong bill is ours to put right", "https://town.example/@p4/p4", "Did you look, and is it not there?"
        )
        screen.press(answer)
        screen.sees("Nothing was sent" if code else "it leaves in 10 s", "earnest found A-4 URL" if code else "earnest undo A-4")
        assert screen.ends() == code
    finally:
        screen.close()
    assert states(run, "A-4") == {"public": state}


def test_a_withdrawal_takes_everything_back_says_who_does_it_and_is_told_with_its_reason(run: Program, store: SqliteStore) -> None:
    run("approve", "A-1")
    for kind in (Kind.PRIVATE, Kind.PUBLIC):
        walk(store, 1, kind, Arrow.CLAIM, Arrow.SEND)
    asked = run("withdraw", "A-1", "--reason", "the wrong Marta", "--as", "kim")
    assert asked.out == f"A-1: the private answer and the public answer are being taken back from {NETWORK}.\n"
    assert "The daemon does it, and is not running: earnest run. See how it ends: earnest show A-1" in asked.err
    assert states(run, "A-1") == {"private": "withdrawing", "public": "withdrawing"}
    assert "2 being taken back" in run("status").out
    for kind in Kind:
        walk(store, 1, kind, Arrow.WITHDRAW)
    store.write(lambda tx: drafts.withdraw(tx, deliveries.of_case(tx, 1)[0].draft_id, "taken back", at=now()))
    shown = run("show", "A-1")
    assert "public answer was taken back from the network" in shown.out
    assert 'kim asked for that 0 s ago: "the wrong Marta"' in shown.out
    assert "Say something else: earnest edit A-1 --text TEXT" in shown.err
    assert run.case("A-1")["deliveries"][0]["withdrawal"]["who"] == "kim"
    assert run("edit", "A-1", "--text", "Sorry, that was meant for somebody else. ^Jo").code == 0
    assert run("approve", "A-1").code == 0
    assert [one["state"] for one in run.case("A-1")["deliveries"]] == ["withdrawn", "withdrawn", "ready"]


def test_one_of_two_answers_can_be_withdrawn_and_never_without_a_reason(run: Program, store: SqliteStore) -> None:
    run("approve", "A-1")
    for kind in (Kind.PRIVATE, Kind.PUBLIC):
        walk(store, 1, kind, Arrow.CLAIM, Arrow.SEND)
    assert run("withdraw", "A-1").code == 2
    assert run("withdraw", "A-1", "--reason", " ").code == 2
    assert run("withdraw", "A-1", "--kind", "public", "--reason", "too loud").code == 0
    assert states(run, "A-1") == {"private": "sent", "public": "withdrawing"}
    nothing = run("withdraw", "A-4", "--reason", "x")
    assert nothing.code == 1
    assert "the public answer is parked" in nothing.err


def rests(tx: Tx) -> None:
    at = now()
    people.rest(tx, NETWORK, "the sign-in was refused", by="earnest", until=at + timedelta(minutes=15, seconds=30), at=at)
    incidents.raise_(tx, incidents.account(NETWORK), "nothing more is sent on mastodon: the sign-in was refused", at=at)


def test_an_account_that_rests_is_said_wherever_an_answer_waits_for_it(run: Program, store: SqliteStore) -> None:
    store.write(rests)
    assert "leaves once our account on mastodon may speak again (the sign-in was refused)" in run("approve", "A-1").out
    assert "it leaves once our account on mastodon may speak again" in run("resend", "A-4").out
    shown = run("show", "A-1")
    assert "it waits: our account on mastodon rests for 15 min (the sign-in was refused)" in shown.out
    assert "earnest undo A-1" in shown.err
    out = run("status").out
    assert "Our account on mastodon (@acme) RESTS until" in out
    assert "3 approved answers wait for it" in out
    assert "1 incident of Earnest itself" in out
    found = run.status()
    assert found["sending"]["on"] is True
    (account,) = found["accounts"]
    assert (account["resting"], account["reason"], account["waiting"]) == (True, "the sign-in was refused", 3)
    assert [(one["name"], one["told_at"]) for one in found["incidents"]] == [("account mastodon", None)]


def test_a_flag_file_stops_sending_and_is_said_with_its_place(run: Program, store: SqliteStore) -> None:
    place = store.beside(flag.ENDING)
    flag.put_up(place, Pause("the disk is full", by="kim", since=now(), until=None))
    assert run.status()["sending"] == {"on": False, "reason": "the disk is full"}
    assert run.status()["pause"]["flag"] == str(place)
    out = run("status").out
    assert "Sending is STOPPED" in out
    assert f"the flag file {place}" in out
    assert "once sending is resumed (the disk is full)" in run("approve", "A-1").out


def test_an_incident_nobody_heard_of_is_said_even_when_it_is_over(run: Program, store: SqliteStore) -> None:
    def happen(tx: Tx) -> None:
        incidents.raise_(tx, "brake", "Earnest stopped all sending: too many", at=now())
        (row,) = incidents.open_(tx)
        incidents.failed(tx, int(str(row["id"])), "the secret oncall is not set", 0, at=now())
        incidents.end(tx, "brake", at=now())

    store.write(happen)
    assert "(over; NOBODY was told: the secret oncall is not set): Earnest stopped all sending: too many" in run("status").out


def test_an_account_that_goes_as_fast_as_it_may_says_so(run: Program, store: SqliteStore) -> None:
    store.write(lambda tx: tx.run("UPDATE deliveries SET attempts = 1000 WHERE case_id = 3"))
    out = run("status").out
    assert "Our account on mastodon (@acme) goes as fast as it may: nothing leaves there" in out
    assert run.status()["accounts"][0]["pace"]["used"] == 1001


@pytest.mark.parametrize(
    ("arrows", "said"),
    [
        ((Arrow.HOLD,), "public answer was held back: timed out"),
        ((Arrow.CLAIM, Arrow.DOUBT), "public answer may have been sent; Earnest is looking: timed out"),
        ((Arrow.CLAIM, Arrow.REFUSE), "public answer was refused by the network: timed out"),
    ],
)
def test_each_state_is_said_in_words(run: Program, store: SqliteStore, arrows: tuple[Arrow, ...], said: str) -> None:
    two_agree(run)
    walk(store, 2, Kind.PUBLIC, *arrows)
    assert said in run("show", "A-2").out
    if Arrow.REFUSE not in arrows:
        assert f"A-2: {said.partition(':')[0]}" in run("status").out


def test_a_held_answer_whose_draft_was_rejected_needs_nobody(run: Program, store: SqliteStore) -> None:
    two_agree(run)
    walk(store, 2, Kind.PUBLIC, Arrow.HOLD)
    store.write(lambda tx: drafts.reopen(tx, deliveries.of_case(tx, 2)[0].draft_id, "held"))
    assert "A-2: public answer was held back" in run("status").out
    run("reject", "A-2")
    assert "A-2: public answer" not in run("status").out


def test_what_follows_an_answer_in_doubt_says_what_it_waits_for(run: Program, store: SqliteStore) -> None:
    run("approve", "A-1")
    walk(store, 1, Kind.PUBLIC, Arrow.HOLD)
    walk(store, 1, Kind.PRIVATE, Arrow.CLAIM, Arrow.DOUBT, Arrow.PARK)
    shown = run("show", "A-1")
    assert "It is to follow the private answer, which is in doubt" in shown.out
    assert "Look whether our private answer is there" in shown.err


@pytest.mark.parametrize("broken", [("undo", "A-1"), ("found", "A-4", HERE), ("resend", "A-4"), ("withdraw", "A-3", "--reason", "x")])
def test_while_the_rules_are_broken_all_of_this_goes_on(run: Program, broken: tuple[str, ...]) -> None:
    run("approve", "A-1")
    run.rules.write_text("version: 1\nroutes: [\n", encoding="utf-8")
    assert run(*broken).code == 0


def test_nobody_settles_an_answer_they_have_not_read(store: SqliteStore) -> None:
    acting = Dispatch(store, now, channel_kind, who="jo")
    other = replace(acting.in_doubt("A-4"), id=999)
    with pytest.raises(EarnestError, match="another answer of A-4 is in doubt now than the one you read"):
        acting.resend("A-4", other.kind, seen=other)
    with pytest.raises(EarnestError, match="nothing was done"):
        acting.found("A-4", HERE, other.kind, seen=other)
    assert acting.in_doubt("A-4").state is DeliveryState.PARKED
