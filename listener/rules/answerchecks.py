"""Written answers, looked at together with the rules that offer them: dates, brands, links, lengths, questions nobody could ask.

Pure: the day and what networks take come in from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from typing import Literal

from listener.rules.answerfiles import AnswerFile
from listener.rules.answers import Answer, Wording
from listener.rules.kinds import host_of, is_below
from listener.rules.look import Known
from listener.rules.problems import Problem, Sheet, suggest
from listener.rules.rulebook import Rulebook
from listener.rules.saying import forbidden, sample, spoken_on
from listener.rules.texts import fields_of, fill, stray_brace, variants
from listener.text import clean

SOON = timedelta(days=14)
"""So long before its last day an answer asks to be looked at."""

State = Literal["fine", "due", "past"]
Terms = Callable[[str], Iterable[str]]
"""The words of a question that a search goes by."""


def state_of(answer: Answer, today: date) -> State:
    """Return whether an answer is fine, is due to be looked at within two weeks, or is past its day and not offered."""
    if today > answer.review_by:
        return "past"
    return "due" if answer.review_by - today <= SOON else "fine"


def check_answers(files: Iterable[AnswerFile], book: Rulebook, *, known: Known, today: date, terms: Terms) -> tuple[Problem, ...]:
    """Return what is wrong or odd with each answer, in the order of the files and their lines."""
    found: list[Problem] = []
    first: dict[str, str] = {}
    for file in files:
        problems = [*file.problems]
        if file.answer:
            problems += _review(file.sheet, file.answer, today)
            problems += _one(file.sheet, file.answer, book, terms)
            problems += _asked_elsewhere(file.sheet, file.answer, first)
            for wording in file.answer.wordings:
                problems += _never_said(file.sheet, wording, book)
                problems += _too_long(file.sheet, file.answer, wording, book, known)
        found += sorted(problems, key=lambda one: (one.line, one.column))
    return tuple(found)


def _one(sheet: Sheet, answer: Answer, book: Rulebook, terms: Terms) -> Iterator[Problem]:
    if answer.brand and answer.brand not in book.brands:
        message = f'no brand is called "{answer.brand}"'
        yield sheet.problem(_at(sheet, "brand:"), "unknown-brand", message, suggest(answer.brand, book.brands))
    sites = tuple(site for brand in book.brands.values() for site in brand.sites)
    if answer.link and sites and not is_below(host_of(answer.link), sites):
        message = f'"link" leads to "{host_of(answer.link)}", which is no site of ours'
        yield sheet.problem(_at(sheet, "link:"), "link", message, "put its host into the brand's sites, or lead to one of them")
    for question in answer.questions:
        if len(set(terms(question))) < 2:  # noqa: PLR2004 - one word alone finds too much, so it finds nothing
            hint = "ask as people do, with at least two words that matter"
            yield sheet.problem(_at(sheet, question), "question", f'no post can be told to ask this: "{question}"', hint)


def _at(sheet: Sheet, wanted: str) -> tuple[int, int]:
    """Return where a key of the front matter, or a text in it, stands."""
    line = next((number for number, line in enumerate(sheet.lines, start=1) if wanted in line), 1)
    return line, sheet.lines[line - 1].find(wanted) + 1 or 1


def _review(sheet: Sheet, answer: Answer, today: date) -> Iterator[Problem]:
    state, day = state_of(answer, today), answer.review_by.isoformat()
    hint = "read it; where it is still true, give it a later day"
    if state == "past":
        yield sheet.problem(
            _at(sheet, "review_by:"), "review-past", f"its last day was {day}, so it is not offered any more", hint, "warning"
        )
    elif state == "due":
        left = (answer.review_by - today).days
        when = "today" if not left else "tomorrow" if left == 1 else f"in {left} days"
        yield sheet.problem(
            _at(sheet, "review_by:"), "review-due", f"its last day is {when}; after that it is not offered", hint, "warning"
        )


def _asked_elsewhere(sheet: Sheet, answer: Answer, first: dict[str, str]) -> Iterator[Problem]:
    for question in answer.questions:
        folded = " ".join(clean(question).split())
        if first.setdefault(folded, answer.file) != answer.file:
            message = f"{first[folded]} answers this too, and where two fit equally well neither is offered"
            yield sheet.problem(_at(sheet, question), "asked-twice", message, "one of the two", "warning")


def _never_said(sheet: Sheet, wording: Wording, book: Rulebook) -> Iterator[Problem]:
    for phrase in forbidden(wording.text, book):
        message = f'this answer says "{phrase}", which boundaries.never_say forbids'
        yield sheet.problem((wording.line, 1), "never-say", message, "it could never leave", "warning")


def _too_long(sheet: Sheet, answer: Answer, wording: Wording, book: Rulebook, known: Known) -> Iterator[Problem]:
    """Find where the shortest text that tells this answer does not fit a network."""
    names = {route.reply for route in book.routes if route.answers}
    texts = [text for name in sorted(names & set(book.templates)) for _, text, _ in variants(book.templates[name])]
    filled = [fill(text, sample(book) | {"answer": answer.said(wording)}) for text in texts if _tells(text)]
    for network in sorted(spoken_on(book) & set(known.too_long)):
        found = [known.too_long[network](text) for text in filled]
        if found and all(found):
            message = f"too long for {network}, whatever template tells it: {min(found, key=len)}"
            yield sheet.problem((wording.line, 1), "too-long", message, "shorten it, and give it a link", "warning")


def _tells(text: str) -> bool:
    return not stray_brace(text) and "answer" in fields_of(text)
