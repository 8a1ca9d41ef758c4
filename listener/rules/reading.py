"""Read rules.yaml: a text in, a rulebook out, or every mistake at once with its line and column.

What is wrong is taken out of the tree and the rest is read again, so that one mistake does not hide another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from listener.errors import EarnestError
from listener.rules import absent
from listener.rules.faults import deepest, explain, locate, take_out
from listener.rules.problems import Problem, RulesProblems, Severity, Sheet, in_order, suggest
from listener.rules.rulebook import Rulebook, SourceSettings
from listener.rules.tree import Mapping, Node, Scalar, Sequence, parse, plain
from listener.rules.wording import keys_of

SourceOptions = Callable[[str], type[BaseModel] | None]

Part = TypeVar("Part", bound=BaseModel)

_HERE = (1, 1)
_ANY_BRAND = Mapping(_HERE, {"brand": (Scalar("brand", "brand", _HERE), Mapping(_HERE, damaged=True))}, damaged=True)
_ANY_ROUTE = Mapping(
    _HERE,
    {word: (Scalar(word, word, _HERE), Scalar(value, value, _HERE)) for word, value in (("name", "route"), ("when", "always"))},
    lost={"examples"},
)
# What stands in for a part that no rulebook can do without, so that the rest can still be looked at.
_STAND_INS: dict[str, Node] = {
    "version": Scalar(1, "1", _HERE),
    "brands": _ANY_BRAND,
    "routes": Sequence(_HERE, [_ANY_ROUTE], damaged=True),
}
_ROUNDS = 50
_MOST_SHOWN = 100
_REPAIRED = frozenset({"yaml-sign"})


class _AnyOptions(BaseModel):
    """Stands in where nobody said which kinds of source exist."""

    model_config = ConfigDict(extra="allow")


def any_source(kind: str) -> type[BaseModel] | None:  # noqa: ARG001 - every kind is fine
    """Accept every kind of source with every key: for a reader that only wants the rest."""
    return _AnyOptions


@dataclass(slots=True)
class Reading:
    """What reading a text brought: the rulebook as far as it could be read, the tree it came from, and the problems.

    With problems of severity error the rulebook lacks what was wrong: it is good for looking further, not for use.
    """

    sheet: Sheet
    problems: list[Problem] = field(default_factory=list)
    tree: Node | None = None
    book: Rulebook | None = None

    def sorted_problems(self) -> tuple[Problem, ...]:
        """Return the problems by line, at most so many; where a line could not be read at all, only that is said of it."""
        broken = {problem.line for problem in self.problems if problem.code in _REPAIRED}
        kept = [problem for problem in self.problems if problem.line not in broken or problem.code in _REPAIRED]
        ordered = in_order(kept)
        if len(ordered) <= _MOST_SHOWN:
            return ordered
        # Mistakes come before oddities here: a file of hundreds of routes without an example must not hide one.
        first = sorted(ordered, key=lambda problem: problem.severity != "error")
        shown, rest = first[:_MOST_SHOWN], in_order(first[_MOST_SHOWN:])
        severity: Severity = "error" if any(one.severity == "error" for one in rest) else "warning"
        what = "mistakes" if severity == "error" else "warnings"
        more = self.sheet.problem((rest[0].line, rest[0].column), "more", f"{len(rest)} more {what} from here on", severity=severity)
        return (*in_order(shown), more)


def read(
    text: str | bytes, *, filename: str = "rules.yaml", source_options: SourceOptions = any_source, kinds: tuple[str, ...] = ()
) -> Reading:
    """Read as much as can be read. Never raises, whatever the text holds.

    Args:
        text: the file; bytes must be UTF-8.
        filename: the name shown in problems.
        source_options: the keys of a kind of source; None, or an EarnestError, where there is no such kind.
        kinds: the kinds of source on offer, for hints.
    """
    decoded = _decode(text, filename)
    if isinstance(decoded, Problem):
        return Reading(Sheet.of("", filename), [decoded])
    reading = Reading(Sheet.of(decoded, filename))
    tree, reading.problems = parse(reading.sheet)
    if not reading.problems and (tree is None or (isinstance(tree, Scalar) and tree.value is None)):
        reading.problems.append(reading.sheet.problem((1, 1), "empty", "the file is empty", "earnest init writes a first one"))
    elif isinstance(tree, Scalar | Sequence):
        hint = "it starts with: version: 1"
        reading.problems.append(reading.sheet.problem(tree.at, "value", "a rules file is a group of settings, each name: value", hint))
    elif tree is not None:
        _understand(reading, tree, source_options, kinds)
        if reading.book is not None:
            reading.book = reading.book.read_from(decoded, fingerprint(decoded))
    return reading


def read_rulebook(text: str | bytes, *, filename: str = "rules.yaml", source_options: SourceOptions = any_source) -> Rulebook:
    """Read a rulebook; names are not followed from one part to another (`checking.read_checked` does that too).

    Raises:
        RulesProblems: with every mistake, sorted by line.
    """
    reading = read(text, filename=filename, source_options=source_options)
    if reading.problems or reading.book is None:
        raise RulesProblems(reading.sorted_problems())
    return reading.book


def fingerprint(text: str) -> str:
    """Return twelve hex digits that name this exact text."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]


def _decode(text: str | bytes, filename: str) -> str | Problem:
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return text.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        column = error.start - text.rfind(b"\n", 0, error.start)
        return Problem(filename, line, column, "encoding", "the file is not UTF-8 text", "save it as UTF-8 in your editor")


def _understand(reading: Reading, tree: Mapping, source_options: SourceOptions, kinds: tuple[str, ...]) -> None:
    """Turn the tree into a rulebook, with the options of its sources."""
    reading.tree = tree
    reading.book = examine(reading, Rulebook, tree)
    sources = tree.entries.get("sources")
    if sources and isinstance(sources[1], Mapping):
        for name, (key, node) in sources[1].entries.items():
            if isinstance(node, Mapping):
                _source(reading, (name, key, node), source_options, kinds)


def _source(reading: Reading, entry: tuple[str, Scalar, Mapping], source_options: SourceOptions, kinds: tuple[str, ...]) -> None:
    name, key, node = entry
    said = node.entries.get("kind")
    kind = str(said[1].value) if said and isinstance(said[1], Scalar) and said[1].value else name
    try:
        model = source_options(kind)
    except EarnestError:
        model = None
    if model is None:
        at = said[1].at if said else key.at
        if kind in absent.SOURCES:
            hint = f"sources here: {', '.join(kinds)}" if kinds else absent.HINT
            problem = reading.sheet.problem(at, "not-in-this-version", absent.message(kind), hint)
        else:
            problem = reading.sheet.problem(at, "unknown-source", f'there is no kind of source called "{kind}"', suggest(kind, kinds))
        reading.problems.append(problem)
        return
    ours = keys_of(SourceSettings)
    own = Mapping(node.at, {word: pair for word, pair in node.entries.items() if word not in ours})
    own.lost = set(node.lost)
    examine(reading, model, own, f'"{name}"')


def examine(reading: Reading, model: type[Part], tree: Mapping, name: str = "the file") -> Part | None:
    """Make a part from its tree; what is wrong becomes a problem and is taken out until the rest is right."""
    for _ in range(_ROUNDS):
        try:
            return model.model_validate(plain(tree))
        except ValidationError as error:
            faults = deepest(locate(tree, model, one) for one in error.errors(include_url=False, include_input=False))
        except (RecursionError, ValueError, TypeError, ArithmeticError, LookupError):
            reading.problems.append(reading.sheet.problem(tree.at, "value", "this part cannot be read"))
            return None
        reading.problems.extend(problem for fault in faults if (problem := explain(reading.sheet, fault, name)))
        for fault in faults:
            if not fault.path or (fault.kind == "missing" and not fault.place.keys):
                if model is not Rulebook or fault.key not in _STAND_INS:
                    return None
                tree.entries[fault.key] = (Scalar(fault.key, fault.key, tree.at), deepcopy(_STAND_INS[fault.key]))
            else:
                take_out(fault)
    return None
