"""One line for each thing that happens, for whoever watches the daemon or the demo."""

from __future__ import annotations

from listener.errors import RulesWrong
from listener.text import one_line
from listener.watching import Hearing
from responders.alerts import Told
from responders.daemon import RulesTaken
from responders.edits import Held
from responders.model import DeliveryState
from responders.outbox import Sending
from responders.pipeline import Noted
from responders.signing import Mute
from responders.watchkeeper import Rang

_WIDTH = 400  # columns of what a network is in trouble with
_SENDING = {
    DeliveryState.CLAIMED: "leaving",
    DeliveryState.SENT: "sent",
    DeliveryState.REFUSED: "refused by the network",
    DeliveryState.UNKNOWN: "not known yet whether it arrived",
    DeliveryState.PARKED: "in doubt until a person looks (earnest inbox)",
    DeliveryState.HELD: "held back; its draft waits again",
    DeliveryState.READY: "waits to be tried again",
    DeliveryState.WITHDRAWING: "not taken back yet",
    DeliveryState.WITHDRAWN: "taken back",
}


def tell(event: object, width: int = 100) -> str:
    """Return one line about an event, every foreign character visible."""
    if isinstance(event, Noted):
        return _noted(event, width)
    if isinstance(event, Sending):
        where = f"  {event.url}" if event.url else ""
        why = f": {one_line(event.reason, width)}" if event.reason else ""
        return f"{event.delivery.case:<6} {event.delivery.kind.value} answer {_became(event)}{why}{where}"
    if isinstance(event, Told):
        told = f"{event.team} was told" if not event.problem else f"{event.team} could NOT be told: {event.problem}"
        return f"A-{event.case_id:<4} {told}" if event.case_id is not None else one_line(f"earnest {told}: {event.words}", width)
    if isinstance(event, Hearing):
        return one_line(hearing_words(event), _WIDTH)
    if isinstance(event, Mute):
        words = f"{event.network} is not answered by Earnest: {event.problem}. What it drafts there, a person posts by hand"
        return one_line(f"{words}; the key: earnest doctor", _WIDTH)
    if isinstance(event, Rang):
        return f"watch   {one_line(event.words, _WIDTH)}"
    if isinstance(event, RulesTaken):
        return f"rules   version {event.version} is in force"
    if isinstance(event, Held):
        why = "; ".join(event.message.split("\n")[1:])
        return one_line(f"rules   the old ones stay; the new ones want a person's word: {why}. Say it: earnest rules take", _WIDTH)
    if isinstance(event, RulesWrong):
        first = ": ".join(event.message.split("\n")[:2])  # how many mistakes there are, and the first of them
        return one_line(f"rules   the old ones stay. {first}. All of it: earnest rules check, then earnest rules test", _WIDTH)
    return str(event)


_DEAF = {
    "waiting": "wants us to wait, and Earnest comes back by itself",
    "sign-in": "is not heard without a sign-in, and Earnest looks for one every few minutes",
}


def hearing_words(hearing: Hearing) -> str:
    """Say how hearing one source goes from now on, and what will come of it."""
    if not hearing.problem:
        return f"{hearing.source} is heard again; what was said meanwhile is caught up"
    return f"{hearing.source} {_DEAF.get(hearing.state, 'is not heard, and Earnest keeps trying')}: {hearing.detail}"


def _became(event: Sending) -> str:
    """Say what came of a step; that words could not be taken back is no news of their being sent."""
    stays = event.delivery.state is DeliveryState.WITHDRAWING and event.state is DeliveryState.SENT
    return "still there" if stays else _SENDING[event.state]


def _noted(noted: Noted, width: int) -> str:
    post, judged = noted.heard.mention.post, noted.heard.assessment
    signals = "+".join(signal.name for signal in judged.signals) or "no signals"
    head = f"{noted.case:<6} {judged.urgency.level.value.upper():<8} {judged.urgency.points:>3}  {noted.decision.route:<15}"
    rest = f"{judged.sentiment.label.value} · {signals} · @{post.author.handle}: {post.text}"
    return f"{head} {one_line(rest, max(20, width - len(head) - 1))}"
