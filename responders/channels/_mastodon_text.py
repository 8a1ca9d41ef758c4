"""What a text must be on Mastodon: how it is counted, whom it names, and how it is known again once a server has rendered it.

Facts: docs.joinmastodon.org, "statuses" and "instance" (November 2026). Nothing here touches the network.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, partial

import regex

from listener.mastodon_instance import USUAL_ADDRESS_LENGTH, USUAL_LIMIT
from listener.model import Post
from responders.channels.base import TextLimits
from responders.model import Kind

_NAME = r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?"
_HANDLE = re.compile(rf"({_NAME})(@\w+(?:[.-]+\w+)*)?", re.IGNORECASE)
_MENTION = re.compile(rf"(?<![=/\w])@{_HANDLE.pattern}", re.IGNORECASE)
_ADDRESS = re.compile(r"""https?://[^\s<>"]*[^\s<>".,;:!?)\]'}]""", re.IGNORECASE)
_CLUSTER = regex.compile(r"\X")


def count(text: str, address_length: int | None = USUAL_ADDRESS_LENGTH) -> int:
    """Count as Mastodon does: characters as a reader sees them, an address as 23, a mention without its host.

    Where `address_length` is None, nothing is shortened: so count servers that do not say how they do it.
    """
    shortened = text if address_length is None else _MENTION.sub(r"@\1", _ADDRESS.sub("x" * address_length, text))
    return len(shortened) if shortened.isascii() and "\r" not in shortened else len(_CLUSTER.findall(shortened))


def _surely_fits(text: str, limit: int, address_length: int | None) -> bool:
    """Return whether a text is short enough however it is counted: only what stands for an address may be longer than it is."""
    return len(text) + text.count("://") * (address_length or 0) <= limit


def problem(text: str, kind: Kind, limit: int = USUAL_LIMIT, address_length: int | None = USUAL_ADDRESS_LENGTH) -> str:
    """Say why a text cannot leave as it stands, or ""."""
    length = 0 if _surely_fits(text, limit, address_length) else count(text, address_length)
    if length > limit:
        return f"it is {length} characters long, {length - limit} more than this server takes"
    if not text.strip():
        return "it says nothing"
    named = mentioned(text) if kind is Kind.PRIVATE else ()
    if kind is Kind.PRIVATE and len(named) != 1:
        return f"it names {', '.join(f'@{name}' for name in named)}, who would all read it" if named else "it names nobody to read it"
    return ""


def mentioned(text: str) -> tuple[str, ...]:
    """Return the handles a text mentions, each once, in lower case: everyone who would be told and could read it."""
    if "@" not in text:
        return ()
    return tuple(dict.fromkeys(f"{found[1]}{found[2] or ''}".lower() for found in _MENTION.finditer(text)))


def address(text: str, post: Post, kind: Kind) -> str:  # noqa: ARG001 - every network is asked the same way
    """Put the author's handle before the text unless it is in it; a reply that names nobody tells nobody."""
    handle = post.author.handle
    if not _HANDLE.fullmatch(handle) or handle.lower() in mentioned(text):
        return text
    return f"@{handle} {text}"


def essence(text: str) -> str:
    """Return what stays of a text when a server has rendered it: letters and spaces, mentions without hosts."""
    return " ".join(unicodedata.normalize("NFC", _MENTION.sub(r"@\1", text)).split())


@cache
def limits(kind: Kind) -> TextLimits:
    """Return the usual limits; a server's own are kept when sending."""
    return TextLimits(limit=USUAL_LIMIT, count=count, problem=partial(problem, kind=kind))
