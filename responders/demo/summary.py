"""What the morning came to, in a few lines a newcomer can follow."""

from __future__ import annotations

from collections.abc import Iterable, Sized

from listener.model import Level
from listener.text import one_line
from responders.demo.play import Morning
from responders.model import DeliveryState, Kind
from responders.pipeline import Noted

_REASON = 600  # columns of why a draft is held: what a network asks comes with where that is written


def _who(noted: Noted) -> str:
    return f"{noted.case} (@{noted.heard.mention.post.author.handle})"


def _list(found: list[str]) -> str:
    return ", ".join(found) or "none"


def _count(found: Sized, what: str) -> str:
    return f"{len(found)} {what}" + ("" if len(found) == 1 else "s")


def _held(noted: Iterable[Noted]) -> list[str]:
    """Return why drafts do not leave by themselves, each reason once, with all cases that it holds; without a draft nothing is held."""
    why: dict[str, list[str]] = {}
    for one in noted:
        for hold in one.decision.holds if one.proposal else ():
            if not hold.forbids:
                asked = "the network asks for it: " if hold.gate == "policy" else ""
                why.setdefault(asked + hold.reason, []).append(one.case)
    return [f"held        {_list(cases)}: {one_line(reason, _REASON)}" for reason, cases in why.items()]


def lines(morning: Morning) -> list[str]:
    """Return the summary: heard, flagged, drafted, sent, left alone, each with its cases and why."""
    noted = morning.noted
    critical = [one for one in noted if one.heard.assessment.urgency.level is Level.CRITICAL and one.alerted]
    sarcastic = [one for one in noted if one.heard.assessment.sarcasm and one.decision.route != "thanks"]
    alone = [one for one in noted if one.decision.forbidden]
    quiet = [one for one in noted if one.proposal is None and not one.decision.forbidden]
    sent = [one for one in morning.sent if one.state is DeliveryState.SENT]
    moved = sorted({one.delivery.case for one in sent if one.delivery.kind is Kind.PRIVATE})
    public = sorted({one.delivery.case for one in sent if one.delivery.kind is Kind.PUBLIC})
    result = [
        f"heard       {len(noted)} posts about Acme, each judged and routed",
        f"critical    {len(critical)} escalated to {_list(sorted({one.alerted for one in critical}))} at once: "
        + _list([_who(one) for one in critical])
        + f"; the pager rang {len(morning.rings)} times",
        f"drafted     {sum(one.proposal is not None for one in noted)} answers for a person to decide",
        f"private     {_count(moved, 'hand-off')} to private: {_list(moved)}",
        f"sarcasm     {_count(sarcastic, 'sarcastic post')} not thanked: {_list([_who(one) for one in sarcastic])}",
        f"left alone  {len(alone)} because they asked: {_list([_who(one) for one in alone])}",
    ]
    result += [f"            {one.case}: {one_line(hold.reason, 90)}" for one in alone for hold in one.decision.holds if hold.forbids][:2]
    result += [f"no answer   {_who(one)}: {one.decision.route}" for one in quiet]
    result += _held(noted)
    result.append(
        f"sent        {_count(public, 'public answer')} ({_list(public)}); in the town you can see those to: {_list(morning.seen_in_town)}"
    )
    return result


def outcome(morning: Morning) -> dict[str, object]:
    """Return the object that `demo --json` prints."""
    sent = [one for one in morning.sent if one.state is DeliveryState.SENT]
    return {
        "heard": len(morning.noted),
        "drafted": sum(one.proposal is not None for one in morning.noted),
        "rings": len(morning.rings),
        "sent": [{"case": one.delivery.case, "kind": one.delivery.kind.value, "url": one.url} for one in sent],
        "left_alone": [one.case for one in morning.noted if one.decision.forbidden],
    }
