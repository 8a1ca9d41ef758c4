"""`python -m listener`: listen, judge, remember. There is no way to reply from here.

It reads the same rules.yaml and writes the same store as `earnest run`, and needs no key that can write. It ends with 78 where the rules
are wrong, 5 where the store cannot be opened, and 130 where it is interrupted a second time while it stops.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from listener import clock, listening, logs, settings
from listener.errors import EarnestError, RulesWrong
from listener.polling import Ear
from listener.rules.reading import read_rulebook
from listener.rules.rulebook import Rulebook
from listener.sources.base import options_of
from listener.store.base import Store
from listener.store.opening import open_store
from listener.store.schema import MIGRATIONS
from listener.text import visible

_INTERRUPTED = 130


def main() -> int:
    """Listen until stopped; return the exit code."""
    logs.configure(0, json=not sys.stderr.isatty())
    try:
        book = _rules(Path(settings.rules_path()))
        store = open_store(settings.store_url(), (MIGRATIONS,), create=True, patience=5.0)
        try:
            store.hold_alone()
            asyncio.run(_listen(store, book))
        finally:
            store.close()
    except EarnestError as problem:
        sys.stderr.write(f"listener: {visible(problem.message)}\n")
        if problem.hint:
            sys.stderr.write(f"  {visible(problem.hint)}\n")
        return problem.exit_code
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0


def _rules(path: Path) -> Rulebook:
    try:
        raw = path.read_bytes()
    except OSError as problem:
        message = f"cannot read {path}: {problem.strerror}"
        raise RulesWrong(message, "EARNEST_RULES names another file") from None
    return read_rulebook(raw, filename=str(path), source_options=options_of)


async def _listen(store: Store, book: Rulebook) -> None:
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
