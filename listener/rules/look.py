"""What a check looks at: the rulebook, the tree it came from, and what is known of the world around the file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from listener.errors import EarnestError
from listener.rules import tree
from listener.rules.conditions import When
from listener.rules.problems import Problem, Sheet
from listener.rules.reading import Reading, SourceOptions, any_source
from listener.rules.rulebook import Rulebook
from listener.rules.servers import ServerOf, anywhere

Path = tuple[str | int, ...]
TooLong = Callable[[str], str]


class Voice(Protocol):
    """Whatever says why a text could never leave, in public or in private; empty where it could."""

    def __call__(self, text: str, book: Rulebook, *, public: bool) -> tuple[str, ...]:
        """Return the reasons, in words for a person."""


def _nothing_to_say(text: str, book: Rulebook, *, public: bool) -> tuple[str, ...]:  # noqa: ARG001 - stands in where nobody can judge it
    return ()


def _promises_nothing(text: str) -> bool:  # noqa: ARG001 - the same
    return False


def _no_problem(text: str) -> str:  # noqa: ARG001 - stands in where nobody can judge it
    return ""


def _no_scorer_problem(name: str) -> EarnestError | None:  # noqa: ARG001 - the same
    return None


@dataclass(frozen=True, slots=True)
class Slip:
    """What does not fit together in the sources of one kind: the source, the keys below it that it is about, and the words."""

    source: str
    keys: tuple[str | int, ...]
    code: str
    message: str
    hint: str = ""


SourcesCheck = Callable[[Mapping[str, Mapping[str, object]]], Iterator[Slip]]
"""Looks at all sources of one kind at once: their options by their names."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a rules file may name that stands outside it. None means that nobody knows, so it is not checked.

    `too_long` and `too_long_private` say, by network, why a text is too long to be a public answer or a private message there (""
    where it fits). `server_of` says which server's ids a source gives, and `source_checks` look at all sources of a kind together.
    `answers` tells whether there is a folder of written answers.
    `scorer_problem` says what keeps a scorer from being used on this machine.
    `pattern_problem` and `template_problem` say what is wrong with a pattern or a template beyond what is looked at here. `voice` says
    why a text could never leave, `asks_for` what a text asks people to write in public that should not stand there (""), and
    `promises_private` whether it promises a private message.
    """

    source_options: SourceOptions = any_source
    kinds: tuple[str, ...] = ()
    server_of: ServerOf = anywhere
    networks: Collection[str] | None = None
    signals: Collection[str] | None = None
    gates: Collection[str] | None = None
    scorers: Collection[str] | None = None
    scorer_problem: Callable[[str], EarnestError | None] = _no_scorer_problem
    timezones: Collection[str] | None = None
    answers: bool | None = None
    pattern_problem: Callable[[str], str] = _no_problem
    template_problem: Callable[[str], str] = _no_problem
    voice: Voice = _nothing_to_say
    asks_for: Callable[[str], str] = _no_problem
    promises_private: Callable[[str], bool] = _promises_nothing
    too_long: Mapping[str, TooLong] = field(default_factory=dict)
    too_long_private: Mapping[str, TooLong] = field(default_factory=dict)
    source_checks: Mapping[str, SourcesCheck] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Look:
    """A file that could be read at least in part, ready to be looked at by one check after another."""

    book: Rulebook
    root: tree.Mapping
    sheet: Sheet
    known: Known

    def node(self, path: Path) -> tree.Node:
        """Return the node at `path`, or the nearest one above it."""
        node: tree.Node = self.root
        for key in path:
            below = _below(node, key)
            if below is None:
                break
            node = below
        return node

    def key_at(self, path: Path) -> tuple[int, int]:
        """Return where the key at the end of `path` stands."""
        parent = self.node(path[:-1])
        if isinstance(parent, tree.Mapping) and str(path[-1]) in parent.entries:
            return parent.entries[str(path[-1])][0].at
        return self.node(path).at

    def entry(self, path: Path, number: int) -> Path:
        """Return the path of an entry of a list; one word may stand for a list of one."""
        return path if isinstance(self.node(path), tree.Scalar) else (*path, number)

    def names(self, section: str) -> frozenset[str]:
        """Return the names in a section of the file, those of broken parts too."""
        node = self.node((section,))
        if node is self.root or not isinstance(node, tree.Mapping):
            return frozenset()
        return frozenset(node.entries) | node.lost

    def whole(self, path: Path) -> bool:
        """Tell whether nothing was wrong in this part, so that it may be judged as it stands."""
        node: tree.Node = self.root
        for key in path:
            below = _below(node, key)
            if below is None:
                return not (isinstance(node, tree.Mapping) and str(key) in node.lost)
            node = below
        return not tree.damaged(node)

    def error(self, path: Path, code: str, message: str, hint: str = "") -> Problem:
        """Make a mistake at the value of `path`."""
        return self.sheet.problem(self.node(path).at, code, message, hint)

    def warning(self, path: Path, code: str, message: str, hint: str = "") -> Problem:
        """Make a warning at the value of `path`."""
        return self.sheet.problem(self.node(path).at, code, message, hint, "warning")

    def warning_at_key(self, path: Path, code: str, message: str, hint: str = "") -> Problem:
        """Make a warning at the key of `path`."""
        return self.sheet.problem(self.key_at(path), code, message, hint, "warning")

    def doubles(self, section: str, what: str, named: Iterable[str]) -> Iterator[Problem]:
        """Find entries of a list, such as the routes, whose name another one above has; `named` are the names in their order."""
        first: dict[str, int] = {}
        for number, name in enumerate(named):
            if first.setdefault(name, number) != number:
                line = self.node((section, first[name], "name")).at[0]
                yield self.error(
                    (section, number, "name"), f"double-{what}", f'another {what} is called "{name}" too', f"it is in line {line}"
                )

    def conditions(self) -> Iterator[tuple[When, Path]]:
        """Yield every group of conditions, those inside `any` and `not` too, with its path."""
        for number, route in enumerate(self.book.routes):
            if isinstance(route.when, When):
                yield from _inside(route.when, ("routes", number, "when"))


def _inside(when: When, path: Path) -> Iterator[tuple[When, Path]]:
    yield when, path
    for number, part in enumerate(when.any or ()):
        yield from _inside(part, (*path, "any", number))
    if when.not_ is not None:
        yield from _inside(when.not_, (*path, "not"))


def _below(node: tree.Node, key: str | int) -> tree.Node | None:
    if isinstance(node, tree.Mapping):
        entry = node.entries.get(str(key))
        return entry[1] if entry else None
    if isinstance(node, tree.Sequence) and isinstance(key, int) and key < len(node.nodes):
        return node.nodes[key]
    return None


def place(reading: Reading, path: Path) -> tuple[int, int]:
    """Return line and column of what stands at `path` in a file that was read, or of the nearest thing above it."""
    node = reading.tree
    for key in path:
        below = _below(node, key) if node else None
        if below is None:
            break
        node = below
    return node.at if node else (1, 1)


def origin_line(reading: Reading, path: Path) -> int | None:
    """Return the line in which the file says what stands at `path`, or None where it says nothing of it."""
    node = reading.tree
    for key in path:
        below = _below(node, key) if node else None
        if below is None:
            # One word may stand for a list of one, and a rate or a length is one text.
            return node.at[0] if isinstance(node, tree.Scalar) else None
        node = below
    return node.at[0] if node else None
