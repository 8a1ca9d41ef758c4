"""Terms: the words and hashtags of a post by which a new topic shows, in any script. Pure, and one pass over a text.

What could point at a person is no term: accounts, addresses, links, and everything with a number in it (but a hashtag's year). Nor are
words that every text has. Where words are written without spaces, terms are what can be told apart without a dictionary: runs of Katakana,
short runs of Han, pairs of longer ones, and pieces of four signs in Thai and its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import regex

from listener.commonwords import COMMON
from listener.text import clean

MOST = 40
"""How many terms of one post count: the first ones."""

_SHORTEST, _LONGEST = 3, 40  # letters of a word
_TAG_DIGITS = 4  # a year; more may be a number that is somebody's
_HAN_WHOLE = 4  # signs of a run of Han that is taken for one word
_PIECE = 4  # signs, where nobody can tell where a word ends
_READ = 5_000  # characters of a post

_SPACELESS = r"\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}"
_UNSPACED = rf"{_SPACELESS}\p{{Han}}\p{{Hiragana}}\p{{Katakana}}\p{{Bopomofo}}ー"
# Links, bare domains, e-mail addresses and accounts, also those with a server behind them.
_NOBODYS = regex.compile(r"\b[a-z][a-z0-9+.-]{1,20}:\S+|\bwww\.\S+|\S*@\S+|\b[\p{L}\p{N}-]++(?:\.[\p{L}\p{N}-]++)+(?:/\S*)?")
_TERM = regex.compile(
    r"(?P<tag>#[\p{L}\p{N}\p{M}_]++)"
    r"|(?P<kana>[\p{Katakana}ー]++)"
    r"|(?P<han>\p{Han}++)"
    rf"|(?P<run>[{_SPACELESS}]++)"
    rf"|(?P<word>(?:(?![{_UNSPACED}])[\p{{L}}\p{{N}}\p{{M}}_'])++)"
)
_LETTER, _DIGIT, _NUMBER = regex.compile(r"\p{L}"), regex.compile(r"\p{Nd}"), regex.compile(r"[\p{N}_]")


def own_words(names: Iterable[str]) -> frozenset[str]:
    """Return what a brand is called as terms, so that its own names are no news about it."""
    return frozenset(term.removeprefix("#") for name in names for term in _terms(clean(name)))


def terms_of(text: str, tags: Iterable[str] = (), *, without: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Return the terms of a post, each once, hashtags with their sign; at most 40, in the order of the text.

    Args:
        text: the words of the post.
        tags: its hashtags as the network tells them, without the sign.
        without: words that are no news (`own_words`).
    """
    folded = _NOBODYS.sub(" ", clean(text[:_READ]))
    told = (f"#{clean(tag).removeprefix('#')}" for tag in tags)
    found = dict.fromkeys(term for part in (folded, *told) for term in _terms(part) if term.removeprefix("#") not in without)
    return tuple(found)[:MOST]


def _terms(folded: str) -> Iterator[str]:
    for found in _TERM.finditer(folded):
        words = found[0]
        if found["tag"]:
            if len(_LETTER.findall(words)) > 1 and len(_DIGIT.findall(words)) <= _TAG_DIGITS and len(words) <= _LONGEST:
                yield words
        elif found["han"]:
            yield from [words] if len(words) <= _HAN_WHOLE else _pieces(words, 2)
        elif found["run"]:
            yield from _pieces(words, _PIECE)
        elif found["kana"]:
            yield words[:_LONGEST]
        else:
            yield from _word(words.strip("'").removesuffix("'s"))


def _word(word: str) -> Iterator[str]:
    if _SHORTEST <= len(word) <= _LONGEST and word not in COMMON and not _NUMBER.search(word):
        yield word


def _pieces(run: str, length: int) -> Iterator[str]:
    yield from (run[start : start + length] for start in range(max(len(run) - length + 1, 1)))
