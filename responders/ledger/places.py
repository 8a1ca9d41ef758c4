"""Where a program may not answer, and whether our accounts say that they are automated: what networks told us, remembered."""

from __future__ import annotations

from datetime import datetime

from listener.clock import to_text
from listener.store.base import Reader, Row, Tx, text
from responders.ledger import facts

_LABEL = "label "


def close(tx: Tx, network: str, place: str, reason: str, *, by: str, at: datetime) -> bool:
    """Remember that a program may not answer in a part of a network, until a person says otherwise; return whether that is news."""
    return bool(
        tx.run(
            """INSERT INTO closed_places (network, place, reason, by, since) VALUES (:network, :place, :reason, :by, :at)
            ON CONFLICT (network, place) DO UPDATE SET reason = excluded.reason, by = excluded.by, since = excluded.since,
            opened_at = NULL, opened_by = NULL WHERE closed_places.opened_at IS NOT NULL""",
            network=network,
            place=place.casefold(),
            reason=reason,
            by=by,
            at=to_text(at),
        )
    )


def open_(tx: Tx, network: str, place: str, *, by: str, at: datetime) -> bool:
    """Let us answer there again: a person said so. Return whether it was closed; the row stays as a record."""
    return bool(
        tx.run(
            """UPDATE closed_places SET opened_at = :at, opened_by = :by
            WHERE network = :network AND place = :place AND opened_at IS NULL""",
            network=network,
            place=place.casefold(),
            by=by,
            at=to_text(at),
        )
    )


def closed(reader: Reader) -> dict[tuple[str, str], str]:
    """Return why each part of a network is closed, by network and place."""
    return {(text(row, "network"), text(row, "place")): text(row, "reason") for row in rows(reader)}


def rows(reader: Reader) -> list[Row]:
    """Return what is closed, with who said so and since when."""
    return reader.all("SELECT * FROM closed_places WHERE opened_at IS NULL ORDER BY network, place")


def note_label(tx: Tx, network: str, labelled: bool | None, *, at: datetime) -> None:  # noqa: FBT001  # it is one fact, not a switch
    """Remember whether our account on a network is marked as automated; None where nobody can tell."""
    words = {True: "yes", False: "no", None: ""}[labelled]
    facts.keep(tx, f"{_LABEL}{network}", words, at=at)


def labelled(reader: Reader) -> dict[str, bool]:
    """Return whether our account is marked as automated, for each network that has told."""
    known = {name.removeprefix(_LABEL): value for name, (value, _) in facts.known(reader).items() if name.startswith(_LABEL)}
    return {network: value == "yes" for network, value in known.items() if value}
