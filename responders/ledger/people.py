"""People we never write to, why, and since when; and the switches a person can throw (pause)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from listener.clock import from_text, to_text
from listener.model import Author
from listener.store.base import Reader, Row, Tx, pack, text

PAUSE = "pause"
_LONGEST_REST = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Pause:
    """All sending is stopped: by whom, why, since when, and until when (None: until somebody resumes).

    `flag` is the flag file that says so, where it is not the store (responders.flag).
    """

    reason: str
    by: str
    since: datetime
    until: datetime | None
    flag: str = ""


def suppress(tx: Tx, author: Author, words: str, *, post_id: str, by: str, at: datetime) -> bool:
    """Put a person on the suppression list with the words that prove it; return whether that is new."""
    return bool(
        tx.run(
            """INSERT INTO suppressions (network, author_id, handle, words, post_id, by, since)
            VALUES (:network, :author, :handle, :words, :post, :by, :at)
            ON CONFLICT (network, author_id) DO UPDATE SET words = excluded.words, post_id = excluded.post_id, by = excluded.by,
            since = excluded.since, lifted_at = NULL, lifted_by = NULL WHERE suppressions.lifted_at IS NOT NULL""",
            network=author.network,
            author=author.id,
            handle=author.handle,
            words=words,
            post=post_id,
            by=by,
            at=to_text(at),
        )
    )


def lift(tx: Tx, network: str, author_id: str, *, by: str, at: datetime) -> bool:
    """Take a person off the list (the row stays as a record); return whether they were on it."""
    return bool(
        tx.run(
            """UPDATE suppressions SET lifted_at = :at, lifted_by = :by
            WHERE network = :network AND author_id = :author AND lifted_at IS NULL""",
            at=to_text(at),
            by=by,
            network=network,
            author=author_id,
        )
    )


def suppressed_among(reader: Reader, network: str, authors: Sequence[str]) -> dict[str, str]:
    """Return the words by which some of these authors asked us to stop, by their ids."""
    rows = reader.all(
        """SELECT author_id, words FROM suppressions WHERE network = :network AND lifted_at IS NULL
        AND author_id IN (SELECT value FROM json_each(:authors))""",
        network=network,
        authors=pack(authors),
    )
    return {text(row, "author_id"): kept(text(row, "words")) for row in rows}


def suppressed(reader: Reader, network: str, author_id: str) -> str:
    """Return the words by which a person asked us to stop, or ""."""
    return suppressed_among(reader, network, [author_id]).get(author_id, "")


def kept(words: str) -> str:
    """Return the words of a stop, as they are told."""
    return words or "(no words kept)"


def suppressions(reader: Reader) -> list[Row]:
    """Return everyone on the list, oldest first."""
    return reader.all("SELECT * FROM suppressions WHERE lifted_at IS NULL ORDER BY since, network, author_id")


def known_author(reader: Reader, handle: str, network: str | None = None) -> list[tuple[str, str, str]]:
    """Return (network, author id, handle) of every author heard under that handle."""
    rows = reader.all(
        """SELECT DISTINCT network, author_id, handle FROM posts
        WHERE LOWER(handle) = LOWER(:handle) AND (:network IS NULL OR network = :network) ORDER BY network""",
        handle=handle.removeprefix("@"),
        network=network,
    )
    return [(text(row, "network"), text(row, "author_id"), text(row, "handle")) for row in rows]


def pause(tx: Tx, reason: str, *, by: str, until: datetime | None, at: datetime) -> None:
    """Stop all sending. A pause that is in force already is never shortened: it ends with the later of the two."""
    _throw(tx, PAUSE, reason, by=by, until=until, at=at)


def rest(tx: Tx, network: str, reason: str, *, by: str, until: datetime, at: datetime) -> None:
    """Let our account on a network be silent for a while, as `pause` does for all of them."""
    _throw(tx, _account(network), reason, by=by, until=until, at=at)


def end_rest(tx: Tx, network: str) -> bool:
    """Let our account on a network speak again; return whether it was silent."""
    return bool(tx.run("DELETE FROM switches WHERE name = :name", name=_account(network)))


def resting(reader: Reader, *, at: datetime) -> dict[str, Pause]:
    """Return the networks on which our account is silent at `at`, and why. An end far ahead is from before the clock was turned back."""
    rows = reader.all(
        "SELECT * FROM switches WHERE name LIKE :names AND until > :at AND until <= :far ORDER BY name",
        names=_account("%"),
        at=to_text(at),
        far=to_text(at + _LONGEST_REST),
    )
    return {text(row, "name").removeprefix(_account("")): _pause(row) for row in rows}


def _account(network: str) -> str:
    return f"account {network}"


def _throw(tx: Tx, name: str, reason: str, *, by: str, until: datetime | None, at: datetime) -> None:
    tx.run(
        """INSERT INTO switches (name, reason, by, since, until) VALUES (:name, :reason, :by, :at, :until)
        ON CONFLICT (name) DO UPDATE SET reason = excluded.reason, by = excluded.by, since = excluded.since, until = CASE
            WHEN switches.until <= :at THEN excluded.until WHEN switches.until IS NULL OR excluded.until IS NULL THEN NULL
            WHEN switches.until > excluded.until THEN switches.until ELSE excluded.until END""",
        name=name,
        reason=reason,
        by=by,
        at=to_text(at),
        until=to_text(until) if until else None,
    )


def resume(tx: Tx) -> bool:
    """Let sending go on; return whether it was stopped."""
    return bool(tx.run("DELETE FROM switches WHERE name = :name", name=PAUSE))


def paused(reader: Reader, *, at: datetime) -> Pause | None:
    """Return the pause in force at `at`, or None."""
    row = reader.one("SELECT * FROM switches WHERE name = :name AND (until IS NULL OR until > :at)", name=PAUSE, at=to_text(at))
    return None if row is None else _pause(row)


def _pause(row: Row) -> Pause:
    until = from_text(text(row, "until")) if row["until"] else None
    return Pause(reason=text(row, "reason"), by=text(row, "by"), since=from_text(text(row, "since")), until=until)
