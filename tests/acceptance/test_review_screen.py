"""`earnest review` on a real terminal: what a person sees, presses, and what is in the store afterwards."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from listener import clock
from listener.store.sqlite import SqliteStore
from responders.approvals import Desk
from responders.cli.screen.keys import KEYS
from responders.dispatch import Dispatch
from responders.house import channel_kind, open_store
from responders.ledger import cases, deliveries, drafts, people
from responders.model import DraftState
from responders.rulefile import load
from tests.stores import make_rules, make_store
from tests.terminal import Terminal

Open = Callable[..., Terminal]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_store(tmp_path)
    make_rules(tmp_path)
    return tmp_path


@pytest.fixture
def store(folder: Path) -> Iterator[SqliteStore]:
    with closing(open_store(f"sqlite:///{folder / 'town.db'}")) as opened:
        yield opened


@pytest.fixture
def desk(folder: Path, store: SqliteStore) -> Desk:
    """What Jo does at another terminal."""
    return Desk(store, load(folder / "rules.yaml"), clock.now, channel_kind, who="jo")


@pytest.fixture
def review(folder: Path) -> Iterator[Open]:
    opened: list[Terminal] = []

    def start(*arguments: str, columns: int = 80, lines: int = 24, **environment: str) -> Terminal:
        where = {"EARNEST_STORE": f"sqlite:///{folder / 'town.db'}", "EARNEST_RULES": str(folder / "rules.yaml")}
        named = {"EARNEST_NAME": "ana", **environment}
        terminal = Terminal("review", *arguments, columns=columns, lines=lines, **where, **named)
        opened.append(terminal)
        return terminal

    yield start
    for terminal in opened:
        terminal.close()


def draft(store: SqliteStore, case: int) -> drafts.Draft:
    found = drafts.newest(store.read(), case)
    assert found
    return found


def test_a_draft_is_read_explained_approved_and_taken_back(review: Open, store: SqliteStore) -> None:
    screen = review()
    seen = screen.sees("A-1", "[y] send both", "[?] more")
    for words in (
        "CRITICAL 90",
        "first response due in 1",
        "1 of 4",
        "@marta_k",
        "312 followers",
        "@acme charged me twice and support ignores me",
        'money "charged me twice" +40',
        "mood negative",
        "of 500 characters",
    ):
        assert words in seen
    assert cases.find(store.read(), "A-1").looked_at_by == "ana"

    screen.press("w")
    screen.sees("A-1: why", "billing took it", "charged me twice", "No boundary holds it back")
    screen.press("q")
    screen.sees("[y] send both")

    screen.press("y")
    screen.sees("A-1 is approved", "[u] takes it back", "A-2")
    assert draft(store, 1).state is DraftState.APPROVED
    assert len(deliveries.of_case(store.read(), 1)) == 2

    screen.press("u")
    screen.sees("taken back", "@marta_k")
    assert draft(store, 1).state is DraftState.WAITING
    assert deliveries.of_case(store.read(), 1) == []

    screen.press("q")
    assert screen.ends() == 0
    assert cases.find(store.read(), "A-1").looked_at_by == ""


def test_private_only_says_nothing_in_public_and_its_undo_brings_the_public_words_back(review: Open, store: SqliteStore) -> None:
    public = draft(store, 1).public
    screen = review()
    screen.sees("[p] private only")
    screen.press("p")
    screen.sees("A-1 is approved")
    assert [sent.kind.value for sent in deliveries.of_case(store.read(), 1)] == ["private"]
    screen.press("u")
    screen.sees("taken back", "[p] private only")
    assert draft(store, 1).public == public


def test_words_are_changed_in_place_rejected_and_a_person_left_alone(review: Open, store: SqliteStore) -> None:
    screen = review()
    screen.sees("[e] edit")
    screen.press("e")
    screen.sees("change the words for @marta_k", "charged me twice", "[ctrl+s] keep", "public", "private")
    screen.press(" You hear from me by five.", "\x13")
    screen.sees("{+You", "five.+}", "ana changed the words")
    assert str(draft(store, 1).public).endswith("^Jo You hear from me by five.")

    screen.press("n")
    screen.sees("Reject A-1", "[t] tone", "[r] no reply needed")
    screen.press("\x1b")
    screen.loses("Reject A-1")
    assert draft(store, 1).state is DraftState.WAITING
    screen.press("n", "rt")  # faster than the screen: the second is no answer to anything
    screen.sees("A-1: rejected (no reply needed)", "@tom")
    assert (draft(store, 1).state, draft(store, 1).reason) == (DraftState.REJECTED, "no reply needed")
    screen.press("n", "x")
    screen.sees("Why? A few words")
    screen.press("the lamp is not ours", "\r")
    screen.sees("other: the lamp is not ours", "1 of 2", "@omar")
    assert draft(store, 2).reason == "other: the lamp is not ours"

    screen.press("j")
    screen.sees("2 of 2", "[y] send")
    screen.press("s")
    screen.sees("Never write to", "[y] yes, never again")
    screen.press("n")
    screen.loses("Never write to")
    assert not people.suppressed(store.read(), "mastodon", "id-p5")
    screen.press("s", "y")
    screen.sees("is on the suppression list", "1 of 1", "@omar")
    assert people.suppressed(store.read(), "mastodon", "id-p5")
    assert draft(store, 5).state is DraftState.DROPPED


def test_an_editor_of_ones_own_changes_the_words(review: Open, store: SqliteStore, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\ngrep -q "charged me twice" "$1" && sed -i "1s/.*/We put A-1 right by five./" "$1"\n', encoding="utf-8")
    editor.chmod(0o755)
    screen = review(EDITOR=str(editor))
    screen.sees("[e] edit")
    screen.press("e")
    screen.sees("[ctrl+e] your editor")
    screen.press("\x05")
    screen.sees("We put A-1 right by five.", "[ctrl+s] keep")
    screen.press("\x13")
    screen.sees("Changed")
    assert draft(store, 1).public == "@marta_k We put A-1 right by five."


def test_every_key_is_explained_and_the_pages_open(review: Open) -> None:
    screen = review(lines=30)
    screen.sees("[?] more")
    screen.press("?")
    seen = screen.sees("All keys", "  leave")
    for key in KEYS:
        assert re.search(rf"^ +{re.escape(key.shown)} +\S", seen, re.MULTILINE), key.shown
    screen.press("q", "c")
    screen.sees("the conversation", "@marta_k, 4", "https://town.example/@p1/p1")
    screen.press("q", "h")
    screen.sees("This is the first case with @marta_k")
    screen.press("q", "o")
    screen.sees("https://town.example/@p1/p1", "[y] send both")
    screen.press("x", "2")
    screen.sees("A-1: on-call was told already")
    screen.press("z", "4")
    screen.sees("A-1: back in ", "due before that", "@tom")


def test_what_does_not_fit_a_small_screen_is_announced_and_scrolls(review: Open, desk: Desk) -> None:
    desk.edit("A-1", public=" ".join(f"word{number}" for number in range(60)) + " the end.")
    screen = review(columns=60, lines=12)
    assert "the end." not in screen.sees("[y] send both", "There is more below: space scrolls.", "A-1")
    screen.press(" ", " ")
    screen.sees("the end.", "A-1")


def test_only_some_are_shown_when_asked_for(review: Open) -> None:
    screen = review("--urgency", "high")
    screen.sees("1 of 2", "only: urgency high or more")
    screen.press("/", "critcal", "\r")
    screen.sees('did you mean "critical"?', "1 of 2")
    screen.press("/", "\x15", "\r")
    screen.sees("1 of 4")
    screen.press("j", "j", "j", "j")
    screen.sees("4 of 4", "This is the last one")
    screen.press("k")
    screen.sees("3 of 4")


def test_two_people_must_agree_and_one_cannot_agree_twice(review: Open, store: SqliteStore) -> None:
    screen = review("--urgency", "high")
    screen.sees("1 of 2")
    screen.press("j")
    screen.sees("@tom", "two people must agree; 2 still to say yes")
    screen.press("y")
    screen.sees("ana has said yes", "1 still to say yes", "One more person must agree")
    screen.press("u")
    screen.sees("your yes is taken back", "2 still to say yes")
    screen.press("y")
    screen.sees("ana has said yes", "1 still to say yes")
    screen.press("y")
    screen.sees("ana has said yes to A-2 already")
    assert draft(store, 2).state is DraftState.WAITING
    assert deliveries.of_case(store.read(), 2) == []


def test_two_people_at_two_terminals_get_one_outcome(review: Open, store: SqliteStore, desk: Desk) -> None:
    desk.look("A-1")
    screen = review()
    screen.sees("jo is looking at this case")
    screen.press("y")
    screen.sees("jo is looking at A-1. Wait until they leave")
    assert draft(store, 1).state is DraftState.WAITING
    desk.leave("A-1")
    screen.loses("jo is looking at this case")

    screen.press("n")
    screen.sees("Reject A-1")
    desk.edit("A-1", public="We put A-1 right by five.")
    screen.press("f")
    screen.sees("A-1 has other words now than those you read", "We put A-1 right by five.")
    assert draft(store, 1).state is DraftState.WAITING

    screen.press("n")
    screen.sees("Reject A-1")
    desk.approve("A-1")
    screen.press("f")
    screen.sees("A-1 is approved already, by jo", "@tom")
    assert draft(store, 1).state is DraftState.APPROVED

    desk.reject("A-2", "tone")
    screen.sees("A-2 is rejected already, by jo", "1 of 2")


@pytest.fixture
def dispatch(store: SqliteStore) -> Dispatch:
    """What Jo does at another terminal with an answer that was approved."""
    return Dispatch(store, clock.now, channel_kind, who="jo")


def answer(store: SqliteStore) -> tuple[str, str]:
    """Return where the answer in doubt stands by now, and its address."""
    (only,) = deliveries.of_case(store.read(), 4)
    return only.state.value, only.remote_url


def test_an_answer_in_doubt_comes_up_by_its_urgency_and_is_kept_where_a_person_found_it(review: Open, store: SqliteStore) -> None:
    screen = review(lines=26)
    screen.sees("1 of 4")
    screen.press("i")
    screen.sees("A-1 is a draft: nothing of it has left")
    screen.press("j", "j")
    seen = screen.sees("3 of 4", "[i] it is there", "[r] it is not: send", "[?] more")
    for words in (
        "A-4",
        "NORMAL 35",
        "@omar",
        "@acme my parcel is lost",
        "@omar A wrong bill is ours to put right, A-4 is open. ^Jo",
        "of 500 characters",
        "IN DOUBT we cannot tell whether it is there (timed out)",
        "look     https://town.example/@p4/p4",
    ):
        assert words in seen
    for key in "yepnxzs":
        screen.press(key)
        screen.sees("A-4 asks only whether our answer is there: i it is, r it is not")
        screen.press("o")
        screen.loses("asks only")
    screen.press("c")
    screen.sees("A-4: the conversation", "Our public answer may have been sent; a person must look")
    screen.press("q", "w")
    screen.sees("A-4: why", "billing took it")
    screen.press("q", "h")
    screen.sees("This is the first case with @omar")
    screen.press("q", "i")
    screen.sees("The address of our answer")
    screen.press("\r")
    screen.sees("Nothing was done")
    assert answer(store) == ("parked", "")
    screen.press("i", "nowhere", "\r")
    screen.sees("that is no web address", "IN DOUBT")
    screen.press("i", "https://town.example/@acme/4711", "\r")
    screen.sees("A-4: kept as sent", "3 of 3")
    assert answer(store) == ("sent", "https://town.example/@acme/4711")


def _in_doubt(review: Open) -> Terminal:
    screen = review()
    screen.sees("1 of 4")
    screen.press("j", "j")
    screen.sees("IN DOUBT")
    return screen


def test_an_answer_in_doubt_that_is_not_there_is_sent_after_the_usual_wait(review: Open, store: SqliteStore) -> None:
    screen = _in_doubt(review)
    screen.press("r")
    screen.sees("A-4 is approved", "[u] takes it back", "3 of 3")
    assert answer(store) == ("ready", "")
    screen.press("u")
    screen.sees("A-4: taken back. Whether it is there is open as before", "IN DOUBT", "[r] it is not: send")
    assert answer(store) == ("parked", "")


def test_of_two_who_look_for_one_answer_the_second_is_told(review: Open, store: SqliteStore, dispatch: Dispatch) -> None:
    screen = _in_doubt(review)
    screen.press("i")
    screen.sees("The address of our answer")
    dispatch.found("A-4", "https://town.example/@acme/1")
    screen.press("https://town.example/@acme/2", "\r")
    screen.sees("A-4: no answer of it is parked (the public answer is sent)")
    assert answer(store) == ("sent", "https://town.example/@acme/1")


def test_what_somebody_else_settles_goes_away_with_a_word(review: Open, dispatch: Dispatch) -> None:
    screen = _in_doubt(review)
    dispatch.found("A-4", "https://town.example/@acme/1")
    screen.sees("A-4 is in doubt no more: our public answer was sent, said jo", "3 of 3")


def test_a_new_draft_appears_by_itself_and_tells_what_stands_against_it(review: Open, desk: Desk, dispatch: Dispatch) -> None:
    dispatch.found("A-4", "https://town.example/@acme/1")
    for case in ("A-1", "A-2", "A-5"):
        desk.reject(case, "tone")
    screen = review()
    screen.sees("No draft waits. Everything is decided.", "q leaves")
    desk.edit("A-6", public="We are sorry. A-6 is open.")
    screen.sees("@quiet_one", "STOP", "asked us to stop")
    screen.press("y")
    screen.sees("@quiet_one asked us to stop")


def test_a_hostile_post_commands_nothing(review: Open) -> None:
    screen = review()
    screen.sees("1 of 4")
    screen.press("j", "j", "j")
    seen = screen.sees("4 of 4")
    assert r"\x1b[2J\x1b]0;owned\x07 [bold red]pwned[/] <U+202E>gnp.exe<U+200B>" in seen
    screen.press("c")
    screen.sees("the conversation")
    screen.press("q", "h")
    screen.sees("earlier cases")
    screen.press("q", "s")
    screen.sees("Never write to")
    screen.press("n", "e")
    screen.sees("change the words for")
    screen.press("\x1b[200~owned\x07\u202e\x1b[201~")
    screen.sees(r"owned\x07<U+202E>")
    screen.press("\x1b")
    screen.sees("The words are as they were")
    screen.press("/", "\x1b[200~owned\x07\u202e\x1b[201~", "\r")
    screen.sees(r'"owned\x07<u+202e>" is no level')
    screen.press("q")
    assert screen.ends() == 0
    assert not re.search("\x1b\\]0;|\u202e|\u200b|\x9b|owned\x07", screen.raw)


def test_it_reads_the_same_without_colour(review: Open) -> None:
    coloured, plain = review(), review(NO_COLOR="1", EARNEST_NAME="ana")
    assert coloured.sees("[?] more") == plain.sees("[?] more")
    colours = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[0-9;]*)?m")
    assert colours.search(coloured.raw)
    assert not colours.search(plain.raw)


def test_a_damaged_store_gives_the_terminal_back_with_a_sentence(review: Open, folder: Path) -> None:
    screen = review()
    screen.sees("[?] more")
    with closing(sqlite3.connect(folder / "town.db")) as connection:
        connection.execute("ALTER TABLE decisions RENAME TO gone")
    screen.press("w")
    assert screen.ends() != 0
    after = screen.raw.rpartition("\x1b[?1049l")[2]
    assert "earnest: " in after
    assert "Traceback" not in screen.raw
