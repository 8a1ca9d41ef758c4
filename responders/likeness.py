"""Names that look alike: letters of other scripts, accents, digits for letters, doubled, swapped, missing and added letters.

The letters are those that Unicode's list of confusables (UTS #39, confusables.txt) holds for one small letter or digit of ASCII and
that may stand in a domain name, as far as compatibility forms and accents do not account for them already.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import regex

from listener.text import clean
from responders.lexicon import LOOKALIKES

_ALIKE = {
    "2": "\u01a8\u03e9",
    "3": "\u021d\u025c\u0292\u04e1\u2ccd\ua76b",
    "5": "\u01bd",
    "6": "\u0431\u2cd3",
    "8": "\u0223",
    "9": "\u2ccb\ua76f",
    "a": "\u13aa\ua4ee\u1d00\u2c65",
    "b": "\u0185\u044c\u13cf\u1472\u0180\u0253",
    "c": "\u13df\u1d04\u2ca5\ua4da\u0441\u03f2\u0188",
    "d": "\u13a0\u13e7\u146f\ua4d2\ua4d3\u0111\u0257",
    "e": "\u04bd\u13ac\u1d07\u0247\ua4f0\u025b\u0259",
    "f": "\u03dd\u0584\ua799\u0192",
    "g": "\u018d\u0581\u13c0\u1d83\ua4d6\u01e5\u0260",
    "h": "\u0570\u13bb\u13c2\u2c8f\ua4e7\u0127\u029c",
    "i": "\u13a5\ua647\u0268",
    "j": "\u029d\u03f3\u13ab\ua4d9\u0249",
    "k": "\u13e6\u2c95\ua4d7\u0199\u1d0b",
    "l": "\u01c0\u06f1\u13de\u2c93\ua4e1\ua4f2\u0142\u019a\u026b\u029f",
    "m": "\u03fb\u13b7\u2c99\ua4df\u1d0d",
    "n": "\u0578\u057c\u2c9b\ua4e0\u0272\u014b",
    "o": "\u0585\u06f5\u09e6\u0966\u0a66\u0ae6\u0be6\u0c66\u0ce6\u0d66\u0e50\u0ed0\u101d\u1040\u1d0f\u2c9f\u3007\ua4f3\u00f8\u10ff",
    "p": "\u13e2\u2ca3\ua4d1\u1d18\u01a5",
    "q": "\u0563\u0566\u02a0",
    "r": "\u13a1\u1d26\u2c85\ua4e3\u024d\u027d",
    "s": "\u057f\u13da\ua4e2\ua731\u0282",
    "t": "\u13a2\u2ca7\ua4d4\u0167\u1d1b",
    "u": "\u028b\u057d\u1d1c\ua4f4\u0289",
    "v": "\u0475\u06f7\u13d9\u1d20\ua4e6",
    "w": "\u026f\u0461\u0561\u13b3\u1d21\ua4ea",
    "x": "\u2cad\ua4eb\u04b3",
    "y": "\u0263\u028f\u04af\u10e7\u13a9\u2ca9\ua4ec\u024f",
    "z": "\u03b6\u13c3\u1d22\ua4dc\u01b6",
}
_READ = LOOKALIKES | {ord(one): LOOKALIKES.get(ord(letter), letter) for letter, many in _ALIKE.items() for one in many}
_PAIRS = (("rn", "m"), ("nn", "m"), ("vv", "w"), ("cl", "d"), ("i", "l"))
_SHORT, _LONG = 4, 7  # letters: shorter names are near many words, and in long ones two slips are not seen
_REPEATED = re.compile(r"(.)\1+")
_SCRIPTS = tuple(
    regex.compile(rf"[{script}]")
    for script in (
        *(r"\p{Latin}", r"\p{Cyrillic}", r"\p{Greek}\p{Coptic}", r"\p{Armenian}", r"\p{Cherokee}", r"\p{Georgian}", r"\p{Hebrew}"),
        *(r"\p{Arabic}", r"\p{Devanagari}", r"\p{Thai}", r"\p{Lisu}"),
    )
)
_MARKS = regex.compile(r"[^\p{L}\p{N}]")


@lru_cache(maxsize=8_192)
def skeleton(name: str) -> str:
    """Return what a hasty reader sees in a name: the same for all that look alike, never meant to be shown."""
    flat = "".join(one for one in unicodedata.normalize("NFKD", clean(name)) if not unicodedata.combining(one)).translate(_READ)
    for written, read in _PAIRS:
        flat = flat.replace(written, read)
    return flat


def squashed(name: str) -> str:
    """Return a name without spaces, dots and hyphens, folded: "Acme Shoes" is acmeshoes."""
    return str(_MARKS.sub("", clean(name)))


def mixes_scripts(name: str) -> bool:
    """Return whether letters of scripts that no language writes together stand in one name; Latin beside Japanese is fine."""
    return sum(bool(script.search(name)) for script in _SCRIPTS) > 1


def _once(name: str) -> str:
    return _REPEATED.sub(r"\1", name)


@lru_cache(maxsize=8_192)
def distance(one: str, other: str, most: int) -> int:
    """Return how many letters must be added, taken away, changed or swapped with their neighbour, at most `most` + 1."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before, row = [0] * (len(other) + 1), list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        last, before, row = before, row, [place]
        for at, wanted in enumerate(other, 1):
            step = min(before[at] + 1, row[at - 1] + 1, before[at - 1] + (letter != wanted))
            if place > 1 and at > 1 and letter == other[at - 2] and one[place - 2] == wanted:
                step = min(step, last[at - 2] + 1)
            row.append(step)
    return min(row[-1], most + 1)


def _slips(name: str) -> int:
    return 0 if len(name) < _SHORT else 1 if len(name) < _LONG else 2


def nearly(label: str, name: str) -> bool:
    """Return whether a label differs from a name by a slip: one letter, or two in a name of seven and more; a name of three has none."""
    pairs = {(label, name), (skeleton(label), skeleton(name)), (_once(label), _once(name))}
    return len(name) >= _SHORT and label != name and any(distance(one, other, _slips(other)) <= _slips(other) for one, other in pairs)
