"""A listener in a process of its own, at one webhook's door; it ends itself at a moment that nobody chooses.

python -m tests.doorkeeper FOLDER MOMENT    `before` the posts of a delivery are stored, `after` they are and before the sender is told,
                                            or `never`: then it listens until it is told to end
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from listener.model import Page
from listener.polling import Ear, Taken
from listener.watching import Watcher
from tests.mouth import House
from tests.servers.sender import make


class Falling(Ear):
    """Stores pages, or falls down at its moment."""

    moment = "never"

    async def take(self, source: str, page: Page, **more: Any) -> Taken:  # noqa: ANN401
        if page.posts and self.moment == "before":
            os._exit(9)
        taken = await super().take(source, page, **more)
        if page.posts and self.moment == "after":
            os._exit(9)
        return taken


async def main(folder: Path, moment: str) -> None:
    house = House(folder)
    ear = Falling(house.store, house.book, house.clock)
    ear.moment = moment
    source, _ = make(folder)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    watcher = Watcher(source, lambda: ear, house.store, house.clock, every=3600, heard=lambda _taken: None)
    await watcher.run(stop)
    await watcher.close()
    house.store.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
