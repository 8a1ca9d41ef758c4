"""What came before a mention, as far as conditions ask for it: gathered from the store, and counted as mentions are decided.

Counts of one person or one thread are read from what is stored. Counts of a whole brand are tallied, so that a storm of mentions makes
counting no slower; a tally begins when the rules first ask for it.
"""

from __future__ import annotations

from datetime import datetime

from listener.clock import from_text, to_text
from listener.model import Mention, Post
from listener.store.base import Reader, Value, number, text
from listener.terms import terms_of
from responders.ledger import tallies, terms
from responders.ledger.caseload import Caseload
from responders.ledger.tallies import Counting
from responders.lifecycle import LEFT, listed
from responders.model import Asked, Counted, Heard, Past
from responders.overtime import is_a

_NEGATIVE, _ALL = "negative", "mentions"


def note(load: Caseload, asked: Asked, heard: Heard) -> None:
    """Count a mention, before it is decided for the first time; it counts at the time it was written."""
    post, at = heard.mention.post, load.at
    if not (asked.counts or asked.terms) or heard.mention.brand in load.near.brands_decided(post):
        return
    for of in {one.of for one in asked.counts if one.by == "brand"}:
        if at - post.created_at <= tallies.KEPT and is_a(of, heard.assessment):
            load.tallies.add(_name(heard.mention.brand, of), min(post.created_at, at), epoch=0)
    if asked.terms and at - post.created_at <= terms.KEPT:
        terms.note(load.tx, heard.mention.brand, post, _terms(asked, heard.mention), at=min(post.created_at, at))


def _terms(asked: Asked, mention: Mention) -> tuple[str, ...]:
    return terms_of(mention.post.text, mention.post.tags, without=asked.own_words.get(mention.brand, frozenset()))


def _name(brand: str, of: str) -> str:
    return f"lately {brand} {of}"


def past(reader: Reader, asked: Asked, mention: Mention, counting: Counting, *, at: datetime) -> Past:
    """Gather what conditions ask about a mention that is stored; `counting` are the tallies as they stand."""
    post = mention.post
    answered_at = _answered_at(reader, post) if asked.thread else None
    return Past(
        known=asked.known and _known(reader, mention),
        answered=answered_at is not None,
        waiting=_waiting(reader, post, answered_at) if asked.thread else 1,
        counts={one: _count(reader, one, mention, counting, at=at, zone=asked.zone) for one in asked.counts},
        fresh={one: terms.fresh(reader, mention.brand, one, at=at, among=_terms(asked, mention)) for one in asked.fresh},
    )


def _known(reader: Reader, mention: Mention) -> bool:
    post = mention.post
    found = reader.one(
        """SELECT 1 FROM posts p JOIN mentions m ON m.network = p.network AND m.post_id = p.id AND m.brand = :brand
        WHERE p.network = :network AND p.author_id = :author AND p.created_at < :created AND p.thread_id <> :thread LIMIT 1""",
        network=post.network,
        author=post.author.id,
        brand=mention.brand,
        thread=post.thread_id,
        created=to_text(post.created_at),
    )
    return found is not None


def _answered_at(reader: Reader, post: Post) -> datetime | None:
    """Return when we last answered this person in this thread, by this program or by hand."""
    row = reader.one(
        f"""SELECT MAX(at) AS at FROM (
        SELECT MAX(last_attempt_at) AS at FROM deliveries WHERE network = :network AND thread_id = :thread AND author_id = :author
        AND state IN ({listed(LEFT)})
        UNION ALL SELECT MAX(created_at) FROM posts WHERE network = :network AND thread_id = :thread AND own = 1
        AND parent_author_id = :author) AS ours""",
        network=post.network,
        thread=post.thread_id,
        author=post.author.id,
    )
    return from_text(text(row, "at")) if row and row["at"] else None


def _waiting(reader: Reader, post: Post, since: datetime | None) -> int:
    row = reader.one(
        """SELECT COUNT(*) AS n FROM posts WHERE network = :network AND thread_id = :thread AND author_id = :author
        AND created_at > :since AND created_at <= :until""",
        network=post.network,
        thread=post.thread_id,
        author=post.author.id,
        since=to_text(since) if since else "",
        until=to_text(post.created_at),
    )
    return max(number(row, "n") if row else 0, 1)


def _count(reader: Reader, one: Counted, mention: Mention, counting: Counting, *, at: datetime, zone: str) -> float | None:
    if one.by == "brand":
        name = _name(mention.brand, one.of)
        if one.usual:
            return counting.usual(name, one.within, at, zone=zone)
        return min(counting.count(name, since=at - one.within, until=at), one.most)
    return _stored(reader, one, mention)


_FILTERS = {_ALL: "", _NEGATIVE: "AND a.mood = 'negative'"}
# Read as JSON: as text, the author's own words beside another signal, or a wish of that name, look just like it.
_SIGNAL = "AND EXISTS (SELECT 1 FROM json_each(a.record, '$.signals') s WHERE json_extract(s.value, '$[0]') = :signal)"


def _stored(reader: Reader, one: Counted, mention: Mention) -> int:
    """Count what is stored of one person or in one thread, no further than anybody asks."""
    post = mention.post
    whose = "p.author_id = :whose" if one.by == "author" else "p.thread_id = :whose"
    values: dict[str, Value] = {
        "network": post.network,
        "whose": post.author.id if one.by == "author" else post.thread_id,
        "brand": mention.brand,
        "since": to_text(post.created_at - one.within),
        "until": to_text(post.created_at),
        "most": one.most,
    }
    if one.of not in _FILTERS:
        values["signal"] = one.of
    row = reader.one(
        f"""SELECT COUNT(*) AS n FROM (SELECT 1 FROM posts p
        JOIN mentions m ON m.network = p.network AND m.post_id = p.id AND m.brand = :brand
        JOIN assessments a ON a.network = p.network AND a.post_id = p.id
        WHERE p.network = :network AND {whose} AND p.created_at > :since AND p.created_at <= :until
        {_FILTERS.get(one.of, _SIGNAL)} LIMIT :most) AS found""",
        **values,
    )
    return number(row, "n") if row else 0
