"""What leaves by itself tells a written answer as it stands now: one that was changed or taken away meanwhile waits for a person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from listener.rules.answers import Answer, Wording
from responders.cli import starting
from responders.cli.base import App, Options
from responders.edits import Held
from responders.rulefile import load_rehearsed
from responders.shelf import answers_beside
from tests.climbing import house
from tests.editing import Edited
from tests.mouth import House
from tests.program import Program

LAST = date(2099, 1, 31)
WORDS = "Unworn shoes can come back within 30 days."
RETURNS = Answer("returns.md", "Returns", ("How do I return my shoes?",), "policy", LAST, (Wording(WORDS),))
ALONE = {"name": "asked", "when": "always", "answers": True, "reply": "help", "approval": "none"}


async def queued(folder: Path) -> House:
    """Let a question be answered by itself; the answer waits its ten seconds."""
    here = house(folder / "h", ALONE, templates={"help": ["{answer} ^{agent}", "Which one do you mean?"]})
    here.book = here.book.with_answers((RETURNS,))
    await here.hear(here.post("p", "@acme how do I return my shoes please", age=1))
    (noted,) = await here.think()
    assert "send" in noted.decision.actions
    assert noted.proposal is not None
    assert noted.proposal.answer is not None
    return here


@pytest.mark.parametrize(
    "now",
    [(), (replace(RETURNS, wordings=(Wording("Unworn shoes can come back within 14 days."),)),), (replace(RETURNS, file="other.md"),)],
)
async def test_an_answer_that_was_changed_or_taken_away_does_not_leave_by_itself(tmp_path: Path, now: tuple[Answer, ...]) -> None:
    here = await queued(tmp_path)
    here.book = here.book.with_answers(now)
    (held,) = await here.speak(seconds=11)
    assert here.mouth.published == []
    assert held.reason == "the written answer returns.md says something else by now, or is not there any more"
    assert here.rows("SELECT state FROM drafts") == [{"state": "waiting"}]
    here.store.close()


async def test_one_that_stands_as_it_stood_leaves(tmp_path: Path) -> None:
    here = await queued(tmp_path)
    here.book = here.book.with_answers((replace(RETURNS, title="Sending shoes back", review_by=date(2099, 2, 1)),))
    await here.speak(seconds=11)
    assert here.mouth.of("p") == 1
    here.store.close()


GREEN = """\
---
title: The green ones
questions: [Do you have the green ones in my number?]
source: stock list
review_by: "2099-01-31"
---
{words}
"""
ASKED: dict[str, Any] = {
    "mode": "send",
    "routes": [ALONE],
    "boundaries": {"limits": {"per_hour": 100}, "pause_when": []},
    "templates": {"help": ["{answer} ^{agent}", "Which one do you mean?"]},
}


def put(edited: Edited, words: str) -> None:
    folder = answers_beside(edited.path)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "green.md").write_text(GREEN.format(words=words), encoding="utf-8")


@pytest.fixture
async def edited(tmp_path: Path) -> AsyncIterator[Edited]:
    made = Edited(tmp_path, **ASKED)
    await made.day(hellos=40)
    await made.begin()
    yield made
    made.house.store.close()


async def test_answers_by_which_far_more_would_leave_want_a_persons_word_though_the_rules_are_the_same(edited: Edited) -> None:
    put(edited, "Yes, in all sizes.")
    problem = await edited.look()
    assert isinstance(problem, Held)
    assert [one.code for one in problem.objections] == ["more"]
    assert edited.daemon._book.answers == ()  # noqa: SLF001
    edited.say(forced=True)
    put(edited, "No, never again.")
    assert isinstance(await edited.look(), Held), "the yes was for other words"
    edited.say(forced=True)
    assert await edited.look() is None
    assert [one.file for one in edited.daemon._book.answers] == ["green.md"]  # noqa: SLF001
    put(edited, "No, sorry.")
    assert await edited.look() is None, "what already leaves may be said better"


async def test_the_word_for_answers_is_given_as_for_rules(edited: Edited) -> None:
    program = Program(edited.house_url, edited.path, {"EARNEST_NAME": "jo"})
    edited.house.store.hold_alone()
    assert "in force already" in program("rules", "take").err
    put(edited, "Yes, in all sizes.")
    assert isinstance(await edited.look(), Held)
    ran = program("rules", "take")
    assert (ran.code, "the written answers beside it are others than those in force" in ran.out) == (1, True)
    assert "20 answers would have left by themselves" in ran.out
    assert program("rules", "take", "--force").code == 0
    assert await edited.look() is None


async def test_a_restart_gives_answers_that_wait_for_a_word_no_way_in(edited: Edited, monkeypatch: pytest.MonkeyPatch) -> None:
    app = App(Options(store=edited.house_url, rules=str(edited.path)))
    store, how = edited.house.store, {"once": False, "observe": False, "confirmed": None}

    def started() -> tuple[tuple[Answer, ...], bool]:
        book, problem = starting.settle(app, store, load_rehearsed(edited.path), None, **how)  # type: ignore[arg-type]
        return book.answers, isinstance(problem, Held)

    monkeypatch.setattr(starting.clock, "now", edited.house.clock)
    assert started() == ((), False)
    put(edited, "Yes, in all sizes.")
    assert isinstance(await edited.look(), Held)
    assert started() == ((), True)
    edited.say(forced=True)
    answers, held = started()
    assert ([one.file for one in answers], held) == (["green.md"], False)


async def test_a_word_is_for_one_text_though_another_has_the_same_short_name(edited: Edited, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("listener.rules.reading.fingerprint", lambda _text: "0123456789ab")  # found by trying some seconds, on purpose
    await edited.edit(**ASKED)
    routes = [{"name": "all", "when": "always", "reply": "hello", "approval": "none"}]
    loud = {**ASKED, "routes": routes, "templates": {"hello": "Buy more!"}}
    assert isinstance(await edited.edit(**loud), Held)
    edited.write(**ASKED)
    edited.say(forced=True, mode="send")
    assert isinstance(await edited.edit(**loud), Held)
