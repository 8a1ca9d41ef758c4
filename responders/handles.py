"""Whether a handle may be repeated: it is foreign text, and some are chosen so that a brand says them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

import ahocorasick_rs

from listener.text import clean
from responders.lexicon import BAIT_ANYWHERE, BAIT_WHOLE, INSULTS_ANYWHERE, INSULTS_WHOLE, LOOKALIKES

_PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_REPEATED = re.compile(r"(.)\1{2,}")
_PARTS = re.compile(r"[^a-z]+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
# Letters used for one another where the first reading is not the only one: n1gg is "nigg", c1ever is "clever", niqq, fvck, phuck.
_SECOND_READINGS = (("1", "l"), ("q", "g"), ("v", "u"), ("ph", "f"), ("k", "c"), ("vv", "w"))


def readings(text: str) -> Iterator[str]:
    """Yield the ways a person may read `text`: accents, look-alike letters digits for letters and drawn-out letters undone."""
    plain = clean(text)
    if not plain.isascii():
        plain = "".join(letter for letter in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(letter))
    drawn = {_REPEATED.sub(r"\1\1", plain), _REPEATED.sub(r"\1", plain)} if _REPEATED.search(plain) else (plain,)
    for drawn_out in drawn:
        yield drawn_out
        if not (drawn_out.isascii() and drawn_out.isalpha()):  # a plain letter looks like itself alone
            yield drawn_out.translate(LOOKALIKES)
        for written, read in _SECOND_READINGS:
            if written in drawn_out:
                yield drawn_out.replace(written, read).translate(LOOKALIKES)


@cache
def _search(wanted: frozenset[str]) -> ahocorasick_rs.AhoCorasick:
    return ahocorasick_rs.AhoCorasick(wanted)


_ALIKE = str.maketrans({"l": "i", "q": "g", "v": "u", "w": "u", "k": "c", "p": "f", "h": ""})
_ROUGH = {code: "".join(filter(str.isalnum, chr(code).lower().translate(LOOKALIKES))).translate(_ALIKE) for code in range(128)}  # of ASCII
_RUN = re.compile(r"(.)\1+")


def _roughly(text: str) -> str:
    """Return what all readings of an ASCII text have in common; that of a part of it stands in it."""
    return _RUN.sub(r"\1", text.translate(_ROUGH))


@cache
def _rough_search(anywhere: frozenset[str], whole: frozenset[str]) -> ahocorasick_rs.AhoCorasick:
    return ahocorasick_rs.AhoCorasick(set(map(_roughly, anywhere | whole)))


def _holds(handle: str, anywhere: frozenset[str], whole: frozenset[str]) -> bool:
    """Return whether a handle may be read as one of these words; most handles are nowhere near any of them, which is soon seen."""
    plain = handle.isascii() and handle.isprintable()
    if plain and not _rough_search(anywhere, whole).find_matches_as_indexes(_roughly(handle)):
        return False
    return _reads(handle, anywhere, whole)


def _reads(handle: str, anywhere: frozenset[str], whole: frozenset[str]) -> bool:
    for read in dict.fromkeys(readings(_HUMP.sub("_", handle))):
        joined = "".join(filter(str.isalnum, read))
        if joined in whole or _search(anywhere).find_matches_as_indexes(joined) or not whole.isdisjoint(_PARTS.split(read)):
            return True
    return False


@lru_cache(maxsize=4_096)
def is_insult(handle: str) -> bool:
    """Return whether a handle holds an insult, however it is split, spelled or dressed up."""
    return _holds(handle, INSULTS_ANYWHERE, INSULTS_WHOLE)


@lru_cache(maxsize=4_096)
def is_bait(handle: str) -> bool:
    """Return whether a handle holds an insult, or a statement that a brand makes by repeating it ("acme_is_a_scam")."""
    return is_insult(handle) or _holds(handle, BAIT_ANYWHERE, BAIT_WHOLE)


def name_to_say(handle: str) -> str:
    """Return the part of a handle that may be said (the name without its server), or "" where none may.

    Only plain ASCII letters, digits, "_", "." and "-" are said: a handle that needs more could pass for another one.
    """
    name = handle.removeprefix("@").partition("@")[0]
    return name if _PLAIN.fullmatch(name) and not is_bait(name) else ""
