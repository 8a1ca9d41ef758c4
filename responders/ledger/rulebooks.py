"""The rules that were in force here, word for word: each version once, so that a broken file changes nothing, not even after a restart."""

from __future__ import annotations

from datetime import datetime

from listener.clock import to_text
from listener.store.base import Reader, Tx, text


def keep(tx: Tx, version: str, words: str, *, at: datetime) -> None:
    """Remember the text of the rules that are in force from now on."""
    tx.run(
        """INSERT INTO rulebooks (version, words, first_at, last_at) VALUES (:version, :words, :at, :at)
        ON CONFLICT (version) DO UPDATE SET last_at = excluded.last_at""",
        version=version,
        words=words,
        at=to_text(at),
    )


def last(reader: Reader) -> tuple[str, str] | None:
    """Return the version and the text of the rules that were in force last, or None where none were."""
    row = reader.one("SELECT version, words FROM rulebooks ORDER BY last_at DESC, version LIMIT 1")
    return None if row is None else (text(row, "version"), text(row, "words"))
