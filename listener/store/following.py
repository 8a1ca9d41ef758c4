"""What becomes of a post after it was heard: edits, deletions, and when it is read again.

What is deleted on its network is deleted here: its words, and every word of it that other tables quote. The row stays, without words, so
that nothing brings them back: neither an old page that still shows the post, nor the post itself, heard only after its deletion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from listener.clock import from_text, to_text
from listener.model import Ground, Post
from listener.store import corrections
from listener.store.base import Reader, Row, Tx, number, pack, storable, text, text_or_none, unpack
from listener.store.overtaking import overtakes

STEPS = (
    (timedelta(hours=1), timedelta(minutes=10)),
    (timedelta(days=1), timedelta(hours=1)),
    (timedelta(days=7), timedelta(hours=6)),
)
"""Up to which age a post is read again, and how often; age counts from when it was heard or last edited."""

GONE, UNNAMED = "gone", "unnamed"

_REMEMBERED = timedelta(hours=2)
# Reddit Data API Wiki, "Deleting user content" (November 2026): what identifies its author goes with what was deleted.
_NAMES_GO_TOO = frozenset({"reddit"})


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a stored post: when its deletion and its last edit were noticed, None for never."""

    deleted_at: datetime | None = None
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A mention that turned into something else: its post is `GONE`, or an edit left it `UNNAMED`, no mention of that brand any more."""

    seq: int
    network: str
    post_id: str
    brand: str
    turn: str
    at: datetime


def next_look(known_since: datetime, at: datetime, slowest: timedelta = timedelta(days=7)) -> datetime:
    """Return when to read a post again that was heard (or edited) at `known_since`; an old one after `slowest`."""
    age = at - known_since
    return at + min(next((every for until, every in STEPS if age < until), slowest), slowest)


def edit(tx: Tx, post: Post, source: str, *, at: datetime) -> bool:
    """Let a stored post read as it does now; return whether its words, or who may see it, changed. Of a deleted one nothing returns.

    A new version that reads the same (a picture was changed, another source counts versions otherwise) is kept and changes nothing else.
    `source` is who tells of it, "" where it was read again: what another source told later is not taken back (`overtaking`).
    """
    now = {
        "network": post.network,
        "id": post.id,
        "version": post.version,
        "text": storable(post.text),
        "visibility": post.visibility.value,
        "mentions": pack(post.mentions),
        "tags": pack(post.tags),
    }
    found = tx.one("SELECT text, visibility, deleted_at FROM posts WHERE network = :network AND id = :id", **_key(now))
    if found is None or found["deleted_at"] or not overtakes(tx, post, source):
        return False
    if (found["text"], found["visibility"]) == (now["text"], now["visibility"]):
        tx.run("UPDATE posts SET version = :version WHERE network = :network AND id = :id", version=post.version, **_key(now))
        return False
    note_remains(tx, at=at)
    corrections.forget(tx, post.network, post.id, but=now["text"])
    return bool(
        tx.run(
            """UPDATE posts SET text = :text, version = :version, visibility = :visibility, mentions = :mentions, tags = :tags,
            edited_at = :at, look_at = CASE WHEN look_at IS NULL THEN NULL ELSE :next END WHERE network = :network AND id = :id""",
            at=to_text(at),
            next=to_text(next_look(at, at)),
            **now,
        )
    )


def note_remains(tx: Tx, *, at: datetime) -> None:
    """Record that words were taken out of the tables, and may still stand in the files."""
    tx.run("INSERT INTO remains (since) VALUES (:at)", at=to_text(at))


def remains(reader: Reader) -> tuple[datetime, datetime] | None:
    """Return since when, and until when, words were taken out of the tables that may still stand in the files; None where none do."""
    row = reader.one("SELECT MIN(since) AS first, MAX(since) AS last FROM remains")
    return (from_text(text(row, "first")), from_text(text(row, "last"))) if row and row["first"] else None


def scrubbed(tx: Tx, until: datetime) -> None:
    """Record that nothing that was taken out up to a moment stands in the files."""
    tx.run("DELETE FROM remains WHERE since <= :until", until=to_text(until))


def _key(values: dict[str, str]) -> dict[str, str]:
    return {name: values[name] for name in ("network", "id")}


def mark_gone(tx: Tx, network: str, post_ids: Sequence[str], *, at: datetime) -> int:
    """Record that posts were deleted on their network, and drop their words, all of them; return how many were known.

    Of a post that was never heard a mark is kept for two hours, so that it is not heard after its deletion.
    """
    return sum(_bury(tx, network, post_id, at) for post_id in post_ids)


def _bury(tx: Tx, network: str, post_id: str, at: datetime) -> bool:
    key, moment = {"network": network, "id": post_id}, to_text(at)
    row = tx.one("SELECT deleted_at FROM posts WHERE network = :network AND id = :id", **key)
    tx.run("DELETE FROM competitor_posts WHERE network = :network AND post_id = :id", **key)
    if row is None:
        tx.run("DELETE FROM tombstones WHERE at < :old", old=to_text(at - _REMEMBERED))
        tx.run("INSERT INTO tombstones (network, post_id, at) VALUES (:network, :id, :at) ON CONFLICT DO NOTHING", at=moment, **key)
        return False
    if row["deleted_at"]:
        return False
    tx.run(
        """UPDATE posts SET deleted_at = :at, text = '', display_name = '', bio = '', followers = NULL, mentions = '[]', tags = '[]',
        look_at = NULL WHERE network = :network AND id = :id""",
        at=moment,
        **key,
    )
    if network in _NAMES_GO_TOO:  # the address holds words of the title
        tx.run("UPDATE posts SET handle = '', url = '' WHERE network = :network AND id = :id", **key)
    for mention in tx.all("SELECT brand FROM mentions WHERE network = :network AND post_id = :id", **key):
        _turn(tx, key, text(mention, "brand"), GONE, at)
    note_remains(tx, at=at)
    _forget_words(tx, key)
    return True


def names_go_too(network: str) -> bool:
    """Return whether the author's name is deleted with a post of theirs, as the network's terms want it."""
    return network in _NAMES_GO_TOO


def unname(tx: Tx, post: Post, brands: Sequence[str], *, at: datetime) -> None:
    """Record that a stored post is, as it reads now, a mention of none but `brands`: what it was a mention of by older words is over."""
    key = {"network": post.network, "id": post.id}
    rows = tx.all("SELECT brand, because FROM mentions WHERE network = :network AND post_id = :id", **key)
    over = [text(row, "brand") for row in rows if text(row, "brand") not in brands and row["because"] != "[]" and not _imported(row)]
    for brand in over:
        _turn(tx, key, brand, UNNAMED, at)
        tx.run(
            "UPDATE mentions SET because = '[]', decided = 1 WHERE network = :network AND post_id = :id AND brand = :brand",
            brand=brand,
            **key,
        )
    if over and not brands:
        _forget_words(tx, key)


def _imported(row: Row) -> bool:
    """Return whether a person brought it in: then it is a mention whatever it says."""
    grounds = unpack(row["because"])
    return isinstance(grounds, list) and any(ground == Ground.IMPORT for ground, _ in grounds)


def _turn(tx: Tx, key: dict[str, str], brand: str, turn: str, at: datetime) -> None:
    tx.run(
        "INSERT INTO turns (network, post_id, brand, turn, at) VALUES (:network, :id, :brand, :turn, :at)",
        brand=brand,
        turn=turn,
        at=to_text(at),
        **key,
    )


def _forget_words(tx: Tx, key: dict[str, str]) -> None:
    """Drop the author's words from why a post is a mention and from how it was judged; what was found stays, by its name."""
    for row in tx.all("SELECT brand, because FROM mentions WHERE network = :network AND post_id = :id", **key):
        grounds = unpack(row["because"])
        bare = pack([[ground, ""] for ground, _ in grounds] if isinstance(grounds, list) else [])
        tx.run(
            "UPDATE mentions SET because = :because, decided = 1 WHERE network = :network AND post_id = :id AND brand = :brand",
            because=bare,
            brand=text(row, "brand"),
            **key,
        )
    corrections.forget(tx, key["network"], key["id"])
    judged = tx.one("SELECT record FROM assessments WHERE network = :network AND post_id = :id", **key)
    record = unpack(judged["record"]) if judged else None
    if isinstance(record, dict):
        for part in ("signals", "wishes"):
            record[part] = [[name, points, []] for name, points, _ in record.get(part) or ()]
        tx.run("UPDATE assessments SET record = :record WHERE network = :network AND post_id = :id", record=pack(record), **key)


def turns(reader: Reader, *, at: datetime, limit: int = 100) -> list[Turn]:
    """Return what mentions turned into and nobody has acted on yet, oldest first; what was put off beyond `at` is left out."""
    rows = reader.all("SELECT * FROM turns WHERE not_before <= :at ORDER BY seq LIMIT :limit", at=to_text(at), limit=limit)
    return [
        Turn(
            number(row, "seq"),
            text(row, "network"),
            text(row, "post_id"),
            text(row, "brand"),
            text(row, "turn"),
            from_text(text(row, "at")),
        )
        for row in rows
    ]


def put_off(tx: Tx, seq: int, *, until: datetime) -> None:
    """Record that a turn could not be acted on, and when to try again."""
    tx.run("UPDATE turns SET not_before = :until WHERE seq = :seq", until=to_text(until), seq=seq)


def turned(tx: Tx, seq: int) -> None:
    """Record that a turn was acted on."""
    tx.run("DELETE FROM turns WHERE seq = :seq", seq=seq)


def fate(reader: Reader, network: str, post_id: str) -> Fate:
    """Return what became of a post; of one that is not stored, nothing did."""
    row = reader.one("SELECT deleted_at, edited_at FROM posts WHERE network = :network AND id = :id", network=network, id=post_id)
    return _fate(row) if row else Fate()


def fates(reader: Reader, network: str, thread_id: str) -> dict[str, Fate]:
    """Return what became of the posts of a thread that were edited or deleted, by their ids."""
    rows = reader.all(
        """SELECT id, deleted_at, edited_at FROM posts WHERE network = :network AND thread_id = :thread
        AND (deleted_at IS NOT NULL OR edited_at IS NOT NULL)""",
        network=network,
        thread=thread_id,
    )
    return {text(row, "id"): _fate(row) for row in rows}


def _fate(row: Row) -> Fate:
    deleted, edited = (from_text(text(row, name)) if row[name] else None for name in ("deleted_at", "edited_at"))
    return Fate(deleted, edited)


def hearers(reader: Reader, network: str) -> list[str]:
    """Return the sources that heard posts of a network which are still to be read again."""
    found: list[str] = []
    step = "SELECT source FROM posts WHERE network = :network AND source > :last AND look_at IS NOT NULL ORDER BY source LIMIT 1"
    while row := reader.one(step, network=network, last=found[-1] if found else ""):
        found.append(text(row, "source"))
    return found


@dataclass(frozen=True, slots=True)
class Course:
    """How far the posts that one source heard are followed: when the next of them is to be read again, in the past where it is late."""

    network: str
    source: str
    next_look: datetime


def courses(reader: Reader) -> list[Course]:
    """Return how far every source's posts are followed; sources with nothing to follow are left out."""
    found: list[Course] = []
    last = ""
    step = "SELECT network FROM posts WHERE network > :last AND look_at IS NOT NULL ORDER BY network LIMIT 1"
    while row := reader.one(step, last=last):
        last = text(row, "network")
        for source in hearers(reader, last):
            first = reader.one(
                "SELECT look_at FROM posts WHERE network = :network AND source = :source AND look_at >= '' ORDER BY look_at LIMIT 1",
                network=last,
                source=source,
            )
            found += [Course(last, source, from_text(text(first, "look_at")))] if first else []
    return found


def due(reader: Reader, network: str, hearer: str, *, at: datetime, limit: int) -> list[Row]:
    """Return posts of a network that the source `hearer` heard and that are to be read again now, the longest overdue first."""
    return reader.all(
        "SELECT * FROM posts WHERE network = :network AND source = :source AND look_at <= :at ORDER BY look_at LIMIT :limit",
        network=network,
        source=hearer,
        at=to_text(at),
        limit=limit,
    )


def looked(tx: Tx, network: str, post_id: str, *, at: datetime, slowest: timedelta) -> None:
    """Record that a post was read again, and when it is next: old ones after `slowest`."""
    key = {"network": network, "id": post_id}
    row = tx.one("SELECT heard_at, edited_at FROM posts WHERE network = :network AND id = :id AND look_at IS NOT NULL", **key)
    if row:
        known = from_text(text(row, "edited_at") or text(row, "heard_at"))
        tx.run(
            "UPDATE posts SET looked_at = :at, look_at = :next WHERE network = :network AND id = :id",
            at=to_text(at),
            next=to_text(next_look(known, at, slowest)),
            **key,
        )


def look_soon(tx: Tx, network: str, post_id: str, *, at: datetime) -> None:
    """Have a post read again at once: it seems to be gone."""
    tx.run(
        "UPDATE posts SET look_at = :at WHERE network = :network AND id = :id AND look_at > :at",
        at=to_text(at),
        network=network,
        id=post_id,
    )


def placed(post: Post, row: Row) -> Post:
    """Return a post that was read alone with the place in its thread that was known when it was heard."""
    parent_id, parent_author_id = (text_or_none(row, name) for name in ("parent_id", "parent_author_id"))
    return replace(post, thread_id=text(row, "thread_id"), parent_id=parent_id, parent_author_id=parent_author_id, own=bool(row["own"]))
