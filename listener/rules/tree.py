"""YAML 1.2 with positions, strictly: text in, a tree of keys and values that know their line and column out.

Only plain values are read: text, whole numbers, numbers, true, false and nothing. `no`, `22:00`, `0123` and dates stay the text
they are. Double keys, anchors, tags, several documents, deep nesting and oversized files are problems with a line, found without
building what they describe.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from listener.rules.problems import LINE_END, Problem, Sheet
from listener.rules.quick import Doubtful, events
from listener.rules.syntax import explain, unreadable

MOST_BYTES = 512 * 1024
MOST_NODES = 40_000
DEEPEST = 40
_LONGEST_NUMBER = 15
_REPAIRS = 10
_REPAIRABLE = 64 * 1024

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)?\.[0-9]+|(?:0|[1-9][0-9]*)\.?)(?:[eE][-+]?[0-9]{1,4})?")
_NUMERIC = frozenset("+-.0123456789")
_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_WORDS |= {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_BRACKETS = re.compile(rf"(?:[\[{{][ \t]*){{{DEEPEST + 1}}}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_TAB = re.compile(r"^[ ]*\t", re.MULTILINE)


_NODES = frozenset({"scalar", "mapping", "sequence"})
# The events of both readers, which have the same names.
_KINDS: Final = {
    "ScalarEvent": "scalar",
    "MappingStartEvent": "mapping",
    "SequenceStartEvent": "sequence",
    "AliasEvent": "alias",
    "MappingEndEvent": "end",
    "SequenceEndEvent": "end",
    "DocumentStartEvent": "document",
}


@dataclass(slots=True)
class Scalar:
    """One value, where it stands, and how it was written."""

    value: str | int | float | bool | None
    text: str
    at: tuple[int, int]
    damaged: bool = False


@dataclass(slots=True)
class Sequence:
    """A list, where it starts, and its values. `damaged` is true where something in it was wrong and was taken out."""

    at: tuple[int, int]
    nodes: list[Node] = field(default_factory=list)
    damaged: bool = False


@dataclass(slots=True)
class Mapping:
    """Keys and values, where they start, and which keys were wrong and taken out."""

    at: tuple[int, int]
    entries: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    damaged: bool = False


Node = Scalar | Sequence | Mapping


def plain(node: Node) -> object:
    """Return the tree as dictionaries, lists and values."""
    if isinstance(node, Mapping):
        return {key: plain(value) for key, (_, value) in node.entries.items()}
    if isinstance(node, Sequence):
        return [plain(value) for value in node.nodes]
    return node.value


def damaged(node: Node) -> bool:
    """Tell whether anything was taken out of this part of the tree."""
    if isinstance(node, Mapping):
        return node.damaged or any(damaged(value) for _, value in node.entries.values())
    return node.damaged or (isinstance(node, Sequence) and any(damaged(value) for value in node.nodes))


class _Enough(Exception):
    """Nothing after this point can be read."""


@dataclass(slots=True)
class _Builder:
    """Puts the tree together, event by event, and writes down what it refuses."""

    sheet: Sheet
    problems: list[Problem] = field(default_factory=list)
    root: Node | None = None
    stack: list[Sequence | Mapping] = field(default_factory=list)
    keys: list[Scalar | None] = field(default_factory=list)
    nodes: int = 0
    documents: int = 0
    stopped: bool = False

    def say(self, at: tuple[int, int], code: str, message: str, hint: str = "") -> None:
        self.problems.append(self.sheet.problem(at, code, message, hint))

    def stop(self, at: tuple[int, int], code: str, message: str, hint: str = "") -> None:
        self.say(at, code, message, hint)
        self.stopped = True
        raise _Enough

    def take(self, event: Any) -> None:  # noqa: ANN401 - an event of either reader; they differ in nothing but their classes
        """Add one event to the tree."""
        kind, mark = _KINDS.get(type(event).__name__, ""), event.start_mark
        at = (mark.line + 1, mark.column + 1)
        if kind in _NODES:
            self._node(event, kind, at)
        elif kind == "end":
            self.stack.pop()
            self.keys.pop()
        elif kind == "document":
            self._document(event, at)
        elif kind == "alias":
            self.say(at, "alias", "aliases are not read", "write the value out where it is needed")
            self._add(Scalar(None, "", at, damaged=True))

    def _document(self, event: Any, at: tuple[int, int]) -> None:  # noqa: ANN401
        self.documents += 1
        if self.documents > 1:
            self.stop(at, "documents", "a second document starts here", 'a rules file is one document: remove the "---"')
        if event.version or event.tags:
            line = next((number for number, words in enumerate(self.sheet.lines, 1) if words.startswith("%")), 1)
            self.say((line, 1), "directive", 'lines that start with "%" are not read', "remove them: the file is always YAML 1.2")

    def _node(self, event: Any, kind: str, at: tuple[int, int]) -> None:  # noqa: ANN401
        self.nodes += 1
        if self.nodes > MOST_NODES:
            self.stop(at, "too-large", f"the file holds more than {MOST_NODES:,} values", "that is more than a person can keep in view")
        if event.anchor:
            self.say(at, "anchor", "anchors are not read", "write the value out where it is needed")
        if event.tag:
            self.say(at, "tag", 'tags ("!...") are not read', "remove it; put text in quotes")
        if kind == "scalar":
            self._add(self._scalar(event, at))
            return
        if len(self.stack) >= DEEPEST:
            self.stop(at, "too-deep", f"more than {DEEPEST} levels inside one another", "no rule needs so many")
        node = Mapping(at) if kind == "mapping" else Sequence(at)
        self._add(node)
        self.stack.append(node)
        self.keys.append(None)

    def _add(self, node: Node) -> None:
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        if isinstance(parent, Sequence):
            parent.nodes.append(node)
        elif (key := self.keys[-1]) is not None:
            self.keys[-1] = None
            self._entry(parent, key, node)
        elif isinstance(node, Scalar) and not node.damaged:
            self.keys[-1] = node
        else:
            self.stop(node.at, "key", "a key must be a plain word", "no list, group or alias can be a key")

    def _entry(self, parent: Mapping, key: Scalar, node: Node) -> None:
        first = parent.entries.get(key.text)
        if first:
            self.say(key.at, "double-key", f'"{key.text}" stands here twice', f"the first is in line {first[0].at[0]}")
            return
        if isinstance(node, Scalar) and not node.text and node.at[0] > key.at[0]:
            node.at = key.at
        parent.entries[key.text] = (key, node)

    def _scalar(self, event: Any, at: tuple[int, int]) -> Scalar:  # noqa: ANN401
        text = str(event.value)
        if event.style or event.tag:
            return Scalar(text, text, at)
        if text in _WORDS:
            return Scalar(_WORDS[text], text, at)
        if text[0] not in _NUMERIC:
            return Scalar(text, text, at)
        if _INTEGER.fullmatch(text):
            if len(text) <= _LONGEST_NUMBER:
                return Scalar(int(text), text, at)
            self.say(at, "number", f"this number has {len(text):,} digits", "put it in quotes if it is a text")
            return Scalar(None, text[:_LONGEST_NUMBER], at, damaged=True)
        if _FLOAT.fullmatch(text) and len(text) <= 2 * _LONGEST_NUMBER and math.isfinite(number := float(text)):
            return Scalar(number, text, at)
        return Scalar(text, text, at)


def parse(sheet: Sheet) -> tuple[Node | None, list[Problem]]:
    """Read the text of a sheet: the tree as far as it could be read, and what YAML itself is unhappy with.

    Never raises, whatever the text holds.
    """
    problems = list(_before(sheet))
    if problems:
        return None, problems
    if (tree := _quickly(sheet)) is not None:
        return tree, []
    text = sheet.text
    for _ in range(_REPAIRS):
        builder = _Builder(sheet)
        broken = _read(builder, text)
        if broken is None:
            return (None if builder.stopped else builder.root), problems + builder.problems
        problems.append(broken.problem)
        if broken.repair is None or len(text) > _REPAIRABLE:
            return None, problems + builder.problems
        text = text[: broken.repair] + "_" + text[broken.repair + 1 :]
    return None, problems


def _quickly(sheet: Sheet) -> Node | None:
    """Read an ordinary file the quick way; None where the exact reader must look."""
    builder = _Builder(sheet)
    try:
        for event in events(sheet.text):
            builder.take(event)
    except (_Enough, Doubtful):
        return None
    return None if builder.problems else builder.root


@dataclass(frozen=True, slots=True)
class _Broken:
    """Why YAML stopped, and the index of the one character without which it may go on."""

    problem: Problem
    repair: int | None = None


def _read(builder: _Builder, text: str) -> _Broken | None:
    from ruamel.yaml import YAML  # noqa: PLC0415  # the exact reader is slow to import, and most files never need it
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415

    sheet = builder.sheet
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except _Enough:
        return None
    except MarkedYAMLError as error:
        problem = explain(sheet, error)
        mark = error.problem_mark
        return _Broken(problem, mark.index if problem.code == "yaml-sign" and mark else None)
    except (YAMLError, RecursionError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError, AssertionError):
        line = max((node.at[0] for node in builder.stack), default=1)
        return _Broken(unreadable(sheet, (line, 1)))
    return None


def _before(sheet: Sheet) -> Iterator[Problem]:
    """Find what must not even reach the YAML reader."""
    if len(sheet.text) > MOST_BYTES or len(sheet.text.encode("utf-8", "replace")) > MOST_BYTES:
        hint = f"at most {MOST_BYTES // 1024} KiB are read"
        yield sheet.problem((1, 1), "too-large", "the file is too large for a rules file", hint)
        return
    if control := _CONTROL.search(sheet.text):
        name = f"U+{ord(control[0]):04X}"
        hint = "it was probably pasted: delete it"
        yield sheet.problem(_place(sheet.text, control.start()), "control", f"an invisible control character ({name}) stands here", hint)
    if deep := _BRACKETS.search(sheet.text):
        yield sheet.problem(_place(sheet.text, deep.start()), "too-deep", f"more than {DEEPEST} brackets inside one another")
    for number, tab in enumerate(_TAB.finditer(sheet.text)):
        if number == _REPAIRS:
            return
        at = _place(sheet.text, tab.end() - 1)
        yield sheet.problem(at, "tab", "a tab cannot indent a line in YAML", "use spaces: two for each level")


def _place(text: str, index: int) -> tuple[int, int]:
    """Return line and column, both from 1, of an index."""
    before = LINE_END.split(text[:index])
    return len(before), len(before[-1]) + 1
