"""What a query says, as data: words, phrases, accounts, hashtags, and what joins them.

Columns count from 0, in characters of the query's own text. Texts are as they were written, without hidden characters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


class QueryWrong(ValueError):
    """A query cannot be used: why, where in it, and what to do."""

    def __init__(self, message: str, at: int = 0, hint: str = "") -> None:
        """Keep the column (from 0) and the hint beside the words."""
        super().__init__(message)
        self.at = at
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Words:
    """One word, or several that stand one behind the other."""

    text: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Near:
    """One of the left and one of the right stand at most `within` words apart, in either order (1: side by side)."""

    left: tuple[Words, ...]
    right: tuple[Words, ...]
    within: int
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Account:
    """The post names this account; `handle` is without "@"."""

    handle: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Tag:
    """The post has this hashtag; `name` is without "#"."""

    name: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Own:
    """An operator of one network's own search, such as lang:en. What it says cannot be seen in a post's text."""

    name: str
    value: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold."""

    parts: tuple[Node, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds."""

    parts: tuple[Node, ...]
    at: int = field(default=0, compare=False)


Leaf = Words | Near | Account | Tag | Own
Node = Leaf | Not | And | Or


def leaves(node: Node) -> Iterator[Leaf]:
    """Yield every leaf, from left to right."""
    if isinstance(node, And | Or):
        for part in node.parts:
            yield from leaves(part)
    elif isinstance(node, Not):
        yield from leaves(node.part)
    else:
        yield node


def written(node: Node) -> str:
    """Write a query, or a part of it, in Earnest's own language; reading it again gives the same."""
    if isinstance(node, And | Or):
        joint = " " if isinstance(node, And) else " OR "
        return joint.join(f"({written(part)})" if isinstance(part, And | Or) else written(part) for part in node.parts)
    if isinstance(node, Not):
        return f"-({written(node.part)})" if isinstance(node.part, And | Or | Near) else f"-{written(node.part)}"
    return _leaf(node)


def _leaf(leaf: Leaf) -> str:
    if isinstance(leaf, Words):
        return f'"{leaf.text}"' if _needs_quotes(leaf.text) else leaf.text
    if isinstance(leaf, Near):
        return f"{_side(leaf.left)} NEAR/{leaf.within} {_side(leaf.right)}"
    if isinstance(leaf, Account):
        return f"@{leaf.handle}"
    if isinstance(leaf, Tag):
        return f"#{leaf.name}"
    return f'{leaf.name}:"{leaf.value}"' if " " in leaf.value else f"{leaf.name}:{leaf.value}"


def _side(words: tuple[Words, ...]) -> str:
    sides = " OR ".join(map(_leaf, words))
    return f"({sides})" if len(words) > 1 else sides


def _needs_quotes(text: str) -> bool:
    """Whether a word would be read as something else if it stood without quotes."""
    return text.upper() in {"AND", "OR", "NOT", "NEAR"} or not text.replace("'", "").isalnum()
