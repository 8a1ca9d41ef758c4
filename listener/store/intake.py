"""Posts on their way into the store: however many a page holds, they take a handful of statements.

What is new is kept back and written all at once. Only what reads otherwise than before is looked at by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from listener.clock import to_text
from listener.model import Assessment, Level, Mention, Post
from listener.store import corrections, following, queueing
from listener.store.base import Reader, Row, Tx, Value, pack, storable, text

_POST = """INSERT INTO posts (network, id, thread_id, parent_id, parent_author_id, author_id, handle, display_name, followers, bot, bio,
    text, created_at, heard_at, url, visibility, mentions, tags, language, version, own, late, source, look_at)
    SELECT :network, :id, :thread_id, :parent_id, :parent_author_id, :author_id, :handle, :display_name, :followers, :bot, :bio,
    :text, :created_at, :heard_at, :url, :visibility, :mentions, :tags, :language, :version, :own, :late, :source, :look_at
    WHERE NOT EXISTS (SELECT 1 FROM tombstones WHERE network = :network AND post_id = :id)
    ON CONFLICT (network, id) DO NOTHING"""
_MENTION = """INSERT INTO mentions (network, post_id, brand, because, addressed, heard_at, pressing)
    VALUES (:network, :post_id, :brand, :because, :addressed, :heard_at, :pressing)
    ON CONFLICT (network, post_id, brand) DO UPDATE SET because = excluded.because, addressed = excluded.addressed, decided = 0,
    pressing = excluded.pressing"""
_ASSESSMENT = """INSERT INTO assessments (network, post_id, language, mood, score, level, points, intent, record, judged_at)
    VALUES (:network, :post_id, :language, :mood, :score, :level, :points, :intent, :record, :judged_at)
    ON CONFLICT (network, post_id) DO UPDATE SET language = excluded.language, mood = excluded.mood, score = excluded.score,
    level = excluded.level, points = excluded.points, intent = excluded.intent, record = excluded.record,
    judged_at = excluded.judged_at"""
_PRESSING = {Level.HIGH: queueing.HIGH, Level.CRITICAL: queueing.CRITICAL}


class Intake:
    """A page of posts, of which what is stored already is known. `write` stores what was kept back: it belongs at the end."""

    def __init__(self, tx: Tx, posts: Iterable[Post], *, source: str, at: datetime) -> None:
        """Look up what is stored of `posts`; `source` tells of them, at `at`."""
        self._tx, self._source, self._at = tx, source, at
        self._stored: dict[tuple[str, str], str | None] = {}  # the version that is stored; None where that has to be looked up
        self._gone: set[tuple[str, str]] = set()
        self._posts: list[Mapping[str, Value]] = []
        self._mentions: list[Mapping[str, Value]] = []
        self._assessments: list[Mapping[str, Value]] = []
        for network, ids in _by_network(posts).items():
            for row in _found(tx, "SELECT id, version, deleted_at FROM posts WHERE network = :network AND id IN", network, ids):
                self._stored[network, text(row, "id")] = text(row, "version")
                if row["deleted_at"]:
                    self._gone.add((network, text(row, "id")))
            for row in _found(tx, "SELECT post_id FROM tombstones WHERE network = :network AND post_id IN", network, ids):
                self._gone.add((network, text(row, "post_id")))

    def add(self, post: Post, *, late: bool, follow: bool = True) -> bool:
        """Take a post in that was never heard; return False where it was, or was deleted already.

        `late` marks history; `follow` says whether it is to be read again later.
        """
        key = post.network, post.id
        if key in self._stored or key in self._gone:
            return False
        self._stored[key] = post.version
        self._posts.append(_post_row(post, self._at, self._source, late=late, follow=follow))
        return True

    def judge(self, mentions: Sequence[Mention], assessment: Assessment, *, judge: str = "") -> None:
        """Take in what a post is a mention of and how it was judged, by whoever is named `judge`.

        A repeat renews the judgement and asks for a new decision.
        """
        pressing = _PRESSING.get(Level.CRITICAL if assessment.failed else assessment.urgency.level, 0)  # who knows what it was
        self._mentions += [_mention_row(mention, self._at, pressing=pressing) for mention in mentions]
        self._assessments += [assessment_row(mention.post, assessment, self._at, judge) for mention in mentions[:1]]

    def edit(self, post: Post) -> bool:
        """Let a stored post read as it does now; return whether it reads otherwise than before. Of a deleted one nothing returns."""
        key = post.network, post.id
        if key not in self._stored or key in self._gone or self._stored[key] == post.version:
            return False
        self.write()
        self._stored[key] = None
        return following.edit(self._tx, post, self._source, at=self._at)

    def write(self) -> None:
        """Store what was kept back, in the order it was taken in."""
        for sql, rows in ((_POST, self._posts), (_MENTION, self._mentions), (_ASSESSMENT, self._assessments)):
            if rows:
                self._tx.run_many(sql, rows)
                rows.clear()


def _by_network(posts: Iterable[Post]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for post in posts:
        found.setdefault(post.network, []).append(post.id)
    return found


def _found(reader: Reader, select: str, network: str, ids: Sequence[str]) -> list[Row]:
    return reader.all(f"{select} (SELECT value FROM json_each(:ids))", network=network, ids=pack(ids))


def store_assessment(tx: Tx, post: Post, assessment: Assessment, *, judged_at: datetime, judge: str = "") -> None:
    """Store how a post was judged, over what was there."""
    tx.run(_ASSESSMENT, **assessment_row(post, assessment, judged_at, judge))


def _post_row(post: Post, heard_at: datetime, source: str, *, late: bool, follow: bool) -> Mapping[str, Value]:
    return {
        "network": post.network,
        "id": post.id,
        "thread_id": post.thread_id,
        "parent_id": post.parent_id,
        "parent_author_id": post.parent_author_id,
        "author_id": post.author.id,
        "handle": post.author.handle,
        "display_name": post.author.display_name,
        "followers": post.author.followers,
        "bot": int(post.author.bot),
        "bio": post.author.bio,
        "text": storable(post.text),
        "created_at": to_text(post.created_at),
        "heard_at": to_text(heard_at),
        "url": post.url,
        "visibility": post.visibility.value,
        "mentions": pack(post.mentions),
        "tags": pack(post.tags),
        "language": post.language,
        "version": post.version,
        "own": int(post.own),
        "late": int(late),
        "source": source,
        "look_at": to_text(following.next_look(heard_at, heard_at)) if follow and not post.own else None,
    }


def _mention_row(mention: Mention, heard_at: datetime, *, pressing: int) -> Mapping[str, Value]:
    return {
        "network": mention.post.network,
        "post_id": mention.post.id,
        "brand": mention.brand,
        "because": pack([[because.ground.value, because.text] for because in mention.because]),
        "addressed": int(mention.addressed),
        "heard_at": to_text(heard_at),
        "pressing": pressing,
    }


def assessment_row(post: Post, assessment: Assessment, judged_at: datetime, judge: str = "") -> Mapping[str, Value]:
    """Return the row of `assessments` for a post; `judge` names whoever judged it, so that nobody needs to do it the same way again."""
    return {
        "network": post.network,
        "post_id": post.id,
        "language": assessment.language,
        "mood": assessment.sentiment.label.value,
        "score": assessment.sentiment.score,
        "level": assessment.urgency.level.value,
        "points": assessment.urgency.points,
        "intent": assessment.intent.value,
        "record": pack(_record(assessment) | ({"judge": judge} if judge else {})),
        "judged_at": to_text(judged_at),
    }


def _record(assessment: Assessment) -> dict[str, object]:
    return (
        {
            "signals": [[signal.name, signal.points, list(signal.because)] for signal in assessment.signals],
            "wishes": [[wish.name, wish.points, list(wish.because)] for wish in assessment.wishes],
            "needs_reply": assessment.needs_reply,
            "moment_of_truth": assessment.moment_of_truth,
            "sarcasm": assessment.sarcasm,
            "informal": assessment.informal,
            "hidden": assessment.hidden,
            "failed": assessment.failed,
        }
        | ({} if assessment.sentiment.sure is None else {"sure": assessment.sentiment.sure})
        | corrections.kept(assessment)
    )
