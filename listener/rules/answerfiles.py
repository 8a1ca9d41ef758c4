"""Answers that are written already: one Markdown file each, with what it is about in front and the words to say below.

    ---
    title: Sending shoes back
    questions:
      - How do I return my shoes?
    source: returns policy, section 2
    review_by: "2027-01-31"
    language: en
    ---
    You can send unworn shoes back within 30 days.

    ## de
    Ungetragene Schuhe können Sie 30 Tage lang zurückschicken.

A line such as "## de" or "## informal" begins a variant, as in templates. Nothing here reads a file or asks the time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Annotated

from pydantic import Field

from listener.rules.answers import Answer, Wording
from listener.rules.kinds import Day, Name, OneOrMore, Strict, WebAddress, Word
from listener.rules.problems import Problem, Sheet
from listener.rules.reading import Reading, examine
from listener.rules.texts import FIELDS, INFORMAL, fields_of, is_language, strange_label
from listener.rules.tree import Mapping, parse
from listener.text import hidden

LONGEST = 64 * 1024  # characters of a file

_LINES = re.compile(r"\r\n|\r|\n")
_RULE = re.compile(r"---[ \t]*")
_VARIANT = re.compile(r"##[ \t]+(?P<label>[^#].*?)[ \t]*")
_LABELS = re.compile(r"[\s+_-]+")
_BLANK = re.compile(r"\n(?:[ \t]*\n)+")


class Front(Strict):
    """What stands in front of the words."""

    title: Word = Field(description="what it is about, for the people who read drafts")
    questions: Annotated[tuple[Word, ...], Field(min_length=1), OneOrMore] = Field(
        description="the ways in which people ask it, whole sentences with the words that matter"
    )
    source: Word = Field(description="where it is written or who said so, for whoever asks later")
    review_by: Day = Field(description='the last day on which it is offered unless somebody has looked at it again: "2027-01-31"')
    brand: Name | None = Field(default=None, description="the brand it is for; else for all")
    language: str | None = Field(default=None, description="the language of the words without a heading; else they are for everybody")
    link: WebAddress | None = Field(default=None, description="a page that tells more; it is put behind the words")


@dataclass(frozen=True, slots=True)
class AnswerFile:
    """A file that was looked at: the answer, if it can be used, what is wrong with it, and its lines for further problems."""

    sheet: Sheet
    answer: Answer | None
    problems: tuple[Problem, ...]


def read_answer(text: str, *, filename: str) -> AnswerFile:
    """Read one file. Never raises, whatever it holds; a file with a mistake gives no answer."""
    text = text.removeprefix("\ufeff")
    sheet = Sheet.of(text[:LONGEST], filename)
    lines = _LINES.split(text[:LONGEST])
    end = next((number for number, line in enumerate(lines) if number and _RULE.fullmatch(line)), None)
    if len(text) > LONGEST:
        return _wrong(sheet, (1, 1), "too-large", "the file is too large for one answer", f"at most {LONGEST // 1024} KiB are read")
    if end is None or not _RULE.fullmatch(lines[0]):
        hint = 'its first line is "---", then come title, questions, source and review_by, then "---" and the words'
        return _wrong(sheet, (1, 1), "front-matter", "what the answer is about does not stand in front of it", hint)
    reading = Reading(Sheet.of("\n".join(["", *lines[1:end]]), filename))
    tree, reading.problems = parse(reading.sheet)
    front = None
    if isinstance(tree, Mapping):
        front = examine(reading, Front, tree, "the answer")
    elif not reading.problems:
        return _wrong(sheet, (1, 1), "front-matter", "what stands in front of the answer is a group of settings, each name: value")
    problems = [*reading.problems, *_front_problems(reading.sheet, tree, front)]
    wordings = tuple(_wordings(lines[end + 1 :], end + 2))
    problems += _wording_problems(sheet, wordings, end + 1)
    answer = None if problems or front is None else _answer(front, wordings, filename)
    return AnswerFile(sheet, answer, tuple(sorted(problems, key=lambda one: (one.line, one.column))))


def _wrong(sheet: Sheet, at: tuple[int, int], code: str, message: str, hint: str = "") -> AnswerFile:
    return AnswerFile(sheet, None, (sheet.problem(at, code, message, hint),))


def _front_problems(sheet: Sheet, tree: object, front: Front | None) -> Iterator[Problem]:
    if front and front.language is not None and not is_language(front.language) and isinstance(tree, Mapping):
        at = tree.entries["language"][1].at
        yield sheet.problem(at, "value", f'"{front.language}" is no language code', 'two letters, such as "de"')


@dataclass(frozen=True, slots=True)
class _Part:
    """The words below one heading, "" for those above all headings, and the line in which they begin."""

    label: str
    text: str
    line: int


def _wordings(lines: list[str], first: int) -> Iterator[_Part]:
    label, begins, kept = "", first, []
    for number, line in enumerate([*lines, "## end"], start=first):
        heading = _VARIANT.fullmatch(line)
        if heading is None:
            kept.append(line)
            continue
        text = _flowed("\n".join(kept))
        if text or label:
            yield _Part(label, text, begins)
        label, begins, kept = heading["label"], number, []


def _flowed(text: str) -> str:
    """Return words without the line ends of an editor: an empty line is the only one that stays."""
    return "\n".join(" ".join(part.split()) for part in _BLANK.split(text.strip()) if part.strip())


def _wording_problems(sheet: Sheet, parts: tuple[_Part, ...], end: int) -> Iterator[Problem]:
    if not parts:
        yield sheet.problem((end, 1), "empty", "there are no words to say", "write them below the second ---")
    labels: set[str] = set()
    for part in parts:
        at = (part.line, 1)
        if part.label and (strange := strange_label(part.label)):
            hint = 'a line that begins with "## " begins a variant'
            yield sheet.problem(at, "variant", f'"{strange}" is neither a language code such as "de" nor "informal"', hint)
        if part.label in labels:
            yield sheet.problem(at, "variant", f'"## {part.label}" stands here twice', "one of the two")
        labels.add(part.label)
        if not part.text:
            yield sheet.problem(at, "empty", f'there are no words below "## {part.label}"', "write them, or take the heading out")
        if names := hidden(part.text):
            yield sheet.problem(at, "control", f"the words carry hidden characters: {', '.join(names)}", "type them anew")
        for field in dict.fromkeys(one for one in fields_of(part.text) if one in FIELDS):
            hint = "put it into the template, beside {answer}"
            yield sheet.problem(at, "field", f'"{{{field}}}" is not filled in inside an answer', hint)


def _answer(front: Front, parts: tuple[_Part, ...], filename: str) -> Answer:
    own = front.language or ""
    wordings = tuple(_wording(part, own) for part in parts)
    return Answer(
        file=PurePath(filename).name,
        title=front.title,
        questions=front.questions,
        source=front.source,
        review_by=front.review_by,
        wordings=wordings,
        brand=front.brand or "",
        language=own,
        link=front.link or "",
    )


def _wording(part: _Part, own: str) -> Wording:
    words = [word for word in _LABELS.split(part.label.casefold()) if word]
    language = next((word for word in words if word != INFORMAL), own)
    return Wording(part.text, language, INFORMAL in words, part.line)
