"""Names that every store can keep and find again, whatever a network sends: ids and handles that are too long, or hold what is no letter.

A database refuses to index what is longer than a third of a page, and a post that it refuses would keep its whole page, and so its whole
source, from being heard (postgresql.org/docs/18/btree.html, November 2026: 2,704 bytes, and two of our ids stand in one row of an index).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from listener.model import Page, Post

LONGEST = 1_000
"""Bytes of an id or a handle; no network's own are nearly as long."""

_SEAL = 16  # letters by which what was made to fit is told apart from everything else


def fitted(page: Page) -> Page:
    """Return a page with names that every store can keep; the same page where they are so already, as they nearly always are."""
    gone, late = tuple(map(fitted_name, page.gone)), tuple(map(fitted_name, page.late))
    return replace(page, posts=tuple(fitted_posts(page.posts)), gone=gone, late=late)


def fitted_posts(posts: Sequence[Post]) -> list[Post]:
    """Return posts with such names."""
    return [post if all(map(_fits, _names(post))) else _fitted(post) for post in posts]


def fitted_name(name: str) -> str:
    """Return a name as every store can keep it: the same one for the same name, and never one that another name has."""
    if _fits(name):
        return name
    whole = name.encode("utf-8", "surrogatepass")
    return f"{_cut(name, LONGEST - _SEAL - 1)}~{sha256(whole).hexdigest()[:_SEAL]}"


def _names(post: Post) -> tuple[str, ...]:
    author = post.author
    return post.id, post.thread_id, post.parent_id or "", post.parent_author_id or "", author.id, author.handle


def _fits(name: str) -> bool:
    if "\0" in name or len(name) > LONGEST:
        return False
    if name.isascii():
        return True
    try:
        return len(name.encode()) <= LONGEST
    except UnicodeEncodeError:  # half a letter
        return False


def _fitted(post: Post) -> Post:
    author = post.author
    return replace(
        post,
        id=fitted_name(post.id),
        thread_id=fitted_name(post.thread_id),
        parent_id=None if post.parent_id is None else fitted_name(post.parent_id),
        parent_author_id=None if post.parent_author_id is None else fitted_name(post.parent_author_id),
        author=replace(author, id=fitted_name(author.id), handle=_cut(author.handle, LONGEST)),
    )


def _cut(name: str, most: int) -> str:
    return name.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace")[:most].decode("utf-8", "ignore")
