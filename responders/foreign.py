"""What of a post our answer to it repeats: its author's names, the people it names, its words. None of it is to stand in public.

Most answers repeat nothing, so each is first held against what it could hold at all, and only looked through where it may.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from listener.model import Post
from listener.text import clean
from responders.handles import is_insult
from responders.ours import Ours
from responders.runs import repeated
from responders.wording import find_words, may_hold, quoted

_SHORTEST_NAME = 3  # shorter names are found inside ordinary sentences
_LONGEST_NAME = 200  # no network takes longer ones
_AROUND = ".,;:?!\"'()[]*_~-"
_MENTION = re.compile(r"(?<![\w@/\uff20])(?:[@\uff20]|/?\bu/)([\w.-]+(?:@[\w.-]+)?)")
_NEAR_MENTION = re.compile(r"[@\uff20]|u/")
_PREFIX = re.compile(r"\s*@(\S+)(?:\s+|$)")


def _same(one: str, other: str) -> bool:
    """Return whether two handles are one and the same, server included: without it, another account may be meant."""
    return one.casefold().rstrip(".:,-") == other.casefold()


def _alike(one: str, other: str) -> bool:
    """Return whether two handles may name one account, whatever their servers."""
    first, second = (handle.casefold().rstrip(".:,-").partition("@")[0] for handle in (one, other))
    return first == second


def _is_ours(handle: str, ours: Ours, post: Post | None) -> bool:
    """Return whether a handle is ours on the post's network: in full, or without a server, which then is our own."""
    names = ours.handles(post.network if post else None)
    return any(_same(handle, name) or ("@" not in handle and _alike(handle, name)) for name in names)


def _mentioned(text: str) -> list[str]:
    """Return the handles in a text."""
    return _MENTION.findall(text) if _NEAR_MENTION.search(text) else []


def unaddressed(text: str, post: Post | None) -> str:
    """Return `text` without the author's handle in front, which addressing needs."""
    while post and (found := _PREFIX.match(text)) and _same(found[1], post.author.handle):
        text = text[found.end() :]
    return text


def repeats(text: str, body: str, post: Post, ours: Ours, *, name_allowed: bool) -> Iterator[str]:
    """Yield what of a post a public text repeats, in words for a person; `body` is the text without the author's handle in front."""
    if body != text and is_insult(post.author.handle.partition("@")[0]):
        yield "it says a handle in public that was chosen as an insult"
    yield from _names(body, post, ours, name_allowed=name_allowed)
    for run in repeated(body, post.text, lambda: ours.runs):
        yield f"it repeats the post in public: {quoted([run])}"


def widens(text: str, post: Post | None, ours: Ours) -> Iterator[str]:
    """Yield whom a private text names, in words for a person: they could then read along."""
    others = [name for name in _mentioned(text) if not (post and _same(name, post.author.handle)) and not _is_ours(name, ours, post)]
    if others:
        yield f"it mentions {quoted(others)}, who could then read this private text"


def _names(body: str, post: Post, ours: Ours, *, name_allowed: bool) -> Iterator[str]:
    """Yield where the author's name is repeated, unless the word is one of our own."""
    handle = post.author.handle
    said = handle.partition("@")[0]
    asked: list[tuple[str, tuple[str, ...]]] = [("display name", (post.author.display_name,))]
    asked += [] if name_allowed else [("handle", (handle, said))]
    for what, names in asked:
        begins = names[1:] if names[1:] and said.isascii() and said.isalnum() else names  # where that does not stand, no handle does
        if not may_hold(body, [name[:_LONGEST_NAME] for name in begins]):
            continue
        allowed = {clean(said)} if name_allowed else set()
        long = tuple(name[:_LONGEST_NAME] for name in names if len(name.strip()) >= _SHORTEST_NAME and clean(name).strip() not in allowed)
        long = tuple(name for name in long if not _is_common(name, body))
        found = find_words(long, body)
        if found and not find_words(long, ours.texts):
            yield f"it repeats the author's {what} in public: {quoted(found)}"
    if not (mentioned := _mentioned(body)):
        return
    others = [name for name in mentioned if not _same(name, handle) and not _is_ours(name, ours, post)]
    if copied := [name for name in others if any(_alike(name, named) for named in post.mentions)]:
        yield f"it draws in people the post names: {quoted(copied)}"


def _is_common(name: str, body: str) -> bool:
    """Return whether a one-word name only stands in `body` as an ordinary word: "Please" is called so, and we say "please"."""
    folded = clean(name).strip()
    if name.islower() or len(folded.split()) != 1:
        return False
    standing = [token.strip(_AROUND) for token in body.split() if clean(token).strip(_AROUND) == folded]
    return bool(standing) and all(token.islower() for token in standing)
