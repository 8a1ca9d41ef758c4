"""Terms in use: which words and hashtags posts about a brand hold, for eight days at most.

A use is bound to its post and goes with it: of an author's words nothing is left here when the post is gone. Of a term that people use
every day two uses a day are kept, so what fills the table is what is new: at most 5,000 uses for each brand and hour, and 100 of one term.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from listener.clock import from_text, to_text
from listener.model import Post
from listener.rules.conditions import MOST_OF_A_TERM
from listener.store.base import Reader, Row, Tx, number, pack, text
from responders.model import Fresh

KEPT = timedelta(days=8)
MOST_AN_HOUR = 5_000
_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)
_SEVERAL = 2  # so many people make a word more than one person's
_A_DAY = 2  # uses of a term that is known anyway
_WHO = "network || ' ' || author_id"
_SHOWN = 5


def note(tx: Tx, brand: str, post: Post, terms: Collection[str], *, at: datetime) -> None:
    """Keep which terms a post about a brand holds; `at` is when they count, in UTC."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    kept = _in_the_hour(tx, brand, hour)
    if not kept:
        tidy(tx, at=at)
    stand = _standing(tx, brand, terms, hour=hour, at=at)
    wanted = [term for term in terms if _is_wanted(stand.get(term))]
    for term in wanted[: max(MOST_AN_HOUR - kept, 0)]:
        tx.run(
            """INSERT INTO term_uses (brand, term, at, network, post_id, author_id)
            VALUES (:brand, :term, :at, :network, :post_id, :author) ON CONFLICT DO NOTHING""",
            brand=brand,
            term=term,
            at=to_text(at),
            network=post.network,
            post_id=post.id,
            author=post.author.id,
        )


def _in_the_hour(reader: Reader, brand: str, hour: datetime) -> int:
    row = reader.one("SELECT COUNT(*) AS n FROM term_uses WHERE brand = :brand AND at >= :hour", brand=brand, hour=to_text(hour))
    return number(row, "n") if row else 0


def _standing(reader: Reader, brand: str, terms: Iterable[str], *, hour: datetime, at: datetime) -> dict[str, Row]:
    rows = reader.all(
        f"""SELECT term, COUNT(DISTINCT CASE WHEN at < :day THEN {_WHO} END) AS known,
        SUM(CASE WHEN at >= :day THEN 1 ELSE 0 END) AS today, SUM(CASE WHEN at >= :hour THEN 1 ELSE 0 END) AS lately
        FROM term_uses WHERE brand = :brand AND term IN (SELECT value FROM json_each(:terms)) GROUP BY term""",
        brand=brand,
        terms=pack(list(terms)),
        hour=to_text(hour),
        day=to_text(at - _DAY),
    )
    return {text(row, "term"): row for row in rows}


def _is_wanted(stands: Row | None) -> bool:
    if stands is None:
        return True
    if number(stands, "known") >= _SEVERAL:
        return number(stands, "today") < _A_DAY
    return number(stands, "lately") < MOST_OF_A_TERM


def fresh(reader: Reader, brand: str, asked: Fresh, *, at: datetime, among: Collection[str] | None = None) -> tuple[str, ...] | None:
    """Return the new terms of a brand, the most used first, at most five; None while there is no day to compare with.

    New is what fewer than two people used in the seven days before the span. `among` are the only ones that are looked at.
    """
    since = at - asked.over
    if not _has_a_past(reader, brand, since):
        return None
    terms = _many(reader, brand, asked, since, at) if among is None else among
    if not terms:
        return ()
    rows = reader.all(
        f"""SELECT term, SUM(CASE WHEN at > :since THEN 1 ELSE 0 END) AS uses FROM term_uses
        WHERE brand = :brand AND term IN (SELECT value FROM json_each(:terms)) AND at >= :oldest AND at <= :until GROUP BY term
        HAVING SUM(CASE WHEN at > :since THEN 1 ELSE 0 END) >= :at_least
        AND COUNT(DISTINCT CASE WHEN at > :since THEN {_WHO} END) >= :authors
        AND COUNT(DISTINCT CASE WHEN at <= :since THEN {_WHO} END) < {_SEVERAL} ORDER BY uses DESC, term LIMIT {_SHOWN}""",
        brand=brand,
        terms=pack(list(terms)),
        since=to_text(since),
        until=to_text(at),
        oldest=to_text(since - _WEEK),
        at_least=asked.at_least,
        authors=asked.authors,
    )
    return tuple(text(row, "term") for row in rows)


def _has_a_past(reader: Reader, brand: str, since: datetime) -> bool:
    row = reader.one("SELECT MIN(at) AS at FROM term_uses WHERE brand = :brand", brand=brand)
    return bool(row and row["at"]) and from_text(text(row or {}, "at")) <= since - _DAY


def _many(reader: Reader, brand: str, asked: Fresh, since: datetime, until: datetime) -> list[str]:
    """Return every term that enough people use in the span, new or not."""
    rows = reader.all(
        f"""SELECT term FROM term_uses WHERE brand = :brand AND at > :since AND at <= :until GROUP BY term
        HAVING COUNT(*) >= :at_least AND COUNT(DISTINCT {_WHO}) >= :authors""",
        brand=brand,
        since=to_text(since),
        until=to_text(until),
        at_least=asked.at_least,
        authors=asked.authors,
    )
    return [text(row, "term") for row in rows]


def is_old(reader: Reader, *, at: datetime) -> bool:
    """Return whether something is kept that should not be any more."""
    return reader.one("SELECT 1 FROM term_uses WHERE at < :old LIMIT 1", old=to_text(at - KEPT)) is not None


def tidy(tx: Tx, *, at: datetime) -> None:
    """Let go of what is older than eight days, whoever still asks for it: nobody could tell any more whose words they were."""
    old = {"old": to_text(at - KEPT)}
    told = _told(tx)
    gone = tx.all("SELECT DISTINCT brand, term FROM term_uses WHERE at < :old", **old) if told else []
    tx.run("DELETE FROM term_uses WHERE at < :old", **old)
    _unsay(tx, gone, told)


def erase(tx: Tx, network: str, post_id: str) -> None:
    """Let go of the terms of one post. One that was told of and that fewer than two people are left with is taken out of what was told."""
    key = {"network": network, "id": post_id}
    held = tx.all("SELECT brand, term FROM term_uses WHERE network = :network AND post_id = :id", **key)
    if tx.run("DELETE FROM term_uses WHERE network = :network AND post_id = :id", **key):
        _unsay(tx, held, _told(tx))


def _told(reader: Reader) -> str:
    """Return all that was told of and quotes something."""
    rows = reader.all(
        "SELECT words FROM incidents WHERE instr(words, :quote) > 0 UNION ALL SELECT words FROM watches WHERE instr(words, :quote) > 0",
        quote='"',
    )
    return "\n".join(text(row, "words") for row in rows)


def _unsay(tx: Tx, gone: Iterable[Row], told: str) -> None:
    for row in gone:
        quoted = f'"{text(row, "term")}"'
        if quoted not in told or _people(tx, row) >= _SEVERAL:
            continue
        for table in ("incidents", "watches"):
            tx.run(f"UPDATE {table} SET words = replace(words, :quoted, '\"…\"') WHERE instr(words, :quoted) > 0", quoted=quoted)


def _people(reader: Reader, row: Row) -> int:
    """Return how many people a term of a brand is still known from."""
    left = reader.one(
        f"SELECT COUNT(DISTINCT {_WHO}) AS n FROM term_uses WHERE brand = :brand AND term = :term",
        brand=text(row, "brand"),
        term=text(row, "term"),
    )
    return number(left, "n") if left else 0
