"""Why a post is judged so, on a real terminal: the bars of `earnest explain`, and `w` in the review."""

from __future__ import annotations

from pathlib import Path

import pytest

from listener.text import display_width
from tests.stores import make_rules, make_store
from tests.terminal import Terminal

WIDE = '@acme "助けてください" 😡 you charged me twice, it is broken again'


@pytest.fixture
def where(tmp_path: Path) -> dict[str, str]:
    return {"EARNEST_STORE": make_store(tmp_path), "EARNEST_RULES": str(make_rules(tmp_path)), "EARNEST_NAME": "ana"}


@pytest.mark.parametrize("plain", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}, {"PYTHONIOENCODING": "ascii"}], ids=str)
def test_explain_draws_what_the_terminal_can_show_in_eighty_columns(where: dict[str, str], plain: dict[str, str]) -> None:
    screen = Terminal("explain", "--post", WIDE, lines=70, **where, **plain)
    assert screen.ends() == 0
    shown = screen.text
    assert "Mood: " in shown, shown
    drawn = shown[shown.index("Mood: ") : shown.index("The other parts:")]
    line = "|" if plain else "│"
    bars = [one for one in drawn.splitlines() if line in one]
    assert len({display_width(one[: one.index(line)]) for one in bars}) == 1, drawn
    assert ("█" in drawn) is not bool(plain)
    assert ("#|" in drawn or "|#" in drawn) is bool(plain)
    money = next(one for one in bars if "money:" in one)
    assert money.endswith("+40")


def test_the_review_shows_the_steps_on_a_page_that_scrolls(where: dict[str, str]) -> None:
    screen = Terminal("review", **where)
    try:
        screen.sees("A-1", "@marta_k")
        screen.press("w")
        screen.sees("A-1: why", "billing took it")
        for _ in range(3):
            screen.press(" ")
        shown = screen.sees("The other parts:", "needs reply")
        assert "complaint" in shown
        screen.press("q")
        screen.sees("[y] send both")
        screen.press("q")
        assert screen.ends() == 0
    finally:
        screen.close()
