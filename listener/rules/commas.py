"""A list of words that lost its brackets: `never_say: guarantee, lawyer` is one phrase, which nobody ever writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, get_args, get_origin

from listener.rules import tree
from listener.rules.kinds import OneOrMore
from listener.rules.look import Look, Path
from listener.rules.problems import Problem, quoted
from listener.rules.rulebook import Rulebook
from listener.rules.wording import child
from listener.text import one_line

_WIDTH = 80
_SENTENCES = frozenset({"says", "queries", "templates"})
"""Keys below which a comma is as likely as in any sentence."""


def commas(look: Look) -> Iterator[Problem]:
    """Find words with commas, outside quotes, where a list of words is wanted."""
    for path in _one_texts(look, look.root, Rulebook, ()):
        parts = [part.strip() for part in str(look.node(path).value).split(",")]  # type: ignore[union-attr]  # only scalars are found
        message = f"{quoted(str(path[-1]))} is one text here, with its commas"
        hint = f"a list is written [{one_line(', '.join(parts), _WIDTH)}]; where the commas belong to it, put it in quotes"
        yield look.warning(path, "commas", message, hint)


def _one_texts(look: Look, node: tree.Node, annotation: object, path: Path) -> Iterator[Path]:
    if isinstance(node, tree.Mapping):
        for key, (_, value) in node.entries.items():
            if key not in _SENTENCES:
                yield from _one_texts(look, value, child(annotation, key), (*path, key))
    elif isinstance(node, tree.Sequence):
        for number, value in enumerate(node.nodes):
            yield from _one_texts(look, value, child(annotation, number), (*path, number))
    elif isinstance(node.value, str) and "," in node.value and _wants_words(annotation):
        line, column = node.at
        if look.sheet.lines[line - 1][column - 1 : column] not in {'"', "'"} and all(part.strip() for part in node.value.split(",")):
            yield path


def _wants_words(annotation: object) -> bool:
    if get_origin(annotation) is Annotated:
        return OneOrMore in annotation.__metadata__ or _wants_words(get_args(annotation)[0])  # type: ignore[attr-defined]
    return get_origin(annotation) is not tuple and any(_wants_words(part) for part in get_args(annotation))
