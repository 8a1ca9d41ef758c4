"""Signing in wherever we may speak; where we cannot, drafts are still made, for a person to post by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from listener import logs
from listener.clock import Clock
from listener.errors import EarnestError
from listener.listening import home
from listener.rules.rulebook import Rulebook
from listener.store import mentions as heard_ledger
from listener.store.base import Store, Tx, text
from responders.channels.base import Channel, ChannelKind, Labelled
from responders.ledger import deliveries, incidents, people, places

_log = logs.get("signing")


@dataclass(frozen=True, slots=True)
class Mute:
    """A network on which nothing can be said, and why; told once, and again when the reason is another."""

    network: str
    problem: str


class Signing:
    """Keeps the channels of one daemon open."""

    def __init__(self, store: Store, clock: Clock, kinds: Mapping[str, ChannelKind], tell: Callable[[Mute], None]) -> None:
        """Sign in on the networks of `kinds`; `tell` is told where that does not work. `channels` are those that are open."""
        self.channels: dict[str, Channel] = {}
        self._store = store
        self._clock = clock
        self._kinds = kinds
        self._tell = tell
        self._mute: dict[str, Mute] = {}

    async def open(self, book: Rulebook) -> None:
        """Sign in wherever we may speak by these rules and are not signed in yet.

        While only observing, that is wanted only for what an earlier run left in doubt or somebody takes back.
        """
        left = await self._store.aread(deliveries.counts)
        if book.mode == "observe" and not (left["unknown"] or left["claimed"] or left["withdrawing"]):
            return
        await self._close_barred()
        for network, kind in self._kinds.items():
            settings = home(book, network)
            if settings is None or network in self.channels:
                continue
            await self._open(network, kind, dict(settings.options), book)

    async def _close_barred(self) -> None:
        """Let go of channels whose account was turned away a while ago, so that they are opened anew, with the secrets of now."""
        barred = {text(row, "name") for row in await self._store.aread(incidents.open_)}
        resting = await self._store.aread(partial(people.resting, at=self._clock()))
        for network in [one for one in self.channels if incidents.account(one) in barred and one not in resting]:
            await self.channels.pop(network).close()

    async def _open(self, network: str, kind: ChannelKind, options: dict[str, object], book: Rulebook) -> None:
        try:
            channel = kind.make(options, book)
        except EarnestError as problem:
            self._say_mute(Mute(network, problem.message))
            return
        try:
            account = await channel.identify()
        except Exception as problem:  # noqa: BLE001  # a channel may be anybody's, and must not keep us from listening
            await channel.close()
            said = problem.message if isinstance(problem, EarnestError) else type(problem).__name__
            self._say_mute(Mute(network, said))
            return
        self._mute.pop(network, None)
        await self._store.awrite(lambda tx: heard_ledger.record_account(tx, account, at=self._clock()))
        self.channels[network] = channel
        await self._look_at_label(network, channel)

    async def _look_at_label(self, network: str, channel: Channel) -> None:
        """Remember whether our account says that it is automated: what leaves by itself waits for that where a network asks for it."""
        marked = None
        if isinstance(channel, Labelled):
            try:
                marked = (await channel.label()).marked
            except Exception as problem:  # noqa: BLE001  # nobody can tell then, and that keeps nothing from going on
                _log.warning("cannot tell the label", network=network, problem=type(problem).__name__)
        await self._store.awrite(lambda tx: places.note_label(tx, network, marked, at=self._clock()))

    def _say_mute(self, mute: Mute) -> None:
        if self._mute.get(mute.network) != mute:
            self._mute[mute.network] = mute
            self._tell(mute)

    def try_afresh(self, tx: Tx) -> None:
        """Let accounts that were turned away try again at once where they sign in now: whoever starts the daemon has seen to it."""
        for network in self.channels:
            if incidents.end(tx, incidents.account(network), at=self._clock()):
                people.end_rest(tx, network)

    async def close(self) -> None:
        """Let go of every channel."""
        for channel in self.channels.values():
            await channel.close()
        self.channels.clear()
