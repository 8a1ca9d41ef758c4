"""From a judged mention to a case, a draft, an alert: the one path that every mention takes, in one transaction each.

The stages: gather the facts, decide, obey the author's wishes, open or join the case, alert, draft, and send by itself where that was
allowed. Deciding and drafting are the same pure functions that `explain` and `rules test` run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from listener import logs
from listener.clock import Clock
from listener.model import Level
from listener.openings import ALWAYS, Schedule
from listener.rules.rulebook import Route, Rulebook
from listener.store import mentions as heard_ledger
from listener.store.base import Store, Tx
from responders import aftermath, brakes, earning, lately, lowering, watchkeeper
from responders.boundaries import again, may_draft, no_private
from responders.byhand import by_hand_kind
from responders.channels.base import ChannelKind
from responders.circumstances import World, circumstances, world
from responders.conditions import asked_in
from responders.drafting.names import agent_name, brand_name
from responders.drafting.template import Drafter
from responders.guard import today_of
from responders.ledger import audit, cases, clocks, drafts, escalations, judged, moves, people
from responders.ledger.clocks import Clocks
from responders.model import Decision, DraftState, Heard, Proposal, Step
from responders.orders import Undelivered, order
from responders.overtime import Storms
from responders.routing import NO_ROUTE, Router
from responders.watches import Watches

_log = logs.get("pipeline")
_EDITED = "the post was edited; what was written for the words before is void"
_CORRECTED = "a person corrected how the post is judged"
_TOO_OLD_TO_RING = timedelta(days=7)
T = TypeVar("T")
_Doing = Callable[[Tx, heard_ledger.Undecided, World], T]


class _Way(Protocol):
    """How something is done with a mention: plainly, or safely."""

    def __call__(self, tx: Tx, one: heard_ledger.Undecided, around: World, work: _Doing[T], /) -> T | None: ...


@dataclass(frozen=True, slots=True)
class Noted:
    """What became of one mention: for logs, the demo and whoever wants to watch."""

    heard: Heard
    case: str
    decision: Decision
    proposal: Proposal | None
    state: str
    alerted: str


class Mind:
    """Decides mentions by one rulebook."""

    def __init__(
        self,
        store: Store,
        book: Rulebook,
        clock: Clock,
        channels: Mapping[str, ChannelKind],
        *,
        undo: timedelta,
        unread: bool = False,
        look: Callable[..., World] = world,
    ) -> None:
        """Compile the routes and templates of `book`; `undo` is how long a reply waits before it leaves.

        `unread` is for trying rules out: nobody reads what waits, so only the words of what would leave by itself are checked, and of a
        decision it is only kept that there was one. `look` looks around as `responders.circumstances.world` does.
        """
        self._store = store
        self._book = book
        self._clock = clock
        self._channels = channels
        self._undo = undo
        self._unread = unread
        self._look = look
        self._router = Router(book)
        self._asked = asked_in(book)
        self._storms, self._watches = Storms(book), Watches(book)
        self._drafter = Drafter(book)
        self._routes = {route.name: route for route in book.routes}
        self._schedule = Schedule(book.hours, book.timezone)
        self._marks = {route.name: earning.mark(book, route) for route in book.routes}

    async def round(self, limit: int = 100) -> list[Noted]:
        """Decide what waits undecided, oldest first, at most `limit` mentions, and act on deletions; return what became of each."""
        reader = self._store.read()
        if not heard_ledger.undecided(reader, 1) and not aftermath.pending(reader, at=self._clock()):
            return []
        return await self._store.awrite(lambda tx: self.decide(tx, limit))

    def decide(self, tx: Tx, limit: int = 100, waiting: Sequence[heard_ledger.Undecided] | None = None) -> list[Noted]:
        """Decide at most `limit` mentions that wait undecided, oldest first, inside a transaction; `waiting` are those, where known."""
        aftermath.settle(tx, at=self._clock())
        waiting = heard_ledger.undecided(tx, limit) if waiting is None else waiting
        if not waiting:
            return []
        noted = self._together(tx, waiting)
        heard_ledger.mark_decided(tx, [one.seq for one in waiting])
        return noted

    def _together(self, tx: Tx, waiting: Sequence[heard_ledger.Undecided]) -> list[Noted]:
        """Decide mentions; where one of them goes wrong, undo all and decide each for itself."""
        tx.run("SAVEPOINT mentions")
        try:
            return self._each(tx, waiting, _plainly)
        except Exception:  # noqa: BLE001  # which one it was, and how, is found out and said below
            tx.run("ROLLBACK TO mentions")
            return self._each(tx, waiting, _safely)
        finally:
            tx.run("RELEASE mentions")

    def _each(self, tx: Tx, waiting: Sequence[heard_ledger.Undecided], do: _Way) -> list[Noted]:
        around = self._world(tx, self._clock())
        noted: list[Noted] = []
        for one in waiting:
            do(tx, one, around, self._watch)
            lowered, braked = do(tx, one, around, self._lower), do(tx, one, around, self._brake)
            if lowered or braked:
                around = self._world(tx, around.at)  # a route asks a person, or sending is paused, from here on
            # What goes wrong calls a person, so that no mention keeps others waiting behind it.
            found = do(tx, one, around, self._one) or do(tx, one, around, self._call_a_person)
            noted += [found] if found else []
            if noted and "send" in noted[-1].decision.actions:
                around = self._world(tx, around.at)  # the next one must see what this one is about to say
        return noted

    def _world(self, tx: Tx, at: datetime) -> World:
        return self._look(tx, at=at, asked=self._asked)

    def _watch(self, tx: Tx, one: heard_ledger.Undecided, around: World) -> None:
        """Count a mention for the watches; a replay tells nobody."""
        if not (one.late or self._unread):
            watchkeeper.note(tx, self._watches, Heard(one.mention, one.assessment), one.source, at=around.at)

    def _brake(self, tx: Tx, one: heard_ledger.Undecided, around: World) -> str:
        """Count a mention for conditions and for the brakes; return why a brake tripped by it, or ""."""
        if one.late:
            return ""
        heard = Heard(one.mention, one.assessment)
        lately.note(tx, self._asked, heard, at=around.at)
        return brakes.check(tx, self._book, at=around.at) if brakes.note(tx, self._book, heard, at=around.at) else ""

    def _lower(self, tx: Tx, one: heard_ledger.Undecided, around: World) -> tuple[str, ...]:
        """Keep a mention that is an unhappy reply to an answer of ours; return the routes that it lowers."""
        unhappy = not one.late and lowering.note(tx, Heard(one.mention, one.assessment), at=around.at)
        return lowering.check(tx, self._book, at=around.at) if unhappy else ()

    def _call_a_person(self, tx: Tx, one: heard_ledger.Undecided, around: World) -> Noted:
        mention, at = one.mention, around.at
        case, _ = cases.join(tx, mention, at=at)
        cases.set_state(tx, case.id, "open", at=at)
        steps = (Step(NO_ROUTE.name, matched=False, because="a mistake in Earnest or a plug-in: no route could be asked"),)
        decision = Decision(NO_ROUTE.name, self._book.fingerprint, ("look",), (), steps)
        cases.record_decision(tx, case.id, mention, decision, at=at)
        told = next((name for name, team in self._book.teams.items() if team.alert), next(iter(self._book.teams), ""))
        if told and not one.late:
            words = f"{case.name}: it could not be decided, look at it now, on {mention.post.network}"
            escalations.raise_(tx, case.id, told, mention.post.id, words, at=at)
        audit.record(tx, audit.DAEMON, "could not decide", at=at, case_id=case.id, team=told)
        return Noted(Heard(mention, one.assessment), case.name, decision, None, "open", told)

    def _one(self, tx: Tx, one: heard_ledger.Undecided, around: World) -> Noted:
        mention, at = one.mention, around.at
        case, new = cases.join(tx, mention, at=at)
        facts = circumstances(tx, mention, around, late=one.late, mute=mention.post.network not in self._channels)
        heard = self._storms.over(Heard(mention, one.assessment), facts.past)
        decision = self._router.decide(heard, facts)
        route = self._routes.get(decision.route, NO_ROUTE)
        corrected = bool(one.assessment.corrected) and not new
        edited = one.edited and not new
        voided = edited and aftermath.void(tx, case, mention.post.id, _EDITED, at=at)
        voided = (corrected and aftermath.drop(tx, case, mention.post.id, _CORRECTED, at=at)) or voided
        work = _Work(tx, heard, case, decision, route, at, past=one.late, edited=edited or corrected)
        _obey(work)
        alerted = _alert(work)
        proposal = self._propose(work) if may_draft(decision) else None
        if (weighed := again(decision, proposal, facts)) is not decision:
            decision, work = weighed, replace(work, decision=weighed)
        state = _state(work, proposal)
        if state == "noted" and work.unanswered and not decision.forbidden and not work.calmed:
            # A word that asks for nothing does not end what waits in the same conversation.
            state = "open" if voided else case.state
            cases.set_state(tx, case.id, state, at=at)
        else:
            if not new:
                _move_on(work)
            state = self._settle(work, proposal, state)
        raised = judged.kept(one.assessment, heard.assessment)
        cases.record_decision(tx, case.id, mention, decision, at=at, raised=raised, brief=self._unread)
        return Noted(heard, case.name, decision, proposal, state, alerted)

    def _propose(self, work: _Work) -> Proposal | None:
        network = work.heard.mention.post.network
        kind = self._channels.get(network) or by_hand_kind(network)
        if not work.route.speaks:
            return None
        never = no_private(work.decision.holds) or ("" if kind.private else f"Earnest cannot send private messages on {network}")
        return self._drafter.draft(
            work.heard,
            work.route,
            case=work.case.name,
            agent=agent_name(self._book, work.route, work.case.brand, assignee=work.case.assignee),
            brand_name=brand_name(self._book, work.case.brand),
            can_private=not never,
            private_reason=never,
            address=kind.address,
            limits=kind.limits,
            check=self._leaves(work),
            today=today_of(self._book, work.at),
        )

    def _leaves(self, work: _Work) -> bool:
        """Return whether a draft may come to anything: somebody reads it, or it leaves by itself."""
        return not self._unread or "send" in work.decision.actions

    def _settle(self, work: _Work, proposal: Proposal | None, state: str) -> str:
        cases.update(
            work.tx,
            work.case,
            work.heard.mention,
            work.heard.assessment,
            work.decision,
            state=state,
            team=work.route.team or work.route.escalate or "",
            running=self._clocks(work, state),
            at=work.at,
        )
        if proposal is None:
            return state
        draft_id = self._keep(work, proposal)
        return self._send_by_itself(work, draft_id) if "send" in work.decision.actions and not work.unanswered else state

    def _clocks(self, work: _Work, state: str) -> Clocks:
        """Return the clocks of a case after what its author wrote."""
        running, sla = work.case.clocks, work.route.sla
        if state == "noted" or work.decision.forbidden:
            return clocks.ended(running)
        return clocks.started(
            running,
            self._schedule if sla.runs == "in_hours" else ALWAYS,
            respond_in=sla.next_response if running.responded_at else sla.first_response,
            resolve_in=sla.resolution,
            owed=work.unanswered,
            since=work.heard.mention.post.created_at,
        )

    def _keep(self, work: _Work, proposal: Proposal) -> int:
        post = work.heard.mention.post
        return drafts.add(
            work.tx,
            work.case.id,
            network=post.network,
            post_id=post.id,
            brand=work.case.brand,
            route=work.decision.route,
            rule_version=work.decision.rule_version,
            proposal=proposal,
            approvals_needed=2 if work.route.approval == "two-people" else 1,
            parent_text=post.text if self._leaves(work) else "",
            at=work.at,
            expires_at=work.at + self._book.boundaries.answer_within,
            mark=self._marks.get(work.decision.route, ""),
            moved_on=True,
        )

    def _send_by_itself(self, work: _Work, draft_id: int) -> str:
        tx, draft, at = work.tx, drafts.get(work.tx, draft_id), work.at
        if draft.problems:
            return "waiting"
        points = work.heard.assessment.urgency.points
        try:
            bound = order(tx, draft, work.heard.mention.post, self._channels, points=points, automatic=True, not_before=at + self._undo)
        except Undelivered:
            moves.take_back(tx, draft_id)
            return "waiting"
        who = f"rule {work.decision.route}"
        drafts.say(tx, draft, who, "yes", "", public=draft.public, private=draft.private, bound=bound, at=at)
        drafts.settle(tx, draft_id, DraftState.APPROVED, who, at=at)
        cases.set_state(tx, work.case.id, "approved", at=at)
        audit.record(tx, who, "approved", at=at, case_id=work.case.id, rule_version=work.decision.rule_version)
        return "approved"


def _plainly(tx: Tx, one: heard_ledger.Undecided, around: World, work: _Doing[T]) -> T | None:
    """Do one thing with a mention."""
    return work(tx, one, around)


def _safely(tx: Tx, one: heard_ledger.Undecided, around: World, work: _Doing[T]) -> T | None:
    """Do one thing with a mention; where that goes wrong, undo it, say so, and return None."""
    tx.run("SAVEPOINT mention")
    try:
        return work(tx, one, around)
    except Exception as problem:  # noqa: BLE001  # whatever one post brings about, the next may be a cry for help
        tx.run("ROLLBACK TO mention")
        _log.error("could not decide", network=one.mention.post.network, mention=one.seq, problem=type(problem).__name__)
        return None
    finally:
        tx.run("RELEASE mention")


@dataclass(frozen=True, slots=True)
class _Work:
    """One mention on its way through the stages."""

    tx: Tx
    heard: Heard
    case: cases.Case
    decision: Decision
    route: Route
    at: datetime
    past: bool
    edited: bool = False

    @property
    def calmed(self) -> bool:
        """True where an edit is all that the conversation now holds, so that what it asked for before is over."""
        post = self.heard.mention.post
        return self.edited and self.case.post_id == post.id and not cases.other_mention(self.tx, self.case, post.id)

    @property
    def unanswered(self) -> bool:
        """True where something of this conversation waited for a person before this mention came."""
        return self.case.state in cases.UNANSWERED


def _obey(work: _Work) -> None:
    """Put a person who asks us to stop on the suppression list at once, with their words; what waits for them is dropped."""
    post = work.heard.mention.post
    for wish in work.heard.assessment.wishes:
        words = " … ".join(wish.because)
        if wish.name == "stop" and people.suppress(work.tx, post.author, words, post_id=post.id, by=audit.DAEMON, at=work.at):
            audit.record(work.tx, audit.DAEMON, "suppressed", at=work.at, case_id=work.case.id, post=post.id)
            for case_id in drafts.drop_for(work.tx, post.network, post.author.id, "this person asked us to stop", at=work.at):
                cases.set_state(work.tx, case_id, "open", at=work.at)
                audit.record(work.tx, audit.DAEMON, "dropped draft", at=work.at, case_id=case_id, reason="this person asked us to stop")


def _move_on(work: _Work) -> None:
    """Drop what waited for an older post of the same conversation."""
    if drafts.move_on(work.tx, work.case.id, at=work.at):
        audit.record(work.tx, audit.DAEMON, "dropped draft", at=work.at, case_id=work.case.id, reason="the conversation moved on")


def _alert(work: _Work) -> str:
    """Have the teams told that the route names, once more where an edit or a person made it more urgent.

    History that is taken in rings nobody, unless a person says how urgent it is.
    """
    teams = [action.removeprefix("escalate:") for action in work.decision.actions if action.startswith("escalate:")]
    seen = work.heard.assessment
    worse = work.edited and seen.urgency.level.rank > work.case.level.rank
    if (work.past and not (worse and seen.corrected)) or (
        not work.edited and work.at - work.heard.mention.post.created_at > _TOO_OLD_TO_RING
    ):
        return ""
    signals = ", ".join(signal.name for signal in seen.signals) or work.decision.route
    words = f"{work.case.name}: {seen.urgency.level.value}, {signals}, on {work.heard.mention.post.network}"
    for team in teams:
        alert = (work.tx, work.case.id, team, work.heard.mention.post.id, words)
        if escalations.raise_(*alert, at=work.at) or (worse and escalations.again(*alert, at=work.at)):
            audit.record(work.tx, audit.DAEMON, "escalated", at=work.at, case_id=work.case.id, team=team)
    return ", ".join(teams)


def _state(work: _Work, proposal: Proposal | None) -> str:
    if proposal:
        return "waiting"
    level = work.heard.assessment.urgency.level
    # Of a crowd nobody drafts unasked; whoever wants something there is still looked at.
    wanted = any(action.startswith(("draft:", "private:")) for action in work.decision.actions)
    crowded = wanted and level is Level.NORMAL and any(hold.gate == "crowd" for hold in work.decision.holds)
    wants_person = bool(work.route.team or work.route.escalate) or level.rank > 1 or crowded or "look" in work.decision.actions
    return "open" if wants_person and not work.heard.mention.post.own and not work.past else "noted"
