"""What a word is, in any script: where one begins and ends, and how many stand between two places. Pure, and one pass over a text."""

from __future__ import annotations

from functools import lru_cache

import regex

# Japanese, Chinese, Thai and their neighbours write without spaces, so a phrase in them needs none around it. Korean puts its
# particles right behind a word.
_UNSPACED_SIGN = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}\p{Hangul}ー]"
_UNSPACED = regex.compile(_UNSPACED_SIGN)
_WORD = regex.compile(r"[\p{L}\p{N}\p{M}_]")
# An apostrophe inside a word does not part it: "don't" is one word.
_COUNTED = regex.compile(
    rf"{_UNSPACED_SIGN}|(?:(?!{_UNSPACED_SIGN})[\p{{L}}\p{{N}}\p{{M}}_])++(?:'(?!{_UNSPACED_SIGN})[\p{{L}}\p{{N}}\p{{M}}_]++)*+"
)


@lru_cache(maxsize=65_536)
def _joins(character: str) -> bool:
    """Whether a word of a spaced script may go on with this character."""
    return bool(_WORD.match(character)) and not _UNSPACED.match(character)


def bounded(text: str, start: int, end: int) -> bool:
    """Whether the stretch from `start` to `end` is made of whole words of `text`, in any script."""
    opens = start == 0 or not (_joins(text[start]) and _joins(text[start - 1]))
    return opens and (end == len(text) or not (_joins(text[end - 1]) and _joins(text[end])))


def word_starts(text: str) -> list[int]:
    """Return where each word of `text` begins, for counting; in scripts without spaces every sign counts as one."""
    return [found.start() for found in _COUNTED.finditer(text)]
