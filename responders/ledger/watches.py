"""How each watch of the rules stands, as the daemon saw it last: for whoever looks, without the rules."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from listener.clock import to_text
from listener.store.base import Reader, Row, Tx, text


def all_(reader: Reader) -> list[Row]:
    """Return every watch by its name: `state`, `words`, and `since` when it stands so."""
    return reader.all("SELECT * FROM watches ORDER BY name")


def stand(tx: Tx, name: str, state: str, words: str, *, at: datetime) -> None:
    """Remember how a watch stands; `since` moves when its state does."""
    tx.run(
        """INSERT INTO watches (name, state, words, since) VALUES (:name, :state, :words, :at)
        ON CONFLICT (name) DO UPDATE SET since = CASE WHEN watches.state = excluded.state THEN watches.since ELSE excluded.since END,
        state = excluded.state, words = excluded.words""",
        name=name,
        state=state,
        words=words,
        at=to_text(at),
    )


def forget(tx: Tx, keep: Collection[str]) -> list[str]:
    """Let go of watches that the rules do not have any more; return their names."""
    gone = [text(row, "name") for row in all_(tx) if text(row, "name") not in keep]
    for name in gone:
        tx.run("DELETE FROM watches WHERE name = :name", name=name)
    return gone
