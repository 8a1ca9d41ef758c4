"""What a fleet has to send: posts that are heard, answers that are drafted, and a person who says yes to each."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from listener import clock
from listener.model import Account, Page
from listener.polling import Ear
from listener.rules.rulebook import Rulebook
from listener.store import mentions as heard_ledger
from listener.store.base import Store
from responders.approvals import Desk
from responders.pipeline import Mind
from tests.machines import plugin
from tests.machines.square import US, author_of, words_of

_PAGE = 100


async def approve(store: Store, book: Rulebook, names: Sequence[str], *, person: bool) -> None:
    """Hear the posts of these names, have answers drafted, and a `person` say yes to each, where one has to."""
    kinds = {plugin.NETWORK: plugin.CHANNEL}
    account = Account(plugin.NETWORK, US["id"], US["handle"])
    store.write(lambda tx: heard_ledger.record_account(tx, account, at=clock.now()))
    ear, mind = Ear(store, book, clock.now), Mind(store, book, clock.now, kinds, undo=timedelta())
    desk = Desk(store, book, clock.now, kinds.get, who="jo", undo=timedelta())
    posts = [plugin.post_of({"id": name, "text": words_of(name), "author": author_of(name)}) for name in names]
    with ThreadPoolExecutor(8) as hands:
        for begin in range(0, len(posts), _PAGE):
            await ear.take(plugin.NETWORK, Page(tuple(posts[begin : begin + _PAGE]), None))
            noted = await mind.round(_PAGE)
            if person:
                list(hands.map(lambda one: desk.approve(one.case), noted))
