"""Words into the pieces that a network of the BERT family knows: the uncased rules of Devlin et al., 2019, without any library.

Accents and case are dropped, punctuation and Chinese characters stand alone, and the longest known piece is taken each time.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache

_LONGEST_WORD = 100  # characters; a longer one is unknown
_KEPT = 20_000  # words whose pieces are remembered
_CHINESE = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)
_ALONE = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


class Pieces:
    """Turns a text into the numbers of its pieces, with the marks for its beginning and its end."""

    def __init__(self, vocabulary: Iterable[str]) -> None:
        """Take the pieces in the order of their numbers; those inside a word begin with "##"."""
        self._ids = {piece: number for number, piece in enumerate(vocabulary)}
        self._begin, self._end = self._ids["[CLS]"], self._ids["[SEP]"]
        self._of = lru_cache(_KEPT)(self._split)
        self._plain = lru_cache(_KEPT)(_plain)

    def read(self, text: str, longest: int) -> list[int]:
        """Return the numbers of the pieces, at most `longest`; of a longer text three quarters from its beginning, one from its end."""
        found = [number for word in _words(text, self._plain) for number in self._of(word)]
        room = longest - 2
        if len(found) > room:
            found = found[: room - room // 4] + found[-(room // 4) :]
        return [self._begin, *found, self._end]

    def _split(self, word: str) -> tuple[int, ...]:
        """Return the longest known pieces of a word, one after the other; the one unknown piece where a part has none."""
        unknown = (self._ids["[UNK]"],)
        if len(word) > _LONGEST_WORD:
            return unknown
        found: list[int] = []
        start, lead = 0, ""
        while start < len(word):
            end = len(word)
            while lead + word[start:end] not in self._ids:
                end -= 1
                if end == start:
                    return unknown
            found.append(self._ids[lead + word[start:end]])
            start, lead = end, "##"
        return tuple(found)


def _words(text: str, plain: Callable[[str], str]) -> list[str]:
    return "".join([character if "a" <= character <= "z" else plain(character) for character in text]).split()


def _plain(character: str) -> str:
    """Return a character without case and accent; what stands alone gets spaces around it, and what nobody sees goes."""
    if character in "\t\n\r":
        return " "
    if character in "\0\ufffd" or unicodedata.category(character)[0] == "C":
        return ""
    if character in _ALONE:
        return f" {character} "
    if character.isspace():
        return " "
    return "".join([_standing(part) for part in unicodedata.normalize("NFD", character) if unicodedata.category(part) != "Mn"])


def _standing(part: str) -> str:
    lowered = part.lower()
    alone = unicodedata.category(part)[0] == "P" or any(first <= ord(part) <= last for first, last in _CHINESE)
    return f" {lowered} " if alone else lowered
