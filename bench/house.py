"""The real daemon for the bench: on a store, hearing the town of `town.py`, with somebody who watches how late its event loop runs."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from figures import ROOT, memory

from listener import clock, logs
from listener.judging import spare_cores
from listener.rules.checking import read_checked
from listener.rules.rulebook import Rulebook, SourceSettings
from listener.store.base import Store
from responders.daemon import Daemon, Event
from responders.surroundings import known

_LOOK_EVERY = 0.01  # seconds


@contextmanager
def town(posts: int, *, rate: float = 0.0, cries: int = 0) -> Iterator[str]:
    """Keep a town of its own process; give its address, and let the daemon of this process reach it."""
    command = [sys.executable, str(ROOT / "bench" / "town.py"), "--posts", str(posts), "--rate", str(rate), "--cries", str(cries)]
    serving = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})  # noqa: S603 - ours
    try:
        host = f"127.0.0.1:{serving.stdout.readline().strip() if serving.stdout else ''}"
        reach(host)
        yield f"http://{host}"
    finally:
        serving.terminate()
        serving.wait()
        if serving.stdout:
            serving.stdout.close()


def reach(host: str) -> None:
    """Let the daemon of this process reach a host on loopback, and tell all its teams there; of its log only the worst is told."""
    os.environ["EARNEST_ALLOW_HOSTS"] = host
    for name in ("ONCALL", "BILLING_CHANNEL"):
        os.environ[f"EARNEST_SECRET_{name}"] = f"json://{host}/ring"
    logs.configure(-2, json=True)


def rules(address: str = "", every: str = "1s") -> Rulebook:
    """Return the rules of this repository; with an address, the only thing they hear is the town there."""
    book = read_checked((ROOT / "rules.yaml").read_bytes(), known=known())
    if not address:
        return book
    heard = SourceSettings.model_validate({"kind": "mastodon", "every": every, "instance": address, "tags": ["acme"]})
    return book.model_copy(update={"sources": {"mastodon": heard}})


@dataclass
class Watch:
    """What somebody saw who looked at the event loop and at the memory all the time. Lags in milliseconds, memory in MiB."""

    lags: list[float] = field(default_factory=list)
    memory: float = 0.0

    async def look(self) -> None:
        """Look until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _LOOK_EVERY
            await asyncio.sleep(_LOOK_EVERY)
            self.lags.append((loop.time() - due) * 1_000)
            if len(self.lags) % 50 == 0:
                self.memory = max(self.memory, memory())


@asynccontextmanager
async def at_work(store: Store, book: Rulebook, tell: Callable[[Event], None], folder: Path) -> AsyncIterator[Watch]:
    """Keep the daemon at work inside, watched."""
    (folder / "rules.yaml").write_bytes((ROOT / "rules.yaml").read_bytes())
    stop, watch = asyncio.Event(), Watch()
    running = asyncio.create_task(Daemon(store, book, clock.now, tell=tell, judges=spare_cores()).run(stop))
    looking = asyncio.create_task(watch.look())
    try:
        yield watch
    finally:
        stop.set()
        await running
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
