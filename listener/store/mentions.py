"""The mentions ledger: posts, what they are mentions of, how they were judged, how far each source has been heard.

Everything here takes a reader or a transaction; storing a page and moving its cursor is one transaction (see `polling`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from listener.clock import from_text, to_text
from listener.model import (
    Account,
    Assessment,
    Author,
    Because,
    Gap,
    Ground,
    Intent,
    Level,
    Mention,
    Mood,
    Post,
    Sentiment,
    Signal,
    Urgency,
    Visibility,
)
from listener.store import corrections, queueing
from listener.store.base import Reader, Row, Tx, names, number, pack, text, text_or_none, unpack
from listener.store.intake import Intake

_VISIBILITIES = {one.value: one for one in Visibility}  # to look a value up is faster than to ask its class
_MOODS = {one.value: one for one in Mood}
_LEVELS = {one.value: one for one in Level}
_INTENTS = {one.value: one for one in Intent}
_LONGEST_KEPT = 200  # characters of what is remembered
THREAD = 200  # posts of a thread that are read before one of them

Stood = tuple[bool, str | None]
"""Where a source stands: whether it was ever heard, and its cursor."""


@dataclass(frozen=True, slots=True)
class Undecided:
    """A mention that waits to be decided, with its place in the queue; `late` marks history that was taken in.

    `source` is the one that brought the post first, `edited` is true where the post was edited since.
    """

    seq: int
    mention: Mention
    assessment: Assessment
    late: bool
    source: str = ""
    edited: bool = False


def store_post(tx: Tx, post: Post, *, heard_at: datetime, source: str, late: bool, follow: bool = True) -> bool:
    """Store a post; return whether it is new or reads otherwise than before. The same post again adds nothing.

    What was deleted on its network stays deleted here, whoever still shows it. `follow` says whether it is to be read again later.
    """
    intake = Intake(tx, [post], source=source, at=heard_at)
    new = intake.add(post, late=late, follow=follow)
    intake.write()
    return new or intake.edit(post)


def store_mention(tx: Tx, mention: Mention, assessment: Assessment, *, heard_at: datetime, judge: str = "") -> None:
    """Store what a post is a mention of and how it was judged; a repeat renews the judgement and asks for a new decision.

    `judge` names whoever judged it (listener.scoring.judge), so that nobody needs to judge it the same way again.
    """
    intake = Intake(tx, (), source="", at=heard_at)
    intake.judge([mention], assessment, judge=judge)
    intake.write()


def read_assessment(row: Row, language: str = "language") -> Assessment:
    """Build an assessment from a row of `assessments`; `language` is the column that holds its language."""
    found = unpack(row["record"])
    record: dict[str, object] = found if isinstance(found, dict) else {}
    return _assessment(row, record, language)


def judged_as(row: Row, judge: str, language: str = "language") -> Assessment | None:
    """Do the same where the judge of that name made it; return None where another did."""
    found = unpack(row["record"])
    if not judge or not isinstance(found, dict) or found.get("judge") != judge:
        return None
    return _assessment(row, found, language)


def _assessment(row: Row, record: Mapping[str, object], language: str) -> Assessment:
    return Assessment(
        language=str(row[language]),
        sentiment=Sentiment(_MOODS[str(row["mood"])], float(row["score"] or 0.0), sure_of(record)),
        signals=_signals(record.get("signals")),
        urgency=Urgency(_LEVELS[str(row["level"])], number(row, "points")),
        intent=_INTENTS[str(row["intent"])],
        needs_reply=bool(record.get("needs_reply")),
        moment_of_truth=bool(record.get("moment_of_truth")),
        sarcasm=bool(record.get("sarcasm")),
        informal=bool(record.get("informal")),
        wishes=_signals(record.get("wishes")),
        hidden=bool(record.get("hidden")),
        failed=str(record.get("failed") or ""),
        learned=float(str(record.get("learned") or 0)),
        corrected=corrections.word_of(record),
    )


def sure_of(record: Mapping[str, object]) -> float | None:
    """Return how sure the mood of a stored record is, or None where nobody could tell."""
    sure = record.get("sure")
    return float(sure) if isinstance(sure, int | float) else None


def _signals(found: object) -> tuple[Signal, ...]:
    if not found or not isinstance(found, list):
        return ()
    return tuple([Signal(str(name), int(points), tuple(map(str, because))) for name, points, because in found])


def read_post(row: Row) -> Post:
    """Build a post from a row of `posts`."""
    network = str(row["network"])
    return Post(
        network=network,
        id=str(row["id"]),
        text=str(row["text"]),
        author=Author(
            network=network,
            id=str(row["author_id"]),
            handle=str(row["handle"]),
            display_name=str(row["display_name"]),
            followers=None if row["followers"] is None else number(row, "followers"),
            bot=bool(row["bot"]),
            bio=str(row["bio"]),
        ),
        created_at=from_text(str(row["created_at"])),
        thread_id=str(row["thread_id"]),
        url=str(row["url"]),
        visibility=_VISIBILITIES[str(row["visibility"])],
        parent_id=text_or_none(row, "parent_id"),
        parent_author_id=text_or_none(row, "parent_author_id"),
        mentions=names(row["mentions"]),
        tags=names(row["tags"]),
        language=text_or_none(row, "language"),
        version=str(row["version"]),
        own=bool(row["own"]),
    )


def post(reader: Reader, network: str, post_id: str) -> Post | None:
    """Return one stored post, or None."""
    row = reader.one("SELECT * FROM posts WHERE network = :network AND id = :id", network=network, id=post_id)
    return None if row is None else read_post(row)


def assessment(reader: Reader, network: str, post_id: str) -> Assessment | None:
    """Return how a post was judged, or None."""
    row = reader.one("SELECT * FROM assessments WHERE network = :network AND post_id = :id", network=network, id=post_id)
    return None if row is None else read_assessment(row)


def mention(reader: Reader, network: str, post_id: str, brand: str) -> Mention | None:
    """Return one stored mention, or None."""
    row = reader.one(
        "SELECT * FROM mentions WHERE network = :network AND post_id = :id AND brand = :brand",
        network=network,
        id=post_id,
        brand=brand,
    )
    found = post(reader, network, post_id)
    if row is None or found is None:
        return None
    return Mention(post=found, brand=brand, because=_grounds(row), addressed=bool(row["addressed"]))


def brands_of(reader: Reader, network: str, post_id: str) -> tuple[str, ...]:
    """Return the brands that a stored post is about."""
    rows = reader.all("SELECT brand FROM mentions WHERE network = :network AND post_id = :id ORDER BY brand", network=network, id=post_id)
    return tuple(text(row, "brand") for row in rows)


def _grounds(row: Row) -> tuple[Because, ...]:
    packed = text(row, "because")
    return _grounds_kept(packed) if len(packed) <= _LONGEST_KEPT else _unpacked_grounds(packed)


def _unpacked_grounds(packed: str) -> tuple[Because, ...]:
    because = unpack(packed)
    return tuple(Because(Ground(ground), words) for ground, words in because) if isinstance(because, list) else ()


_grounds_kept = lru_cache(maxsize=256)(_unpacked_grounds)  # most say that our handle stands in the post


def thread(reader: Reader, network: str, thread_id: str, limit: int = THREAD) -> tuple[Post, ...]:
    """Return the stored posts of a thread, oldest first; of a longer thread, the newest `limit`."""
    rows = reader.all(
        "SELECT * FROM posts WHERE network = :network AND thread_id = :thread ORDER BY created_at DESC, id DESC LIMIT :limit",
        network=network,
        thread=thread_id,
        limit=limit,
    )
    return tuple(read_post(row) for row in reversed(rows))


def undecided(reader: Reader, places: Sequence[int]) -> list[Undecided]:
    """Return the mentions at some places in the line that nobody has decided yet, oldest first."""
    rows = reader.all(
        """SELECT m.seq AS mention_seq, m.brand, m.because, m.addressed, a.language AS judged_language, a.mood, a.score, a.level, a.points,
        a.intent, a.record, p.*
        FROM mentions m JOIN posts p ON p.network = m.network AND p.id = m.post_id
        JOIN assessments a ON a.network = m.network AND a.post_id = m.post_id
        WHERE m.decided = 0 AND m.seq IN (SELECT CAST(value AS BIGINT) FROM json_each(:places)) ORDER BY m.seq""",
        places=pack(list(places)),
    )
    return [
        Undecided(
            seq=number(row, "mention_seq"),
            mention=Mention(read_post(row), text(row, "brand"), _grounds(row), addressed=bool(row["addressed"])),
            assessment=read_assessment(row, "judged_language"),
            late=bool(row["late"]),
            source=text(row, "source"),
            edited=row["edited_at"] is not None,
        )
        for row in rows
    ]


def waits(reader: Reader, *, critical: bool = False) -> bool:
    """Return whether any mention, or any critical one, waits to be decided."""
    which = f"AND pressing = {queueing.CRITICAL}" if critical else ""
    return reader.one(f"SELECT 1 FROM mentions WHERE decided = 0 {which} LIMIT 1") is not None


def undecided_numbers(reader: Reader) -> list[int]:
    """Return the places in the queue of all mentions that nobody has decided yet, oldest first."""
    return [number(row, "seq") for row in reader.all("SELECT seq FROM mentions WHERE decided = 0 ORDER BY seq")]


def is_stored(reader: Reader, network: str, post_id: str) -> bool:
    """Return whether a post is stored already."""
    return reader.one("SELECT 1 FROM posts WHERE network = :network AND id = :id", network=network, id=post_id) is not None


def is_late(reader: Reader, network: str, post_id: str) -> bool:
    """Return whether a post is history that was taken in, not heard as it happened."""
    row = reader.one("SELECT late FROM posts WHERE network = :network AND id = :id", network=network, id=post_id)
    return bool(row and row["late"])


def mark_decided(tx: Tx, numbers: Iterable[int]) -> None:
    """Record that the mentions with these sequence numbers have been decided: these and no others, since others may be under way."""
    tx.run_many("UPDATE mentions SET decided = 1 WHERE decided = 0 AND seq = :seq", [{"seq": seq} for seq in numbers])


def cursor(reader: Reader, source: str) -> Stood:
    """Return whether the source was ever heard, and its cursor."""
    row = reader.one("SELECT cursor FROM cursors WHERE source = :source", source=source)
    return (row is not None, text_or_none(row, "cursor") if row else None)


def move_cursor(tx: Tx, source: str, value: str | None, *, at: datetime) -> None:
    """Remember how far a source has been heard."""
    tx.run(
        """INSERT INTO cursors (source, cursor, moved_at) VALUES (:source, :cursor, :at)
        ON CONFLICT (source) DO UPDATE SET cursor = excluded.cursor, moved_at = excluded.moved_at""",
        source=source,
        cursor=value,
        at=to_text(at),
    )


def record_gap(tx: Tx, source: str, gap: Gap, *, at: datetime) -> None:
    """Record that something may have been missed."""
    tx.run(
        "INSERT INTO gaps (source, reason, since, until, found_at) VALUES (:source, :reason, :since, :until, :at)",
        source=source,
        reason=gap.reason,
        since=to_text(gap.since) if gap.since else None,
        until=to_text(gap.until) if gap.until else None,
        at=to_text(at),
    )


def record_source(tx: Tx, name: str, kind: str, state: str, detail: str, *, every: float, at: datetime, heard: bool) -> None:
    """Record how a source is doing: `state` is `listening`, `waiting`, `sign-in`, `unreachable` or `failing` (`silences` adds `silent`)."""
    tx.run(
        """INSERT INTO sources (name, kind, state, detail, polled_at, heard_at, every_s)
        VALUES (:name, :kind, :state, :detail, :at, :heard, :every)
        ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, state = excluded.state, detail = excluded.detail,
        polled_at = excluded.polled_at, heard_at = COALESCE(excluded.heard_at, sources.heard_at), every_s = excluded.every_s""",
        name=name,
        kind=kind,
        state=state,
        detail=detail,
        at=to_text(at),
        heard=to_text(at) if heard else None,
        every=every,
    )


def forget_sources(tx: Tx, keep: Collection[str]) -> None:
    """Let go of how sources do that nobody listens to any more; what they heard, and how far, stays."""
    for row in tx.all("SELECT name FROM sources"):
        if text(row, "name") not in keep:
            tx.run("DELETE FROM sources WHERE name = :name", name=text(row, "name"))


def record_account(tx: Tx, account: Account, *, at: datetime) -> None:
    """Remember which account is ours on a network."""
    tx.run(
        """INSERT INTO accounts (network, id, handle, url, seen_at) VALUES (:network, :id, :handle, :url, :at)
        ON CONFLICT (network) DO UPDATE SET id = excluded.id, handle = excluded.handle, url = excluded.url, seen_at = excluded.seen_at""",
        network=account.network,
        id=account.id,
        handle=account.handle,
        url=account.url,
        at=to_text(at),
    )


def accounts(reader: Reader) -> tuple[Account, ...]:
    """Return our own accounts, as the networks named them."""
    rows = reader.all("SELECT * FROM accounts ORDER BY network")
    return tuple(Account(text(row, "network"), text(row, "id"), text(row, "handle"), text(row, "url")) for row in rows)
