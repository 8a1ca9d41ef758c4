"""What each state of an answer means, and what to do about it: the same words in every command and on the review screen."""

from __future__ import annotations

from collections.abc import Sequence

from listener.text import one_line
from responders.model import Delivery, DeliveryState

_WIDTH = 200  # columns of a foreign line
_IN_DOUBT = frozenset({DeliveryState.UNKNOWN, DeliveryState.PARKED})

_IS = {
    DeliveryState.HELD: "was held back",
    DeliveryState.BY_HAND: "is approved and waits to be posted by hand",
    DeliveryState.READY: "is approved and about to leave",
    DeliveryState.CLAIMED: "is leaving now",
    DeliveryState.SENT: "was sent",
    DeliveryState.REFUSED: "was refused by the network",
    DeliveryState.UNKNOWN: "may have been sent; Earnest is looking",
    DeliveryState.PARKED: "may have been sent; a person must look",
    DeliveryState.WITHDRAWING: "is being taken back from the network",
    DeliveryState.WITHDRAWN: "was taken back from the network",
}


def stands(one: Delivery) -> str:
    """Say where an answer stands: "public answer was sent"."""
    by_hand = one.by_hand and one.state is DeliveryState.SENT
    return f"{one.kind.value} answer {'was posted by hand' if by_hand else _IS[one.state]}"


def doubt(one: Delivery) -> str:
    """Say why nobody can tell whether a parked answer is there."""
    return one_line(one.reason, _WIDTH) if one.reason else "we cannot tell whether it is there"


def post_link(one: Delivery) -> str:
    """Return where to look for an answer: the link to the post that it answers."""
    return one_line(one.parent.url, _WIDTH) if one.parent.url else f"the network gave no link; who wrote what: earnest show {one.case}"


def settling(one: Delivery, among: Sequence[Delivery]) -> tuple[str, str]:
    """Return the two commands that settle the doubt about a parked answer: it is there, and it is not."""
    both = any(other.case == one.case and other.kind is not one.kind and other.state is DeliveryState.PARKED for other in among)
    which = f" --kind {one.kind.value}" if both else ""
    return f"earnest found {one.case} URL{which}", f"earnest resend {one.case}{which}"


def posting(one: Delivery) -> str:
    """Return the command that says that an answer was posted by hand."""
    return f"earnest posted {one.case} --url URL  (the address of our answer, where there is one)"


def what_to_do(one: Delivery, among: Sequence[Delivery], *, running: bool) -> tuple[str, ...]:
    """Return what to do about an answer, a line each; nothing where all is well.

    `among` are the answers it may belong together with, `running` says whether a daemon works.
    """
    if one.state is DeliveryState.PARKED:
        there, absent = settling(one, among)
        return f"look       {post_link(one)}", f"there      {there}  (the address of our answer)", f"not there  {absent}"
    if one.state is DeliveryState.BY_HAND:
        return f"post it at  {post_link(one)}", f"then        {posting(one)}", f"or not      earnest undo {one.case}"
    if one.state is DeliveryState.HELD:
        first = next((other for other in among if other.draft_id == one.draft_id and other.state in _IN_DOUBT), None)
        if first:
            return (f"It is to follow the {first.kind.value} answer, which is in doubt; that comes first.",)
        return (f"Decide it anew: earnest review, or earnest show {one.case}",)
    if one.state is DeliveryState.UNKNOWN:
        if not running:
            return ("Earnest looks for it as soon as it runs: earnest run",)
        return ("Nothing to do: within 15 minutes it is found, sent, or waits for you in earnest inbox.",)
    if one.state is DeliveryState.WITHDRAWING:
        return (
            "Nothing to do: Earnest asks every minute until it is gone." if running else "It goes as soon as Earnest runs: earnest run",
        )
    return ()
