"""Deliveries: one row for each thing to say. How they move is in moves.py, by the arrows of responders/lifecycle.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from listener.clock import from_text, to_text
from listener.model import Post, Visibility
from listener.store import mentions as heard
from listener.store.base import Reader, Row, Tx, number, pack, text
from responders.ledger.cases import name_of
from responders.lifecycle import ABOUT_TO, FREE, listed
from responders.model import Delivery, DeliveryState, Kind

_FREE, _ABOUT_TO = listed(FREE), listed(ABOUT_TO)


@dataclass(frozen=True, slots=True)
class Order:
    """What a delivery is made from. `by_hand` says why a person posts it; it is empty for what Earnest sends."""

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
    by_hand: str = ""

    @property
    def bound(self) -> str:
        """The hash that an approval of it covers."""
        return bind(self.account, self.network, self.parent.id, self.visibility.value, self.text)


def bind(account: str, network: str, parent_id: str, visibility: str, words: str) -> str:
    """Return the hash that ties an approval to one account, network, post, visibility and text."""
    import hashlib  # noqa: PLC0415  # whoever only reads needs none of it

    return hashlib.sha256(pack([account, network, parent_id, visibility, words]).encode("utf-8", "replace")).hexdigest()


def add(tx: Tx, order: Order) -> int | None:
    """Store a delivery, ready to leave or to be posted; None where this post already has (or may have) such an answer.

    What a person posts counts as ours whichever account it is posted with.
    """
    taken = tx.one(
        f"""SELECT id FROM deliveries WHERE (account = :account OR by_hand = 1 OR :by_hand = 1) AND network = :network
        AND parent_id = :parent AND kind = :kind AND state NOT IN ({_FREE})""",
        account=order.account,
        by_hand=int(bool(order.by_hand)),
        network=order.network,
        parent=order.parent.id,
        kind=order.kind.value,
    )
    return None if taken else _insert(tx, order)


def _insert(tx: Tx, order: Order) -> int:
    return tx.insert(
        """INSERT INTO deliveries (case_id, draft_id, kind, network, account, parent_id, visibility, text, key, record_at, bound, state,
        automatic, route, author_id, thread_id, points, after_id, not_before, approved_at, by_hand, reason)
        VALUES (:case, :draft, :kind, :network, :account, :parent, :visibility, :text, :key, :at, :bound, :state, :automatic, :route,
        :author, :thread, :points, :after, :at, :at, :by_hand, :reason)""",
        state=DeliveryState.BY_HAND.value if order.by_hand else DeliveryState.READY.value,
        by_hand=int(bool(order.by_hand)),
        reason=order.by_hand,
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
        bound=order.bound,
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
        by_hand=bool(number(row, "by_hand")),
    )


def sent_before(reader: Reader, draft_id: int, kind: Kind, words: str) -> int | None:
    """Return the delivery by which one half of a draft was sent in these very words, or None."""
    row = reader.one(
        "SELECT id FROM deliveries WHERE draft_id = :draft AND kind = :kind AND text = :words AND state = 'sent'",
        draft=draft_id,
        kind=kind.value,
        words=words,
    )
    return None if row is None else number(row, "id")


def of_case(reader: Reader, case_id: int) -> list[Delivery]:
    """Return all deliveries of a case, oldest first."""
    return [read(reader, row) for row in reader.all("SELECT * FROM deliveries WHERE case_id = :case ORDER BY id", case=case_id)]


def counts(reader: Reader) -> dict[str, int]:
    """Return how many deliveries stand in each state."""
    found = {text(row, "state"): number(row, "n") for row in reader.all("SELECT state, COUNT(*) AS n FROM deliveries GROUP BY state")}
    return {state.value: found.get(state.value, 0) for state in DeliveryState}


def left(reader: Reader, network: str, authors: Sequence[str], threads: Sequence[str], *, since: datetime, without: int = 0) -> list[Row]:
    """Return answers that left, may have left or are about to, to these authors or in these threads since a moment, newest first.

    Those of the draft `without` are left out.
    """
    counted = f"""SELECT author_id, thread_id, route, COALESCE(last_attempt_at, not_before) AS at FROM deliveries
        WHERE state IN ({_ABOUT_TO}) AND network = :network
        AND draft_id <> :without AND COALESCE(last_attempt_at, not_before) >= :since"""
    return reader.all(  # two questions, each with its index: one with OR would read the whole network
        f"""{counted} AND author_id IN (SELECT value FROM json_each(:authors))
        UNION ALL {counted} AND thread_id IN (SELECT value FROM json_each(:threads))
        AND author_id NOT IN (SELECT value FROM json_each(:authors)) ORDER BY at DESC""",
        network=network,
        authors=pack(authors),
        threads=pack(threads),
        since=to_text(since),
        without=without,
    )


def of_draft(reader: Reader, draft_id: int) -> list[Row]:
    """Return the same of what was made of one draft."""
    return reader.all(
        "SELECT author_id, thread_id, route, COALESCE(last_attempt_at, not_before) AS at FROM deliveries WHERE draft_id = :id", id=draft_id
    )


def left_by_itself(reader: Reader, *, since: datetime, without: int | None) -> list[Row]:
    """Return answers that left without a person, or are about to, since a moment, newest first, besides the draft `without`."""
    return reader.all(
        f"""SELECT route, COALESCE(last_attempt_at, not_before) AS at FROM deliveries WHERE automatic = 1
        AND draft_id <> :without AND state IN ({_ABOUT_TO})
        AND COALESCE(last_attempt_at, not_before) >= :since ORDER BY at DESC""",
        since=to_text(since),
        without=without or 0,
    )


def said_to(reader: Reader, account: str, network: str, parent_id: str) -> set[str]:
    """Return the network's ids of what we know to have answered to a post, in public and in private."""
    rows = reader.all(
        "SELECT remote_id FROM deliveries WHERE account = :account AND network = :network AND parent_id = :parent AND remote_id <> ''",
        account=account,
        network=network,
        parent=parent_id,
    )
    return {text(row, "remote_id") for row in rows}


def heard_below(reader: Reader, post: Post) -> tuple[str, ...]:
    """Return the ids of answers of our own account to a post that were heard and are no delivery: somebody wrote them there.

    One that a person took away without ever saying where it stood may still be among what was heard, so then none counts.
    """
    rows = reader.all(
        """SELECT id FROM posts WHERE network = :network AND thread_id = :thread AND parent_id = :parent AND own = 1
        AND deleted_at IS NULL AND id NOT IN (SELECT remote_id FROM deliveries WHERE network = :network)
        AND NOT EXISTS (SELECT 1 FROM deliveries WHERE network = :network AND parent_id = :parent AND state = 'withdrawn'
            AND remote_id = '')""",
        network=post.network,
        thread=post.thread_id,
        parent=post.id,
    )
    return tuple(text(row, "id") for row in rows)


def is_another(reader: Reader, delivery: Delivery, remote_id: str) -> bool:
    """Return whether what stands under that id is known to be another answer of ours."""
    found = reader.one(
        "SELECT 1 FROM deliveries WHERE remote_id = :remote AND network = :network AND id <> :id",
        remote=remote_id,
        network=delivery.network,
        id=delivery.id,
    )
    return found is not None


def rename(tx: Tx, delivery_id: int, remote_id: str, remote_url: str) -> None:
    """Correct under which id and address an answer stands on its network."""
    tx.run("UPDATE deliveries SET remote_id = :remote, remote_url = :url WHERE id = :id", remote=remote_id, url=remote_url, id=delivery_id)
