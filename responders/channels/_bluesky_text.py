"""What a text must be on Bluesky: how it is counted, where its links and handles stand, and how record keys are made.

Facts: the lexicon of `app.bsky.feed.post` and `app.bsky.richtext.facet` (300 graphemes and 3,000 bytes; positions count bytes of
UTF-8), of `chat.bsky.convo.defs` (1,000 graphemes and 10,000 bytes), and atproto.com/specs/tid, all read in November 2026. Nothing
here touches the network.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from threading import Lock

import regex

from listener.clock import now
from responders.channels.base import TextLimits
from responders.model import Kind

MOST_GRAPHEMES = 300
MOST_BYTES = 3_000
MOST_GRAPHEMES_IN_PRIVATE = 1_000
MOST_BYTES_IN_PRIVATE = 10_000

_MOST = {Kind.PUBLIC: (MOST_GRAPHEMES, MOST_BYTES), Kind.PRIVATE: (MOST_GRAPHEMES_IN_PRIVATE, MOST_BYTES_IN_PRIVATE)}
_GRAPHEME = regex.compile(r"\X")
_LINK = re.compile(r"(?<![\w/])https?://[^\s<>\"]+", re.IGNORECASE)
_AFTER_LINK = ".,;:!?'\u2019\u201d\u00bb*_\u2026"
_LABEL = r"(?:[a-z0-9-]{0,61}[a-z0-9])?"
_HANDLE = re.compile(rf"(?<![^\s(])@((?:[a-z0-9]{_LABEL}\.)+[a-z]{_LABEL})(?![\w@-])", re.IGNORECASE | re.ASCII)
_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
_TID_LENGTH = 13


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a text that means something: from byte to byte of its UTF-8, and what it says."""

    start: int
    end: int
    said: str

    def facet(self, kind: str, **feature: str) -> dict[str, object]:
        """Return it as the network writes such a part; `kind` is `link` or `mention`."""
        return {
            "index": {"byteStart": self.start, "byteEnd": self.end},
            "features": [{"$type": f"app.bsky.richtext.facet#{kind}", **feature}],
        }


def graphemes(text: str) -> int:
    """Count characters as people do: an emoji family is one."""
    return len(text) if text.isascii() and "\r" not in text else len(_GRAPHEME.findall(text))


def problem(text: str, kind: Kind = Kind.PUBLIC) -> str:
    """Return "" where Bluesky takes the text as an answer of that kind, else what is wrong with it."""
    return _problem(text, *_MOST[kind])


def _problem(text: str, most_graphemes: int, most_bytes: int) -> str:
    if not text.strip():
        return "there is no text"
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return "it holds half a character, which cannot be sent"
    if (count := graphemes(text)) > most_graphemes:
        return f"it has {count} characters, and Bluesky takes {most_graphemes}"
    if size > most_bytes:
        return f"it takes {size:,} bytes, and Bluesky takes {most_bytes:,}: fewer emoji would help"
    return ""


@cache
def limits(kind: Kind) -> TextLimits:
    """Return how long an answer of that kind may be."""
    return TextLimits(_MOST[kind][0], graphemes, partial(problem, kind=kind))


def _stretch(text: str, start: int, end: int, said: str) -> Stretch:
    first = len(text[:start].encode())
    return Stretch(first, first + len(text[start:end].encode()), said)


def links(text: str) -> Iterator[Stretch]:
    """Find web addresses. What ends a sentence or closes a bracket opened before them is not part of them."""
    for found in _LINK.finditer(text):
        address = found[0].rstrip(_AFTER_LINK)
        while address.endswith(")") and address.count(")") > address.count("("):
            address = address[:-1].rstrip(_AFTER_LINK)
        if address.partition("://")[2]:
            yield _stretch(text, found.start(), found.start() + len(address), address)


def facets_of_links(text: str) -> list[dict[str, object]]:
    """Return what makes the addresses in a text links."""
    return [link.facet("link", uri=link.said) for link in links(text)]


def handles(text: str) -> Iterator[Stretch]:
    """Find handles (without "@", in small letters) where Bluesky's own program would: at the start, after a space or a bracket."""
    for found in _HANDLE.finditer(text):
        yield _stretch(text, found.start(), found.end(), found[1].lower())


class Tids:
    """Makes record keys: microseconds since 1970 and a number of our own, in letters that sort like the numbers."""

    def __init__(self) -> None:
        """Choose the number that sets this process apart from others."""
        self._lock = Lock()
        self._last = 0
        self._own = secrets.randbelow(1 << 10)

    def next(self) -> str:
        """Return a key that comes after every earlier one, also where the clock was set back."""
        with self._lock:
            self._last = max(int(now().timestamp() * 1_000_000), self._last + 1)
            value = self._last << 10 | self._own
        return "".join(_LETTERS[value >> 5 * place & 31] for place in reversed(range(_TID_LENGTH)))
