"""Files of written answers: what is read from them, and every mistake in one, with its line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from listener.rules.answerchecks import check_answers, state_of
from listener.rules.answerfiles import LONGEST, read_answer
from listener.rules.answers import Wording
from listener.rules.look import Known
from responders.drafting.answers import terms
from responders.shelf import MOST, read_shelf, stamp
from tests.unit.deciding import rulebook

FRONT = """---
title: Sending shoes back
questions:
  - How do I return my shoes?
source: returns policy
review_by: "2027-01-31"
"""
WHOLE = FRONT + "language: en\n---\n\nUnworn shoes can come\nback.\n\n\nWithin 30 days.\n\n## de informal\nUngetragen geht.\n"
TODAY = date(2026, 11, 22)
ASKED = {"name": "asked", "when": {"intent": ["question"]}, "answers": True, "reply": "help"}
REST = {"name": "rest", "when": "always"}


def said(text: str) -> list[tuple[int, str]]:
    """Return line and words of each problem of a file."""
    return [(one.line, one.message) for one in read_answer(text, filename="returns.md").problems]


def odd(text: str, *, today: date = TODAY, known: Known | None = None, **rules: object) -> list[str]:
    """Return what the rules have against an answer, a line each."""
    book = rulebook(**{"routes": [ASKED, REST], "templates": {"help": "{answer} ^{agent}"}} | rules)
    found = check_answers((read_answer(text, filename="returns.md"),), book, known=known or Known(), today=today, terms=terms)
    return [f"{one.line}:{one.column}: {one.severity}: {one.message}" for one in found]


def test_a_file_is_what_it_is_about_and_the_ways_to_say_it() -> None:
    answer = read_answer(WHOLE, filename="data/answers/returns.md").answer
    assert answer is not None
    assert (answer.file, answer.title, answer.source, answer.review_by) == (
        "returns.md",
        "Sending shoes back",
        "returns policy",
        date(2027, 1, 31),
    )
    assert answer.questions == ("How do I return my shoes?",)
    first, second = answer.wordings
    assert first == Wording("Unworn shoes can come back.\nWithin 30 days.", "en", informal=False, line=9)
    assert (second.text, second.language, second.informal) == ("Ungetragen geht.", "de", True)
    assert answer.said(first) == first.text


def test_a_link_is_put_behind_the_words_unless_they_hold_it() -> None:
    answer = read_answer(FRONT + "link: https://acme.example/r\n---\nSee here:\n## de\nhttps://acme.example/r\n", filename="a.md").answer
    assert answer is not None
    assert [answer.said(one) for one in answer.wordings] == ["See here: https://acme.example/r", "https://acme.example/r"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Just words", (1, "what the answer is about does not stand in front of it")),
        ("", (1, "what the answer is about does not stand in front of it")),
        ("---\ntitle: x\n", (1, "what the answer is about does not stand in front of it")),
        ("---\n- a list\n---\nWords", (1, "what stands in front of the answer is a group of settings, each name: value")),
        (FRONT.replace("source: returns policy\n", "") + "---\nWords", (2, 'the answer needs "source"')),
        (FRONT.replace("title:", "titel:") + "---\nWords", (2, '"titel" is not a setting here')),
        (FRONT.replace("2027-01-31", "2027-02-31") + "---\nWords", (6, '"review_by": there is no day "2027-02-31"')),
        (FRONT + "language: german\n---\nWords", (7, '"german" is no language code')),
        (FRONT + "link: http://acme.example\n---\nWords", (7, '"link": write a whole https address, such as "https://acme.example/help"')),
        (FRONT + "---\n\n", (7, "there are no words to say")),
        (FRONT + "---\nWords\n## de\n", (9, 'there are no words below "## de"')),
        (FRONT + "---\nWords\n## deutsch bitte\nWorte", (9, '"deutsch" is neither a language code such as "de" nor "informal"')),
        (FRONT + "---\nWords\n## de\nWorte\n## de\nWorte", (11, '"## de" stands here twice')),
        (FRONT + "---\nAsk {agent}", (8, '"{agent}" is not filled in inside an answer')),
        (FRONT + "---\nA\u202eB", (8, "the words carry hidden characters: U+202E RIGHT-TO-LEFT OVERRIDE")),
        (FRONT + "---\n" + "a" * LONGEST, (1, "the file is too large for one answer")),
    ],
)
def test_each_mistake_is_said_with_its_line_and_no_answer_comes_of_it(text: str, problem: tuple[int, str]) -> None:
    assert problem in said(text)
    assert read_answer(text, filename="returns.md").answer is None


def test_an_answer_is_due_two_weeks_before_its_day_and_past_the_day_after_it() -> None:
    answer = read_answer(WHOLE, filename="returns.md").answer
    assert answer is not None
    days = [date(2027, 1, 16), date(2027, 1, 17), date(2027, 1, 31), date(2027, 2, 1)]
    assert [state_of(answer, day) for day in days] == ["fine", "due", "due", "past"]
    assert odd(WHOLE, today=days[0]) == []
    assert odd(WHOLE, today=days[1]) == ["6:1: warning: its last day is in 14 days; after that it is not offered"]
    assert odd(WHOLE, today=days[2]) == ["6:1: warning: its last day is today; after that it is not offered"]
    assert odd(WHOLE, today=days[3]) == ["6:1: warning: its last day was 2027-01-31, so it is not offered any more"]


def test_an_answer_must_fit_the_rules_that_offer_it() -> None:
    acme = {"acme": {"names": ["Acme"], "sites": ["acme.example"], "handles": {"bluesky": "acme.example"}}}
    assert odd(FRONT + "brand: acmee\n---\nWords") == ['7:1: error: no brand is called "acmee"']
    assert odd(FRONT + "link: https://evil.example/acme.example\n---\nWords", brands=acme) == [
        '7:1: error: "link" leads to "evil.example", which is no site of ours'
    ]
    assert odd(FRONT + "link: https://help.acme.example/\n---\nWords", brands=acme) == []
    assert odd(FRONT.replace("How do I return my shoes?", "Shoes, please?") + "---\nWords") == [
        '4:5: error: no post can be told to ask this: "Shoes, please?"'
    ]
    assert odd(FRONT + "---\nWe guarantee it.", boundaries={"never_say": ["guarantee"]}) == [
        '8:1: warning: this answer says "guarantee", which boundaries.never_say forbids'
    ]
    twenty = Known(too_long={"bluesky": lambda text: f"{len(text)} of 20" if len(text) > 20 else ""})
    assert odd(FRONT + "---\nTwelve words", brands=acme, known=twenty) == [
        "8:1: warning: too long for bluesky, whatever template tells it: 23 of 20"
    ]
    assert odd(FRONT + "---\nTwelve words", brands=acme, known=twenty, templates={"help": ["{answer} ^{agent}", "{answer}"]}) == []


def test_two_files_with_one_question_are_named() -> None:
    book = rulebook(routes=[ASKED, REST], templates={"help": "{answer}"})
    files = [read_answer(WHOLE, filename=name) for name in ("a.md", "b.md")]
    (found,) = check_answers(files, book, known=Known(), today=TODAY, terms=terms)
    assert (found.file, found.line, found.message) == (
        "b.md",
        4,
        "a.md answers this too, and where two fit equally well neither is offered",
    )


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    for name in ("b.md", "a.md", "README.md", ".hidden.md", "notes.txt"):
        (tmp_path / name).write_text(WHOLE, encoding="utf-8")
    return tmp_path


def test_a_folder_is_read_by_name_and_what_cannot_be_read_is_a_problem_of_its_own(folder: Path) -> None:
    (folder / "c.md").write_bytes(b"\xff\xfe")
    (folder / "d.md").mkdir()
    shelf = read_shelf(folder)
    assert [answer.file for answer in shelf.answers] == ["a.md", "b.md"]
    assert [(Path(one.file).name, one.message.partition(":")[0]) for one in shelf.problems] == [
        ("c.md", "the file is not UTF-8 text"),
        ("d.md", "the file cannot be read"),
    ]
    missing = read_shelf(folder / "none")
    assert (missing.there, missing.answers, missing.problems) == (False, (), ())


def test_no_more_files_are_read_than_a_search_can_part(folder: Path) -> None:
    for number in range(MOST):
        (folder / f"n{number:04}.md").write_text("", encoding="utf-8")
    assert read_shelf(folder).files[-1].problems[0].message == "there are more than 1,000 answers, so this one is not read"


def test_whatever_changes_in_the_folder_is_seen(folder: Path) -> None:
    seen = [stamp(folder)]
    (folder / "README.md").write_text("more", encoding="utf-8")
    assert stamp(folder) == seen[0]
    (folder / "a.md").write_text(WHOLE + "more", encoding="utf-8")
    seen.append(stamp(folder))
    (folder / "b.md").unlink()
    seen.append(stamp(folder))
    (folder / "c.md").write_text(WHOLE, encoding="utf-8")
    seen.append(stamp(folder))
    assert len(set(seen)) == 4
