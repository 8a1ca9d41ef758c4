"""Check rules.yaml as a whole: everything that is wrong or odd, at once, sorted by line.

Pure: what stands outside the file (kinds of source, built-in signals, limits of networks) comes in as `Known`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from listener.rules.commas import commas
from listener.rules.fields import fields
from listener.rules.hearing import hearing
from listener.rules.keywords import keywords
from listener.rules.lint import oddities, order
from listener.rules.look import Known, Look
from listener.rules.overtime import over_time
from listener.rules.problems import Problem, RulesProblems, in_order
from listener.rules.reading import Reading, read
from listener.rules.references import references
from listener.rules.repeats import repeats
from listener.rules.rulebook import Rulebook
from listener.rules.saying import saying
from listener.rules.shadows import shadows
from listener.rules.timing import timing
from listener.rules.tree import Mapping
from listener.rules.unattended import unattended
from listener.rules.unused import unused
from listener.rules.values import values

__all__ = ["Known", "check", "read_checked"]

_Checks = tuple[Callable[[Look], Iterator[Problem]], ...]
_MISTAKES: _Checks = (references, hearing, values, timing, over_time, fields, keywords, order)
_ODDITIES: _Checks = (shadows, oddities, unused, saying, unattended, repeats, commas)
"""What only warns, so that a file which is put in force needs none of it."""


def check(text: str | bytes, *, filename: str = "rules.yaml", known: Known | None = None) -> tuple[Problem, ...]:
    """Return every mistake and every warning, sorted by line; empty where all is well. Never raises."""
    return _checked(text, filename, known or Known(), _MISTAKES + _ODDITIES).sorted_problems()


def read_checked(text: str | bytes, *, filename: str = "rules.yaml", known: Known | None = None) -> Rulebook:
    """Read a rulebook that holds no mistake; warnings do not stop it.

    Raises:
        RulesProblems: with every mistake, sorted by line.
    """
    reading = _checked(text, filename, known or Known(), _MISTAKES)
    mistakes = tuple(problem for problem in reading.sorted_problems() if problem.severity == "error")
    if mistakes or reading.book is None:
        raise RulesProblems(in_order(mistakes))
    return reading.book


def _checked(text: str | bytes, filename: str, known: Known, checks: _Checks) -> Reading:
    reading = read(text, filename=filename, source_options=known.source_options, kinds=known.kinds)
    if reading.book is not None and isinstance(reading.tree, Mapping):
        look = Look(reading.book, reading.tree, reading.sheet, known)
        for looks_at in checks:
            reading.problems.extend(looks_at(look))
    return reading
