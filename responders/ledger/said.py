"""What we said already, by kind of question: the same words again, an answer to our own answer, how much left in a span.

"Left" is whatever an attempt was made for and no network is known to have refused. Every question is bounded by a span of time or by
one thread, and has its index.
"""

from __future__ import annotations

from datetime import datetime

from listener.clock import to_text
from listener.store.base import Reader, number, text
from responders.lifecycle import ABOUT_TO, LEFT, listed

_LEFT, _ABOUT_TO = listed(LEFT), listed(ABOUT_TO)


def texts_alone(reader: Reader, *, since: datetime, without: int | None = None) -> list[str]:
    """Return the texts that left by themselves since a moment, or are about to; those of the draft `without` are left out."""
    rows = reader.all(
        f"""SELECT text FROM deliveries WHERE automatic = 1 AND COALESCE(last_attempt_at, not_before) >= :since
        AND state IN ({_ABOUT_TO}) AND draft_id <> :without""",
        since=to_text(since),
        without=without or 0,
    )
    return [text(row, "text") for row in rows]


def texts_left(reader: Reader, *, since: datetime) -> list[str]:
    """Return every text that left since a moment, whoever approved it."""
    rows = reader.all(f"SELECT text FROM deliveries WHERE last_attempt_at > :since AND state IN ({_LEFT})", since=to_text(since))
    return [text(row, "text") for row in rows]


def count_alone(reader: Reader, *, since: datetime) -> int:
    """Return how many answers left by themselves since a moment."""
    row = reader.one(
        f"SELECT COUNT(DISTINCT draft_id) AS n FROM deliveries WHERE last_attempt_at > :since AND automatic = 1 AND state IN ({_LEFT})",
        since=to_text(since),
    )
    return number(row, "n") if row else 0


def ours(reader: Reader, network: str, post_id: str) -> bool:
    """Return whether a post is an answer of ours: sent from here, or written elsewhere by our account and heard."""
    found = reader.one(
        """SELECT 1 FROM deliveries WHERE network = :network AND remote_id = :id
        UNION ALL SELECT 1 FROM posts WHERE network = :network AND id = :id AND own = 1 AND parent_id IS NOT NULL LIMIT 1""",
        network=network,
        id=post_id,
    )
    return found is not None


def alone(reader: Reader, network: str, thread_id: str, post_id: str, *, by_us: bool) -> bool:
    """Return whether a post is something that we said by ourselves.

    `by_us` says that our account wrote it. A post of ours that no record names, in a thread where we spoke by ourselves, is taken for one
    of those: a record may hold no id (yet), or a mistaken one.
    """
    found = reader.one(
        f"""SELECT 1 FROM deliveries WHERE network = :network AND remote_id = :id AND automatic = 1
        UNION ALL SELECT 1 FROM deliveries WHERE :by_us = 1 AND network = :network AND thread_id = :thread AND automatic = 1
        AND state IN ({_LEFT})
        AND NOT EXISTS (SELECT 1 FROM deliveries known WHERE known.network = :network AND known.remote_id = :id) LIMIT 1""",
        network=network,
        id=post_id,
        thread=thread_id,
        by_us=int(by_us),
    )
    return found is not None


_WAITING = "SELECT 1 FROM cases WHERE network = :network AND thread_id = :thread AND state IN ('waiting', 'approved')"


def waits_for(reader: Reader, network: str, thread_id: str, author_id: str) -> bool:
    """Return whether an answer to this author waits in a thread for a person, or to leave."""
    found = reader.one(f"{_WAITING} AND author_id = :author LIMIT 1", network=network, thread=thread_id, author=author_id)
    return found is not None


def waits_for_others(reader: Reader, network: str, thread_id: str, author_id: str) -> bool:
    """Return whether an answer to anybody but this author waits in a thread for a person, or to leave."""
    found = reader.one(f"{_WAITING} AND author_id <> :author LIMIT 1", network=network, thread=thread_id, author=author_id)
    return found is not None
