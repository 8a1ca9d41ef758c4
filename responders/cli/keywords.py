"""What `earnest sources preview` says beside the posts: what the network is asked, and which words of the brands found nothing or noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from listener.errors import UsageError
from listener.matching import Matcher
from listener.queries.language import Own, QueryWrong, leaves
from listener.queries.parsing import parse
from listener.queries.sense import of_a_brand
from listener.rules.rulebook import Brand
from listener.sources.base import kind
from listener.text import one_line, visible

if TYPE_CHECKING:
    from listener.model import Account, Post
    from listener.rules.rulebook import Rulebook
    from listener.sources.base import Asked

_WIDTH = 200  # columns of a question
_ENOUGH = 10  # of fewer posts, that all hold a word says nothing


@dataclass(frozen=True, slots=True)
class Keyword:
    """One word of a brand, and how it did: in how many posts it stands, and in how many of these it counts."""

    brand: str
    kind: str
    text: str
    found: int
    counted: int
    of: int

    @property
    def verdict(self) -> str:
        """Say what is odd about it; "" where nothing is."""
        if not self.found:
            return "found nothing in this look"
        if not self.counted:
            return "found only what ignore leaves alone"
        return "stands in every post of this look" if self.found == self.of and self.of >= _ENOUGH else ""

    def as_json(self) -> dict[str, object]:
        """Return it for scripts."""
        return {
            "brand": self.brand,
            "kind": self.kind,
            "keyword": self.text,
            "found": self.found,
            "counted": self.counted,
            "posts": self.of,
            "verdict": self.verdict or None,
        }


def _each(brand: Brand, network: str) -> Iterator[tuple[str, str, Brand]]:
    """Yield every word of a brand that may be heard on a network, alone."""
    yield from (("name", name, Brand(names=(name,))) for name in brand.names)
    yield from (("handle", f"@{handle}", Brand(handles={on: handle})) for on, handle in brand.handles.items() if on == network)
    yield from (("hashtag", f"#{tag}", Brand(hashtags=(tag,))) for tag in brand.hashtags)
    yield from (("query", query, Brand(queries=(query,))) for query in brand.queries)


def keywords(book: Rulebook, posts: Sequence[Post], network: str, own: Sequence[Account] = ()) -> list[Keyword]:
    """Return how each word of the brands did in some posts; what we wrote ourselves does not count."""
    others = [post for post in posts if not post.own]
    found: list[Keyword] = []
    for name, brand in book.brands.items():
        for what, text, alone in _each(brand, network):
            free, bound = (Matcher({name: one}) for one in (alone, alone.model_copy(update={"ignore": brand.ignore})))
            taken = [post for post in others if _by(free, post, own, what)]
            counted = sum(_by(bound, post, own, what) for post in taken)
            found.append(Keyword(name, what, text, len(taken), counted, len(others)))
    return found


def _by(matcher: Matcher, post: Post, own: Sequence[Account], ground: str) -> bool:
    return any(one.ground.value == ground for mention in matcher.match(post, own) for one in mention.because)


def with_query(book: Rulebook, source: str, query: str) -> Rulebook:
    """Return the rules as they would be if the first brand, and a source that searches, had this query and no other.

    Raises:
        UsageError: the query cannot be used there; with its place.
    """
    settings = book.sources.get(source)
    options = kind(settings.kind or source).options.model_fields if settings else {}
    key = next((each for each in ("query", "search") if each in options), "")
    try:
        if key and settings:
            kind(settings.kind or source).options.model_validate({**settings.options, key: query})
        own = any(isinstance(leaf, Own) for leaf in leaves(parse(query).root))
        first, brand = next(iter(book.brands.items()))
        if not own:
            of_a_brand(query)
    except ValidationError as wrong:
        cause = wrong.errors()[0].get("ctx", {}).get("error")
        raise _unusable(query, cause if isinstance(cause, QueryWrong) else QueryWrong("it cannot be used there")) from None
    except QueryWrong as wrong:
        raise _unusable(query, wrong) from None
    queries = brand.queries if own else (query,)
    brands = {**book.brands, first: brand.model_copy(update={"queries": queries})}
    sources = dict(book.sources)
    if key and settings:
        sources[source] = type(settings).model_validate({**settings.model_dump(), key: query})
    return book.model_copy(update={"brands": brands, "sources": sources})


def _unusable(query: str, wrong: QueryWrong) -> UsageError:
    shown = visible(query, newlines=False)
    return UsageError(f"the query cannot be used, from character {wrong.at + 1} on: {wrong}. It is: {shown}", wrong.hint)


def asked_words(asks: Sequence[Asked]) -> Iterator[str]:
    """Say what the network is asked, and what of it is judged here."""
    for one in asks:
        yield f"asks   {one_line(one.question, _WIDTH)}"
        for part in one.here:
            yield f"       judged here: {one_line(part, _WIDTH)}"


def odd_words(words: Sequence[Keyword]) -> Iterator[str]:
    """Name the words that found nothing, or nothing but noise."""
    for word in words:
        if word.verdict:
            yield f"{one_line(word.brand, 12)}: {word.kind} {one_line(word.text, 80)} {word.verdict}"


def as_json(asks: Sequence[Asked], words: Sequence[Keyword]) -> Iterator[dict[str, object]]:
    """Return the same for scripts."""
    for one in asks:
        yield {"asks": one.question, "judged_here": list(one.here)}
    for word in words:
        if word.verdict:
            yield word.as_json()
