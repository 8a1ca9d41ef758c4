"""Turning approved words into deliveries: the private message first, the public word about it only once that one is sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from listener.errors import EarnestError
from listener.model import Account, Post, Visibility
from listener.store import mentions as heard_ledger
from listener.store.base import Tx, pack
from responders.channels.base import ChannelKind
from responders.drafting.template import reply_visibility
from responders.ledger import deliveries, moves
from responders.ledger.cases import name_of
from responders.ledger.drafts import Draft
from responders.model import Kind


class Undelivered(EarnestError):
    """The words cannot be sent as things stand; nothing was stored."""


def order(
    tx: Tx, draft: Draft, parent: Post, channels: Mapping[str, ChannelKind], *, points: int, automatic: bool, not_before: datetime
) -> str:
    """Store the deliveries of an approved draft and return the hash that the approval is bound to.

    Raises:
        Undelivered: no account of ours is known there, the post already has an answer, or these very words.
    """
    kind, account = _speaker(tx, parent, channels)
    moves.clear_held(tx, parent.network, parent.id)
    halves = [(what, words) for what, words in ((Kind.PRIVATE, draft.private), (Kind.PUBLIC, draft.public)) if words is not None]
    bound, before, new = [], None, False
    for what, words in halves:
        wanted = deliveries.Order(
            account=account.id,
            network=parent.network,
            parent=parent,
            visibility=Visibility.DIRECT if what is Kind.PRIVATE else reply_visibility(parent),
            text=words,
            kind=what,
            case_id=draft.case_id,
            draft_id=draft.id,
            key=kind.new_key(),
            automatic=automatic,
            route=draft.route,
            points=points,
            not_before=not_before,
            after_id=before,
        )
        bound.append(wanted.bound)
        sent = deliveries.sent_before(tx, draft.id, what, words)  # where the other half was refused, and is tried in other words
        before, new = (sent, new) if sent else (_add(tx, wanted), True)
    if not new:
        message = "all of these words were sent already"
        raise Undelivered(message, 'nothing more is left to say here: earnest reject CASE --reason "no reply needed", or write other words')
    return deliveries.bind(account.id, parent.network, parent.id, "all", pack(bound))


def order_by_hand(tx: Tx, draft: Draft, parent: Post, *, key: str, points: int, at: datetime, reason: str) -> str:
    """Store what a person will post by hand, and return the hash that the approval is bound to. Earnest makes no request for it, ever.

    Raises:
        Undelivered: it holds private words, or the post already has (or may have) our answer.
    """
    if draft.public is None or draft.private is not None:
        message = "a private message is not posted by hand, nor sent beside a public answer that is"
        raise Undelivered(message, f"leave only public words in it: earnest edit {name_of(draft.case_id)}")
    if deliveries.heard_below(tx, parent):
        message = "our account answered this post already: its answer was heard there"
        raise Undelivered(message, f'nothing more is to be said: earnest reject {name_of(draft.case_id)} --reason "no reply needed"')
    moves.clear_held(tx, parent.network, parent.id)
    account = next((known for known in heard_ledger.accounts(tx) if known.network == parent.network), None)
    wanted = deliveries.Order(
        account=account.id if account else "",
        network=parent.network,
        parent=parent,
        visibility=reply_visibility(parent),
        text=draft.public,
        kind=Kind.PUBLIC,
        case_id=draft.case_id,
        draft_id=draft.id,
        key=key,
        automatic=False,
        route=draft.route,
        points=points,
        not_before=at,
        by_hand=reason,
    )
    _add(tx, wanted)
    return deliveries.bind(wanted.account, parent.network, parent.id, "all", pack([wanted.bound]))


def _speaker(tx: Tx, parent: Post, channels: Mapping[str, ChannelKind]) -> tuple[ChannelKind, Account]:
    kind = channels.get(parent.network)
    account = next((known for known in heard_ledger.accounts(tx) if known.network == parent.network), None)
    if kind is None or account is None:
        message = f"Earnest does not know yet which account speaks on {parent.network}"
        raise Undelivered(message, f"set the secret {parent.network}_write and let earnest run sign in once; then approve again")
    return kind, account


def _add(tx: Tx, wanted: deliveries.Order) -> int:
    made = deliveries.add(tx, wanted)
    if made is None:
        message = f"this post already has, or may have, our {wanted.kind.value} answer"
        raise Undelivered(message, "look with earnest show; a second answer to one post is never sent")
    return made
