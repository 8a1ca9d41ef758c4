"""Could a message of a stream be about one of our brands? Asked of everything a network says in public, so it is asked in one pass.

A sieve never holds back what the matcher would take (a test walks both); it may let through what the matcher then refuses. Most
messages are judged as they came, before they are decoded: a JSON text in plain ASCII shows its words, unless they are written with
escapes that spell letters.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import ahocorasick_rs

from listener.model import Account
from listener.queries.sense import needles, of_a_brand
from listener.rules.rulebook import Brand
from listener.text import clean

# An escape that only stands for itself: a quote, a backslash, a line end, a tab. Any other may spell a letter, or hide within a word.
_SPELT = re.compile(r'\\[^"\\nt]')
_MOST_LETTERS = 50_000


def _both(handle: str) -> tuple[str, str]:
    """Return a handle with its server and without."""
    bare = handle.removeprefix("@")
    return bare, bare.partition("@")[0]


def _wanted(brands: Mapping[str, Brand], accounts: Sequence[Account]) -> Iterator[str]:
    """Yield all that can make a post a mention, whatever the ground."""
    for brand in brands.values():
        yield from brand.names
        yield from brand.competitors
        yield from (tag.removeprefix("#") for tag in brand.hashtags)
        for handle in brand.handles.values():
            yield from _both(handle)
        for query in brand.queries:
            # One of these stands in every post that satisfies it; a query without such a set is refused when the rules are read.
            yield from needles(of_a_brand(query).root) or ()
    for account in accounts:
        yield account.id
        yield from _both(account.handle)


def _search(needles: Collection[str]) -> ahocorasick_rs.AhoCorasick | None:
    if not needles:
        return None
    # The fastest way takes memory for every letter of every needle; beyond some thousand names the library chooses.
    small = sum(map(len, needles)) <= _MOST_LETTERS
    return ahocorasick_rs.AhoCorasick(sorted(needles), implementation=ahocorasick_rs.Implementation.DFA if small else None)


class Sieve:
    """All words, handles, hashtags and account ids that could make a text a mention, looked for at once."""

    def __init__(self, brands: Mapping[str, Brand], accounts: Sequence[Account] = ()) -> None:
        """Make the words of `brands` and of our `accounts` ready to be looked for."""
        needles = {needle for word in _wanted(brands, accounts) if (needle := clean(word).strip())}
        plain = {needle.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") for needle in needles}
        self._words = _search(needles)
        self._written = _search(plain)

    def passes(self, texts: Iterable[str]) -> bool:
        """Return whether one of the texts may make a post a mention."""
        if self._words is None:
            return False
        plain: list[str] = []
        for text in texts:
            if text.isascii():
                plain.append(text)
            elif self._words.find_matches_as_indexes(clean(text)):
                return True
        return bool(self._words.find_matches_as_indexes(clean("\n".join(plain))))

    def clears(self, message: str) -> bool:
        """Return whether a JSON text surely says nothing of us, as it stands. False where only decoding could tell."""
        if not message.isascii() or _SPELT.search(message):
            return False
        return self._written is None or not self._written.find_matches_as_indexes(message.replace("`", "'").lower())
