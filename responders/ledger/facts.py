"""Facts: single things about the daemon that outlive it, each by a name with its moment. The rules in force, how far gaps were told of."""

from __future__ import annotations

from datetime import datetime

from listener.clock import from_text, to_text
from listener.store.base import Reader, Tx, text


def keep(tx: Tx, name: str, value: str, *, at: datetime) -> None:
    """Remember one thing, in place of what was remembered by that name."""
    tx.run(
        """INSERT INTO facts (name, value, at) VALUES (:name, :value, :at)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at""",
        name=name,
        value=value,
        at=to_text(at),
    )


def known(reader: Reader) -> dict[str, tuple[str, datetime]]:
    """Return everything that is remembered, with its moment."""
    return {text(row, "name"): (text(row, "value"), from_text(text(row, "at"))) for row in reader.all("SELECT * FROM facts")}
