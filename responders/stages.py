"""What becomes of one mention once it is decided: what its author wishes is obeyed, teams are told, what waited is overtaken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from listener.model import Level
from listener.rules.rulebook import Route
from responders import aftermath
from responders.ledger import audit, cases, drafts
from responders.ledger.caseload import Caseload
from responders.ledger.escalations import Alert
from responders.model import Decision, Heard, Proposal

_EDITED = "the post was edited; what was written for the words before is void"
_STOPPED = "this person asked us to stop"
_CORRECTED = "a person corrected how the post is judged"
_TOO_OLD_TO_RING = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Work:
    """One mention on its way through the stages."""

    load: Caseload
    heard: Heard
    case: cases.Case
    decision: Decision
    route: Route
    past: bool
    edited: bool = False

    @property
    def at(self) -> datetime:
        """When it is decided."""
        return self.load.at

    @property
    def calmed(self) -> bool:
        """True where an edit is all that the conversation now holds, so that what it asked for before is over."""
        post = self.heard.mention.post
        return self.edited and self.case.post_id == post.id and not cases.other_mention(self.load.tx, self.case, post.id)

    @property
    def unanswered(self) -> bool:
        """True where something of this conversation waited for a person before this mention came."""
        return self.case.state in cases.UNANSWERED


def void(load: Caseload, case: cases.Case, post_id: str, *, edited: bool, corrected: bool) -> bool:
    """Drop what was written for a post that reads otherwise now, or was judged otherwise by a person; return whether anything was."""
    load.write()
    voided = edited and aftermath.void(load.tx, case, post_id, _EDITED, at=load.at)
    voided = (corrected and aftermath.drop(load.tx, case, post_id, _CORRECTED, at=load.at)) or voided
    load.look_again()
    return voided


def obey(work: Work) -> None:
    """Put a person who asks us to stop on the suppression list at once, with their words; what waits for them is dropped."""
    load, mention = work.load, work.heard.mention
    for wish in work.heard.assessment.wishes:
        if wish.name != "stop":
            continue
        dropped = load.suppress(mention, " … ".join(wish.because), _STOPPED)
        if dropped is None:
            continue
        load.record(audit.DAEMON, "suppressed", case_id=work.case.id, post=mention.post.id)
        for case_id in dropped:
            cases.set_state(load.tx, case_id, "open", at=work.at)
            load.record(audit.DAEMON, "dropped draft", case_id=case_id, reason=_STOPPED)
        if dropped:
            load.look_again()


def move_on(work: Work) -> None:
    """Drop what waited for an older post of the same conversation."""
    if work.load.move_on(work.case.id):
        work.load.record(audit.DAEMON, "dropped draft", case_id=work.case.id, reason=drafts.MOVED_ON)


def alert(work: Work) -> str:
    """Have the teams told that the route names, once more where an edit or a person made it more urgent.

    History that is taken in rings nobody, unless a person says how urgent it is.
    """
    teams = [action.removeprefix("escalate:") for action in work.decision.actions if action.startswith("escalate:")]
    if not teams:
        return ""
    seen = work.heard.assessment
    worse = work.edited and seen.urgency.level.rank > work.case.level.rank
    if (work.past and not (worse and seen.corrected)) or (
        not work.edited and work.at - work.heard.mention.post.created_at > _TOO_OLD_TO_RING
    ):
        return ""
    signals = ", ".join(signal.name for signal in seen.signals) or work.decision.route
    words = f"{work.case.name}: {seen.urgency.level.value}, {signals}, on {work.heard.mention.post.network}"
    for team in teams:
        alert = Alert(work.case.id, team, work.heard.mention.post.id, words)
        if work.load.raise_(alert) or (worse and work.load.raise_again(alert)):
            work.load.record(audit.DAEMON, "escalated", case_id=work.case.id, team=team)
    return ", ".join(teams)


def state(work: Work, proposal: Proposal | None) -> str:
    """Return in which state its mention leaves a case, as far as nothing else waits there."""
    if proposal:
        return "waiting"
    level = work.heard.assessment.urgency.level
    # Of a crowd nobody drafts unasked; whoever wants something there is still looked at.
    crowded = work.decision.speaks and level is Level.NORMAL and any(hold.gate == "crowd" for hold in work.decision.holds)
    wants_person = bool(work.route.team or work.route.escalate) or level.rank > 1 or crowded or "look" in work.decision.actions
    return "open" if wants_person and not work.heard.mention.post.own and not work.past else "noted"
