"""Erasing the words of a post that was deleted or edited from all that was decided and drafted of it.

What we said in public or in private stays: it is ours, and on the network it stands as well. Words that never left go, since they may
quote what is gone. The log keeps that something was done; it never held the author's words.
"""

from __future__ import annotations

from listener.store.base import Row, Tx, number, pack, text, unpack
from responders.ledger import audit, terms
from responders.lifecycle import LEFT, listed

_LEFT = listed(LEFT)


def words_of(tx: Tx, case_id: int, network: str, post_id: str) -> None:
    """Erase what was decided and drafted of one post in its words, in one case; what was said to it stays as it was said."""
    for row in tx.all(
        "SELECT id FROM drafts WHERE case_id = :case AND network = :network AND post_id = :id", **_of(case_id, network, post_id)
    ):
        _draft(tx, number(row, "id"))
    for row in tx.all("SELECT * FROM decisions WHERE network = :network AND post_id = :id", network=network, id=post_id):
        _decision(tx, row)
    terms.erase(tx, network, post_id)
    for row in tx.all("SELECT id, reason FROM deliveries WHERE parent_id = :id AND network = :network", network=network, id=post_id):
        reason = audit.unquoted(text(row, "reason"))
        tx.run(
            f"UPDATE deliveries SET reason = :reason, text = CASE WHEN state IN ({_LEFT}) THEN text ELSE '' END WHERE id = :id",
            reason=reason,
            id=number(row, "id"),
        )


def proof(tx: Tx, network: str, author_id: str, post_id: str) -> None:
    """Erase the words by which a person asked us to stop, where the post that held them is gone, and wherever they were quoted since.

    The stop stays a stop.
    """
    key = {"network": network, "author": author_id}
    if not tx.run(
        "UPDATE suppressions SET words = '' WHERE network = :network AND author_id = :author AND post_id = :id", id=post_id, **key
    ):
        return
    for row in tx.all("SELECT id FROM cases WHERE network = :network AND author_id = :author", **key):
        case_id = number(row, "id")
        for one in tx.all("SELECT * FROM decisions WHERE case_id = :case", case=case_id):
            tx.run("UPDATE decisions SET holds = :holds WHERE id = :id", holds=_bare_holds(one), id=number(one, "id"))
        for table in ("drafts", "deliveries"):
            for one in tx.all(f"SELECT id, reason FROM {table} WHERE case_id = :case", case=case_id):
                reason = audit.unquoted(text(one, "reason"))
                tx.run(f"UPDATE {table} SET reason = :reason WHERE id = :id", reason=reason, id=number(one, "id"))


def name(tx: Tx, case_id: int) -> None:
    """Erase the author's name from a case; the account's id stays, so that a stop stays a stop and nobody is written to twice."""
    tx.run("UPDATE cases SET handle = '' WHERE id = :id", id=case_id)


def _of(case_id: int, network: str, post_id: str) -> dict[str, str | int]:
    return {"case": case_id, "network": network, "id": post_id}


def _draft(tx: Tx, draft_id: int) -> None:
    row = tx.one("SELECT reason FROM drafts WHERE id = :id", id=draft_id)
    kept = f"(SELECT text FROM deliveries WHERE draft_id = :id AND state IN ({_LEFT}) AND kind = "
    said = ", ".join(f"{kind}_text = CASE WHEN {kind}_text IN {kept}'{kind}') THEN {kind}_text END" for kind in ("public", "private"))
    tx.run(f"UPDATE approvals SET {said} WHERE draft_id = :id", id=draft_id)
    tx.run(
        f"UPDATE drafts SET {said}, problems = '[]', parent_text = '', reason = :reason WHERE id = :id",
        id=draft_id,
        reason=audit.unquoted(text(row, "reason")) if row else "",
    )


def _decision(tx: Tx, row: Row) -> None:
    trace = unpack(row["trace"])
    tx.run(
        "UPDATE decisions SET holds = :holds, trace = :trace WHERE id = :id",
        holds=_bare_holds(row),
        trace=pack(
            [[route, matched, audit.unquoted(why), *rest] for route, matched, why, *rest in trace] if isinstance(trace, list) else []
        ),
        id=number(row, "id"),
    )


def _bare_holds(row: Row) -> str:
    """Return the holds of a decision without what their reasons quote; whatever else is kept of them stays as it is."""
    holds = unpack(row["holds"])
    return pack([[gate, audit.unquoted(why), *rest] for gate, why, *rest in holds] if isinstance(holds, list) else [])
