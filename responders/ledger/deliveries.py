"""Deliveries: one row for each thing to say, and the claim that lets exactly one sender say it.

The states and their arrows are drawn in docs/architecture.md. `refused` alone frees the place for another answer to the same post.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from listener.clock import from_text, to_text
from listener.model import Post, Visibility
from listener.store import mentions as heard
from listener.store.base import Reader, Row, Tx, number, pack, text
from responders.ledger.cases import name_of
from responders.model import Delivery, DeliveryState, Kind

CLAIM = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Order:
    """What a delivery is made from; `bound` is made of the first five."""

    account: str
    network: str
    parent: Post
    visibility: Visibility
    text: str
    kind: Kind
    case_id: int
    draft_id: int
    key: str
    automatic: bool
    route: str
    points: int
    not_before: datetime
    after_id: int | None = None


def bind(account: str, network: str, parent_id: str, visibility: str, words: str) -> str:
    """Return the hash that ties an approval to one account, network, post, visibility and text."""
    return hashlib.sha256(pack([account, network, parent_id, visibility, words]).encode("utf-8", "replace")).hexdigest()


def add(tx: Tx, order: Order) -> int | None:
    """Store a delivery, ready to leave; None where this post already has (or may have) such an answer."""
    taken = tx.one(
        """SELECT id FROM deliveries WHERE account = :account AND network = :network AND parent_id = :parent AND kind = :kind
        AND state <> 'refused'""",
        account=order.account,
        network=order.network,
        parent=order.parent.id,
        kind=order.kind.value,
    )
    return None if taken else _insert(tx, order)


def clear_held(tx: Tx, network: str, parent_id: str) -> None:
    """Remove what was held before any attempt, since nothing of it can be on the network; what follows another goes first."""
    for following in ("after_id IS NOT NULL", "NOT EXISTS (SELECT 1 FROM deliveries later WHERE later.after_id = deliveries.id)"):
        tx.run(
            f"""DELETE FROM deliveries WHERE network = :network AND parent_id = :parent AND state = 'held' AND attempts = 0
            AND {following}""",
            network=network,
            parent=parent_id,
        )


def _insert(tx: Tx, order: Order) -> int:
    return tx.insert(
        """INSERT INTO deliveries (case_id, draft_id, kind, network, account, parent_id, visibility, text, key, record_at, bound, state,
        automatic, route, author_id, thread_id, points, after_id, not_before)
        VALUES (:case, :draft, :kind, :network, :account, :parent, :visibility, :text, :key, :at, :bound, 'ready', :automatic, :route,
        :author, :thread, :points, :after, :at)""",
        case=order.case_id,
        draft=order.draft_id,
        kind=order.kind.value,
        network=order.network,
        account=order.account,
        parent=order.parent.id,
        visibility=order.visibility.value,
        text=order.text,
        key=order.key,
        at=to_text(order.not_before),
        bound=bind(order.account, order.network, order.parent.id, order.visibility.value, order.text),
        automatic=int(order.automatic),
        route=order.route,
        author=order.parent.author.id,
        thread=order.parent.thread_id,
        points=order.points,
        after=order.after_id,
    )


def read(reader: Reader, row: Row) -> Delivery:
    """Build a delivery from a row of `deliveries`."""
    parent = heard.post(reader, text(row, "network"), text(row, "parent_id"))
    if parent is None:
        message = "a delivery whose post is not in the store"
        raise LookupError(message)
    return Delivery(
        id=number(row, "id"),
        case=name_of(number(row, "case_id")),
        draft_id=number(row, "draft_id"),
        kind=Kind(text(row, "kind")),
        network=text(row, "network"),
        account=text(row, "account"),
        parent=parent,
        visibility=Visibility(text(row, "visibility")),
        text=text(row, "text"),
        key=text(row, "key"),
        created_at=from_text(text(row, "record_at")),
        bound=text(row, "bound"),
        state=DeliveryState(text(row, "state")),
        attempts=number(row, "attempts"),
        first_attempt_at=from_text(text(row, "first_attempt_at")) if row["first_attempt_at"] else None,
        remote_id=text(row, "remote_id"),
        remote_url=text(row, "remote_url"),
        reason=text(row, "reason"),
    )


def due(reader: Reader, *, at: datetime, networks: tuple[str, ...]) -> Row | None:
    """Return the most urgent delivery that may leave now on one of `networks`, or None.

    What waits for another delivery of its case (the private message before the public word about it) stays until that is sent; and
    while a newer post of the same person has not been decided, since it may ask us to stop.
    """
    if not networks:
        return None
    marks = ", ".join(f":n{index}" for index in range(len(networks)))
    return reader.one(
        f"""SELECT d.* FROM deliveries d LEFT JOIN deliveries first ON first.id = d.after_id
        WHERE d.state = 'ready' AND d.not_before <= :at AND (d.after_id IS NULL OR first.state = 'sent') AND d.network IN ({marks})
        AND NOT EXISTS (SELECT 1 FROM mentions m JOIN posts p ON p.network = m.network AND p.id = m.post_id
            WHERE m.decided = 0 AND p.network = d.network AND p.author_id = d.author_id)
        ORDER BY d.points DESC, d.id LIMIT 1""",
        at=to_text(at),
        **{f"n{index}": network for index, network in enumerate(networks)},
    )


def claim(tx: Tx, delivery_id: int, *, at: datetime) -> bool:
    """Take a ready delivery for one attempt, unless sending is paused; return whether it is ours.

    The attempt is on record before any byte leaves. `first_attempt_at` is the first that may have published something (see `unsent`).
    """
    return bool(
        tx.run(
            """UPDATE deliveries SET state = 'claimed', attempts = attempts + 1, first_attempt_at = COALESCE(first_attempt_at, :at),
            last_attempt_at = :at, claimed_until = :until
            WHERE id = :id AND state = 'ready' AND not_before <= :at
            AND NOT EXISTS (SELECT 1 FROM switches WHERE name = 'pause' AND (until IS NULL OR until > :at))""",
            id=delivery_id,
            at=to_text(at),
            until=to_text(at + CLAIM),
        )
    )


def settle(
    tx: Tx,
    delivery_id: int,
    state: DeliveryState,
    *,
    reason: str = "",
    remote_id: str = "",
    remote_url: str = "",
    not_before: datetime | None = None,
    at: datetime,
) -> None:
    """Record how an attempt or a look ended."""
    tx.run(
        """UPDATE deliveries SET state = :state, reason = :reason, remote_id = :remote_id, remote_url = :remote_url,
        not_before = COALESCE(:not_before, not_before), claimed_until = NULL,
        sent_at = CASE WHEN :state = 'sent' THEN :at ELSE sent_at END WHERE id = :id""",
        state=state.value,
        reason=reason,
        remote_id=remote_id,
        remote_url=remote_url,
        not_before=to_text(not_before) if not_before else None,
        at=to_text(at),
        id=delivery_id,
    )


def unsent(tx: Tx, delivery_id: int, *, reason: str, not_before: datetime) -> None:
    """Put back a delivery whose attempt surely published nothing: it leaves no doubt behind, but one from earlier stays."""
    tx.run(
        """UPDATE deliveries SET state = 'ready', reason = :reason, not_before = :not_before, claimed_until = NULL,
        first_attempt_at = CASE WHEN first_attempt_at = last_attempt_at THEN NULL ELSE first_attempt_at END WHERE id = :id""",
        reason=reason,
        not_before=to_text(not_before),
        id=delivery_id,
    )


def still_ours(reader: Reader, delivery_id: int, *, until: datetime) -> bool:
    """Return whether the claim of a delivery holds until a moment."""
    found = reader.one(
        "SELECT 1 FROM deliveries WHERE id = :id AND state = 'claimed' AND claimed_until >= :until", id=delivery_id, until=to_text(until)
    )
    return found is not None


def sent_before(reader: Reader, draft_id: int, kind: Kind, words: str) -> int | None:
    """Return the delivery by which one half of a draft was sent in these very words, or None."""
    row = reader.one(
        "SELECT id FROM deliveries WHERE draft_id = :draft AND kind = :kind AND text = :words AND state = 'sent'",
        draft=draft_id,
        kind=kind.value,
        words=words,
    )
    return None if row is None else number(row, "id")


def lost(tx: Tx, *, at: datetime, everything: bool) -> int:
    """Turn claims that nobody holds any more into `unknown`; at start-up (`everything`) that is every claim."""
    return tx.run(
        """UPDATE deliveries SET state = 'unknown', claimed_until = NULL, reason = 'the sender stopped before it could tell'
        WHERE state = 'claimed' AND (:everything = 1 OR claimed_until < :at)""",
        everything=int(everything),
        at=to_text(at),
    )


def in_doubt(reader: Reader, *, at: datetime) -> list[Row]:
    """Return deliveries whose outcome is unknown and due for a look, the one that has waited longest for it first."""
    return reader.all(
        "SELECT * FROM deliveries WHERE state = 'unknown' AND not_before <= :at ORDER BY not_before, id LIMIT 20", at=to_text(at)
    )


def of_case(reader: Reader, case_id: int) -> list[Delivery]:
    """Return all deliveries of a case, oldest first."""
    return [read(reader, row) for row in reader.all("SELECT * FROM deliveries WHERE case_id = :case ORDER BY id", case=case_id)]


def take_back(tx: Tx, draft_id: int) -> bool:
    """Remove the deliveries of a draft while none of them has been tried; return whether that was still possible."""
    rows = tx.all("SELECT state, attempts FROM deliveries WHERE draft_id = :draft", draft=draft_id)
    if not rows or any(text(row, "state") not in {"ready", "held"} or number(row, "attempts") for row in rows):
        return False
    tx.run("DELETE FROM deliveries WHERE draft_id = :draft AND after_id IS NOT NULL", draft=draft_id)
    return bool(tx.run("DELETE FROM deliveries WHERE draft_id = :draft", draft=draft_id))


def counts(reader: Reader) -> dict[str, int]:
    """Return how many deliveries stand in each state."""
    found = {text(row, "state"): number(row, "n") for row in reader.all("SELECT state, COUNT(*) AS n FROM deliveries GROUP BY state")}
    return {state.value: found.get(state.value, 0) for state in DeliveryState}


def left(reader: Reader, network: str, author_id: str, thread_id: str, *, since: datetime) -> list[Row]:
    """Return answers that left, may have left or are about to, to this author or in this thread since a moment, newest first."""
    return reader.all(
        """SELECT author_id, thread_id, route, COALESCE(last_attempt_at, not_before) AS at FROM deliveries
        WHERE state IN ('ready', 'claimed', 'sent', 'unknown', 'parked') AND network = :network
        AND (author_id = :author OR thread_id = :thread) AND COALESCE(last_attempt_at, not_before) >= :since ORDER BY at DESC""",
        network=network,
        author=author_id,
        thread=thread_id,
        since=to_text(since),
    )


def left_by_itself(reader: Reader, *, since: datetime) -> list[Row]:
    """Return answers that left without a person, or are about to, since a moment, newest first."""
    return reader.all(
        """SELECT route, COALESCE(last_attempt_at, not_before) AS at FROM deliveries WHERE automatic = 1
        AND state IN ('ready', 'claimed', 'sent', 'unknown', 'parked') AND COALESCE(last_attempt_at, not_before) >= :since
        ORDER BY at DESC""",
        since=to_text(since),
    )
