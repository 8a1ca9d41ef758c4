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

from listener.errors import RulesWrong
from listener.text import display_width, visible

Severity = Literal["error", "warning"]

LINE_END = re.compile(r"\r\n|\r|\n")

_INDENT = "    "
_LINE_WIDTH = 110
_BEFORE_CARET = 60
_AROUND_CUT = 40
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
        mood = "warning: " if self.severity == "warning" else ""
        head = visible(f"{self.file}:{self.line}:{self.column}: {mood}{self.message}", newlines=False)
        hint = visible(self.hint, newlines=False)
        if not self.source.strip():
            return f"{head}\n{_INDENT}{hint}" if hint else head
        before, after = _window(self.source, self.column)
        return f"{head}\n{_INDENT}{before}{after}\n{_INDENT}{' ' * display_width(before)}^ {hint}".rstrip()


def _window(source: str, column: int) -> tuple[str, str]:
    """Return what of the line is shown before the caret and from the caret on."""
    before = visible(source[: column - 1], newlines=False)
    if len(before) > _BEFORE_CARET:
        before = "…" + before[-_AROUND_CUT:]
    room = max(_AROUND_CUT, _LINE_WIDTH - len(before))
    after = source[column - 1 : column + room]
    return before, visible(after if len(after) <= room else after[:room] + "…", newlines=False)


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
