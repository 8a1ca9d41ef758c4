"""What a source that searches asks its network, and what of the answer it keeps. Shared by the sources that search.

A source's own query is put into the network's words; where those say less than the query, what comes is judged once more. Where none is
given, it asks for all that the brands say, and the matcher judges what comes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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
    """The questions for one network, and for those of which it understands but a part what is kept of the answers.

    Of what it does understand the network is the judge: it may know better that "shoe" is "shoes", or what a short link leads to.
    """

    asked: tuple[Asked, ...]
    judged: Mapping[str, Queries] = field(default_factory=dict)

    @property
    def questions(self) -> tuple[str, ...]:
        """What is sent, one question after another."""
        return tuple(dict.fromkeys(one.question for one in self.asked))

    def keeps(self, question: str, post: Post) -> bool:
        """Whether a post that a question brought satisfies the query as it was written."""
        query = self.judged.get(question)
        return query is None or next(iter(query.find(sees(post))), None) is not None


def search(texts: Sequence[str], dialect: Dialect) -> Search:
    """Return what to ask for by a source's own queries; empty ones ask for nothing.

    Raises:
        QueryWrong: one of them cannot be asked; reading the rules has refused it before.
    """
    asked: list[Asked] = []
    roots: dict[str, list[Node]] = {}
    trusted: set[str] = set()
    for query in [parse(text) for text in dict.fromkeys(texts) if text.strip()]:
        for one in _asked(compiled(query, dialect)):
            asked.append(one)
            roots.setdefault(one.question, []).append(query.root)
            trusted |= set() if one.here else {one.question}
    return Search(tuple(asked), {question: Queries(some) for question, some in roots.items() if question not in trusted})


def _asked(found: Compiled) -> list[Asked]:
    return [Asked(question, found.here) for question in found.questions]


def search_for_brands(dialect: Dialect, book: Rulebook, network: str) -> Search:
    """Return how to ask for all that the brands say.

    Raises:
        UsageError: it is more than the network can be asked.
    """
    parts = list(dict.fromkeys(part for part in _said(book, network) if _askable(part, dialect)))
    if not parts:
        return Search(())
    root = parts[0] if len(parts) == 1 else Or(tuple(parts))
    try:
        return Search(tuple(_asked(compiled(Query("", root), dialect))))
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
