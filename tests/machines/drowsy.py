"""The program, but for one moment: where its folder of naps holds `sleep-in-claim`, it falls asleep in the middle of a claim (SIGSTOP).

`python -m tests.machines.drowsy run …` is that program. It sleeps with the lock that all who write serially wait for.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from listener.store.base import Tx
from responders.cli.main import main as program
from responders.ledger import moves
from tests.machines.plugin import nap

_CLAIM = moves.claim


def _claim(tx: Tx, delivery_id: int, *, at: datetime, span: timedelta = moves.CLAIM) -> int:
    """Claim, and fall asleep before that is committed."""
    taken = _CLAIM(tx, delivery_id, at=at, span=span)
    nap("sleep-in-claim")
    return taken


def main() -> None:
    """Be the drowsy program."""
    moves.claim = _claim
    program()


if __name__ == "__main__":
    main()
