"""Is a post about one of our brands, and because of what?

Names are found as whole words in any script, whatever their capitals, accents' encoding or hidden characters, and are quoted in the
author's own spelling. A name inside a web address, or inside somebody else's handle, does not count. Queries are looked for beside them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter

import ahocorasick_rs
import regex

from listener.finding import Queries, Seen
from listener.model import Account, Because, Ground, Mention, Post, Visibility
from listener.queries.sense import of_a_brand
from listener.rules.rulebook import Brand
from listener.text import Folded, clean, fold_with_offsets
from listener.words import bounded

_ENDING = r"\.(?:com|net|org|io|co|app|dev|shop|store|info|biz|eu|de|fr|es|it|nl|pl|tr|pt|jp|uk|us|ch|at)"
_ADDRESS = regex.compile(
    r"https?://\S+|www\.\S+|(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)+"
    rf"|(?<![@\w.-])[\w-]++(?:\.[\w-]++)*{_ENDING}(?![\w-]|\.\w)(?:/\S*)?",
)
_PART_OF_ADDRESS = re.compile(rf"://|www\.|@(?<=\S@)|{_ENDING}")
_HANDLE = regex.compile(r"(?<![\w@/.])@[\w-]++(?:\.[\w-]++)*(?:@[\w-]++(?:\.[\w-]++)*)?")
_REDDIT_HANDLE = regex.compile(r"(?<![\w@])/?u/([\w-]+)")
_NOBODY: frozenset[str] = frozenset()
_HASHTAG = regex.compile(r"(?<![\w&])[#\uff03]([\p{L}\p{N}\p{M}_]+)")


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase found: as it was asked for, in the author's words, and where in the original text it stands."""

    phrase: str
    words: str
    start: int
    end: int


class Phrases:
    """Many phrases, looked for at once in one pass, as whole words."""

    def __init__(self, phrases: Iterable[str]) -> None:
        """Take the phrases; empty ones, and ones made of nothing but hidden characters, are left out."""
        by_folded = {folded: phrase for phrase in phrases if (folded := clean(phrase).strip())}
        self._phrases = tuple(by_folded.values())
        self._folded = tuple(by_folded)

    @cached_property
    def _search(self) -> ahocorasick_rs.AhoCorasick | None:
        """Made when it is first needed: of hundreds of conditions most are never asked."""
        return ahocorasick_rs.AhoCorasick(self._folded) if self._folded else None

    def find(self, text: str | Folded) -> tuple[Found, ...]:
        """Return every phrase in `text`, in the order they begin; phrases may overlap."""
        folded = fold_with_offsets(text) if isinstance(text, str) else text
        places = self._search.find_matches_as_indexes(folded.text, overlapping=True) if self._search else ()
        return tuple(sorted(self._each(folded, places), key=lambda found: (found.start, -found.end))) if places else ()

    def _each(self, folded: Folded, places: Iterable[tuple[int, int, int]]) -> Iterator[Found]:
        for index, start, end in places:
            if bounded(folded.text, start, end):
                first, last = folded.span(start, end)
                yield Found(self._phrases[index], folded.original[first:last], first, last)


@dataclass(frozen=True, slots=True)
class _Known:
    """A brand made ready for matching; every text in it is folded."""

    names: Phrases
    handles: Mapping[str, str]
    spoken_to: Mapping[str, frozenset[str]]  # by network, and by "" where we have no handle: our handles, with their servers and without
    hashtags: frozenset[str]
    ignored_authors: frozenset[str]
    ignored_phrases: Phrases
    queries: Queries
    competitors: Phrases | None


@dataclass(frozen=True, slots=True)
class Other:
    """A competitor of a brand that a post names, as the rules write its name."""

    brand: str
    competitor: str


def _bare(handle: str) -> str:
    return clean(handle).strip().removeprefix("@")


def _know(brand: Brand) -> _Known:
    handles = {network: _bare(handle) for network, handle in brand.handles.items()}
    return _Known(
        names=Phrases(brand.names),
        handles=handles,
        spoken_to={network: _both_ways([handle]) for network, handle in handles.items() if handle} | {"": _both_ways(handles.values())},
        hashtags=frozenset(clean(tag).strip().removeprefix("#") for tag in brand.hashtags),
        ignored_authors=frozenset(map(_bare, brand.ignore.authors)),
        ignored_phrases=Phrases(brand.ignore.phrases),
        queries=Queries([of_a_brand(text).root for text in brand.queries]),
        competitors=Phrases(brand.competitors) if brand.competitors else None,
    )


# Where something stands in the original text, what it is when folded, and the author's own words for it.
_Place = tuple[int, int, str, str]


@dataclass(frozen=True)
class _Read:
    """What a post holds, read once for all brands: its folded text, its handles with their places, and its addresses."""

    folded: Folded
    handles: tuple[_Place, ...]
    addresses: tuple[_Place, ...]
    hashtags: Mapping[str, str]
    mentions: frozenset[str]

    @cached_property
    def seen(self) -> Seen:
        """What a query can see of the post."""
        named = {handle: f"@{handle}" for handle in sorted(self.mentions)} | {handle: words for _, _, handle, words in self.handles}
        short = {_short(handle): words for handle, words in named.items()}
        return Seen(self.folded, _joined((*self.handles, *self.addresses)), short | named, self.hashtags)


def _joined(places: Iterable[_Place]) -> list[tuple[int, int]]:
    """Return the stretches that the places cover, sorted, none within another: a handle may stand inside an address."""
    stretches: list[tuple[int, int]] = []
    for start, end, *_ in sorted(places):
        if stretches and start < stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], max(end, stretches[-1][1]))
        else:
            stretches.append((start, end))
    return stretches


def sees(post: Post) -> Seen:
    """Return what a query can see of a post."""
    return _read(post).seen


def _read(post: Post) -> _Read:
    text = post.text
    handles = [(found.start(), found.end(), _bare(found[0]), found[0]) for found in _HANDLE.finditer(text)] if "@" in text else []
    if "u/" in text:
        handles += [(found.start(), found.end(), clean(found[1]), found[0]) for found in _REDDIT_HANDLE.finditer(text)]
    tags = {clean(found[1]): found[0] for found in _HASHTAG.finditer(text)} if "#" in text or "\uff03" in text else {}
    return _Read(
        folded=fold_with_offsets(text),
        handles=tuple(sorted(handles)),
        addresses=tuple(_addresses(text)),
        hashtags={clean(tag).removeprefix("#"): "#" + tag.removeprefix("#") for tag in post.tags} | tags if post.tags else tags,
        mentions=frozenset(map(_bare, post.mentions)),
    )


def _addresses(text: str) -> Iterator[_Place]:
    """Find web and mail addresses, looking only where a sign of one stands: none is without such a sign, and none holds a space."""
    end = 0
    for sign in _PART_OF_ADDRESS.finditer(text):
        if sign.start() >= end:
            start, end = text.rfind(" ", end, sign.start()) + 1 or end, text.find(" ", sign.end())
            end = len(text) if end < 0 else end
            yield from ((found.start(), found.end(), "", found[0]) for found in _ADDRESS.finditer(text, start, end))


def _short(handle: str) -> str:
    """Return the part of a handle before its server: acme of acme@mastodon.social."""
    return handle.partition("@")[0]


def _both_ways(handles: Iterable[str]) -> frozenset[str]:
    """Return handles with their servers and without."""
    return frozenset([way for handle in handles for way in (handle, _short(handle))])


class Matcher:
    """Knows our brands and says of each post which of them it is about."""

    def __init__(self, brands: Mapping[str, Brand]) -> None:
        """Make the brands of the rulebook ready for matching."""
        self._brands = {name: _know(brand) for name, brand in brands.items()}
        self._others = {name: brand.competitors for name, brand in self._brands.items() if brand.competitors}

    @property
    def knows_others(self) -> bool:
        """Whether a brand has competitors."""
        return bool(self._others)

    def match(self, post: Post, own: Sequence[Account] = ()) -> tuple[Mention, ...]:
        """Return one mention for each brand the post is about, with every ground; none for what we wrote ourselves.

        `own` are our accounts as the networks name them: with their ids, replies to us and mentions by id are known.
        """
        accounts = [account for account in own if account.network == post.network]
        if post.own or any(account.id == post.author.id for account in accounts):
            return ()
        read = _read(post)
        return tuple([mention for name in self._brands if (mention := self._mention(name, post, read, accounts))])

    def others(self, post: Post) -> tuple[Other, ...]:
        """Return the competitors that somebody's post names, for each brand that has them; what the brand ignores does not count."""
        if not self._others or post.own:
            return ()
        read, author = _read(post), _bare(post.author.handle)
        found: list[Other] = []
        for name, phrases in self._others.items():
            brand = self._brands[name]
            if author not in brand.ignored_authors and not brand.ignored_phrases.find(read.folded):
                found += [Other(name, one.phrase) for one in phrases.find(read.folded) if not _around(read.addresses, one.start)]
        return tuple(dict.fromkeys(found))

    def _mention(self, name: str, post: Post, read: _Read, accounts: Sequence[Account]) -> Mention | None:
        brand = self._brands[name]
        author = _bare(post.author.handle)
        if author in brand.ignored_authors or (author and author == brand.handles.get(post.network)):
            return None
        ours = self._ours(brand, accounts)
        direct = post.visibility is Visibility.DIRECT
        which = _which(post, read, brand, ours)
        spoken_to = [*_by_handle(read, which), *_by_reply(post, ours)]
        if direct and ours and not spoken_to:
            spoken_to = [Because(Ground.HANDLE, "a direct message")]
        grounds = (*_by_name(read, brand, which), *_by_hashtag(read, brand), *_by_query(read, brand), *_by_place(post, name))
        because = tuple(dict.fromkeys([*spoken_to, *grounds]))
        if not because or brand.ignored_phrases.find(read.folded):
            return None
        return Mention(post, name, (*because, *_beside(read, brand)), addressed=bool(spoken_to) or direct)

    def _ours(self, brand: _Known, accounts: Sequence[Account]) -> list[Account]:
        """Return the accounts that are this brand's: all of them where there is but one brand, else those of its handles."""
        if len(self._brands) == 1:
            return list(accounts)
        return [one for one in accounts if _short(_bare(one.handle)) == _short(brand.handles.get(one.network, ""))]


@dataclass(frozen=True, slots=True)
class _Ours:
    """Which handles in a post mean us: by the network's own list, in the text, and which only look like ours."""

    listed: frozenset[str]
    written: frozenset[str]
    elsewhere: frozenset[str]


def _which(post: Post, read: _Read, brand: _Known, ours: Sequence[Account]) -> _Ours:
    handle = brand.handles.get(post.network)
    known = {handle} if handle else set()
    spoken_to = brand.spoken_to[post.network if handle else ""]  # on a network where we have no handle, any of ours speaks to us
    if ours:
        known |= {_bare(account.handle) for account in ours}
        spoken_to = _both_ways(known)
    listed = frozenset((known | {_bare(account.id) for account in ours}) & read.mentions)
    # Where the network names another server's account, a bare "@acme" in the text means that one.
    elsewhere = frozenset([_short(one) for one in read.mentions if "@" in one]) if read.mentions and not listed else _NOBODY
    return _Ours(listed, spoken_to - elsewhere, elsewhere)


def _by_handle(read: _Read, which: _Ours) -> Iterator[Because]:
    """Find our handle in the text, else in the network's own list of whom the post addresses."""
    for _, _, handle, words in read.handles:
        if handle in which.written:
            yield Because(Ground.HANDLE, words)
            return
    if which.listed:
        yield Because(Ground.HANDLE, "@" + min(which.listed))


def _by_reply(post: Post, ours: Sequence[Account]) -> Iterator[Because]:
    for account in ours:
        if post.parent_author_id is not None and post.parent_author_id == account.id:
            yield Because(Ground.REPLY, f"a reply to @{account.handle.removeprefix('@')}")


def _by_name(read: _Read, brand: _Known, which: _Ours) -> Iterator[Because]:
    """Find our names outside addresses and handles; "@acme" where that is no handle of ours still speaks of us."""
    for found in brand.names.find(read.folded):
        if _around(read.addresses, found.start):
            continue
        handle = _around(read.handles, found.start)
        if handle is None or (handle[2] == clean(found.words) and handle[2] not in which.written | which.elsewhere):
            yield Because(Ground.NAME, found.words)


def _around(places: Sequence[_Place], position: int) -> _Place | None:
    """Return the place (sorted, not overlapping) that holds `position`."""
    at = bisect_right(places, position, key=itemgetter(0)) - 1
    return places[at] if at >= 0 and position < places[at][1] else None


def _by_hashtag(read: _Read, brand: _Known) -> Iterator[Because]:
    for tag in sorted(brand.hashtags & read.hashtags.keys()):
        yield Because(Ground.HASHTAG, read.hashtags[tag])


def _by_query(read: _Read, brand: _Known) -> Iterator[Because]:
    """Find the queries that the post satisfies, each with the words that did it."""
    if brand.queries and not brand.queries.has_no_word_in(read.folded.text):
        for _, quotes in brand.queries.find(read.seen):
            yield Because(Ground.QUERY, " … ".join(quotes))


def _beside(read: _Read, brand: _Known) -> Iterator[Because]:
    """Find the competitors that a mention names too."""
    found = {one.phrase: one.words for one in brand.competitors.find(read.folded)} if brand.competitors else {}
    yield from (Because(Ground.COMPETITOR, words) for words in found.values())


def _by_place(post: Post, name: str) -> Iterator[Because]:
    if name in post.about:
        yield Because(Ground.PLACE, f"everything in {post.network}")
