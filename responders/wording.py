"""Finding whole words and phrases in texts of any script, however they are capitalised, spaced or split by invisible letters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import regex

from listener.matching import Phrases
from listener.text import Folded, clean, fold_with_offsets, one_line

_QUOTE_WIDTH = 60
_PLAIN_WORD = re.compile(r"[A-Za-z0-9]+(?:'[A-Za-z0-9]+)*")  # the same in a text of nothing but ASCII, and faster
_DIGIT = re.compile("[1-9]")
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:'[\p{L}\p{M}\p{N}]+)*")
# Scripts that write no spaces between words; no letter of theirs stands elsewhere than here, which is seen faster.
_NEAR_UNSPACED = re.compile("[\u0e00-\u1fff\u2e80-\ufdff\ufe10-\U0001f2ff\U0001fb00-\U0010ffff]")
_UNSPACED_LETTER = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")


def _spaced(text: str) -> str:
    """Make every stretch of white space one space, and "_" a space: as emphasis it hides a word, in a handle it splits one."""
    return " ".join(text.replace("_", " ").split())


@lru_cache(maxsize=16)  # one post is looked at by many
def flat(text: str) -> Folded:
    """Return `text` as words are looked for in it: on one line and folded."""
    return fold_with_offsets(_spaced(text))


class Listed:
    """Words and phrases to look for, made ready once."""

    def __init__(self, phrases: Iterable[str]) -> None:
        """Take the phrases; an empty one is never found."""
        self._phrases = Phrases(map(_spaced, phrases))

    def find(self, text: str | Folded) -> tuple[str, ...]:
        """Return the words of `text` in which one of them stands as whole words, each once, folded, in the order they appear.

        Where many are looked for in one text, it is made `flat` once.
        """
        found = self._phrases.find(flat(text) if isinstance(text, str) else text)
        return tuple(dict.fromkeys(clean(one.words) for one in found)) if found else ()

    def stands_in(self, read: Folded) -> bool:
        """Return whether `find` would find any, in a text that was made `flat`."""
        return bool(self._phrases.find(read))


@lru_cache(maxsize=64)
def listed(phrases: tuple[str, ...]) -> Listed:
    """Return phrases made ready; those of the rules are asked for at every text."""
    return Listed(phrases)


def find_words(phrases: Iterable[str], text: str) -> tuple[str, ...]:
    """Return the words of `text` in which one of `phrases` stands as whole words, each once, folded, in the order they appear."""
    return listed(tuple(phrases)).find(text)


def may_hold(text: str, phrases: Iterable[str]) -> bool:
    """Return whether `find_words` could find one of `phrases` at all: where this says no, it surely finds none."""
    read = flat(text).text
    return any(wanted in read for wanted in map(_wanted, phrases) if wanted)


def _wanted(phrase: str) -> str:
    return phrase.lower() if phrase.isascii() and phrase.isalnum() else clean(_spaced(phrase)).strip()


def any_number(text: str) -> str:
    """Return `text` with 0 for every digit: most answers of ours differ in a number only, and most of what they say in none.

    Folding, words and their bounds are the same for all digits.
    """
    return _DIGIT.sub("0", text)


def words(text: str) -> tuple[str, ...]:
    """Return the folded words of `text`, without the marks between them."""
    folded = clean(text)
    return tuple((_PLAIN_WORD if folded.isascii() else _WORD).findall(folded))


def unspaced(text: str) -> str:
    """Return only the letters of `text` that belong to scripts written without spaces."""
    folded = clean(text)
    return "".join(_UNSPACED_LETTER.findall(folded)) if not folded.isascii() and _NEAR_UNSPACED.search(folded) else ""


def quoted(found: Sequence[str]) -> str:
    """Return words in quotation marks, each on one line and not too long, to be shown to a person."""
    return ", ".join(f'"{one_line(one, _QUOTE_WIDTH)}"' for one in found)
