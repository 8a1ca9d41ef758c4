"""Posts that arrive as HTML, turned into plain text. Tags are read, never trusted: what comes out holds no markup.

Python's own parser is not used: on unclosed tags its time grows with the square of the length (`"<a " * 70_000` took ten minutes in
November 2026), and the text comes from strangers. Here the time grows with the length.
"""

from __future__ import annotations

import re
from html import unescape

_BREAKS = frozenset({"br", "li", "tr"})
_BLOCKS = frozenset({"p", "div", "blockquote", "pre", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6"})
_UNSEEN = frozenset({"script", "style"})
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)([^<>]*)>|<![^<>]*>")
_HREF = re.compile(r"""(?:^|\s)href\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)


def plain(html: str) -> str:
    """Return the text of `html`: paragraphs and line breaks as newlines, a link's address beside a label that differs from it.

    Mastodon splits one address over visible and invisible parts; they are joined again.
    """
    if "<" not in html:  # most of what an account says of itself
        return _lined(unescape(html))
    reader = _Reader()
    done = 0
    for tag in _TAG.finditer(html):
        reader.read(html[done : tag.start()])
        reader.tag((tag[2] or "").lower(), tag[3] or "", closing=bool(tag[1]))
        done = tag.end()
    reader.read(html[done:])
    return reader.text()


class _Reader:
    """Collects text and the breaks between it."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._unseen = ""
        self._link = ""
        self._label_from: int | None = None

    def read(self, data: str) -> None:
        """Take text between two tags."""
        if data and not self._unseen:
            self._parts.append(unescape(data))

    def tag(self, name: str, attributes: str, *, closing: bool) -> None:
        """Take a tag; one we do not know changes nothing."""
        if name in _UNSEEN:
            self._unseen = "" if closing else name
        elif name in _BLOCKS:
            self._parts.append("\n\n")
        elif name in _BREAKS and not closing:
            self._parts.append("\n")
        elif name == "a":
            self._end_link()
            if not closing:
                self._begin_link(attributes)

    def _begin_link(self, attributes: str) -> None:
        found = _HREF.search(attributes)
        self._link = unescape(found[1] or found[2] or "") if found else ""
        self._label_from = len(self._parts)

    def _end_link(self) -> None:
        if self._label_from is None:
            return
        label = "".join(self._parts[self._label_from :]).strip()
        named = label.startswith(("@", "#")) or label.rstrip("/") == self._link.rstrip("/")
        if not named and _ADDRESS.fullmatch(self._link):
            self._parts.append(f" ({self._link})" if label else self._link)
        self._label_from = None

    def text(self) -> str:
        """Return what was collected: no white space at a line's ends, at most one empty line in a row."""
        self._end_link()
        return _lined("".join(self._parts))


def _lined(text: str) -> str:
    """Return text with no white space at a line's ends, and at most one empty line in a row."""
    if "\n" not in text:
        return " ".join(text.split())
    kept: list[str] = []
    for line in text.split("\n"):
        words = " ".join(line.split())
        if words or (kept and kept[-1]):
            kept.append(words)
    return "\n".join(kept).strip()
