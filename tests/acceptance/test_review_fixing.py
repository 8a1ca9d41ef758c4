"""f in `earnest review`, on a real terminal: a judgement is fixed in one key, or agreed with, or left as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from listener.store import corrections
from listener.store import mentions as heard_ledger
from listener.store.sqlite import SqliteStore
from responders.house import open_store
from responders.ledger import drafts
from responders.model import DraftState
from tests.stores import NETWORK, make_rules, make_store
from tests.terminal import Terminal

Open = Callable[[], Terminal]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    make_rules(tmp_path)
    with closing(open_store(make_store(tmp_path))) as opened:
        yield opened


@pytest.fixture
def review(tmp_path: Path, store: SqliteStore) -> Iterator[Open]:
    opened: list[Terminal] = []

    def start() -> Terminal:
        terminal = Terminal("review", EARNEST_STORE=store.url, EARNEST_RULES=str(tmp_path / "rules.yaml"), EARNEST_NAME="anna")
        opened.append(terminal)
        return terminal

    yield start
    for terminal in opened:
        terminal.close()


def judged(store: SqliteStore) -> tuple[str, str]:
    seen = heard_ledger.assessment(store.read(), NETWORK, "p1")
    assert seen
    return seen.sentiment.label.value, seen.urgency.level.value


def test_a_judgement_is_fixed_with_one_key_each(review: Open, store: SqliteStore) -> None:
    screen = review()
    screen.sees("A-1", "[f] fix")
    screen.press("f")
    screen.sees("How should A-1 have been judged?", "[-] negative*", "[c] critical*", "[Enter] keep", "[esc] leave it as it was")
    screen.press("+", "n", "s")
    screen.sees("[+] positive*", "[n] normal*", "[s] yes*")
    screen.press("t")
    screen.sees("A note for your colleagues")
    screen.press("she jokes\r")
    screen.sees("[t] she jokes")
    screen.press("\r")
    screen.sees("positive (was negative)", "normal (was critical)", "decided again as soon")
    assert judged(store) == ("positive", "normal")
    (one,) = corrections.standing(store.read())
    assert (one.who, one.note, one.labels.sarcasm) == ("anna", "she jokes", True)
    old = drafts.newest(store.read(), 1)
    assert old
    assert old.state is DraftState.DROPPED
    screen.press("q")
    assert screen.ends() == 0


def test_escape_leaves_all_as_it_was_and_enter_alone_agrees(review: Open, store: SqliteStore) -> None:
    before = judged(store)
    screen = review()
    screen.sees("A-1", "[f] fix")
    screen.press("f")
    screen.sees("How should A-1")
    screen.press("+")
    screen.sees("[+] positive*")
    screen.press("\x1b")
    screen.sees("The judgement is as it was.")
    assert corrections.every(store.read()) == []
    screen.press("f")
    screen.sees("How should A-1", "[-] negative*")
    screen.press("\r")
    screen.sees("you agree with how it is judged")
    assert judged(store) == before
    (one,) = corrections.standing(store.read())
    assert all(was == now for _, was, now in one.said)
    draft = drafts.newest(store.read(), 1)
    assert draft
    assert draft.state is DraftState.WAITING
