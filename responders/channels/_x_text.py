"""How X counts a text, and how it is known again when X has rendered it. Nothing here touches the network.

Counting follows twitter-text's configuration 3: 280 points; Latin and its neighbours count 1, everything else 2, an address 23, an
emoji 2 however it is put together; the handles a reply begins with count nothing (docs.x.com, counting characters, August 2026).
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache, partial

import regex

from responders.channels.base import TextLimits
from responders.model import Kind

LIMIT = 280
MESSAGE_LIMIT = 10_000

_ADDRESS_LENGTH = 23
_LONGEST_NAME = 63  # RFC 1035, 2.3.4
_WIDE = 2
_MOST_CASHTAGS = 1  # docs.x.com, manage posts, for self-serve customers (August 2026)
_NARROW = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
# Endings that are surely domains without https:// before them; of all others the longer count is taken.
_ENDING = r"(?:com|org|net|info|biz|edu|gov|io|app|dev|shop|store|xyz|online|help|support|[a-z]{2})"
_LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
# What an address may go on with, and end with: Latin and Cyrillic, as in twitter-text 3; anything else ends it.
_LETTERS = r"a-z0-9\u00c0-\u024f\u0400-\u04ff"
_TAIL = rf"(?::\d{{1,5}})?(?:[/?](?:[{_LETTERS}!*';:=+,.$/%#\[\]_~@|&?()\u2013-]*[{_LETTERS}=_#/+&-])?)?"
_ADDRESS = re.compile(
    rf"(?<![A-Za-z0-9@\uff20$#\uff03_./-])(?:https?://(?P<host>(?:[^\W_](?:[\w-]{{0,61}}[\w-])?\.)+[^\W\d_]{{2,24}})"
    rf"|(?:{_LABEL}\.){{1,20}}(?:(?P<known>{_ENDING})|[a-z]{{3,24}})(?![a-z0-9_@-])){_TAIL}",
    re.IGNORECASE,
)
_EMOJI = regex.compile(
    r"\p{Regional_Indicator}{2}|[0-9#*]\ufe0f?\u20e3"
    r"|(?![\u00a9\u00ae](?!\ufe0f))\p{Extended_Pictographic}[\ufe0f\U0001f3fb-\U0001f3ff]?(?:[\U000e0020-\U000e007e]+\U000e007f)?"
    r"(?:\u200d\p{Extended_Pictographic}[\ufe0f\U0001f3fb-\U0001f3ff]?)*"
    r"|\p{Emoji_Presentation}[\U0001f3fb-\U0001f3ff]?"
)
_LEADING_HANDLES = re.compile(r"(?:@\w{1,50}\s+)+", re.ASCII)
_CASHTAG = re.compile(r"(?<![\w$])\$[a-z]{1,6}(?:[._][a-z]{1,2})?(?![\w$])", re.IGNORECASE)
_INVALID = re.compile("[\ufffe\ufeff\uffff]")  # twitter-text 3, invalid characters
_SCHEME = re.compile(r"https?://", re.IGNORECASE)


def count(text: str) -> int:
    """Count as X does: 280 of these fit."""
    text = _without_leading_handles(unicodedata.normalize("NFC", text))
    total, position = 0, 0
    for found in _ADDRESS.finditer(text):
        total += _plain(text[position : found.start()])
        sure = _is_host(found["host"]) if found["host"] else found["known"]
        total += _ADDRESS_LENGTH if sure else max(_ADDRESS_LENGTH, _plain(found[0]))
        position = found.end()
    return total + _plain(text[position:])


def _is_host(host: str) -> bool:
    """Return whether X takes this for a host: no name in it is too long, ends oddly, or has _ where domains have none."""
    names = host.split(".")
    odd = any(name.endswith(("-", "_")) or (name.startswith("xn--") and not name.isascii()) for name in names)
    too_long = any(len(name.encode("punycode")) + len("xn--") > _LONGEST_NAME for name in names if not name.isascii())
    return not odd and not too_long and "_" not in "".join(names[-2:])


def _without_leading_handles(text: str) -> str:
    found = _LEADING_HANDLES.match(text)
    return text[found.end() :] if found else text


def _plain(text: str) -> int:
    found = _EMOJI.subn("", text)
    rest, emoji = str(found[0]), int(found[1])
    return emoji * _WIDE + sum(1 if any(low <= ord(one) <= high for low, high in _NARROW) else _WIDE for one in rest)


def problem(text: str, kind: Kind) -> str:
    """Say why a text cannot leave as it stands, or ""."""
    length, most = (count(text), LIMIT) if kind is Kind.PUBLIC else (len(text), MESSAGE_LIMIT)
    if length > most:
        return f"it is {length} characters long as X counts, {length - most} more than X takes"
    if not text.strip():
        return "it says nothing"
    if _INVALID.search(text):
        return "it holds a character that X does not take, such as a byte order mark"
    if kind is Kind.PUBLIC and len(_CASHTAG.findall(text)) > _MOST_CASHTAGS:
        return "it names more than one share by $NAME, which X does not take from programs"
    return ""


def essence(text: str, links: tuple[tuple[str, str], ...] = ()) -> str:
    """Return what stays of a text when X has rendered it. `links` are its shortened addresses, each with the one it stands for.

    X writes <, > and & as HTML does, puts the handles that are answered first, and shortens every address.
    """
    text = html.unescape(text)
    for short, whole in links:
        text = text.replace(short, whole)
    bare = _SCHEME.sub("", _without_leading_handles(text))
    return " ".join(word.rstrip("/") for word in unicodedata.normalize("NFC", bare).split())


@cache
def limits(kind: Kind) -> TextLimits:
    """Return how long a reply or a private message may be."""
    if kind is Kind.PUBLIC:
        return TextLimits(limit=LIMIT, count=count, problem=partial(problem, kind=kind))
    return TextLimits(limit=MESSAGE_LIMIT, count=len, problem=partial(problem, kind=kind))
