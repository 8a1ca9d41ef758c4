"""What people said of how posts are judged: kept for learning, and for setting a judgement back exactly.

Of a post that was edited or deleted no word is kept; that somebody corrected it, and what, stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from listener.clock import from_text, to_text
from listener.model import Assessment, Corrected, Intent, Labels, Level, Mood
from listener.store.base import Reader, Row, Tx, Value, number, pack, storable, text, unpack

_COLUMNS = ("language", "mood", "score", "level", "points", "intent", "record", "judged_at")
_STANDS = "undone_at IS NULL AND words <> ''"


@dataclass(frozen=True, slots=True)
class Correction:
    """One word of a person. `judged` is how Earnest had judged it, as a row of `assessments`.

    The network and the post's id are "" for a text that is no post.
    """

    id: int
    network: str
    post_id: str
    brand: str
    words: str
    judged: Mapping[str, Value]
    labels: Labels
    note: str
    who: str
    at: datetime
    undone_at: datetime | None
    undone_by: str

    @property
    def stands(self) -> bool:
        """Whether it counts: nobody took it back, and the words that it was said of are still those of the post."""
        return self.undone_at is None and bool(self.words)

    @property
    def record(self) -> Mapping[str, object]:
        """What else was judged, by name."""
        found = unpack(self.judged["record"])
        return found if isinstance(found, dict) else {}

    @property
    def signals(self) -> tuple[tuple[str, int], ...]:
        """What had been found, with its points."""
        found = self.record.get("signals")
        return tuple((str(name), int(points)) for name, points, _ in (found if isinstance(found, list) else ()))

    @property
    def said(self) -> tuple[tuple[str, str, str], ...]:
        """All that the person said: what ("mood", "urgency", "intent", "sarcasm"), how Earnest had judged it, and what they say."""
        labels, sarcasm = self.labels, {None: "", True: "yes", False: "no"}
        all_of_it = (
            ("mood", str(self.judged["mood"]), labels.mood or ""),
            ("urgency", str(self.judged["level"]), labels.level or ""),
            ("intent", str(self.judged["intent"]), labels.intent or ""),
            ("sarcasm", sarcasm[bool(self.record.get("sarcasm"))], sarcasm[labels.sarcasm]),
        )
        return tuple((what, was, str(now)) for what, was, now in all_of_it if now)


def _read(row: Row) -> Correction:
    judged = unpack(row["judged"])
    return Correction(
        id=number(row, "id"),
        network=text(row, "network"),
        post_id=text(row, "post_id"),
        brand=text(row, "brand"),
        words=text(row, "words"),
        judged=judged if isinstance(judged, dict) else {},
        labels=Labels(
            Mood(text(row, "mood")) if row["mood"] else None,
            Level(text(row, "level")) if row["level"] else None,
            Intent(text(row, "intent")) if row["intent"] else None,
            row["sarcasm"] == "yes" if row["sarcasm"] else None,
        ),
        note=text(row, "note"),
        who=text(row, "who"),
        at=from_text(text(row, "at")),
        undone_at=from_text(text(row, "undone_at")) if row["undone_at"] else None,
        undone_by=text(row, "undone_by"),
    )


def judged_now(reader: Reader, network: str, post_id: str) -> dict[str, Value] | None:
    """Return how a post is judged now, as a row of `assessments`; None where it is not."""
    row = reader.one(
        f"SELECT {', '.join(_COLUMNS)} FROM assessments WHERE network = :network AND post_id = :id", network=network, id=post_id
    )
    return {name: row[name] for name in _COLUMNS} if row else None


def add(
    tx: Tx, post: tuple[str, str], brand: str, *, words: str, judged: Mapping[str, Value], labels: Labels, note: str, who: str, at: datetime
) -> int:
    """Keep what a person says of a post (its network and id) with these words; return the number of it."""
    return tx.insert(
        """INSERT INTO corrections (network, post_id, brand, words, judged, mood, level, intent, sarcasm, note, who, at)
        VALUES (:network, :id, :brand, :words, :judged, :mood, :level, :intent, :sarcasm, :note, :who, :at)""",
        network=post[0],
        id=post[1],
        brand=brand,
        words=storable(words),
        judged=pack(dict(judged)),
        mood=labels.mood or "",
        level=labels.level or "",
        intent=labels.intent or "",
        sarcasm={None: "", True: "yes", False: "no"}[labels.sarcasm],
        note=storable(note),
        who=who,
        at=to_text(at),
    )


def get(reader: Reader, correction: int) -> Correction | None:
    """Return the correction of that number, whatever became of it."""
    row = reader.one("SELECT * FROM corrections WHERE id = :id", id=correction)
    return _read(row) if row else None


def of_post(reader: Reader, network: str, post_id: str) -> Correction | None:
    """Return what stands of a post, or None."""
    row = reader.one(
        f"SELECT * FROM corrections WHERE network = :network AND post_id = :id AND {_STANDS} ORDER BY id DESC LIMIT 1",
        network=network,
        id=post_id,
    )
    return _read(row) if row else None


def standing(reader: Reader) -> list[Correction]:
    """Return all that stand, oldest first."""
    return [_read(row) for row in reader.all(f"SELECT * FROM corrections WHERE {_STANDS} ORDER BY id")]


def every(reader: Reader, *, since: datetime | None = None) -> list[Correction]:
    """Return all there ever were (or all from a moment on), oldest first."""
    return [
        _read(row) for row in reader.all("SELECT * FROM corrections WHERE at >= :since ORDER BY id", since=to_text(since) if since else "")
    ]


def state(reader: Reader) -> tuple[int, int]:
    """Return what changes whenever others stand than before: cheap enough to be asked with every page.

    Numbers only grow, so one that comes is above every one that went, and how many there are tells the rest.
    """
    row = reader.one(f"SELECT COUNT(*) AS n, COALESCE(SUM(id), 0) AS ids FROM corrections WHERE {_STANDS}")
    return (number(row, "n"), number(row, "ids")) if row else (0, 0)


def undo(tx: Tx, correction: int, *, who: str, at: datetime) -> bool:
    """Take one back; return False where somebody had already."""
    return bool(
        tx.run(
            "UPDATE corrections SET undone_at = :at, undone_by = :who WHERE id = :id AND undone_at IS NULL",
            at=to_text(at),
            who=who,
            id=correction,
        )
    )


def restore(tx: Tx, one: Correction) -> None:
    """Let a post be judged exactly as it was before somebody corrected it."""
    tx.run(
        f"UPDATE assessments SET {', '.join(f'{name} = :{name}' for name in _COLUMNS)} WHERE network = :network AND post_id = :id",
        network=one.network,
        id=one.post_id,
        **{name: one.judged[name] for name in _COLUMNS},
    )


def forget(tx: Tx, network: str, post_id: str, *, but: str = "") -> None:
    """Erase the words of a post from what was said of it, and what quotes them, unless they are the words that the post has now."""
    rows: Sequence[Row] = tx.all(
        "SELECT * FROM corrections WHERE network = :network AND post_id = :id AND (words <> :but OR words = '')",
        network=network,
        id=post_id,
        but=but,
    )
    for one in map(_read, rows):
        record = dict(one.record)
        for part in ("signals", "wishes"):
            found = record.get(part)
            record[part] = [[name, points, []] for name, points, _ in (found if isinstance(found, list) else ())]
        bare = pack({**one.judged, "record": pack(record | {"failed": ""})})
        tx.run("UPDATE corrections SET words = '', note = '', judged = :judged WHERE id = :id", judged=bare, id=one.id)


def decide_again(tx: Tx, network: str, post_id: str) -> None:
    """Have the mentions that a post is decided once more."""
    tx.run("UPDATE mentions SET decided = 0 WHERE network = :network AND post_id = :id AND because <> '[]'", network=network, id=post_id)


def kept(seen: Assessment) -> dict[str, object]:
    """Return what the record of a judgement keeps of what was learned and corrected."""
    word = seen.corrected
    learned: dict[str, object] = {"learned": seen.learned} if seen.learned else {}
    return learned | ({"corrected": [word.who, to_text(word.at), word.changes]} if word else {})


def word_of(record: Mapping[str, object]) -> Corrected | None:
    """Return what a person said of a judgement, from its record; None where nobody did."""
    found = record.get("corrected")
    if not isinstance(found, list):
        return None
    who, at, changes = found
    return Corrected(str(who), from_text(str(at)), tuple((str(what), str(was), str(now)) for what, was, now in changes))
