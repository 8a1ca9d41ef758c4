"""One page heard: match, judge, store, and move the cursor, all in one transaction.

A crash before the commit loses nothing, since the cursor has not moved; a page heard twice adds nothing, since posts are stored once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from listener import lessons
from listener.clock import Clock
from listener.fitting import fitted, fitted_posts
from listener.judging import Judges, Question
from listener.matching import Matcher, Other
from listener.model import Account, Assessment, Because, Ground, Mention, Mood, Page, Post
from listener.rules.rulebook import Rulebook
from listener.scoring import learned
from listener.scoring.assessor import Assessor
from listener.scoring.judge import judge_name
from listener.scoring.learned import Adjustments
from listener.sources.base import Looked
from listener.store import competitors, following, queueing
from listener.store import mentions as ledger
from listener.store.base import Reader, Store, Tx
from listener.store.intake import Intake


@dataclass(frozen=True, slots=True)
class Known:
    """What is known already of posts of one page, by their ids: the brand each was imported for, and how this Ear's own judge judged it."""

    imported: Mapping[str, str] = field(default_factory=dict)
    judged: Mapping[str, Assessment] = field(default_factory=dict)


NOTHING_KNOWN = Known()


@dataclass(frozen=True, slots=True)
class Judged:
    """A post with what it is a mention of, which competitors it names, and how it was judged (None where it is neither).

    `edited` is true where it was stored before, in other words. `judge` names who judged it, "" where that is who judges when it is stored.
    """

    post: Post
    mentions: tuple[Mention, ...]
    assessment: Assessment | None
    others: tuple[Other, ...] = ()
    edited: bool = False
    judge: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one page came to: the posts in it that are new or changed, and mentions; `stale` where it was not stored, being overtaken."""

    mentions: tuple[Judged, ...]
    stale: bool = False


_Seen = tuple[Judged, Sequence[Post]]
"""A post, and what was said before it."""


def _unjudged(one: Judged) -> bool:
    return one.assessment is None and bool(one.mentions or one.others)


def _in_threads(reader: Reader, many: Sequence[Judged]) -> list[_Seen]:
    """Give each that is to be judged what was said before it in its thread."""
    return [(one, _before(reader, one.post) if _unjudged(one) else ()) for one in many]


def _before(reader: Reader, post: Post) -> Sequence[Post]:
    return ledger.thread(reader, post.network, post.thread_id) if post.parent_id else ()


def _questions(many: Sequence[_Seen]) -> list[Question]:
    return [(one.post, before) for one, before in many if _unjudged(one)]


class Ear:
    """Judges posts by a rulebook, with what people's corrections taught, and stores them. All else it knows is in the store."""

    def __init__(
        self, store: Store, book: Rulebook, clock: Clock, *, adjustments: Adjustments | None = None, judges: Judges | None = None
    ) -> None:
        """Compile the brands and the scoring of `book`; `adjustments` stand in for what the corrections in the store teach.

        `judges` are the helpers that judge whole pages; without them all is judged here.
        """
        self._judges = judges or Judges(0)
        self._store = store
        self._clock = clock
        self._matcher = Matcher(book.brands)
        self._assessor = Assessor(book.scoring)
        self._scoring = book.scoring
        self._lessons = lessons.Lessons(book, self._assessor)
        self._given = adjustments

    def warm_up(self) -> None:
        """Read and make ready all words and weights, which takes a second or two: what is heard then waits for nothing. From any thread."""
        self._assessor.warm_up()

    @property
    def judge(self) -> str:
        """The name of who judges posts here, with what was learned by now."""
        return judge_name(self._scoring, self._adjustments.seal)

    @property
    def _adjustments(self) -> Adjustments:
        return self._lessons.now if self._given is None else self._given

    async def _learn(self) -> None:
        """Learn from corrections that are new, beside everything else that goes on."""
        if self._given is None and await self._store.aread(self._lessons.stale):
            await asyncio.to_thread(lambda: self._lessons.learn(self._store.read()))

    def _learn_now(self) -> None:
        if self._given is None:
            self._lessons.learn(self._store.read())

    async def take(
        self,
        source: str,
        page: Page,
        *,
        judged: Sequence[Judged] | None = None,
        network: str = "",
        follow: bool = True,
        stood: ledger.Stood | None = None,
        ours: Callable[[Tx], bool] = lambda _tx: True,
    ) -> Taken:
        """Store a page of `source` and move its cursor, together or not at all; `network` is the source's, where its name is another.

        `judged` are its posts as `Ear.judged` of this ear returned them, where that was done before.

        `follow` says whether its posts can be read again later. `stood` is where the source stood when the page was asked for. Where
        somebody has moved it since, nothing is stored: the page may be older than what is stored by now, and an edit must not be undone
        nor a deleted post come back. It is asked for again from there. The same where it is not our turn any more (`ours`).
        """
        page = fitted(page)
        all_judged = await self._judge_page(page.posts) if judged is None else judged

        def work(tx: Tx) -> Taken:
            queueing.lock(tx, page.posts)
            if not ours(tx) or (stood is not None and ledger.cursor(tx, source) != stood):
                return Taken((), stale=True)
            taken = self._store_page(tx, source, network or source, page, all_judged, follow=follow)
            ledger.move_cursor(tx, source, page.cursor, at=self._clock())
            return _rung(tx, taken)

        return await self._store.awrite(work, alongside=True)

    def hear(
        self, tx: Tx, source: str, page: Page, *, network: str = "", known: Known = NOTHING_KNOWN, own: Sequence[Account] | None = None
    ) -> Taken:
        """Do the same inside a transaction, with posts that nobody asked a network for: there is no cursor to move.

        `known` is what another store says of the page's posts already; `own` are our accounts, where somebody has just looked them up.
        """
        self._learn_now()
        page = fitted(page)
        judged = self._judge(page.posts, ledger.accounts(tx) if own is None else own, known)
        return self._store_page(tx, source, network or source, page, judged, follow=False)

    async def judged(self, page: Page) -> list[Judged]:
        """Judge a page that is to be taken: each post in its thread as far as it is stored. Nothing is stored by it."""
        return await self._judge_page(fitted_posts(page.posts))

    async def _judge_page(self, posts: Sequence[Post]) -> list[Judged]:
        """Judge posts that were just read, beside everything else that goes on."""
        await self._learn()
        seen = self._looked(posts, await self._store.aread(ledger.accounts))
        many = await self._store.aread(lambda reader: _in_threads(reader, seen))
        return self._with(many, await self._judges.judge(self._assessor, self._scoring, _questions(many)))

    def _judge(self, posts: Sequence[Post], own: Sequence[Account], known: Known = NOTHING_KNOWN) -> list[Judged]:
        return self._assess(self._seen(posts, own, known))

    def _seen(self, posts: Sequence[Post], own: Sequence[Account], known: Known = NOTHING_KNOWN) -> list[_Seen]:
        """Return what posts are about, each with what was said before it in its thread, if it is to be judged."""
        return _in_threads(self._store.read(), self._looked(posts, own, known))

    def _looked(self, posts: Sequence[Post], own: Sequence[Account], known: Known = NOTHING_KNOWN) -> list[Judged]:
        ours = {(account.network, account.id) for account in own}
        marked = [replace(post, own=True) if (post.network, post.author.id) in ours else post for post in posts]
        return [self._look(post, self._mentions(post, own, known), known.judged.get(post.id)) for post in marked]

    def _mentions(self, post: Post, own: Sequence[Account], known: Known) -> tuple[Mention, ...]:
        return _brought(post, known.imported[post.id]) if post.id in known.imported else self._matcher.match(post, own)

    def _look(self, post: Post, mentions: tuple[Mention, ...], judged: Assessment | None) -> Judged:
        """Return what a post is about, not yet judged; of one that is about nobody, or our own, nothing."""
        others = self._matcher.others(post)
        return Judged(post, (), None) if post.own or not (mentions or others) else Judged(post, mentions, judged, others)

    def _assess(self, many: Sequence[_Seen]) -> list[Judged]:
        """Judge those that are not yet, all at once, each in its thread."""
        return self._with(many, self._assessor.assess_all(_questions(many)))

    def _with(self, many: Sequence[_Seen], bare: Sequence[Assessment]) -> list[Judged]:
        """Give those that were not judged their assessments; what corrections taught about their brands is put on top."""
        found, judge = iter(bare), self.judge  # by the time it is stored, more may have been learned
        return [replace(one, assessment=self._taught(one, next(found)), judge=judge) if _unjudged(one) else one for one, _ in many]

    def _taught(self, one: Judged, bare: Assessment) -> Assessment:
        adjustment = self._adjustments.of([mention.brand for mention in one.mentions])
        return learned.put(bare, one.post.text, adjustment, self._scoring.sentiment)

    def _store_page(self, tx: Tx, source: str, network: str, page: Page, judged: Sequence[Judged], *, follow: bool) -> Taken:
        at = self._clock()
        intake = Intake(tx, [one.post for one in judged], source=source, at=at)
        new, noted = [], {}
        past, judge = frozenset(page.late), self.judge
        for one in judged:
            # What is no mention is not kept: it is somebody's post that has nothing to do with us. What became none by an edit is followed.
            kept = bool(one.mentions) or one.post.own
            if kept and intake.add(one.post, late=one.post.id in past, follow=follow):
                new.append(one)
                _take_judgement(intake, one, judge)
            elif intake.edit(one.post):
                new.append(replace(one, edited=True))
                self._store_change(tx, one, at)
            elif one.mentions or not one.others:
                continue
            noted[one.post.network, one.post.id] = one
        intake.write()
        self._count_others(tx, noted.values())
        following.mark_gone(tx, network, page.gone, at=at)
        if page.gap:
            ledger.record_gap(tx, source, page.gap, at=at)
        return Taken(tuple(one for one in new if one.mentions))

    def _store_change(self, tx: Tx, one: Judged, at: datetime) -> None:
        """Store how a post that reads otherwise than before is judged now, and which mentions of before are over."""
        intake = Intake(tx, (), source="", at=at)
        _take_judgement(intake, one, self.judge)
        intake.write()
        lessons.keep(tx, one.post, self._scoring)
        if not one.post.own:
            following.unname(tx, one.post, [mention.brand for mention in one.mentions], at=at)

    def _count_others(self, tx: Tx, noted: Iterable[Judged]) -> None:
        """Count the competitors that posts name now; nothing is decided of that."""
        if self._matcher.knows_others:
            competitors.note(tx, [_named(one) for one in noted])

    async def follow(self, network: str, looked: Looked, after: Callable[[Tx], None]) -> Taken:
        """Store how stored posts read now and which are gone; `after` is done in the same transaction. What is not stored stays out."""
        posts = fitted_posts(looked.posts)
        judged = await self._judge_page(posts)

        def work(tx: Tx) -> Taken:
            queueing.lock(tx, posts)
            at = self._clock()
            changed = [one for one in judged if following.edit(tx, one.post, "", at=at)]
            for one in changed:
                self._store_change(tx, one, at)
            self._count_others(tx, changed)
            following.mark_gone(tx, network, [each for each in looked.gone if ledger.is_stored(tx, network, each)], at=at)
            after(tx)
            return _rung(tx, Taken(tuple(one for one in changed if one.mentions)))

        return await self._store.awrite(work, alongside=True)

    def judge_past(self, source: str, posts: Sequence[Post], brand: str) -> list[Judged]:
        """Judge posts of the past (an import), in the order given; a thread is judged as it grew. What is stored already is left out.

        Every post that is not our own counts as a mention of `brand`.
        """
        self._learn_now()
        reader = self._store.read()
        threads: dict[str, list[Post]] = {}
        seen: list[tuple[Judged, Sequence[Post]]] = []
        for post in fitted_posts(posts):
            earlier = threads.setdefault(post.thread_id, [])
            if not ledger.is_stored(reader, post.network, post.id):
                found = () if post.own else _brought(post, brand, source)
                seen.append((Judged(post, found, None), tuple(earlier[-ledger.THREAD :])))
            earlier.append(post)
        return self._assess(seen)

    def take_past(self, tx: Tx, source: str, judged: Sequence[Judged]) -> int:
        """Store posts of the past: heard and judged, never answered by themselves; return how many were new."""
        intake = Intake(tx, [one.post for one in judged], source=source, at=self._clock())
        new, judge = 0, self.judge
        for one in judged:
            if intake.add(one.post, late=True, follow=False) or intake.edit(one.post):
                new += 1
                _take_judgement(intake, one, judge)
        intake.write()
        return new


def _rung(tx: Tx, taken: Taken) -> Taken:
    """Have whoever decides told that something waits."""
    if taken.mentions:
        tx.ring(queueing.HEARD)
    return taken


def _brought(post: Post, brand: str, source: str = "import") -> tuple[Mention, ...]:
    return (Mention(post, brand, (Because(Ground.IMPORT, source),), addressed=True),)


def _take_judgement(intake: Intake, one: Judged, judge: str) -> None:
    if one.assessment is not None:
        intake.judge(one.mentions, one.assessment, judge=one.judge or judge)


def _named(one: Judged) -> competitors.Named:
    mood = one.assessment.sentiment.label if one.assessment else Mood.UNKNOWN
    found = [(other.brand, other.competitor) for other in one.others]
    return competitors.Named(one.post, found, mood, ours=[mention.brand for mention in one.mentions])
