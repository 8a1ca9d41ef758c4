"""The searches of networks, as far as the fakes answer them: each by its own published rules, written without a look at our compiler.

X (docs.x.com, "Build a query"): a space is and, it binds before OR; `-` stands before one operator, never before a group and never alone;
an operator that is not in the list is an error. Reddit: Lucene's AND, OR, NOT, quotation marks, brackets and fields. Hacker News: words and
phrases, all of which must be there; nothing else means anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Fits = Callable[[str], bool]

_PIECE = re.compile(r'\s*(?:(\()|(\))|(-?)((?:[a-z_]+:)?"[^"]*"|[^\s()"]+))')
_ALONE = {"from", "to", "url", "conversation_id", "context", "entity", "list", "place", "place_country", "retweets_of"}
_WITH = {
    "is": {"retweet", "reply", "quote", "verified", "nullcast"},
    "has": {"hashtags", "cashtags", "links", "mentions", "media", "images", "video_link", "geo"},
}
_FIELDS = {"author", "subreddit", "title", "selftext", "url", "site", "flair", "self", "nsfw"}


class Unknown(ValueError):
    """The network's search refuses the query."""


def tokenized(text: str) -> str:
    """Return a text as searches see it: words in small letters with one space around each."""
    words = re.findall(r"[@#$]?\w+", text.casefold())
    return f" {' '.join(words)} "


def words_fit(words: str, text: str) -> bool:
    """Whether words stand in a text, one behind the other."""
    bare = tokenized(re.sub(r"[@#$]", " ", words))
    return bare.strip() == "" or bare in tokenized(re.sub(r"[@#$]", " ", text))


def _pieces(query: str) -> list[tuple[str, bool]]:
    """Cut a query into brackets and words; the second part says that a "-" stood before."""
    found: list[tuple[str, bool]] = []
    at = 0
    while query[at:].strip():
        piece = _PIECE.match(query, at)
        if not piece:
            raise Unknown(query[at:])
        found.append((piece[1] or piece[2] or piece[4], bool(piece[3])))
        at = piece.end()
    return found


class _Reader:
    """Reads a query with and before or; what differs between networks is in `leaf` and `is_not`."""

    def __init__(self, query: str) -> None:
        self.pieces = [*_pieces(query), ("", False)]

    def whole(self) -> Fits:
        fits, alone = self.either()
        if alone or self.pieces[0][0]:
            raise Unknown(self.pieces[0][0])
        return fits

    def either(self) -> tuple[Fits, bool]:
        parts = [self.all()]
        while self.pieces[0][0] == "OR":
            self.pieces.pop(0)
            parts.append(self.all())
        return (lambda text: any(fits(text) for fits, _ in parts)), any(alone for _, alone in parts)

    def all(self) -> tuple[Fits, bool]:
        parts = [self.one()]
        while self.pieces[0][0] not in {"OR", ")", ""}:
            self.joint()
            parts.append(self.one())
        return (lambda text: all(fits(text) for fits, _ in parts)), all(alone for _, alone in parts)

    def joint(self) -> None:
        """X has no word for and."""

    def one(self) -> tuple[Fits, bool]:
        word, minus = self.pieces.pop(0)
        if word == "(":
            if minus:
                raise Unknown(word)
            found = self.either()
            if self.pieces.pop(0)[0] != ")":
                raise Unknown(word)
            return found
        if word in {")", "", "OR"}:
            raise Unknown(word)
        fits, needs_more = self.leaf(word)
        return ((lambda text: not fits(text)), True) if minus else (fits, needs_more)

    def leaf(self, word: str) -> tuple[Fits, bool]:
        name, colon, value = word.partition(":")
        if colon and not word.startswith('"'):
            if name in _ALONE or name == "lang" or value in _WITH.get(name, ()):
                return (lambda _: name != "is"), name not in _ALONE
            raise Unknown(word)
        if word == "AND" or not re.fullmatch(r'"[^"]*\w[^"]*"|[@#$]?\w+', word):
            raise Unknown(word)
        if word[0] in "@#$":
            return (lambda text: f" {word.casefold()} " in tokenized(text)), False
        return (lambda text: words_fit(word, text)), False


class _Lucene(_Reader):
    def joint(self) -> None:
        if self.pieces[0][0] == "AND":
            self.pieces.pop(0)

    def one(self) -> tuple[Fits, bool]:
        if self.pieces[0][0] == "NOT":
            self.pieces.pop(0)
            fits, _ = super().one()
            return (lambda text: not fits(text)), True
        return super().one()

    def leaf(self, word: str) -> tuple[Fits, bool]:
        name, colon, _ = word.partition(":")
        if colon and name in _FIELDS:
            return (lambda _: True), False
        return (lambda text: words_fit(word, text)), False


def on_x(query: str) -> Fits:
    """Return what fits a query on X.

    Raises:
        Unknown: X refuses it.
    """
    return _Reader(query).whole()


def on_reddit(query: str) -> Fits:
    """Return what fits a query on Reddit."""
    return _Lucene(query).whole()


def on_hackernews(query: str) -> Fits:
    """Return what fits a query on Hacker News: every word and phrase."""
    wanted = re.findall(r'-?"[^"]+"|\S+', query)
    return lambda text: all(not words_fit(one[1:], text) if one.startswith("-") else words_fit(one, text) for one in wanted)
