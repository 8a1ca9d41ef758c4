"""A protocol that is known to be wrong: who takes over what another left in the middle sends it again, without a look.

`python -m tests.machines.broken run …` is a program that does so. If the witness sees no doubles then, it would see none anywhere.
"""

from __future__ import annotations

from datetime import datetime

from listener.clock import to_text
from listener.store.base import Tx
from responders.cli.main import main as program
from responders.ledger import moves


def _resent(tx: Tx, *, at: datetime, everything: bool) -> int:
    """Make every claim that ran out ready again, as if nothing of it could be on the network."""
    del everything
    return tx.run(
        """UPDATE deliveries SET state = 'ready', claimed_until = NULL, attempts = 0, first_attempt_at = NULL
        WHERE state = 'claimed' AND claimed_until < :at""",
        at=to_text(at),
    )


def main() -> None:
    """Be the broken program."""
    moves.lost = _resent
    program()


if __name__ == "__main__":
    main()
