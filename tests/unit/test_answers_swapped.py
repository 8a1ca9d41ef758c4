"""What leaves by itself tells a written answer as it stands now: one that was changed or taken away meanwhile waits for a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from listener.rules.answering import Answer, Wording
from tests.climbing import house
from tests.mouth import House

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
    "now", [(), (replace(RETURNS, wordings=(Wording("Unworn shoes can come back within 14 days."),)),), (replace(RETURNS, file="other.md"),)]
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
