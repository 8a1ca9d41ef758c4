"""How deliveries move: which may leave, the claim that lets exactly one sender say it, and every arrow between two states.

Each statement names the state it begins in, so whoever comes second moves nothing and is told.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from listener.clock import to_text
from listener.store.base import Reader, Row, Tx, number, text
from responders.lifecycle import Arrow
from responders.model import DeliveryState

CLAIM = timedelta(seconds=60)
"""How long a claim holds, unless whoever claims says otherwise."""
FARTHEST = timedelta(minutes=30)
"""Nothing here is ever put off so far: a moment beyond it was written before the clock was turned back, and counts as now."""
_PLACES = 16  # at which machines begin

# Of one author, so that it takes no time in a storm, while a hundred thousand of others wait.
_WAITS = """SELECT 1 FROM posts p JOIN mentions m ON m.network = p.network AND m.post_id = p.id
    WHERE p.network = {network} AND p.author_id = {author} AND m.decided = 0 LIMIT 1"""


def due(
    reader: Reader,
    *,
    at: datetime,
    free: Sequence[str],
    urgent_only: Sequence[str],
    urgent: int,
    busy: Collection[int],
    among: Collection[int] = (),
    holder: str = "",
    most: int = 1,
) -> list[Row]:
    """Return the most urgent deliveries that may leave now, the most urgent first, at most so many.

    On a network in `free` that is any, on one in `urgent_only` one of at least `urgent` points. What waits for another delivery of its
    case (the private message before the public word about it) stays until that is sent; and nothing leaves while a mention by the same
    author waits to be decided, since it may say "stop". Cases in `busy` are left out. `among` asks only for deliveries with these ids.

    A `holder` of turns is one of several machines: what another has the turn of is left out, and of those that are as urgent each machine
    begins elsewhere, so that they seldom reach for the same one.
    """
    taken = """AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.name = 'case-' || CAST(d.case_id AS TEXT) AND l.holder <> :holder
        AND l.until > :at)"""
    marks = {f"f{index}": network for index, network in enumerate(free)}
    scarce = {f"u{index}": network for index, network in enumerate(urgent_only)}
    return reader.all(
        f"""SELECT d.* FROM deliveries d LEFT JOIN deliveries first ON first.id = d.after_id
        WHERE d.state = 'ready' AND (d.not_before <= :at OR d.not_before > :far) AND (d.after_id IS NULL OR first.state = 'sent')
        AND (d.network IN ({_marks(marks)}) OR (d.network IN ({_marks(scarce)}) AND d.points >= :urgent))
        AND d.case_id NOT IN ({", ".join(map(str, busy)) or "0"})
        AND ({_WAITS.format(network="d.network", author="d.author_id")}) IS NULL
        {f"AND d.id IN ({', '.join(map(str, among))})" if among else ""} {taken if holder else ""}
        ORDER BY d.points DESC, {f"(d.id + {_place(holder)}) % {_PLACES}, " if among and holder else ""}d.id LIMIT :most""",
        at=to_text(at),
        far=to_text(at + FARTHEST),
        urgent=urgent,
        most=most,
        **({"holder": holder} if holder else {}),
        **marks,
        **scarce,
    )


def _place(holder: str) -> int:
    return zlib.crc32(holder.encode()) % _PLACES


def _marks(values: Mapping[str, str]) -> str:
    return ", ".join(f":{name}" for name in values) or "NULL"


def claim(tx: Tx, delivery_id: int, *, at: datetime, span: timedelta = CLAIM) -> int:
    """Take a ready delivery for one attempt, for `span`; return the attempt's number, or 0 where it cannot be taken (any more).

    Whoever claims asks in the same transaction whether sending is stopped (see `Outbox`). The attempt is on record before
    any byte leaves. `first_attempt_at` is the first that may have published something (see `unsent`).
    """
    taken = tx.run(
        """UPDATE deliveries SET state = 'claimed', attempts = attempts + 1, first_attempt_at = COALESCE(first_attempt_at, :at),
        last_attempt_at = :at, claimed_until = :until
        WHERE id = :id AND state = 'ready' AND (not_before <= :at OR not_before > :far)""",
        id=delivery_id,
        at=to_text(at),
        far=to_text(at + FARTHEST),
        until=to_text(at + span),
    )
    row = tx.one("SELECT attempts FROM deliveries WHERE id = :id", id=delivery_id) if taken else None
    return number(row, "attempts") if row else 0


def still_ours(reader: Reader, delivery_id: int, *, attempt: int, until: datetime) -> bool:
    """Return whether the claim that this attempt made holds until a moment: nobody has taken the delivery over since."""
    found = reader.one(
        "SELECT 1 FROM deliveries WHERE id = :id AND state = 'claimed' AND attempts = :attempt AND claimed_until >= :until",
        id=delivery_id,
        attempt=attempt,
        until=to_text(until),
    )
    return found is not None


def move(
    tx: Tx,
    delivery_id: int,
    arrow: Arrow,
    *,
    at: datetime,
    reason: str = "",
    attempt: int | None = None,
    not_before: datetime | None = None,
    remote: tuple[str, str] | None = None,
) -> bool:
    """Move a delivery along an arrow; return False where it does not stand where the arrow begins (or is another attempt's by now).

    `remote` is the network's id and address of what was published. What has no target is removed.
    """
    if arrow.source is None:
        message = "a delivery is made by add"
        raise ValueError(message)
    if arrow.target is None:
        return bool(tx.run("DELETE FROM deliveries WHERE id = :id AND state = :source", id=delivery_id, source=arrow.source.value))
    return bool(
        tx.run(
            """UPDATE deliveries SET state = :target, reason = :reason, not_before = COALESCE(:not_before, not_before),
            claimed_until = NULL, remote_id = COALESCE(:remote_id, remote_id), remote_url = COALESCE(:remote_url, remote_url),
            sent_at = CASE WHEN :target = 'sent' THEN COALESCE(sent_at, :at) ELSE sent_at END,
            last_attempt_at = CASE WHEN :source = 'by_hand' AND :target = 'sent' THEN :at ELSE last_attempt_at END
            WHERE id = :id AND state = :source AND (:attempt IS NULL OR attempts = :attempt)""",
            target=arrow.target.value,
            source=arrow.source.value,
            reason=reason,
            not_before=to_text(not_before) if not_before else None,
            remote_id=remote[0] if remote else None,
            remote_url=remote[1] if remote else None,
            at=to_text(at),
            attempt=attempt,
            id=delivery_id,
        )
    )


def author_waits(reader: Reader, delivery: Row) -> bool:
    """Return whether a mention by the author whom a delivery answers waits to be decided: it may say "stop"."""
    sql = _WAITS.format(network=":network", author=":author")
    return reader.one(sql, network=delivery["network"], author=delivery["author_id"]) is not None


def put_off(tx: Tx, delivery_id: int, *, reason: str, until: datetime) -> None:
    """Let a delivery wait longer where it stands (ready, unknown or withdrawing): it could not be looked at or moved yet."""
    tx.run(
        """UPDATE deliveries SET reason = :reason, not_before = :until
        WHERE id = :id AND state IN ('ready', 'unknown', 'withdrawing')""",
        reason=reason,
        until=to_text(until),
        id=delivery_id,
    )


def unsent(tx: Tx, delivery_id: int, *, reason: str, not_before: datetime, attempt: int) -> bool:
    """Put back a delivery whose attempt surely published nothing: it leaves no doubt behind, but one from earlier stays."""
    return bool(
        tx.run(
            """UPDATE deliveries SET state = 'ready', reason = :reason, not_before = :not_before, claimed_until = NULL,
            first_attempt_at = CASE WHEN first_attempt_at = last_attempt_at THEN NULL ELSE first_attempt_at END
            WHERE id = :id AND state = 'claimed' AND attempts = :attempt""",
            reason=reason,
            not_before=to_text(not_before),
            attempt=attempt,
            id=delivery_id,
        )
    )


def resend(tx: Tx, delivery_id: int, *, not_before: datetime) -> bool:
    """Make a parked delivery ready again: a person looked, it is not there, and they said yes again. Its doubt stays on record."""
    return bool(
        tx.run(
            """UPDATE deliveries SET state = 'ready', reason = '', not_before = :at, approved_at = :at, resent_at = :at,
            automatic = 0 WHERE id = :id AND state = 'parked'""",
            at=to_text(not_before),
            id=delivery_id,
        )
    )


def set_aside(tx: Tx, delivery_id: int, *, reason: str) -> bool:
    """Hold a parked delivery that a person looked for and did not find, so that other words can be written: nothing of it is there."""
    return bool(
        tx.run(
            "UPDATE deliveries SET state = 'held', reason = :reason, first_attempt_at = NULL WHERE id = :id AND state = 'parked'",
            reason=reason,
            id=delivery_id,
        )
    )


def take_back_resent(tx: Tx, draft_id: int) -> bool:
    """Park again what was about to be sent again, and hold what was to follow it; return whether there was any."""
    parked = tx.run(
        """UPDATE deliveries SET state = 'parked', resent_at = NULL, reason = 'we cannot tell whether it is there; look and decide'
        WHERE draft_id = :draft AND state = 'ready' AND resent_at IS NOT NULL AND first_attempt_at IS NOT NULL""",
        draft=draft_id,
    )
    if parked:
        tx.run(
            """UPDATE deliveries SET state = 'held', reason = 'the private message it speaks of is in doubt'
            WHERE draft_id = :draft AND state = 'ready' AND after_id IS NOT NULL""",
            draft=draft_id,
        )
    return bool(parked)


def any_claimed(reader: Reader) -> bool:
    """Return whether any delivery is claimed, by whomever."""
    return reader.one("SELECT 1 FROM deliveries WHERE state = 'claimed' LIMIT 1") is not None


def lost(tx: Tx, *, at: datetime, everything: bool) -> int:
    """Turn claims that nobody holds any more into `unknown`; at start-up (`everything`) that is every claim."""
    return tx.run(
        """UPDATE deliveries SET state = 'unknown', claimed_until = NULL, reason = 'the sender stopped before it could tell'
        WHERE state = 'claimed' AND (:everything = 1 OR claimed_until < :at OR claimed_until > :far)""",
        everything=int(everything),
        at=to_text(at),
        far=to_text(at + FARTHEST),
    )


def in_doubt(reader: Reader, *, at: datetime) -> list[Row]:
    """Return deliveries whose outcome is unknown and due for a look, the one that has waited longest for it first."""
    return reader.all(
        "SELECT * FROM deliveries WHERE state = 'unknown' AND (not_before <= :at OR not_before > :far) ORDER BY not_before, id LIMIT 20",
        at=to_text(at),
        far=to_text(at + FARTHEST),
    )


def by_hand(reader: Reader) -> list[Row]:
    """Return what waits for a person to post it, oldest first."""
    return reader.all("SELECT * FROM deliveries WHERE state = 'by_hand' ORDER BY id")


def withdrawals(reader: Reader, *, at: datetime) -> list[Row]:
    """Return deliveries that somebody takes back from the network and that are due for a try, the one that has waited longest first."""
    return reader.all(
        """SELECT * FROM deliveries WHERE state = 'withdrawing' AND (not_before <= :at OR not_before > :far)
        ORDER BY not_before, id LIMIT 20""",
        at=to_text(at),
        far=to_text(at + FARTHEST),
    )


def follow_again(tx: Tx, delivery_id: int, *, not_before: datetime) -> int:
    """Let what was held because this delivery was in doubt follow it after all; return how many. Nothing of it was ever tried."""
    return tx.run(
        """UPDATE deliveries SET state = 'ready', reason = '', not_before = :at, approved_at = :at, automatic = 0
        WHERE after_id = :id AND state = 'held' AND first_attempt_at IS NULL""",
        at=to_text(not_before),
        id=delivery_id,
    )


def tries(reader: Reader, network: str, *, since: datetime) -> int:
    """Return how many attempts were made on a network since a moment, at least (a row's tries count from its last one)."""
    row = reader.one(
        "SELECT COALESCE(SUM(attempts), 0) AS n FROM deliveries WHERE network = :network AND last_attempt_at >= :since",
        network=network,
        since=to_text(since),
    )
    return number(row, "n") if row else 0


def state_of(reader: Reader, delivery_id: int) -> DeliveryState | None:
    """Return where a delivery stands, or None where it was removed."""
    row = reader.one("SELECT state FROM deliveries WHERE id = :id", id=delivery_id)
    return DeliveryState(text(row, "state")) if row else None


def take_back(tx: Tx, draft_id: int) -> bool:
    """Remove the deliveries of a draft that are surely not on the network; return whether there were any, and none is in doubt.

    What is settled stays: where the private half was sent, the public one can still be taken back.
    """
    rows = tx.all(
        "SELECT state, first_attempt_at FROM deliveries WHERE draft_id = :draft AND state NOT IN ('sent', 'refused', 'withdrawn')",
        draft=draft_id,
    )
    if not rows or any(text(row, "state") not in {"ready", "held", "by_hand"} or row["first_attempt_at"] for row in rows):
        return False
    waiting = "DELETE FROM deliveries WHERE draft_id = :draft AND state IN ('ready', 'held', 'by_hand')"
    tx.run(f"{waiting} AND after_id IS NOT NULL", draft=draft_id)
    tx.run(waiting, draft=draft_id)
    return True


def clear_held(tx: Tx, network: str, parent_id: str) -> None:
    """Remove what was held before any attempt, since nothing of it can be on the network; what follows another goes first."""
    for following in ("after_id IS NOT NULL", "NOT EXISTS (SELECT 1 FROM deliveries later WHERE later.after_id = deliveries.id)"):
        tx.run(
            f"""DELETE FROM deliveries WHERE network = :network AND parent_id = :parent AND state = 'held' AND first_attempt_at IS NULL
            AND {following}""",
            network=network,
            parent=parent_id,
        )
