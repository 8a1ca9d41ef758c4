"""Finding whole words and phrases in texts of any script, however they are capitalised, spaced or split by invisible letters."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import regex

from listener.matching import Phrases
from listener.text import clean

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:'[\p{L}\p{M}\p{N}]+)*")
# Scripts that write no spaces between words.
_UNSPACED_LETTER = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")


@lru_cache(maxsize=16)  # one post is looked at by many
def _spaced(text: str) -> str:
    """Make every stretch of white space one space, and "_" a space: as emphasis it hides a word, in a handle it splits one."""
    return " ".join(text.replace("_", " ").split())


@lru_cache(maxsize=64)
def _phrases(phrases: tuple[str, ...]) -> Phrases:
    return Phrases(map(_spaced, phrases))


def find_words(phrases: Iterable[str], text: str) -> tuple[str, ...]:
    """Return the words of `text` in which one of `phrases` stands as whole words, each once, folded, in the order they appear."""
    found = _phrases(tuple(phrases)).find(_spaced(text))
    return tuple(dict.fromkeys(clean(one.words) for one in found)) if found else ()


def words(text: str) -> tuple[str, ...]:
    """Return the folded words of `text`, without the marks between them."""
    return tuple(_WORD.findall(clean(text)))


def unspaced(text: str) -> str:
    """Return only the letters of `text` that belong to scripts written without spaces."""
    return "".join(_UNSPACED_LETTER.findall(clean(text)))
