"""From a delivery to posts, by the few lines of rules.yaml that say where everything stands in it.

A reason for refusing names places, as rules.yaml does, and never what stands there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import urlsplit

from listener.clock import from_text
from listener.markup import plain
from listener.model import Author, Post
from listener.sources._webhook_json import Fraction
from listener.sources._webhook_options import ROOT, Fields, Options

MOST_POSTS = 200
"""In one delivery: they are judged and stored together."""

_LONGEST_ID = 300
_LONGEST_NAME = 200
_LONGEST_TEXT = 50_000
_LONGEST_NUMBER = 20
_MILLISECONDS = 10**11  # as seconds, this is the year 5138; as milliseconds, 1973
_NOWHERE = object()


class Unmapped(Exception):
    """A post cannot be made of it: `path` is where, as rules.yaml writes it, and the words why."""

    def __init__(self, path: str, why: str) -> None:
        """Keep the place beside the reason."""
        super().__init__(why)
        self.path = path
        self.why = why


@dataclass(frozen=True, slots=True)
class Brought:
    """What a delivery brought: posts, and the ids of those that are gone."""

    posts: tuple[Post, ...] = ()
    gone: tuple[str, ...] = ()

    @property
    def ids(self) -> frozenset[str]:
        """All ids in it."""
        return frozenset(self.gone) | {post.id for post in self.posts}


class Mapper:
    """Makes posts of what one source is brought."""

    def __init__(self, options: Options) -> None:
        """Keep where everything stands."""
        self._options = options
        self._own = frozenset(options.own_authors)

    def posts(self, delivery: object, at: datetime) -> Brought:
        """Return what a delivery brought; `at` is now.

        Raises:
            Unmapped: something that is needed is not there, or is of another kind.
        """
        posts: list[Post] = []
        gone: list[str] = []
        for one, where in self._each(delivery):
            look = _Look(one, delivery, where)
            if not all(look.is_any(path, words) for path, words in self._options.only_when.items()):
                continue
            if self._is_gone(look):
                gone.append(look.id(self._options.map.id))
            else:
                posts.append(self._post(look, at))
        return Brought(tuple(posts), tuple(gone))

    def _each(self, delivery: object) -> Iterator[tuple[object, str]]:
        path = self._options.posts
        if path is None:
            yield delivery, ""
            return
        found = _at(delivery, path.removeprefix(ROOT))
        if not isinstance(found, list):
            raise Unmapped(path, "is not there" if found is _NOWHERE else "is no list")
        if len(found) > MOST_POSTS:
            raise Unmapped(path, f"holds more than {MOST_POSTS} posts")
        for number, one in enumerate(found):
            yield one, f"{path}.{number}."

    def _is_gone(self, look: _Look) -> bool:
        """Return whether it is a deletion: a mark that is there and is not false, or a word that says so."""
        mark = look.value(self._options.map.deleted)
        if mark is not _NOWHERE and mark and mark not in ("0", "false"):
            return True
        return any(look.is_any(path, words) for path, words in self._options.deleted_when.items())

    def _post(self, look: _Look, at: datetime) -> Post:
        fields, network = self._options.map, self._options.network
        post_id = look.id(fields.id)
        text = self._text(look, fields)
        author = self._author(look, fields, post_id)
        version = look.words(fields.version, "")
        return Post(
            network=network,
            id=post_id,
            text=text,
            author=author,
            created_at=min(look.moment(fields.at) or at, at),
            thread_id=look.id(fields.thread, needed=False) or post_id,
            parent_id=look.id(fields.parent, needed=False) or None,
            url=_link(look.words(fields.url, "")),
            version=version[:_LONGEST_ID] or sha256(text.encode("utf-8", "replace")).hexdigest()[:12],
            own=author.id in self._own,
            about=(self._options.about,) if self._options.about else (),
        )

    def _text(self, look: _Look, fields: Fields) -> str:
        parts = [look.words(fields.title, ""), look.words(fields.text)]
        if self._options.markup == "html":
            parts = [plain(part) for part in parts]
        title, text = (_whole_letters(part).strip() for part in parts)
        return (text if text.startswith(title) else f"{title}\n\n{text}".strip())[:_LONGEST_TEXT]

    def _author(self, look: _Look, fields: Fields, post_id: str) -> Author:
        """Return who wrote it. One without a name is nobody else who has none."""
        handle = " ".join(_whole_letters(look.words(fields.author)).split()).lstrip("@")[:_LONGEST_NAME]
        author_id = look.id(fields.author_id, needed=False)
        return Author(self._options.network, author_id or handle or f"unknown {post_id}", handle or "unknown")


@dataclass(frozen=True, slots=True)
class _Look:
    """Looks things up in one post of a delivery; `where` is its place, for whoever is told that something is wrong."""

    one: object
    delivery: object
    where: str

    def value(self, paths: Sequence[str]) -> object:
        """Return what stands at the first path that leads to something; None where it is null, `_NOWHERE` where none leads anywhere."""
        found = [self._at(path) for path in paths]
        good = next((one for one in found if one not in (_NOWHERE, None, "")), _NOWHERE)
        return good if good is not _NOWHERE else next((one for one in found if one is not _NOWHERE), _NOWHERE)

    def _at(self, path: str) -> object:
        return _at(self.delivery, path.removeprefix(ROOT)) if path.startswith(ROOT) else _at(self.one, path)

    def is_any(self, path: str, words: Sequence[str]) -> bool:
        """Return whether one of these words stands there."""
        found = self._at(path)
        said = str(found).lower() if isinstance(found, bool) else found
        return isinstance(said, str) and said in words

    def words(self, paths: Sequence[str], missing: str | None = None) -> str:
        """Return a text or a number as it was written; null is empty."""
        found = self.value(paths)
        if found is _NOWHERE and missing is not None:
            return missing
        if found is _NOWHERE:
            raise self._unmapped(paths, "is not there")
        if found is None:
            return ""
        if not isinstance(found, str):
            raise self._unmapped(paths, "is no text")
        return str(found)

    def id(self, paths: Sequence[str], *, needed: bool = True) -> str:
        """Return an id: text or a whole number, just as it was written."""
        found = self.value(paths)
        if found in (_NOWHERE, None, "") and not needed:
            return ""
        if found in (_NOWHERE, None):
            raise self._unmapped(paths, "is not there" if found is _NOWHERE else "is empty")
        if isinstance(found, Fraction):
            raise self._unmapped(paths, "is a number with a fraction or an exponent, which is no id")
        if not isinstance(found, str):
            raise self._unmapped(paths, "is no text and no whole number")
        if not found.strip() or len(found) > _LONGEST_ID or not _is_whole(found) or "\0" in found:
            raise self._unmapped(paths, f"is no id: it is empty, longer than {_LONGEST_ID} letters, or holds half a letter")
        return str(found)

    def moment(self, paths: Sequence[str]) -> datetime | None:
        """Return a time: RFC 3339, or seconds or milliseconds since 1970; None where none is said."""
        found = self.value(paths)
        if found in (_NOWHERE, None, ""):
            return None
        if moment := _moment(found) if isinstance(found, str) else None:
            return moment
        raise self._unmapped(paths, "is no time: it wants RFC 3339, or seconds or milliseconds since 1970")

    def _unmapped(self, paths: Sequence[str], why: str) -> Unmapped:
        first = paths[0] if paths else ""
        return Unmapped(first if first.startswith(ROOT) else self.where + first, why)


def _at(found: object, path: str) -> object:
    """Return what stands at a path of keys and of numbers into lists; `_NOWHERE` where it leads nowhere."""
    for step in path.split("."):
        if isinstance(found, dict) and step in found:
            found = found[step]
        elif isinstance(found, list) and step.isascii() and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        else:
            return _NOWHERE
    return found


def _moment(text: str) -> datetime | None:
    if len(text) > 2 * _LONGEST_NUMBER:
        return None
    number = text.strip()
    try:
        if number.replace(".", "", 1).isdigit() and number.isascii():
            seconds = float(number)
            seconds = seconds / 1_000 if seconds >= _MILLISECONDS else seconds
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        return from_text(number)
    except (ValueError, OverflowError):
        return None


def _link(text: str) -> str:
    try:
        fine = urlsplit(text).scheme in {"http", "https"} and bool(urlsplit(text).hostname) and _is_whole(text)
    except ValueError:
        return ""
    return text if fine else ""


def _is_whole(text: str) -> bool:
    """Return whether a text holds no half letter (a lone surrogate), which no file can hold."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _whole_letters(text: str) -> str:
    """Return a text with half letters replaced: a cut emoji must not keep a cry for help from being heard."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
