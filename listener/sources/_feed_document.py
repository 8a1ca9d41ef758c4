"""A feed's bytes, read into entries: RSS 0.9 to 2.0, RSS 1.0 (RDF), Atom 0.3 and 1.0.

The three living libraries were tried with hostile XML of up to 5 MB in November 2026. feedparser 6.0.14 took 10 s for 200 KB of
attributes, feedparser-rs 0.7.1 over a minute for one title of `&nope;`, fastfeedparser 0.6.5 as long for one tag of name spaces, and it
drops what follows `&nbsp;`. Python's own Expat reads each of them in at most 1.5 s, in step with the length, so it is used here, on
text made clean first.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import escape
from html.entities import html5
from xml.parsers import expat  # declared entities are refused below, and nothing outside is ever loaded

from listener.clock import from_text
from listener.errors import Malformed
from listener.markup import plain

MOST_TEXT = 20_000  # characters kept of one entry

_MOST_HEAD = 1_000  # where a declaration of the encoding must stand
_LONGEST_DATE = 64
_EARLIEST_YEAR = 1990  # before the web; such a date is a template's default
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._-]{1,40})""", re.IGNORECASE)
_ENCODING = re.compile(
    r"(?:iso-?8859-|windows-?125|cp125|latin-?|koi8-|gb|big5|shift_?jis|sjis|euc-|utf-?16|utf-?32|us-ascii).{0,12}", re.IGNORECASE
)
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ILLEGAL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_AMPERSAND = re.compile(r"&(?:#x([0-9A-Fa-f]{1,8});|#([0-9]{1,8});|(?:amp|lt|gt|quot|apos);|([A-Za-z][A-Za-z0-9]{0,31};)|)")
_IN_PARENTHESES = re.compile(r"\(([^()]{1,200})\)")
_ATOM, _RSS, _DC, _CONTENT = "atom", "rss", "dc", "content"
_SPACES = {
    "http://www.w3.org/2005/Atom": _ATOM,
    "http://purl.org/atom/ns#": _ATOM,
    "http://purl.org/dc/elements/1.1/": _DC,
    "http://purl.org/rss/1.0/modules/content/": _CONTENT,
    "http://purl.org/rss/1.0/": _RSS,
    "http://my.netscape.com/rdf/simple/0.9/": _RSS,
    "http://backend.userland.com/rss2": _RSS,
}
_HTML, _PLAIN, _MARKED = "html", "text", "xhtml"
_KINDS = {"text": _PLAIN, "text/plain": _PLAIN, "html": _HTML, "text/html": _HTML, "xhtml": _MARKED, "application/xhtml+xml": _MARKED}


@dataclass(slots=True)
class Entry:
    """One entry, with its markup removed. What the feed does not say is empty; `at` is in UTC."""

    guid: str = ""
    link: str = ""
    title: str = ""
    body: str = ""
    author: str = ""
    at: datetime | None = None


@dataclass(slots=True)
class Document:
    """A feed. `broken` says, where something in it is no XML, where reading had to end; what stood before it is here."""

    title: str = ""
    link: str = ""
    entries: list[Entry] = field(default_factory=list)
    broken: str = ""


def read_document(data: bytes, content_type: str = "") -> Document:
    """Read a feed; `content_type` is the header of that name.

    Raises:
        Malformed: it is no feed, or it declares entities of its own.
    """
    reader = _Reader()
    broken = ""
    try:
        reader.read(_mended(_decoded(data, content_type)))
    except expat.ExpatError as odd:
        broken = f"it is no XML from line {odd.lineno} on"
    if not reader.is_feed:
        message = "this is no feed" + (f": {broken}" if broken else "")
        raise Malformed(message)
    return Document(reader.title, reader.link, reader.entries, broken)


def _decoded(data: bytes, content_type: str) -> str:
    """Return the text. What is whole as UTF-8 is UTF-8, whatever it says of itself: servers and templates often name another."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data.decode(name, "replace")
    named = [found[1] for found in [_CHARSET.search(content_type)] if found]
    named += [found[1].decode() for found in [_DECLARED.search(data[:_MOST_HEAD])] if found]
    for name in ("utf-8", *(name for name in named if _ENCODING.fullmatch(name))):
        try:
            return data.decode(name)
        except (LookupError, ValueError):
            continue
    return data.decode("cp1252" if b"\x00" not in data else "utf-8", "replace")


def _mended(text: str) -> str:
    """Return `text` with what XML forbids made harmless: control characters, bare ampersands, and HTML's names for characters."""
    first, *others = _ILLEGAL.sub("", text).split("<![CDATA[")
    parts = [_AMPERSAND.sub(_reference, first)]
    for other in others:
        inside, end, outside = other.partition("]]>")
        parts += ["<![CDATA[", inside, end, _AMPERSAND.sub(_reference, outside)]
    return "".join(parts)


def _reference(found: re.Match[str]) -> str:
    if found[1] or found[2]:
        code = int(found[1], 16) if found[1] else int(found[2])
        legal = code <= 0x10FFFF and (code in {9, 10, 13} or not (code < 0x20 or _ILLEGAL.match(chr(code))))  # noqa: PLR2004 - Unicode's end
        return found[0] if legal else "\ufffd"
    if found[3]:
        return "".join(f"&#{ord(each)};" for each in html5.get(found[3], "")) or f"&amp;{found[3]}"
    return found[0] if len(found[0]) > 1 else "&amp;"


class _Reader:
    """Takes what Expat finds. Only what lies directly in the feed or an entry is looked at; what lies deeper is markup."""

    def __init__(self) -> None:
        self.is_feed = False
        self.title = ""
        self.link = ""
        self.entries: list[Entry] = []
        self._spaces: dict[str, str] = {"dc": _DC, "content": _CONTENT, "atom": _ATOM, "a10": _ATOM}
        self._path: list[str] = []
        self._entry: Entry | None = None
        self._entry_depth = 0
        self._parts: list[str] = []
        self._field = ""
        self._field_depth = 0
        self._kind = _HTML
        self._attributes: Mapping[str, str] = {}
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._data
        self._parser.EntityDeclHandler = self._declared

    def read(self, text: str) -> None:
        self._parser.Parse(text.encode("utf-8"), True)

    def _declared(self, *_: object) -> None:
        message = "the feed declares entities of its own, which no feed needs"
        raise Malformed(message)

    def _named(self, name: str) -> str:
        """Return an element's name as "atom:title" or "title" (RSS), whatever prefix stands before it."""
        prefix, _, local = name.rpartition(":")
        space = self._spaces.get(prefix, "other" if prefix else _RSS)
        return local if space == _RSS else f"{space}:{local}"

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._path:
            self._begin(name, attributes)
        known = self._named(name)
        self._path.append(known)
        depth = len(self._path)
        if self._field:
            self._mark(name, attributes)
        elif self._entry is None and known in {"item", "atom:entry"}:
            self._entry, self._entry_depth = Entry(), depth
        elif self._entry is None or depth == self._entry_depth + 1 or self._path[-2:] == ["atom:author", "atom:name"]:
            self._field, self._field_depth, self._parts = known, depth, []
            self._kind = _kind(known, attributes)
            self._attributes = attributes
            if self._container(known):
                self._field = ""

    def _begin(self, name: str, attributes: Mapping[str, str]) -> None:
        for key, uri in attributes.items():
            if key == "xmlns" or key.startswith("xmlns:"):
                self._spaces[key[6:]] = _SPACES.get(uri, "other" if key[6:] else _RSS)
        self.is_feed = name.rpartition(":")[2] in {"rss", "RDF"} or self._named(name) == "atom:feed"
        if not self.is_feed:
            message = "this is no feed"
            raise Malformed(message)

    def _container(self, known: str) -> bool:
        return len(self._path) == 1 or known in {"channel", "atom:author", "image", "textinput", "textInput"}

    def _mark(self, name: str, attributes: Mapping[str, str]) -> None:
        if self._kind != _PLAIN:
            href = attributes.get("href", "")
            self._parts.append(f'<{name} href="{escape(href)}">' if href else f"<{name}>")

    def _data(self, text: str) -> None:
        if self._field:
            self._parts.append(escape(text) if self._kind == _MARKED else text)

    def _end(self, name: str) -> None:
        depth = len(self._path)
        self._path.pop()
        if self._field:
            if depth > self._field_depth:
                if self._kind != _PLAIN:
                    self._parts.append(f"</{name}>")
                return
            self._keep(self._field, "".join(self._parts))
            self._field = ""
        elif self._entry is not None and depth == self._entry_depth:
            self.entries.append(self._entry)
            self._entry = None

    def _keep(self, known: str, raw: str) -> None:
        if self._entry is not None:
            self._keep_in(self._entry, known, raw)
        elif known in {"title", "atom:title"} and "image" not in self._path:
            self.title = self.title or self._text(raw)
        elif known in {"link", "atom:link"} and "image" not in self._path:
            self.link = self.link or self._address(known, raw)

    def _keep_in(self, entry: Entry, known: str, raw: str) -> None:
        if known in {"title", "atom:title"}:
            entry.title = entry.title or self._text(raw)
        elif known in {"content:encoded", "atom:content"}:
            entry.body = self._text(raw) or entry.body
        elif known in {"description", "atom:summary"}:
            entry.body = entry.body or self._text(raw)
        elif known in {"guid", "atom:id"}:
            entry.guid = entry.guid or raw.strip()
        elif known in {"link", "atom:link"}:
            entry.link = entry.link or self._address(known, raw)
        elif known in {"author", "atom:name", "dc:creator"}:
            entry.author = entry.author or _name(self._text(raw))
        elif known in {"pubDate", "atom:published", "atom:issued", "dc:date"}:
            entry.at = _moment(raw) or entry.at
        elif known in {"atom:updated", "atom:modified"}:
            entry.at = entry.at or _moment(raw)

    def _text(self, raw: str) -> str:
        read = raw.strip() if self._kind == _PLAIN else plain(raw)
        return read if len(read) <= MOST_TEXT else read[: MOST_TEXT - 1] + "…"

    def _address(self, known: str, raw: str) -> str:
        if known == "link":
            return raw.strip()
        return self._attributes.get("href", "").strip() if self._attributes.get("rel", "alternate") == "alternate" else ""


def _kind(known: str, attributes: Mapping[str, str]) -> str:
    """Say how an element's text is meant. RSS does not tell, and writes HTML; Atom tells, and writes plain text unless it does."""
    if not known.startswith("atom:"):
        return _HTML
    return _KINDS.get(attributes.get("type", "text").strip().lower(), _PLAIN)


def _name(text: str) -> str:
    """Return a person's name. RSS wants an e-mail address there; it is nobody's business here, so it is left out."""
    found = _IN_PARENTHESES.search(text)
    words = found[1] if "@" in text and found else text
    return " ".join(words.partition("@")[0].split() or words.partition("@")[2].split())[:100]


def _moment(raw: str) -> datetime | None:
    text = raw.strip()
    if len(text) > _LONGEST_DATE:
        return None
    for read in (from_text, parsedate_to_datetime):
        try:
            moment = read(text)
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
        return moment if moment.year >= _EARLIEST_YEAR else None
    return None
