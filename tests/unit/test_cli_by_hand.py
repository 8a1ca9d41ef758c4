"""Posting by hand at a terminal: what is shown before the yes, what is printed to copy, and what is said afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from listener import clock
from listener.store.sqlite import SqliteStore
from responders import policies
from responders.approvals import Desk
from responders.checkup import State, check_up
from responders.house import channel_kind, open_store
from responders.ledger import deliveries
from responders.model import DeliveryState
from responders.rulefile import load
from tests.program import Program
from tests.stores import make_rules, make_store
from tests.terminal import Terminal

WORDS = "@marta_k Which order was it? ^Jo"
GATE = "A program answers only people who mentioned its account."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A town in which the post of A-1 speaks of us and not to us, and only public words wait for it."""
    url = make_store(tmp_path)
    rules = load(make_rules(tmp_path))
    with closing(open_store(url)) as store:
        store.write(lambda tx: tx.run("UPDATE mentions SET addressed = 0 WHERE post_id = 'p1'"))
        store.write(lambda tx: tx.run("UPDATE posts SET url = 'https://town.example/@marta_k/1' WHERE id = 'p1'"))
        store.write(lambda tx: tx.run("UPDATE drafts SET private_text = NULL WHERE case_id = 1"))
        Desk(store, rules, clock.now, channel_kind, who="jo").edit("A-1", public=WORDS)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Program:
    return Program(f"sqlite:///{folder / 'town.db'}", folder / "rules.yaml", {"EARNEST_NAME": "jo"})


@pytest.fixture
def store(folder: Path) -> Iterator[SqliteStore]:
    with closing(open_store(f"sqlite:///{folder / 'town.db'}")) as opened:
        yield opened


def test_explain_names_the_gate_with_its_date_and_source_before_anything_is_approved(run: Program) -> None:
    told = run("explain", "A-1").out
    assert f"by hand   policy: a person posts this by hand: {GATE}" in told
    assert "read 2026-11-22" in told
    made_up = run("explain", "--post", "Acme charged me twice", "--network", "hackernews", "--json").object
    assert [hold["by_hand"] for hold in made_up["holds"] if hold["gate"] == "policy"] == [True]
    assert "private:ask-order" not in made_up["actions"]


def test_approving_prints_the_words_to_copy_and_the_link(run: Program) -> None:
    ran = run("approve", "A-1")
    assert ran.out.splitlines() == [
        "A-1: approved. Earnest does not send it; post it by hand: https://town.example/@marta_k/1", "   public", f"      {WORDS}",
    ]  # fmt: skip
    assert "earnest posted A-1 --url URL" in ran.err
    assert run("show", "A-1", "--json").object["deliveries"][0]["state"] == "by_hand"
    assert run("status", "--json").object["deliveries"]["by_hand"] == 1


def test_what_waits_for_a_hand_is_listed_with_what_to_do(run: Program) -> None:
    run("approve", "A-1")
    for command in (("inbox",), ("status",), ("show", "A-1")):
        told = run(*command, terminal=True).out
        assert "earnest posted A-1" in told, command
        assert "https://town.example/@marta_k/1" in told, command
    (line,) = [one for one in run("inbox", "--json").objects if one["state"] == "by_hand"]
    assert (line["case"], line["answer"]) == ("A-1", WORDS)


def test_it_was_posted_and_that_can_be_unsaid(run: Program) -> None:
    run("approve", "A-1")
    assert run("posted", "A-1", "--url", "nonsense").code == 2
    assert "kept as posted by hand by kim" in run("posted", "A-1", "--url", "https://town.example/@acme/9", "--as", "kim").out
    told = run("show", "A-1").out
    assert "public answer was posted by hand" in told
    assert "https://town.example/@acme/9" in told
    assert run("withdraw", "A-1", "--reason", "the wrong shop").code == 1
    assert run("absent", "A-1").code == 0
    assert run("status", "--json").object["deliveries"]["withdrawn"] == 1


def test_an_undo_lets_the_draft_wait_again(run: Program) -> None:
    run("approve", "A-1")
    assert run("undo", "A-1").code == 0
    assert run("show", "A-1", "--json").object["draft"]["state"] == "waiting"
    assert run("posted", "A-1").code == 1


def test_the_doctor_asks_for_another_look_at_a_source_that_was_read_long_ago(folder: Path) -> None:
    def looked(at: object) -> list[str]:
        found = check_up(folder / "rules.yaml", f"sqlite:///{folder / 'town.db'}", at=at)  # type: ignore[arg-type]
        return [one.message for one in found if one.check == "gate mastodon" and one.state is State.WARNING]

    assert looked(clock.now()) == []
    later = looked(clock.now() + timedelta(days=400))
    assert len(later) == sum(gate.network == "mastodon" for gate in policies.all_gates())
    assert "2026-11-22" in later[0]


def test_sources_test_lists_every_gate_of_the_network(run: Program) -> None:
    found = run("sources", "test", "mastodon", "--json").object["gates"]
    assert {gate["name"] for gate in found} >= {"mentioned", "label", "unlisted", "nobot"}
    assert "no-channel" not in {gate["name"] for gate in found}
    assert all(gate["since"] and gate["source"]["address"] for gate in found)
    told = run("sources", "test", "mastodon").out
    assert GATE in told
    assert "read 2026-11-22" in told


def test_on_the_review_screen_it_says_by_hand_and_a_key_marks_it_posted(folder: Path, store: SqliteStore) -> None:
    where = {"EARNEST_STORE": f"sqlite:///{folder / 'town.db'}", "EARNEST_RULES": str(folder / "rules.yaml"), "EARNEST_NAME": "ana"}
    screen = Terminal("review", columns=100, lines=40, **where)
    try:
        screen.sees("BY HAND", "a person posts this by hand", "[y] yes, by hand", WORDS)
        screen.press("y")
        screen.sees("[d] posted", "[b] not after all", "post it", "https://town.example/@marta_k/1", WORDS)
        (one,) = deliveries.of_case(store.read(), 1)
        assert one.state is DeliveryState.BY_HAND
        screen.press("o")
        screen.sees("https://town.example/@marta_k/1")
        screen.press("b")
        screen.sees("nobody is asked to post it")
        assert [each.state for each in deliveries.of_case(store.read(), 1)] == [DeliveryState.HELD]
        screen.press("y")
        screen.sees("[d] posted")
        screen.press("d")
        screen.sees("The address of our answer")
        screen.press("https://town.example/@acme/9", "\r")
        screen.sees("kept as posted by hand by ana")
        assert [each.remote_url for each in deliveries.of_case(store.read(), 1)] == ["https://town.example/@acme/9"]
    finally:
        screen.close()
