"""Protocols that are known to be wrong: if the harness finds nothing in them, it would find nothing anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from listener.clock import Clock, to_text
from listener.store.base import Store, number
from responders.channels.base import Channel, ChannelKind, Sent
from responders.ledger import deliveries
from tests.crash.explore import Setting
from tests.crash.model import setting
from tests.crash.network import Keys


class SendThenMark:
    """Posts first and stores afterwards that it did; what it did not store, it does again."""

    def __init__(self, store: Store, clock: Clock, channels: Mapping[str, Channel], kinds: Mapping[str, ChannelKind]) -> None:
        """Send on `channels`."""
        del kinds
        self._store = store
        self._clock = clock
        self._channels = channels

    async def recover(self) -> int:
        """Know of nothing to recover."""
        return 0

    async def round(self) -> None:
        """Send what is ready."""
        reader = self._store.read()
        for row in reader.all("SELECT * FROM deliveries WHERE state = 'ready' AND not_before <= :at", at=to_text(self._clock())):
            delivery = deliveries.read(reader, row)
            result = await self._channels[delivery.network].send(delivery, 30.0)
            remote = result.remote_id if isinstance(result, Sent) else "somewhere"
            await self._store.awrite(
                lambda tx, remote=remote, row=row: tx.run(  # type: ignore[misc]  # mypy does not see through the defaults
                    "UPDATE deliveries SET state = 'sent', remote_id = :remote WHERE id = :id", remote=remote, id=number(row, "id")
                )
            )


def settings() -> dict[str, Setting]:
    """Return every broken protocol by name."""
    honest = setting("no key", "public")
    return {
        "send, then mark": replace(honest, sender=SendThenMark),
        "resend after a look, without a key": replace(honest, keys=Keys(trusted=True, kept=0.0, lifetime=None, settle_after=10.0)),
        "a disk that forgets the last commit": replace(honest, forgetful=True),
    }
