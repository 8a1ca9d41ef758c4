"""What is said of competitors, counted: which post names whom, when, and in which mood. No words and no authors are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from listener.clock import to_text
from listener.model import Mood, Post
from listener.store.base import Reader, Row, Tx, Value

_KEEP = """INSERT INTO competitor_posts (network, post_id, brand, competitor, mood, url, ours, created_at)
    SELECT :network, :id, :brand, :competitor, :mood, :url, :ours, :at
    WHERE NOT EXISTS (SELECT 1 FROM tombstones WHERE network = :network AND post_id = :id)
    AND NOT EXISTS (SELECT 1 FROM posts WHERE network = :network AND id = :id AND deleted_at IS NOT NULL)"""


@dataclass(frozen=True, slots=True)
class Named:
    """Whom a post names, as pairs of our brand and the competitor, in which mood; `ours` are the brands it is a mention of."""

    post: Post
    found: Sequence[tuple[str, str]]
    mood: Mood
    ours: Sequence[str]

    @property
    def key(self) -> dict[str, str]:
        """What identifies the post."""
        return {"network": self.post.network, "id": self.post.id}


def note(tx: Tx, many: Sequence[Named]) -> None:
    """Keep which competitors posts name, one entry a post: what was kept of it before is replaced. What was deleted stays out."""
    if not many:
        return
    tx.run_many("DELETE FROM competitor_posts WHERE network = :network AND post_id = :id", [one.key for one in many])
    rows: list[dict[str, Value]] = [
        {
            "brand": brand,
            "competitor": competitor,
            "mood": one.mood.value,
            "url": one.post.url,
            "ours": int(brand in one.ours),
            "at": to_text(one.post.created_at),
            **one.key,
        }
        for one in many
        for brand, competitor in one.found
    ]
    if rows:
        tx.run_many(_KEEP, rows)


def named(reader: Reader, *, competitor: str, brand: str, network: str, since: datetime | None, limit: int) -> list[Row]:
    """Return posts that name a competitor, newest first; "" for any competitor, brand or network."""
    return reader.all(
        """SELECT * FROM competitor_posts WHERE (:competitor = '' OR competitor = :competitor) AND (:brand = '' OR brand = :brand)
        AND (:network = '' OR network = :network) AND created_at >= :since ORDER BY created_at DESC, network, post_id LIMIT :limit""",
        competitor=competitor,
        brand=brand,
        network=network,
        since=to_text(since) if since else "",
        limit=limit,
    )


def moods(reader: Reader, *, since: datetime) -> list[Row]:
    """Return, by brand, competitor ("" for ourselves) and mood, how many posts since a moment named them: `brand, competitor, mood, n`."""
    return reader.all(
        """SELECT m.brand AS brand, '' AS competitor, a.mood AS mood, COUNT(*) AS n FROM mentions m
        JOIN posts p ON p.network = m.network AND p.id = m.post_id
        JOIN assessments a ON a.network = m.network AND a.post_id = m.post_id
        WHERE p.created_at >= :since AND m.because <> '[]' GROUP BY m.brand, a.mood
        UNION ALL SELECT brand, competitor, mood, COUNT(*) FROM competitor_posts WHERE created_at >= :since
        GROUP BY brand, competitor, mood""",
        since=to_text(since),
    )
