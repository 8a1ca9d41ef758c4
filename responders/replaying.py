"""Rules tried on the past: the posts of a stretch of time are played in the order and at the times they were heard.

What people did then, they do again: they stop sending and resume, suppress, answer in their own words, and reject what they rejected where
these rules bring the very same words. What left by itself then does not count; these rules decide anew. Posts are judged with what
corrections have taught until now, and as Earnest judged them, not as somebody corrected them later. The store is only read.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import groupby

from listener import lessons
from listener.clock import from_text
from listener.model import Assessment, Page, Post
from listener.polling import Known
from listener.rules.rulebook import Rulebook
from listener.store import mentions as heard_ledger
from listener.store.base import Reader, Row, text
from listener.store.looking import looking
from listener.store.schema import MIGRATIONS as HEARING
from responders.house import channel_kind, speaking_networks
from responders.ledger import bygone, lowered, people
from responders.ledger.bygone import Place, Span
from responders.ledger.schema import MIGRATIONS as ANSWERING
from responders.pipeline import Noted
from responders.playing import Play

TABLES = (HEARING, ANSWERING)
"""The tables of a store that can be replayed."""

Key = tuple[str, str, str]
"""A mention: network, id of the post, brand."""

Words = tuple[str | None, str | None]
"""What a draft says in public and in private."""


@dataclass(slots=True)
class Told:
    """What became of one mention in the end.

    `words` holds every draft that was made for it, `sent` what left by itself, `shadows` the shadow routes that would have taken it.
    """

    case: str
    author: str
    handle: str
    route: str
    held_by: tuple[str, ...] = ()
    words: tuple[Words, ...] = ()
    sent: bool = False
    shadows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Again:
    """A draft that a person rejected or changed in reality, and that these rules would make again in the same words."""

    case: str
    verdict: str
    reason: str


@dataclass(slots=True)
class Story:
    """What these rules would have made of the past. `stops` are the brakes that would have tripped, `deleted` what has no words left."""

    version: str
    mentions: dict[Key, Told] = field(default_factory=dict)
    again: tuple[Again, ...] = ()
    stops: tuple[tuple[str, str], ...] = ()
    deleted: int = 0

    @property
    def sent(self) -> int:
        """How many mentions got an answer that left by itself."""
        return sum(told.sent for told in self.mentions.values())


def count(url: str, span: Span) -> int:
    """Return how many posts a replay of a span has to play.

    Raises:
        Unreachable: the store cannot be read.
    """
    with looking(url, TABLES) as reader:
        return len(bygone.places(reader, span))


def replay(url: str, book: Rulebook, span: Span, *, progress: Callable[[int], None] = lambda _posts: None) -> Story:
    """Play a span of the past by `book`; `progress` is told how many posts were played, now and then.

    Raises:
        Unreachable: the store cannot be read.
    """
    kinds = {name: kind for name in speaking_networks() if (kind := channel_kind(name))}
    with _seldom_collecting(), looking(url, TABLES) as reader:
        taught = lessons.adjustments(reader, book)
        play = Play(book, kinds, begins=span.since, remote_ids=bygone.remote_ids(reader), unread=True, adjustments=taught)
        try:
            return _Replay(reader, play, span, progress).run()
        finally:
            play.close()


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Look for rings of objects less often: a replay makes much, and none of it in rings."""
    usual = gc.get_threshold()
    gc.set_threshold(200_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


class _Replay:
    """One replay under way."""

    def __init__(self, reader: Reader, play: Play, span: Span, progress: Callable[[int], None]) -> None:
        self._reader, self._play, self._span, self._progress = reader, play, span, progress
        self._told: dict[Key, Told] = {}
        self._played = 0

    def run(self) -> Story:
        verdicts = bygone.verdicts(self._reader, self._span)
        self._begin()
        doings = iter([*sorted(self._doings(verdicts), key=lambda doing: doing[0])])
        doing = next(doings, None)
        for at, rows in self._pages():
            while doing and doing[0] <= at:
                doing[1]()
                doing = next(doings, None)
            self._hear(at, rows)
        while doing:
            doing[1]()
            doing = next(doings, None)
        self._play.finish()
        self._send()
        return Story(
            self._play.book.fingerprint,
            self._told,
            tuple(self._again(verdicts)),
            tuple(self._play.brakes()),
            bygone.deleted(self._reader, self._span),
        )

    def _begin(self) -> None:
        """Put everything where it stood at the beginning of the span."""
        play, since = self._play, self._span.since
        for table, rows in bygone.before(self._reader, self._span):
            play.take(table, rows)
        play.own({account.network: account for account in heard_ledger.accounts(self._reader)})
        self._stops = bygone.thrown(self._reader, until=self._span.until)
        for stop in (one for one in self._stops if one.at < since):
            if stop.on:
                play.store.write(people.resume)
            else:
                play.store.write(lambda tx, stop=stop: people.pause(tx, stop.reason, by=stop.by, until=stop.until, at=stop.at))  # type: ignore[misc]

    def _doings(self, verdicts: Sequence[bygone.Verdict]) -> Iterator[tuple[datetime, Callable[[], object]]]:
        """Yield what people did in the span, each with its moment."""
        play = self._play
        for stop in self._stops:
            if stop.at >= self._span.since:
                yield stop.at, partial(self._throw, stop)
        for one in bygone.listed_by_hand(self._reader, self._span):
            yield one.at, partial(play.suppress, one.network, one.author_id, on=one.on, at=one.at)
        down, up = lowered.within(self._reader, self._span.since, self._span.until)
        for fell in down:
            yield fell.at, partial(play.lower, fell)
        for at, route in up:
            yield at, partial(play.restore, route, at=at)
        for said in bygone.said(self._reader, self._span):
            yield said.at, partial(self._answer, said)
        for verdict in verdicts:
            if verdict.verdict == "rejected":
                words = (verdict.public, verdict.private)
                post = (verdict.network, verdict.post_id)
                yield verdict.at, partial(play.reject, post, words, verdict.reason, at=verdict.at)

    def _throw(self, stop: bygone.Thrown) -> None:
        if stop.on:
            self._play.resume(at=stop.at)
        else:
            self._play.pause(stop.reason, by=stop.by, until=stop.until, at=stop.at)

    def _answer(self, said: bygone.Said) -> None:
        post = heard_ledger.post(self._play.store.read(), said.network, said.post_id)
        if post is not None:
            self._play.answer(post, said.brand, said.words, route=said.route, automatic=False, at=said.at)

    def _pages(self) -> Iterator[tuple[datetime, list[Row]]]:
        """Yield posts as they were heard: those of one page together."""
        wanted = bygone.places(self._reader, self._span)
        rows = zip(wanted, bygone.posts(self._reader, wanted), strict=True)

        def page(pair: tuple[Place, Row]) -> tuple[str, str]:
            return pair[0].at, pair[0].source

        for (at, _), pairs in groupby(rows, key=page):
            yield from_text(at), [row for _, row in pairs]

    def _hear(self, at: datetime, rows: Sequence[Row]) -> None:
        posts = tuple(map(heard_ledger.read_post, rows))
        imported = {text(row, "id"): text(row, "brand") for row in rows if row["brand"]}
        late = tuple(text(row, "id") for row in rows if row["late"] and row["id"] not in imported and not _is_import(row))
        judged = {text(row, "id"): kept for row in rows if row["record"] and (kept := _assessment(row, self._play.judge))}
        page = Page(posts, None, late=late)
        for noted in self._play.hear(text(rows[0], "source"), page, at=at, network=posts[0].network, known=Known(imported, judged)):
            self._tell(noted)
        self._played += len(rows)
        self._progress(self._played)

    def _tell(self, noted: Noted) -> None:
        mention, post = noted.heard.mention, noted.heard.mention.post
        told = Told(
            case=noted.case,
            author=post.author.id,
            handle=post.author.handle,
            route=noted.decision.route,
            held_by=tuple(dict.fromkeys(hold.gate for hold in noted.decision.holds)),
            shadows=tuple(one.route for one in noted.decision.shadows if not one.above),
        )
        if noted.proposal:
            told.words = ((noted.proposal.public, noted.proposal.private),)
        self._told[_key(post, mention.brand)] = told

    def _send(self) -> None:
        """Note which mentions got an answer that left by itself."""
        left = {(one.delivery.network, one.delivery.parent.id, one.delivery.case) for one in self._play.left}
        for (network, post_id, _), told in self._told.items():
            told.sent = (network, post_id, told.case) in left

    def _again(self, verdicts: Sequence[bygone.Verdict]) -> Iterator[Again]:
        for one in verdicts:
            told = self._told.get((one.network, one.post_id, one.brand))
            if told and (one.public, one.private) in told.words:
                yield Again(told.case, one.verdict, one.reason)


def _key(post: Post, brand: str) -> Key:
    return post.network, post.id, brand


def _assessment(row: Row, judge: str) -> Assessment | None:
    return heard_ledger.judged_as(row, judge, "judged_language")


def _is_import(row: Mapping[str, object]) -> bool:
    return str(row["source"]).startswith(bygone.IMPORT)
