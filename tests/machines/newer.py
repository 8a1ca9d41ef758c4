"""The program as it will be one day: with one step more in its tables. `python -m tests.machines.newer run …` is that program."""

from __future__ import annotations

from listener.store.base import Migrations
from responders import house
from responders.cli.main import main as program
from responders.ledger.schema import MIGRATIONS

STEP = "900_newer"
NEWER = Migrations(
    MIGRATIONS.part,
    {
        **MIGRATIONS.steps,
        STEP: (
            "CREATE TABLE tomorrow (id INTEGER PRIMARY KEY, words TEXT NOT NULL)",
            "ALTER TABLE deliveries ADD COLUMN tomorrow TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE posts ADD COLUMN tomorrow INTEGER NOT NULL DEFAULT 0",
        ),
    },
)


def main() -> None:
    """Be the newer program."""
    house.ANSWERING = NEWER  # type: ignore[misc]  # this whole process is the newer one
    program()


if __name__ == "__main__":
    main()
