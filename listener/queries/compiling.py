"""From a query to what is asked of a network: its own words where it has them, and a note of what is left to us.

What is asked for is always at least what the query wants. NEAR becomes both words; what a network cannot leave out, or says it will not,
is asked for and left out here; alternatives that it does not know, or that are too long for it, become several questions.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

from listener.queries.language import Account, And, Near, Node, Not, Or, Own, QueryWrong, Tag, leaves, written
from listener.queries.networks import ALL, Dialect
from listener.queries.parsing import Query
from listener.queries.sense import sensible, turned

MOST_QUESTIONS = 10


@dataclass(frozen=True, slots=True)
class Compiled:
    """What is asked of a network, one question after another, and the parts of the query that only we can judge."""

    questions: tuple[str, ...]
    here: tuple[str, ...] = ()


def compiled(query: Query, dialect: Dialect) -> Compiled:
    """Put a query into a network's own words.

    Raises:
        QueryWrong: the network has nothing to search for, knows an operator not, or would be asked too much.
    """
    for own in leaves(query.root):
        if isinstance(own, Own):
            _known(own, dialect)
    sensible(query)
    whole = turned(query.root)
    asked, here = _weaker(whole, dialect)
    if asked is None or not _restricts(asked, dialect):
        message = f"{dialect.name} would have to be asked for everything: nothing here must be there"
        raise QueryWrong(message, 0, "say what must be there too, such as: acme -jobs")
    return Compiled(_questions(asked, dialect), tuple(dict.fromkeys(written(part) for part in here)))


def _known(own: Own, dialect: Dialect) -> None:
    where = [one for one in ALL if own.name in one.own]
    if dialect not in where:
        if where:
            message = f'"{own.name}:" belongs to {" and ".join(one.name for one in where)}; {dialect.name} does not know it'
            raise QueryWrong(message, own.at, "take it out, or put it in quotes to look for these words")
        near = difflib.get_close_matches(own.name, dialect.own, n=1)
        message = f'{dialect.name} knows no "{own.name}:"'
        raise QueryWrong(message, own.at, f'did you mean "{near[0]}:"?' if near else "put it in quotes to look for these words")
    values = dialect.own[own.name]
    if values and own.value.casefold() not in values:
        near = difflib.get_close_matches(own.value.casefold(), values, n=1)
        message = f'{dialect.name} knows no "{own.name}:{own.value}"'
        raise QueryWrong(message, own.at, f'did you mean "{own.name}:{near[0]}"?' if near else f"it can be: {', '.join(sorted(values))}")


def _weaker(node: Node, dialect: Dialect) -> tuple[Node | None, tuple[Node, ...]]:
    """Return the part that the network can be asked for (None: all there is), and what of it is left to us."""
    if isinstance(node, Not):
        asked = dialect.without is not None and not isinstance(node.part, Near) and not _blurred(node.part, dialect)
        return (node, ()) if asked else (None, (node,))
    if isinstance(node, Near):
        sides = [Or(side, node.at) if len(side) > 1 else side[0] for side in (node.left, node.right)]
        return And(tuple(sides), node.at), (node,)
    if isinstance(node, And):
        each = [_weaker(part, dialect) for part in node.parts]
        here = tuple(left for _, some in each for left in some)
        kept = [part for part, _ in each if part is not None]
        if all(isinstance(part, Not) for part in kept):  # what is negated never stands alone
            return None, (*here, *kept)
        return (kept[0] if len(kept) == 1 else And(tuple(kept), node.at)), here
    if isinstance(node, Or):
        each = [_weaker(part, dialect) for part in node.parts]
        if any(part is None or isinstance(part, Not) for part, _ in each):
            return None, (node,)
        return Or(tuple(part for part, _ in each if part is not None), node.at), tuple(left for _, some in each for left in some)
    return node, (node,) if _blurred(node, dialect) else ()


def _blurred(leaf: Node, dialect: Dialect) -> bool:
    """Whether the network finds more than the leaf says: an account or a hashtag where it has but words."""
    if isinstance(leaf, Account):
        dialect.leaf(leaf)  # an account that cannot be on this network is refused
        return not dialect.accounts
    return isinstance(leaf, Tag) and not dialect.tags


def _restricts(node: Node, dialect: Dialect) -> bool:
    if isinstance(node, And):
        return any(_restricts(part, dialect) for part in node.parts)
    if isinstance(node, Or):
        return all(_restricts(part, dialect) for part in node.parts)
    if isinstance(node, Not):
        return False
    return not isinstance(node, Own) or node.name in dialect.alone


def _questions(node: Node, dialect: Dialect) -> tuple[str, ...]:
    each = _fitting(node, dialect) if dialect.either else (_say(part, dialect) for part in _apart(node))
    found = tuple(dict.fromkeys(each))
    if long := next((one for one in found if dialect.measure(one) > dialect.longest), None):
        message = f"this is too long for {dialect.name}: {dialect.measure(long)} of {dialect.longest} characters, as it is asked there"
        raise QueryWrong(message, 0, "shorten it, or make several queries of it joined with OR")
    if len(found) > MOST_QUESTIONS:
        message = f"{dialect.name} would have to be asked {len(found)} questions at each look, and {MOST_QUESTIONS} are the most"
        raise QueryWrong(message, 0, "fewer alternatives, or shorter ones")
    return found


def _apart(node: Node) -> Sequence[Node]:
    """Return the alternatives of a query, one by one; what is negated was taken out before."""
    if isinstance(node, Or):
        return [one for part in node.parts for one in _apart(part)]
    if isinstance(node, And):
        return reduce(_joined, (_apart(part) for part in node.parts))
    return [node]


def _joined(some: Sequence[Node], more: Sequence[Node]) -> Sequence[Node]:
    if len(some) * len(more) > MOST_QUESTIONS**2:
        message = f"this query has more than {MOST_QUESTIONS} alternatives, each of which is a question of its own"
        raise QueryWrong(message, 0, "fewer alternatives")
    return [And((*_parts(one), *_parts(two))) for one in some for two in more]


def _parts(node: Node) -> tuple[Node, ...]:
    return node.parts if isinstance(node, And) else (node,)


def _fitting(node: Node, dialect: Dialect) -> Iterator[str]:
    """Yield the query as one question, or where it is too long its alternatives in as few as possible."""
    text = _say(node, dialect)
    rest = [part for part in _parts(node) if not isinstance(part, Or)]
    wide = sorted((part for part in _parts(node) if isinstance(part, Or)), key=lambda part: len(_say(part, dialect)))
    if dialect.measure(text) <= dialect.longest or not wide:
        yield text
        return
    kept: list[Node] = []
    for part in wide[-1].parts:
        longer = _around((*rest, *wide[:-1]), [*kept, part])
        if kept and dialect.measure(_say(longer, dialect)) > dialect.longest:
            yield _say(_around((*rest, *wide[:-1]), kept), dialect)
            kept = []
        kept.append(part)
    yield _say(_around((*rest, *wide[:-1]), kept), dialect)


def _around(rest: Sequence[Node], some: Sequence[Node]) -> Node:
    one = some[0] if len(some) == 1 else Or(tuple(some))
    return And((*_parts(one), *rest)) if rest else one


def _say(node: Node, dialect: Dialect) -> str:
    """Write a part in the network's own words."""
    if isinstance(node, Or):
        return (dialect.either or " ").join(
            _grouped(part, dialect) if isinstance(part, Or) else _say_in_or(part, dialect) for part in node.parts
        )
    if isinstance(node, And):
        # What must be there stands first; what must not, behind it.
        ordered = sorted(node.parts, key=lambda part: isinstance(part, Not))
        said = [_grouped(part, dialect) if isinstance(part, Or) else _say(part, dialect) for part in ordered]
        return dialect.joint.join(dict.fromkeys(said))
    if isinstance(node, Not):
        return (dialect.without or "-") + _say(node.part, dialect)
    return dialect.leaf(node)


def _say_in_or(node: Node, dialect: Dialect) -> str:
    return _grouped(node, dialect) if isinstance(node, And) else _say(node, dialect)


def _grouped(node: Node, dialect: Dialect) -> str:
    return f"({_say(node, dialect)})"
