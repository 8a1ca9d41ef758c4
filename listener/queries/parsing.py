"""Read a query as people write them into search boxes.

    query    = one OR one OR ...
    one      = part part ...            (a space or AND)
    part     = -part | NOT part | (query) | place | near
    near     = side NEAR/5 side
    side     = word | "phrase" | (word OR "phrase" OR ...)
    place    = side | @account | #hashtag | lang:en

Small letters make words of AND, OR, NOT and NEAR. Depth and number of words are bounded, so no text can make this slow.
"""

from __future__ import annotations

from dataclasses import dataclass

from listener.queries.language import Account, And, Near, Node, Not, Or, Own, QueryWrong, Tag, Words
from listener.queries.tokens import Token, tokens

DEEPEST = 12
FARTHEST = 50


@dataclass(frozen=True, slots=True)
class Query:
    """A query as it was written, and what it says."""

    text: str
    root: Node


def parse(text: str) -> Query:
    """Read a query.

    Raises:
        QueryWrong: it makes no sense; with the column.
    """
    reader = _Reader(list(tokens(text)))
    if reader.next.kind == "end":
        message = "this query is empty"
        raise QueryWrong(message, 0, "write what is looked for, or take it out")
    root = reader.either(0)
    if reader.next.kind == ")":
        message = 'this ")" closes nothing'
        raise QueryWrong(message, reader.next.at, 'take it out, or write the "(" that it belongs to')
    return Query(text, root)


@dataclass(slots=True)
class _Reader:
    """Goes through the pieces, one after another."""

    pieces: list[Token]
    place: int = 0

    @property
    def next(self) -> Token:
        return self.pieces[self.place]

    def take(self) -> Token:
        token = self.next
        self.place += token.kind != "end"
        return token

    def either(self, depth: int) -> Node:
        at = self.next.at
        parts = [self.all(depth)]
        while self.next.kind == "OR":
            self.joint()
            parts.append(self.all(depth))
        return parts[0] if len(parts) == 1 else Or(_flat(parts, Or), at)

    def all(self, depth: int) -> Node:
        at = self.next.at
        parts = [self.part(depth)]
        while self.next.kind not in {"OR", ")", "end"}:
            if self.next.kind == "AND":
                self.joint()
            parts.append(self.part(depth))
        return parts[0] if len(parts) == 1 else And(_flat(parts, And), at)

    def joint(self) -> None:
        """Take AND or OR; something must stand behind it."""
        token = self.take()
        if self.next.kind in {"AND", "OR", ")", "end"}:
            message = f'nothing stands behind this "{token.text}"'
            raise QueryWrong(message, token.at, "in quotes, it is a word to look for")

    def part(self, depth: int) -> Node:
        node, alone = self.single(depth), True
        while self.next.kind == "NEAR":
            if not alone:
                message = "a second NEAR on the same words"
                raise QueryWrong(message, self.next.at, "NEAR joins two: write a NEAR/5 b AND b NEAR/5 c")
            node, alone = self.near(node, depth), False
        return node

    def near(self, left: Node, depth: int) -> Near:
        token = self.take()
        if not token.value:
            message = "NEAR wants to know how near"
            raise QueryWrong(message, token.at, "write NEAR/5: at most five words apart")
        within = int(token.value)
        if not within:
            message = "NEAR/0 can never be found: two words do not stand in one place"
            raise QueryWrong(message, token.at, "NEAR/1 is side by side")
        if within > FARTHEST:
            message = f"NEAR looks {FARTHEST} words far at most"
            raise QueryWrong(message, token.at, "farther apart, AND says the same")
        if self.next.kind in {"AND", "OR", "NEAR", ")", "end"}:
            message = f'nothing stands behind this "{token.text}"'
            raise QueryWrong(message, token.at, "it joins two words, such as: refund NEAR/5 late")
        right = self.single(depth)
        return Near(_side(left, token), _side(right, token), within, token.at)

    def single(self, depth: int) -> Node:
        token = self.take()
        if depth >= DEEPEST:
            message = f"more than {DEEPEST} levels inside one another"
            raise QueryWrong(message, token.at, "make several queries of it")
        if token.kind in {"-", "NOT"}:
            return self.without(token, depth)
        if token.kind == "(":
            return self.group(token, depth)
        if token.kind in {"word", "phrase"}:
            return Words(token.text, token.at)
        if token.kind == "handle":
            return Account(token.text, token.at)
        if token.kind == "tag":
            return Tag(token.text, token.at)
        if token.kind == "own":
            return Own(token.text, token.value, token.at)
        message = f'nothing stands before this "{token.text}"'
        raise QueryWrong(message, token.at, "in quotes, it is a word to look for" if token.text != ")" else "")

    def without(self, token: Token, depth: int) -> Not:
        if self.next.kind in {"AND", "OR", "NEAR", ")", "end"}:
            message = f'nothing stands behind this "{token.text}"'
            raise QueryWrong(message, token.at, "in quotes, it is a word to look for")
        return Not(self.part(depth + 1), token.at)

    def group(self, token: Token, depth: int) -> Node:
        if self.next.kind == ")":
            message = "there is nothing between these brackets"
            raise QueryWrong(message, token.at)
        node = self.either(depth + 1) if self.next.kind != "end" else None
        if node is None or self.take().kind != ")":
            message = 'this "(" is never closed'
            raise QueryWrong(message, token.at, 'write the ")" that it needs')
        return node


def _flat(parts: list[Node], kind: type[And | Or]) -> tuple[Node, ...]:
    """Put the parts of a group of the same kind beside the others."""
    return tuple(inner for part in parts for inner in (part.parts if isinstance(part, And | Or) and isinstance(part, kind) else (part,)))


def _side(node: Node, token: Token) -> tuple[Words, ...]:
    """Return what may stand on one side of NEAR."""
    parts = node.parts if isinstance(node, Or) else (node,)
    words = tuple(part for part in parts if isinstance(part, Words))
    if len(words) < len(parts):
        message = "NEAR joins words and phrases, nothing else"
        raise QueryWrong(message, token.at, "such as: (refund OR money) NEAR/5 acme")
    return words
