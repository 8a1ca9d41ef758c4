"""A problem on a screen: the caret stands under its place whatever letters come before it, and no line is wider than the screen."""

from __future__ import annotations

import pytest

from listener.rules.checking import check
from listener.rules.problems import Problem, Sheet
from listener.text import display_width

BEFORE = {
    "plain": "abc ",
    "Chinese": "我要退款 ",
    "Japanese, half width": "ｱｸﾒ アクメ ",
    "combining": "e\u0301e\u0301 ",
    "emoji": "👩‍👩‍👧 🔥❤️ ",
    "Thai": "ที่นี่ ",
    "hidden": "a\u202eb\u200bc\x1b[31m ",
    "tab": "a\tb ",
    "long": "x" * 300,
    "long and wide": "日本語" * 100,
    "long and combined": "e\u0301" * 300,
}


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
@pytest.mark.parametrize("after", ["", " rest", "日" * 300, "y" * 3000], ids=["nothing", "little", "wide", "long"])
@pytest.mark.parametrize("width", [40, 80, 114])
def test_the_caret_stands_under_its_place(before: str, after: str, width: int) -> None:
    found = Sheet.of(f"{before}HERE{after}", "rules.yaml").problem((1, len(before) + 1), "code", "wrong", "hint")

    _, line, caret, *below = found.shown(width)

    assert display_width(line[: line.index("HERE")]) == caret.index("^")
    assert all(display_width(one) <= width for one in (line, caret, *below))
    assert (caret.rstrip().endswith("^ hint")) is not bool(below)
    assert not {"\t", "\x1b", "\u202e", "\u200b"} & set(line)


def test_a_hint_that_does_not_fit_beside_the_caret_stands_below() -> None:
    found = Sheet.of(" " * 50 + "HERE", "rules.yaml").problem((1, 51), "code", "wrong", "a hint of some words")

    assert found.shown(70)[2:] == (" " * 54 + "^", "    a hint of some words")
    assert str(found).splitlines()[2] == " " * 54 + "^ a hint of some words"


def test_columns_are_counted_in_characters() -> None:
    text = 'version: 1\nbrands: {acme: {names: ["日本 👩‍👧 e\u0301"], nams: [Acme]}}\nroutes: [{name: rest, when: always}]\n'
    found: tuple[Problem, ...] = tuple(one for one in check(text) if one.severity == "error")

    assert [(one.line, one.column) for one in found] == [(2, text.splitlines()[1].index("nams") + 1)]
