"""What follows from a query by itself: what must stand in a post that satisfies it, and whether any post can.

A query is turned so that "not" stands only before words, and, where that stays small, into branches: lists of what must and must not
be there, any one of which is enough. A contradiction is only told where it is sure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from listener.queries.language import Account, And, Near, Node, Not, Or, Own, QueryWrong, Tag, Words, written
from listener.queries.networks import ALL
from listener.queries.parsing import Query, parse
from listener.text import clean
from listener.words import bounded

MOST_BRANCHES = 256


def turned(node: Node, *, negated: bool = False) -> Node:
    """Return the same query with every "not" right before a leaf."""
    if isinstance(node, Not):
        return turned(node.part, negated=not negated)
    if isinstance(node, And | Or):
        parts = tuple(turned(part, negated=negated) for part in node.parts)
        return _beside(And, parts, node.at) if isinstance(node, And) is not negated else _beside(Or, parts, node.at)
    return Not(node, node.at) if negated else node


def _beside(kind: type[And | Or], parts: Sequence[Node], at: int) -> Node:
    """Return a group; the parts of a group of the same kind within it stand beside the others."""
    return kind(tuple(inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,))), at)


@dataclass(frozen=True, slots=True)
class Branch:
    """What must be there, and what must not."""

    wanted: tuple[Node, ...] = ()
    unwanted: tuple[Node, ...] = ()
    at: int = field(default=0, compare=False)


def branches(node: Node) -> tuple[Branch, ...] | None:
    """Return the branches of a query, in the order they are written; None where there are more than can be looked at."""
    return _branches(turned(node))


def _branches(node: Node) -> tuple[Branch, ...] | None:
    if isinstance(node, Or):
        found: list[Branch] = []
        for part in node.parts:
            if (some := _branches(part)) is None or len(found) + len(some) > MOST_BRANCHES:
                return None
            found += some
        return tuple(found)
    if isinstance(node, And):
        joined = [Branch(at=node.at)]
        for part in node.parts:
            if (some := _branches(part)) is None or len(joined) * len(some) > MOST_BRANCHES:
                return None
            joined = [Branch(one.wanted + two.wanted, one.unwanted + two.unwanted, node.at) for one in joined for two in some]
        return tuple(joined)
    if isinstance(node, Not):
        return (Branch(unwanted=(node.part,), at=node.at),)
    return (Branch(wanted=(node,), at=node.at),)


def needles(node: Node) -> frozenset[str] | None:
    """Return texts (folded), one of which stands in every post that satisfies the query; None where there is no such set."""
    return _needles(turned(node))


def _needles(node: Node) -> frozenset[str] | None:
    if isinstance(node, Or):
        each = [_needles(part) for part in node.parts]
        return None if None in each else frozenset(word for one in each if one for word in one)
    if isinstance(node, And):
        return _best(_needles(part) for part in node.parts)
    if isinstance(node, Near):
        return _best(frozenset(_needle(words) for words in side) for side in (node.left, node.right))
    if isinstance(node, Words):
        return frozenset({_needle(node)})
    if isinstance(node, Account):
        return frozenset({clean(node.handle).partition("@")[0]})
    if isinstance(node, Tag):
        return frozenset({clean(node.name)})
    return None


def _best(sets: Iterator[frozenset[str] | None]) -> frozenset[str] | None:
    """Return the set that lets least through: its shortest text is the longest."""
    known = [one for one in sets if one]
    return max(known, key=lambda one: (min(map(len, one)), -len(one)), default=None)


def _needle(words: Words) -> str:
    """Return the longest word: between words a post may have other spaces."""
    return max(clean(words.text).split(), key=len)


@dataclass(frozen=True, slots=True)
class Clash:
    """Two parts of a query of which a post can never satisfy both."""

    wanted: Node
    unwanted: Node


def clashes(node: Node) -> tuple[Clash, ...]:
    """Return one clash for each branch that no post can satisfy; the other branches still can be."""
    return tuple(clash for branch in branches(node) or () if (clash := _clash(branch)))


def never(node: Node) -> Clash | None:
    """Return why no post can ever satisfy the query, or None where one can, or nobody can tell."""
    every = branches(node)
    found = [_clash(branch) for branch in every or ()]
    return found[0] if found and all(found) else None


def _clash(branch: Branch) -> Clash | None:
    for unwanted in branch.unwanted:
        for wanted in branch.wanted:
            if _holds(wanted, unwanted):
                return Clash(wanted, unwanted)
    return None


@lru_cache(maxsize=8_192)
def _holds(wanted: Node, unwanted: Node) -> bool:
    """Whether a post with `wanted` surely has `unwanted`."""
    if isinstance(wanted, Near):
        near = isinstance(unwanted, Near) and _near_holds(wanted, unwanted)
        return near or any(all(_holds(words, unwanted) for words in side) for side in (wanted.left, wanted.right))
    if isinstance(wanted, Words) and isinstance(unwanted, Words):
        return stands_in(wanted.text, unwanted.text)
    if isinstance(wanted, Account) and isinstance(unwanted, Account):
        return clean(wanted.handle) == clean(unwanted.handle)
    if isinstance(wanted, Tag) and isinstance(unwanted, Tag):
        return clean(wanted.name) == clean(unwanted.name)
    return wanted == unwanted


def _near_holds(wanted: Near, unwanted: Near) -> bool:
    sides = ((unwanted.left, unwanted.right), (unwanted.right, unwanted.left))
    far = wanted.within <= unwanted.within
    return far and any(_among(wanted.left, left) and _among(wanted.right, right) for left, right in sides)


def _among(some: Sequence[Words], all_: Sequence[Words]) -> bool:
    return {clean(words.text) for words in some} <= {clean(words.text) for words in all_}


def stands_in(outer: str, inner: str) -> bool:
    """Whether the inner words stand in the outer ones, whole; a part of an address is not looked for in it."""
    text, part = (" ".join(clean(each).split()) for each in (outer, inner))
    if text == part or not part:
        return bool(part)
    if any(sign in text for sign in "./@:"):
        return False
    start = text.find(part)
    while start >= 0:
        if bounded(text, start, start + len(part)):
            return True
        start = text.find(part, start + 1)
    return False


@lru_cache(maxsize=1_024)
def of_a_brand(text: str) -> Query:
    """Read a query that is to make posts mentions of a brand, on every network.

    Raises:
        QueryWrong: it makes no sense, can never be satisfied, or nearly always is.
    """
    query = parse(text)
    if own := next(_own(query.root), None):
        message = f'"{own.name}:" belongs to the search of a network, and brands are looked for on all of them'
        if not any(own.name in dialect.own for dialect in ALL):
            message = f'no network here knows "{own.name}:"'
        raise QueryWrong(message, own.at, "it goes into the query of a source; to look for these words, put them in quotes")
    sensible(query)
    if needles(query.root) is None:
        message = "this query matches nearly every post: it can be satisfied by what is not there"
        raise QueryWrong(message, _loose(turned(query.root)).at, "say what must be there too, such as: acme -jobs")
    return query


def sensible(query: Query) -> None:
    """Refuse a query that no post can ever satisfy.

    Raises:
        QueryWrong: it is one.
    """
    if clash := never(query.root):
        raise QueryWrong(clash_words(clash), clash.unwanted.at, "take one of the two out")


def clash_words(clash: Clash) -> str:
    """Say why two parts do not go together."""
    wanted, unwanted = written(clash.wanted), written(clash.unwanted)
    if wanted == unwanted:
        return f"this can never match: {wanted} must be there and must not be there"
    return f"this can never match: wherever {wanted} is, {unwanted} is too, and it must not be there"


def _own(node: Node) -> Iterator[Own]:
    if isinstance(node, And | Or):
        for part in node.parts:
            yield from _own(part)
    elif isinstance(node, Not):
        yield from _own(node.part)
    elif isinstance(node, Own):
        yield node


def _loose(node: Node) -> Node:
    """Return the part that is satisfied by what is not there."""
    if isinstance(node, Or):
        return next((_loose(part) for part in node.parts if needles(part) is None), node)
    return _loose(node.parts[0]) if isinstance(node, And) else node
