"""What a source that searches asks its network, and what of the answer it keeps. Shared by the sources that search.

A source's own query is put into the network's words, and what comes is judged by the whole query. Where none is given, it asks for all
that the brands say, and the matcher judges what comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from listener.errors import UsageError
from listener.finding import Queries
from listener.matching import sees
from listener.model import Post
from listener.queries.compiling import Compiled, compiled
from listener.queries.language import Account, Node, Or, QueryWrong, Tag, Words, leaves
from listener.queries.networks import Dialect
from listener.queries.parsing import Query, parse
from listener.queries.sense import of_a_brand
from listener.rules.rulebook import Rulebook
from listener.sources.base import Asked


@dataclass(frozen=True, slots=True)
class Search:
    """The questions for one network, and what is kept of the answers (None: all that the matcher takes)."""

    asked: tuple[Asked, ...]
    wanted: Queries | None = None

    @property
    def questions(self) -> tuple[str, ...]:
        """What is sent, one question after another."""
        return tuple(one.question for one in self.asked)

    def keeps(self, post: Post) -> bool:
        """Whether a post satisfies the query as it was written."""
        return self.wanted is None or next(iter(self.wanted.find(sees(post))), None) is not None


NOTHING = Search(())
SEARCH = "the search"


def search(texts: Sequence[str], dialect: Dialect, *, place: str = SEARCH) -> Search:
    """Return what to ask for by a source's own queries; empty ones ask for nothing.

    Raises:
        QueryWrong: one of them cannot be asked; reading the rules has refused it before.
    """
    queries = [parse(text) for text in dict.fromkeys(texts) if text.strip()]
    asked = [one for query in queries for one in _asked(compiled(query, dialect), place)]
    return Search(tuple(asked), Queries([query.root for query in queries])) if queries else NOTHING


def _asked(found: Compiled, place: str) -> list[Asked]:
    return [Asked(place, question, found.here) for question in found.questions]


def search_for_brands(dialect: Dialect, book: Rulebook, network: str, *, place: str = SEARCH) -> Search:
    """Return how to ask for all that the brands say.

    Raises:
        UsageError: it is more than the network can be asked.
    """
    parts = list(dict.fromkeys(part for part in _said(book, network) if _askable(part, dialect)))
    if not parts:
        return NOTHING
    root = parts[0] if len(parts) == 1 else Or(tuple(parts))
    try:
        return Search(tuple(_asked(compiled(Query("", root), dialect), place)))
    except QueryWrong as wrong:
        message = f"{dialect.name} cannot be searched for all that the brands say: {wrong}"
        raise UsageError(message, "Give the source a query of its own that says what is wanted there.") from None


def _said(book: Rulebook, network: str) -> list[Node]:
    """Return all that can make a post a mention there: accounts, names, hashtags, queries."""
    said: list[Node] = []
    for brand in book.brands.values():
        if network in brand.handles:
            said.append(Account(brand.handles[network].removeprefix("u/")))
        said += [Words(" ".join(name.replace('"', " ").split())) for name in brand.names]
        said += [Tag(tag) for tag in brand.hashtags]
        said += [of_a_brand(text).root for text in brand.queries]
    return said


def _askable(part: Node, dialect: Dialect) -> bool:
    """Whether the network takes all the words of a part: an account of another network's form is heard there by other words."""
    try:
        for leaf in leaves(part):
            if isinstance(leaf, Account):
                dialect.leaf(leaf)
    except QueryWrong:
        return False
    return not isinstance(part, Words) or bool(part.text)
