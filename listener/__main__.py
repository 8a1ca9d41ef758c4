"""`python -m listener`: listen, judge, remember. There is no way to reply from here.

It reads the same rules.yaml and writes the same store as `earnest run`, and needs no key that can write. Wrong rules end it with 78,
a store that cannot be opened with 5.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from listener import clock, listening, logs, settings
from listener.errors import EarnestError
from listener.polling import Ear
from listener.rules.reading import read_rulebook
from listener.rules.rulebook import Rulebook
from listener.store.schema import MIGRATIONS
from listener.store.sqlite import SqliteStore
from listener.text import visible


def main() -> int:
    """Listen until stopped; return the exit code."""
    logs.configure(0, json=not sys.stderr.isatty())
    try:
        path = Path(settings.rules_path())
        book = read_rulebook(path.read_text(encoding="utf-8"), filename=str(path), source_options=lambda name: listening.kind(name).options)
        store = SqliteStore(settings.store_url(), (MIGRATIONS,))
        try:
            store.hold_alone()
            asyncio.run(_listen(store, book))
        finally:
            store.close()
    except EarnestError as problem:
        sys.stderr.write(f"listener: {visible(problem.message)}\n  {visible(problem.hint)}\n")
        return problem.exit_code
    except OSError as problem:
        sys.stderr.write(f"listener: cannot read the rules: {problem.strerror}\n")
        return 78
    return 0


async def _listen(store: SqliteStore, book: Rulebook) -> None:
    ear = Ear(store, book, clock.now)
    everything = listening.Listening(store, book, clock.now, ear=lambda: ear, heard=lambda _taken: None)
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await everything.start()
    await stop.wait()
    await everything.stop()


if __name__ == "__main__":
    sys.exit(main())
