"""From a judged mention to a case, a draft, an alert: the one path that every mention takes, in one transaction each.

The stages: gather the facts, decide, obey the author's wishes, open or join the case, alert, draft, and send by itself where that was
allowed. Deciding and drafting are the same pure functions that `explain` and `rules test` run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

from listener import logs
from listener.clock import Clock
from listener.openings import ALWAYS, Schedule
from listener.rules.rulebook import Rulebook
from listener.store import mentions as heard_ledger
from listener.store import queueing
from listener.store.base import Store, Tx, Value
from responders import aftermath, brakes, earning, lately, lowering, stages, watchkeeper
from responders.boundaries import again, may_draft, no_private
from responders.byhand import by_hand_kind
from responders.channels.base import ChannelKind
from responders.circumstances import World, among, world
from responders.conditions import asked_in
from responders.drafting.names import agent_name, brand_name
from responders.drafting.template import Drafter
from responders.guard import today_of
from responders.ledger import audit, clocks, drafts, judged, moves
from responders.ledger.caseload import Caseload
from responders.ledger.clocks import Clocks
from responders.ledger.escalations import Alert
from responders.model import Decision, DraftState, Heard, Proposal, Step
from responders.orders import Undelivered, order
from responders.overtime import Storms
from responders.routing import NO_ROUTE, Router
from responders.stages import Work
from responders.watches import Watches

_log = logs.get("pipeline")
T = TypeVar("T")


class _Desk:
    """A page of mentions on the desk: what is done with them, and the brakes that watch it."""

    def __init__(self, tx: Tx, book: Rulebook, page: Sequence[heard_ledger.Undecided], at: datetime) -> None:
        self.tx = tx
        self.load = Caseload(tx, [one.mention for one in page], at=at)
        self.brakes = brakes.Brakes(self.load, book)


_Doing = Callable[[_Desk, heard_ledger.Undecided, World], T]


class _Way(Protocol):
    """How something is done with a mention: plainly, or safely."""

    def __call__(self, one: heard_ledger.Undecided, around: World, work: _Doing[T], /) -> T | None: ...


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

    async def round(self, limit: int = 100, *, critical: bool = False) -> list[Noted]:
        """Decide what waits undecided, at most `limit` mentions, and act on edits and deletions; return what became of each.

        With `critical` only that is decided, and the rest left for later. On a shared store several machines do this at a time, each
        with other people and threads.
        """
        if await self._store.aread(lambda reader: aftermath.pending(reader, at=self._clock())):
            return await self._store.awrite(lambda tx: self.decide(tx, limit))
        if not await self._store.aread(partial(heard_ledger.waits, critical=critical)):
            return []
        return await self._store.awrite(lambda tx: self._decide_waiting(tx, limit, critical=critical), alongside=True)

    def decide(self, tx: Tx, limit: int = 100, waiting: Sequence[heard_ledger.Undecided] | None = None) -> list[Noted]:
        """Decide at most `limit` mentions that wait undecided, inside a transaction; `waiting` are those, where known."""
        aftermath.settle(tx, at=self._clock())
        return self._decide_waiting(tx, limit, waiting)

    def _decide_waiting(
        self, tx: Tx, limit: int, waiting: Sequence[heard_ledger.Undecided] | None = None, *, critical: bool = False
    ) -> list[Noted]:
        if waiting is None:
            waiting = heard_ledger.undecided(tx, queueing.claim(tx, limit, critical=critical))
        if not waiting:
            return []
        noted = self._together(tx, waiting)
        heard_ledger.mark_decided(tx, [one.seq for one in waiting])
        return noted

    def _together(self, tx: Tx, waiting: Sequence[heard_ledger.Undecided]) -> list[Noted]:
        """Decide mentions; where one of them goes wrong, undo all and decide each for itself."""
        tx.run("SAVEPOINT mentions")
        at = self._clock()
        try:
            return self._at_once(tx, waiting, at)
        except Exception:  # noqa: BLE001  # which one it was, and how, is found out and said below
            tx.run("ROLLBACK TO mentions")
            return self._each(tx, waiting, at, partial(self._safely, tx))
        finally:
            tx.run("RELEASE mentions")

    def _at_once(self, tx: Tx, waiting: Sequence[heard_ledger.Undecided], at: datetime) -> list[Noted]:
        desk = _Desk(tx, self._book, waiting, at)

        def do(one: heard_ledger.Undecided, around: World, work: _Doing[T]) -> T | None:
            return work(desk, one, around)

        noted = self._each(tx, waiting, at, do)
        desk.load.finish()
        return noted

    def _safely(self, tx: Tx, one: heard_ledger.Undecided, around: World, work: _Doing[T]) -> T | None:
        """Do one thing with a mention; where that goes wrong, undo it, say so, and return None."""
        tx.run("SAVEPOINT mention")
        try:
            desk = _Desk(tx, self._book, [one], around.at)
            found = work(desk, one, around)
            desk.load.finish()
        except Exception as problem:  # noqa: BLE001  # whatever one post brings about, the next may be a cry for help
            tx.run("ROLLBACK TO mention")
            _log.error("could not decide", network=one.mention.post.network, mention=one.seq, problem=type(problem).__name__)
            return None
        else:
            return found
        finally:
            tx.run("RELEASE mention")

    def _each(self, tx: Tx, waiting: Sequence[heard_ledger.Undecided], at: datetime, do: _Way) -> list[Noted]:
        around = self._world(tx, at)
        noted: list[Noted] = []
        for one in waiting:
            do(one, around, self._watch)
            lowered, braked = do(one, around, self._lower), do(one, around, self._brake)
            if lowered or braked:
                around = self._world(tx, at)  # a route asks a person, or sending is paused, from here on
            # What goes wrong calls a person, so that no mention keeps others waiting behind it.
            found = do(one, around, self._one) or do(one, around, self._call_a_person)
            noted += [found] if found else []
            if noted and "send" in noted[-1].decision.actions:
                around = self._world(tx, at)  # the next one must see what this one is about to say
        return noted

    def _world(self, tx: Tx, at: datetime) -> World:
        return self._look(tx, at=at, asked=self._asked)

    def _watch(self, desk: _Desk, one: heard_ledger.Undecided, _around: World) -> None:
        """Count a mention for the watches; a replay tells nobody."""
        if not (one.late or self._unread):
            watchkeeper.note(desk.load, self._watches, Heard(one.mention, one.assessment), one.source)

    def _brake(self, desk: _Desk, one: heard_ledger.Undecided, _around: World) -> str:
        """Count a mention for conditions and for the brakes; return why a brake tripped by it, or ""."""
        if one.late:
            return ""
        heard = Heard(one.mention, one.assessment)
        lately.note(desk.load, self._asked, heard)
        return desk.brakes.check() if desk.brakes.note(heard) else ""

    def _lower(self, desk: _Desk, one: heard_ledger.Undecided, _around: World) -> tuple[str, ...]:
        """Keep a mention that is an unhappy reply to an answer of ours; return the routes that it lowers."""
        if one.late or not lowering.note(desk.load, Heard(one.mention, one.assessment)):
            return ()
        desk.load.write()
        return lowering.check(desk.tx, self._book, at=desk.load.at)

    def _call_a_person(self, desk: _Desk, one: heard_ledger.Undecided, _around: World) -> Noted:
        mention, load = one.mention, desk.load
        case, _ = load.join(mention)
        load.set_state(case.id, "open")
        steps = (Step(NO_ROUTE.name, matched=False, because="a mistake in Earnest or a plug-in: no route could be asked"),)
        decision = Decision(NO_ROUTE.name, self._book.fingerprint, ("look",), (), steps)
        load.record_decision(case.id, mention, decision)
        told = next((name for name, team in self._book.teams.items() if team.alert), next(iter(self._book.teams), ""))
        if told and not one.late:
            words = f"{case.name}: it could not be decided, look at it now, on {mention.post.network}"
            load.raise_(Alert(case.id, told, mention.post.id, words))
        load.record(audit.DAEMON, "could not decide", case_id=case.id, team=told)
        return Noted(Heard(mention, one.assessment), case.name, decision, None, "open", told)

    def _one(self, desk: _Desk, one: heard_ledger.Undecided, around: World) -> Noted:
        mention, load = one.mention, desk.load
        case, new = load.join(mention)
        mute = mention.post.network not in self._channels
        facts = among(load.near, load.tallies, desk.tx, mention, around, late=one.late, mute=mute)
        heard = self._storms.over(Heard(mention, one.assessment), facts.past)
        decision = self._router.decide(heard, facts)
        route = self._routes.get(decision.route, NO_ROUTE)
        corrected = bool(one.assessment.corrected) and not new
        edited = one.edited and not new
        voided = (edited or corrected) and stages.void(load, case, mention.post.id, edited=edited, corrected=corrected)
        work = Work(load, heard, case, decision, route, past=one.late, edited=edited or corrected)
        stages.obey(work)
        alerted = stages.alert(work)
        proposal = self._propose(work) if may_draft(decision) else None
        if (weighed := again(decision, proposal, facts)) is not decision:
            decision, work = weighed, replace(work, decision=weighed)
        state = stages.state(work, proposal)
        if state == "noted" and work.unanswered and not decision.forbidden and not work.calmed:
            # A word that asks for nothing does not end what waits in the same conversation.
            state = "open" if voided else case.state
            load.set_state(case.id, state)
        else:
            if not new:
                stages.move_on(work)
            state = self._settle(work, proposal, state)
        raised = judged.kept(one.assessment, heard.assessment)
        load.record_decision(case.id, mention, decision, raised=raised, brief=self._unread)
        return Noted(heard, case.name, decision, proposal, state, alerted)

    def _propose(self, work: Work) -> Proposal | None:
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

    def _leaves(self, work: Work) -> bool:
        """Return whether a draft may come to anything: somebody reads it, or it leaves by itself."""
        return not self._unread or "send" in work.decision.actions

    def _settle(self, work: Work, proposal: Proposal | None, state: str) -> str:
        heard = work.heard
        team = work.route.team or work.route.escalate or ""
        running = self._clocks(work, state)
        work.load.update(work.case, heard.mention, heard.assessment, work.decision, state=state, team=team, running=running)
        if proposal is None:
            return state
        wanted = self._draft(work, proposal)
        if "send" in work.decision.actions and not work.unanswered:
            return self._send_by_itself(work, work.load.draft_at_once(wanted))
        work.load.draft(wanted)
        return state

    def _clocks(self, work: Work, state: str) -> Clocks:
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

    def _draft(self, work: Work, proposal: Proposal) -> dict[str, Value]:
        post = work.heard.mention.post
        return drafts.row(
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
        )

    def _send_by_itself(self, work: Work, draft: drafts.Draft) -> str:
        tx, at = work.load.tx, work.at
        if draft.problems:
            return "waiting"
        points = work.heard.assessment.urgency.points
        try:
            bound = order(tx, draft, work.heard.mention.post, self._channels, points=points, automatic=True, not_before=at + self._undo)
        except Undelivered:
            moves.take_back(tx, draft.id)
            return "waiting"
        who = f"rule {work.decision.route}"
        drafts.say(tx, draft, who, "yes", "", public=draft.public, private=draft.private, bound=bound, at=at)
        drafts.settle(tx, draft.id, DraftState.APPROVED, who, at=at)
        work.load.ordered(draft)
        work.load.set_state(work.case.id, "approved")
        work.load.record(who, "approved", case_id=work.case.id, rule_version=work.decision.rule_version)
        return "approved"
