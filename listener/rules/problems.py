"""What is wrong with a rules file, where, and how a person is told it.

A problem looks like this, so that an editor or a terminal can jump to it:

    rules.yaml:61:5: "aproval" is not a setting here
            aproval: two-people
            ^ did you mean "approval"?
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import regex

from listener.errors import RulesWrong
from listener.text import display_width, visible

Severity = Literal["error", "warning"]

LINE_END = re.compile(r"\r\n|\r|\n")

_INDENT = "    "
_WIDTH = 114
_NARROWEST = 24
_FAR = 400  # characters of a line beside the place that may be looked at
_CLUSTER = regex.compile(r"\X")
_FEW = 16
_SHOWN_VALUE = 40

# A secret written into the file by mistake must not be repeated on a screen or in a log.
_SECRET_KEY = re.compile(
    r"(?i)(\b(?:alert|[\w-]*(?:token|secret|passw(?:or)?d|api[_-]?key|credential|webhook)[\w-]*)(?:[\"']\s*:\s*|\s*:\s+))"
    r"(?![\"']?secret:[\w-]+[\"']?\s*(?:[,}#]|$))\S.*"
)
_SECRET_URL = re.compile(r"(?i)\b(?!https?://[^\s/@]*(?:[\s/]|$))[a-z][a-z0-9+.-]*://\S+")


def mask(line: str) -> str:
    """Return a line of the file with what may be a secret shown as `***`."""
    return _SECRET_URL.sub("***", _SECRET_KEY.sub(r"\1***", line))


def near(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that `word` was most likely meant to be, or None."""
    plain = {choice.casefold().replace("_", "-"): choice for choice in choices}
    meant = word.casefold().replace("_", "-")[:80]
    found = difflib.get_close_matches(meant, plain, n=3, cutoff=0.6)
    found.sort(key=lambda one: one[:3] != meant[:3])  # people get the beginning right: "two-persons" is not "one-person"
    return plain[found[0]] if found else None


def suggest(word: str, choices: Iterable[str]) -> str:
    """Return a hint: the nearest of the choices, else all of them where they are few, else nothing."""
    choices = sorted(set(choices))
    if found := near(word, choices):
        return f'did you mean "{found}"?'
    return f"it can be: {', '.join(choices)}" if 0 < len(choices) <= _FEW else ""


def quoted(value: object) -> str:
    """Show a value of the file inside a sentence, short."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a group of settings"
    if isinstance(value, list):
        return "a list"
    text = mask(str(value))
    short = text if len(text) <= _SHOWN_VALUE else text[: _SHOWN_VALUE - 1] + "…"
    return f'"{short}"' if isinstance(value, str) else short


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake (`error`: the file cannot be used) or one oddity (`warning`: it can).

    `line` and `column` count from 1, in characters. `code` is a stable word for scripts. `hint` says what to do and may be empty.
    `source` is the line of the file, already masked; empty where it must not be shown.
    """

    file: str
    line: int
    column: int
    code: str
    message: str
    hint: str = ""
    severity: Severity = "error"
    source: str = ""

    def as_json(self) -> dict[str, str | int]:
        """Return the fields that `earnest rules check --json` prints."""
        return {
            "file": visible(self.file, newlines=False),
            "line": self.line,
            "column": self.column,
            "code": self.code,
            "message": visible(self.message, newlines=False),
            "hint": visible(self.hint, newlines=False),
            "severity": self.severity,
        }

    def __str__(self) -> str:
        """Return it as a person reads it: where and what, the line, a caret and the hint."""
        head, *below = self.shown()
        return "\n".join((head, *below))

    def shown(self, width: int = _WIDTH) -> tuple[str, ...]:
        """Return it as lines that are safe to show: where and what; the line of the file, cut around the place; the caret and the hint.

        The lines after the first take at most `width` columns, but for the hint, which then stands below its caret.
        """
        mood = "warning: " if self.severity == "warning" else ""
        head = visible(f"{self.file}:{self.line}:{self.column}: {mood}{self.message}", newlines=False)
        hint = visible(self.hint, newlines=False)
        if not self.source.strip():
            return (head, f"{_INDENT}{hint}") if hint else (head,)
        before, after = _window(self.source, self.column, max(width - len(_INDENT), _NARROWEST))
        caret = f"{_INDENT}{' ' * display_width(before)}^"
        line = f"{_INDENT}{before}{after}".rstrip()
        if not hint or display_width(f"{caret} {hint}") <= width:
            return head, line, f"{caret} {hint}".rstrip()
        return head, line, caret, f"{_INDENT}{hint}"


def _window(source: str, column: int, width: int) -> tuple[str, str]:
    """Return what of the line is shown before the caret and from the caret on, in at most `width` columns."""
    before = visible(source[max(column - 1 - _FAR, 0) : column - 1], newlines=False)
    after = visible(source[column - 1 : column - 1 + _FAR], newlines=False)
    room = width - min(display_width(after), width // 3)
    if column - 1 > _FAR or display_width(before) > room:
        before = "…" + "".join(reversed(_fitting(reversed(_CLUSTER.findall(before)), room - 1)))
    room = width - display_width(before)
    if len(source) - column + 1 > _FAR or display_width(after) > room:
        after = "".join(_fitting(_CLUSTER.findall(after), room - 1)) + "…"
    return before, after


def _fitting(clusters: Iterable[str], room: int) -> list[str]:
    """Return the first clusters that fit into so many columns."""
    kept: list[str] = []
    for cluster in clusters:
        room -= display_width(cluster)
        if room < 0:
            break
        kept.append(cluster)
    return kept


def render(problems: Iterable[Problem]) -> str:
    """Return problems as text for a person, one under another."""
    return "\n".join(str(problem) for problem in problems)


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return problems by line and column, each said once."""
    return tuple(dict.fromkeys(sorted(problems, key=lambda problem: (problem.line, problem.column, problem.severity))))


def count_in_words(problems: Iterable[Problem]) -> str:
    """Return "2 mistakes and 1 warning"."""
    kinds = [problem.severity for problem in problems]
    counts = ((kinds.count("error"), "mistake"), (kinds.count("warning"), "warning"))
    return " and ".join(f"{count} {word}{'s' * (count > 1)}" for count, word in counts if count) or "no mistakes"


class RulesProblems(RulesWrong):
    """A rules file cannot be used; `problems` holds every mistake found, sorted by line."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Say all of it at once, so that one look at the file puts it right."""
        name = problems[0].file if problems else "the rules"
        message = f"{visible(name, newlines=False)} cannot be used: {count_in_words(problems)}\n{render(problems)}"
        super().__init__(message, "Put this right, then run: earnest rules check")
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Sheet:
    """The text being read, by lines: it makes problems that point into it."""

    file: str
    text: str
    lines: tuple[str, ...]

    @classmethod
    def of(cls, text: str, file: str) -> Sheet:
        """Split a text into its lines, as YAML does."""
        return cls(file, text, tuple(LINE_END.split(text)))

    def problem(self, at: tuple[int, int], code: str, message: str, hint: str = "", severity: Severity = "error") -> Problem:
        """Make a problem at (line, column), both from 1."""
        line, column = at
        source = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        shown = mask(source)
        return Problem(self.file, line, column, code, message, hint, severity, shown)

    def secret_problem(self, at: tuple[int, int], code: str, message: str, hint: str = "") -> Problem:
        """Make a problem whose line is not shown, because it may hold a secret."""
        return replace(self.problem(at, code, message, hint), source="")
