"""What we said already, by kind of question: the same words again, an answer to our own answer, how much left in a span.

"Left" is whatever an attempt was made for and no network is known to have refused. Every question is bounded by a span of time or by
one thread, and has its index.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from listener.clock import to_text
from listener.store.base import Reader, Row, number, pack, text, text_or_none
from responders.lifecycle import ABOUT_TO, LEFT, THERE, listed

_LEFT, _ABOUT_TO, _THERE = listed(LEFT), listed(ABOUT_TO), listed(THERE)


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


def sent_among(reader: Reader, network: str, post_ids: Sequence[str]) -> dict[str, bool]:
    """Return which of some posts are answers that were sent from here, and whether each was sent by itself."""
    rows = reader.all(
        """SELECT remote_id, MAX(automatic) AS automatic FROM deliveries
        WHERE remote_id IN (SELECT value FROM json_each(:ids)) AND (network || '') = :network GROUP BY remote_id""",  # by the ids alone
        network=network,
        ids=pack(post_ids),
    )
    return {text(row, "remote_id"): bool(row["automatic"]) for row in rows}


def own_among(reader: Reader, network: str, post_ids: Sequence[str]) -> dict[str, bool]:
    """Return which of some posts our account wrote, and whether each is an answer."""
    rows = reader.all(
        "SELECT id, parent_id FROM posts WHERE network = :network AND id IN (SELECT value FROM json_each(:ids)) AND own = 1",
        network=network,
        ids=pack(post_ids),
    )
    return {text(row, "id"): row["parent_id"] is not None for row in rows}


def alone_among(reader: Reader, network: str, threads: Sequence[str]) -> frozenset[str]:
    """Return in which of some threads something left by itself."""
    rows = reader.all(
        f"""SELECT DISTINCT thread_id FROM deliveries WHERE network = :network AND automatic = 1 AND state IN ({_LEFT})
        AND thread_id IN (SELECT value FROM json_each(:threads))""",
        network=network,
        threads=pack(threads),
    )
    return frozenset(text(row, "thread_id") for row in rows)


def answered_among(
    reader: Reader, network: str, post_ids: Sequence[str], threads: Sequence[str], *, without: int = 0
) -> frozenset[tuple[str, str | None]]:
    """Return under which of some posts, in these threads, an answer of ours stands, or may: the post, and the thread it was heard in.

    None for the thread is what was sent from here. What the draft `without` sent does not count.
    """
    rows = reader.all(
        f"""SELECT parent_id, NULL AS thread_id FROM deliveries WHERE network = :network
        AND parent_id IN (SELECT value FROM json_each(:ids)) AND state IN ({_THERE}) AND draft_id <> :without
        UNION ALL SELECT parent_id, thread_id FROM posts WHERE network = :network AND own = 1
        AND thread_id IN (SELECT value FROM json_each(:threads)) AND parent_id IN (SELECT value FROM json_each(:ids))
        AND id NOT IN (SELECT remote_id FROM deliveries WHERE draft_id = :without)""",
        network=network,
        ids=pack(post_ids),
        threads=pack(threads),
        without=without,
    )
    return frozenset((text(row, "parent_id"), text_or_none(row, "thread_id")) for row in rows)


WAITING = frozenset({"waiting", "approved"})
"""The states of a case in which an answer waits for a person, or to leave."""


def waiting_among(reader: Reader, network: str, threads: Sequence[str], authors: Sequence[str]) -> list[Row]:
    """Return how many cases wait in some threads: `thread_id`, `who` (one of these authors, or NULL for all others), `n`."""
    return reader.all(
        """SELECT thread_id, CASE WHEN author_id IN (SELECT value FROM json_each(:authors)) THEN author_id END AS who, COUNT(*) AS n
        FROM cases WHERE network = :network AND thread_id IN (SELECT value FROM json_each(:threads)) AND state IN ('waiting', 'approved')
        GROUP BY thread_id, who""",
        network=network,
        threads=pack(threads),
        authors=pack(authors),
    )
