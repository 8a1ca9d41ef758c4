"""The rules that were in force here, word for word: each version once, so that a broken file changes nothing, not even after a restart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from listener.clock import from_text, to_text
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


@dataclass(frozen=True, slots=True)
class Kept:
    """One version of the rules, word for word, and when it came into force first."""

    version: str
    words: str
    first_at: datetime


def newest_first(reader: Reader) -> Iterator[Kept]:
    """Yield every version that was in force, the one in force last before all others; each is read when it is asked for."""
    for row in reader.all("SELECT version FROM rulebooks ORDER BY last_at DESC, version"):
        found = reader.one("SELECT * FROM rulebooks WHERE version = :version", version=text(row, "version"))
        if found:
            yield Kept(text(found, "version"), text(found, "words"), from_text(text(found, "first_at")))


def words(reader: Reader, version: str) -> str | None:
    """Return the text of a version of the rules, or None where it was never in force here."""
    row = reader.one("SELECT words FROM rulebooks WHERE version = :version", version=version)
    return None if row is None else text(row, "words")
