"""Putting a source into the text of a rules file: some lines more, and every other character as it was.

The text is not written anew from what was read, because that would move somebody's comments and columns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from listener.errors import RulesWrong
from listener.rules.problems import LINE_END, Sheet
from listener.rules.tree import Mapping as Group
from listener.rules.tree import Node, parse

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_NOT_TEXT = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_BOM = "\ufeff"
_SOURCES = "sources"

Settings = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Added:
    """The new text, the lines that were put in (as they are shown), and the number of the first of them."""

    text: str
    lines: tuple[str, ...]
    line: int


def add_source(text: str, name: str, settings: Settings) -> Added:
    """Return the text of a rules file with one more source, called `name`, below the others.

    Raises:
        RulesWrong: the text is not one that can be added to; nothing else was wrong with it.
    """
    mark = _BOM if text.startswith(_BOM) else ""
    bare = text.removeprefix(_BOM)
    root, problems = parse(Sheet.of(bare, "rules.yaml"))
    if problems or not isinstance(root, Group):
        message = "this is no rules file that can be added to"
        raise RulesWrong(message, "what is wrong with it: earnest rules check")
    index = _index(bare, root.at)
    known = root.entries.get(_SOURCES)
    if known and bare[_index(bare, known[1].at)] == "{":
        return _within(bare, _index(bare, known[1].at), f"{_word(name)}: {_flow(settings)}", known[1], mark)
    if bare[index] == "{":
        return _within(bare, index, f"{_word(_SOURCES)}: {{{_word(name)}: {_flow(settings)}}}", root, mark)
    return _below(bare, root, name, settings, mark)


def _within(text: str, index: int, words: str, group: Node, mark: str) -> Added:
    """Put an entry right behind the brace at `index`."""
    more = ", " if isinstance(group, Group) and group.entries else ""
    line = len(LINE_END.split(text[:index]))
    return Added(mark + text[: index + 1] + words + more + text[index + 1 :], (words,), line)


def _below(text: str, root: Group, name: str, settings: Settings, mark: str) -> Added:
    """Put some lines below the last entry of `sources`, or a group `sources` below the brands."""
    known = root.entries.get(_SOURCES)
    group = known[1] if known else None
    key = known[0] if known else list(root.entries.values())[_place_for_sources(root)][0]
    lines = text.splitlines(keepends=True)
    end = key.at[0]  # counted from 1, so this is the index of the line behind the key's
    last = end
    while end < len(lines) and not _begins_something(lines[end], key.at[1] - 1):
        if lines[end].strip() and not lines[end].lstrip().startswith("#"):
            last = end + 1
        end += 1
    first = next(iter(group.entries.values()))[0] if isinstance(group, Group) and group.entries else None
    indent = (first.at[1] - 1) if first else 2
    new = _block(name, settings, indent) if known else [f"{_SOURCES}:", *_block(name, settings, indent)]
    apart = not known or (first is not None and any(not line.strip() for line in lines[first.at[0] : last]))
    newline = "\r\n" if "\r\n" in text else "\n"
    head = "".join(lines[:last])
    gap = "" if head.endswith(("\n", "\r")) else newline
    put = gap + (newline if apart else "") + newline.join(new) + newline
    return Added(mark + head + put + "".join(lines[last:]), tuple(new), last + 1 + int(apart))


def _place_for_sources(root: Group) -> int:
    names = list(root.entries)
    return names.index("brands") if "brands" in names else 0


def _begins_something(line: str, indent: int) -> bool:
    """Return whether a line belongs to what follows a key that stands at `indent`."""
    bare = line.strip()
    return bool(bare) and not bare.startswith("#") and len(line) - len(line.lstrip(" ")) <= indent


def _block(name: str, settings: Settings, indent: int) -> list[str]:
    edge = " " * indent
    return [f"{edge}{_word(name)}:", *(f"{edge}  {key}: {_written(value)}" for key, value in settings.items())]


def _flow(settings: Settings) -> str:
    return "{" + ", ".join(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in settings.items()) + "}"


def _word(name: str) -> str:
    return name if _PLAIN.fullmatch(name) and name.lower() not in _NOT_TEXT else json.dumps(name, ensure_ascii=False)


def _written(value: object) -> str:
    if isinstance(value, str):
        return _word(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_written(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _index(text: str, at: tuple[int, int]) -> int:
    """Return where line and column (both from 1) lie in the text."""
    line, start = 1, 0
    for end in LINE_END.finditer(text):
        if line == at[0]:
            break
        line, start = line + 1, end.end()
    return start + at[1] - 1
