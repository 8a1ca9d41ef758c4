"""How much of a post is read: all of an ordinary one, the beginning and the end of one that is too long to be read in no time.

The limits on what signals and the thread are looked for in stand here; what counts there is the folded text, since one sign may fold into
eighteen letters. A scorer reads less of it, as much as it was trained on, and cuts it by the same `ends`.
"""

from __future__ import annotations

from listener.text import Folded, fold_with_offsets

WHOLE = 36_000  # letters of a post. Reddit's own limit is 40,000
EARLIER = 6_000  # letters of a post before it in the thread
_SLOWER = 3  # so many times fewer where not all are ASCII: these take longer to fold and to search


def excerpt(text: str, letters: int = WHOLE) -> Folded:
    """Fold a text, at most so much of it that what is folded has about `letters` letters: of a longer one the beginning and the end."""
    folded = fold_with_offsets(_ends(text, letters if text.isascii() else letters // _SLOWER))
    longest = letters if folded.text.isascii() else letters // _SLOWER
    if len(folded.text) <= 2 * longest:
        return folded
    return fold_with_offsets(_ends(folded.original, max(1, len(folded.original) * longest // len(folded.text))))


def ends(text: str, head: int, tail: int, between: str = " ") -> str:
    """Return the two ends of a text that is longer than both together, with `between` where the middle was."""
    return text if len(text) <= head + tail else f"{text[:head]}{between}{text[-tail:]}"


def _ends(text: str, longest: int) -> str:
    tail = max(1, longest // 4)
    return ends(text, longest - tail, tail, " \n")
