"""`earnest status`: how the daemon, its sources and its deliveries are doing. It only reads, and needs no rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import click

from listener import clock
from listener.clock import to_text
from listener.store.base import Row, number, text
from listener.store.following import Course
from listener.text import one_line
from responders import views
from responders.cli import signs, states, watches
from responders.cli.accounts import OurAccount, account_words, our_accounts
from responders.cli.base import App, common
from responders.cli.machines import machine_json, machines_parts
from responders.cli.phrases import ago, counted, due, local, moment_of
from responders.ledger.cases import name_of
from responders.ledger.people import Pause
from responders.ledger.polls import stands
from responders.model import Delivery, DeliveryState, Mode
from responders.views import Health

_WIDTH = 200  # columns of a foreign line
_HELD_WIDTH = 400  # columns of what is wrong with the rules
_GAPS_SHOWN = 5
_LATE = 2 * 3600.0  # seconds
_WHY_NOT_FOLLOWED = "that is done while the source is heard well; does rules.yaml still have it?"

_COUNTED = {
    DeliveryState.HELD: "held back",
    DeliveryState.BY_HAND: "to be posted by hand",
    DeliveryState.READY: "about to leave",
    DeliveryState.CLAIMED: "leaving",
    DeliveryState.SENT: "sent",
    DeliveryState.REFUSED: "refused",
    DeliveryState.UNKNOWN: "in doubt, being looked for",
    DeliveryState.PARKED: "in doubt until you look",
    DeliveryState.WITHDRAWING: "being taken back",
    DeliveryState.WITHDRAWN: "taken back",
}


@click.command(epilog="Example: earnest status --json")
@common
def status(app: App) -> None:
    """Say whether sending is on, what is heard, what waits, what is in doubt, and what to do about it."""
    at = clock.now()
    health = views.health(app.store, running=app.store.held(), at=at)
    ours = our_accounts(app.store.read(), health.resting, at=at)
    if app.options.json:
        app.out.record(health_json(health, ours, at))
        return
    for title, lines in _parts(health, ours, at):
        app.out.line(title, style="bold")
        for line in lines:
            app.out.line(f"  {line}")
    app.out.next_step(_next_step(health))


def sending(health: Health) -> tuple[bool, str]:
    """Return whether approved answers may leave, and in words why not."""
    if health.pause:
        return False, health.pause.reason
    if health.mode == Mode.OBSERVE:
        return False, "the mode is observe: Earnest only listens"
    return True, ""


def health_json(health: Health, ours: Sequence[OurAccount], at: datetime) -> dict[str, object]:
    """Return the object that `status --json` prints."""
    on, reason = sending(health)
    return {
        "sending": {"on": on, "reason": reason or None},
        "rules": {
            "version": health.rules_version or None,
            "loaded_at": to_text(health.rules_loaded_at) if health.rules_loaded_at else None,
            "last_error": health.rules_error or None,
        },
        "sources": [source_json(row, health, at) for row in health.sources],
        "drafts": {"waiting": health.waiting, "overdue": health.overdue},
        "deliveries": health.deliveries,
        "daemon": {"running": health.running, "mode": health.mode or None, **signs.signs_json(health)},
        "pause": _pause_json(health.pause) if health.pause else None,
        "next_due": to_text(health.next_due) if health.next_due else None,
        "alerts": {"untold": len(health.untold)},
        "accounts": [one.to_json() for one in ours],
        "incidents": [_incident_json(row) for row in health.incidents],
        "watches": [watches.watch_json(row) for row in health.watches],
        "doubtful": [_doubtful_json(one) for one in health.doubtful],
        "lowered": [{"route": one.route, "reason": one.reason, "since": to_text(one.at)} for one in health.lowered],
        "machines": [machine_json(one) for one in health.machines],
        "machines_lost": [machine_json(one) for one in health.lost],
        "following": [{"source": one.source, "network": one.network, "late_s": max(0.0, _late(one, at))} for one in health.courses],
    }


def _pause_json(pause: Pause) -> dict[str, object]:
    until = to_text(pause.until) if pause.until else None
    return {"by": pause.by, "since": to_text(pause.since), "until": until, "flag": pause.flag or None}


def _incident_json(row: Row) -> dict[str, object]:
    moments = {name: text(row, name) or None for name in ("raised_at", "ended_at", "told_at")}
    return {"name": text(row, "name"), "words": text(row, "words"), **moments, "problem": text(row, "problem") or None}


def _doubtful_json(one: Delivery) -> dict[str, object]:
    return {
        "case": one.case,
        "kind": one.kind.value,
        "state": one.state.value,
        "network": one.network,
        "reason": one.reason or None,
        "url": one.parent.url or None,
    }


def source_json(row: Row, health: Health, at: datetime) -> dict[str, object]:
    """Return one source: `lag_s` is how many seconds ago it was last heard (null: never), `gaps` how many gaps were found."""
    heard = moment_of(row, "heard_at")
    return {
        "name": text(row, "name"),
        "network": text(row, "kind"),
        "state": text(row, "state"),
        "lag_s": None if heard is None else round(max(0.0, (at - heard).total_seconds()), 3),
        "gaps": sum(text(gap, "source") == text(row, "name") for gap in health.gaps),
        "detail": text(row, "detail") or None,
    }


def source_words(row: Row, at: datetime, *, running: bool) -> str:
    """Say how one source is doing; `running` says whether a daemon works on the store."""
    detail = one_line(text(row, "detail"), _WIDTH)
    moment = moment_of(row, "heard_at")
    heard = f"last heard {ago(moment, at)}" if moment else "not heard yet"
    return f"{one_line(text(row, 'name'), 30):<14} {stands(row, running=running, at=at):<11} {heard}" + (f": {detail}" if detail else "")


def _parts(health: Health, ours: Sequence[OurAccount], at: datetime) -> Iterator[tuple[str, list[str]]]:
    yield from _sending(health, at)
    for account in ours:
        yield from account_words(account, at)
    if health.rules_error:
        yield _rules_refused(health)
    elif health.rules_version:
        yield f"Rules {health.rules_version}, read {ago(health.rules_loaded_at, at)}", []
    if health.lowered:
        from responders.lowering import restoring  # noqa: PLC0415  # reaches all of the rules, for which a glance need not wait
    for one in health.lowered:
        words = f"{one_line(one.reason, _WIDTH)}; lowered {ago(one.at, at)}. See: earnest report rules"
        yield f"Route {one.route} asks a person", [words, f"let it again: {restoring(one.route)}"]
    yield _sources(health), [source_words(row, at, running=health.running) for row in health.sources] or ["none was heard yet"]
    if health.gaps:
        yield f"{counted(len(health.gaps), 'gap')}: something may have been missed", list(_gaps(health))
    if late := [one for one in health.courses if _late(one, at) > _LATE]:
        yield "Known posts are not read again: an edit or a deletion may be missed", [_course(one, at) for one in late]
    yield "Drafts", [_drafts(health, at)]
    told = [f"{many} {_COUNTED[DeliveryState(state)]}" for state, many in health.deliveries.items() if many]
    yield "Answers", [", ".join(told) or "none was ever sent"]
    for delivery in health.doubtful:
        yield _doubt(delivery, health)
    yield from _told(health, at)


def _told(health: Health, at: datetime) -> Iterator[tuple[str, list[str]]]:
    """Yield what our own people are told of."""
    yield from machines_parts(health.machines, health.lost, at)
    if health.watches:
        yield (
            "Watches (of rules.yaml: storms, silences, new words)",
            [watches.watch_words(row, at, running=health.running) for row in health.watches],
        )
    if health.incidents:
        yield f"{counted(len(health.incidents), 'incident')} of Earnest itself", [_incident(row, at) for row in health.incidents]
    if health.untold:
        yield f"{counted(len(health.untold), 'alert')} reached nobody yet", [_alert(row) for row in health.untold]


def _rules_refused(health: Health) -> tuple[str, list[str]]:
    lines = [one_line(line, _HELD_WIDTH) for line in health.rules_error.split("\n")]
    if health.rules_held:
        return "The rules file is not taken before a person says so; the old rules stay in force", [*lines[1:], health.rules_held]
    return "The rules file is wrong; the old rules stay in force", [*lines[:2], "all of it: earnest rules check, then earnest rules test"]


def _unreachable(health: Health) -> int:
    return sum(text(row, "state") == "unreachable" for row in health.sources)


def _sources(health: Health) -> str:
    lost, trying = _unreachable(health), "; Earnest keeps trying" if health.running else ""
    if not lost:
        return "Sources"
    known = len(health.sources)
    return f"Sources: {'none can' if lost == known else f'{lost} of {known} cannot'} be reached{trying}"


def _sending(health: Health, at: datetime) -> Iterator[tuple[str, list[str]]]:
    on, reason = sending(health)
    if health.pause:
        until = f"until {local(health.pause.until)}" if health.pause.until else "until somebody resumes it"
        why = f'{one_line(health.pause.by, 40)} stopped it {ago(health.pause.since, at)}, {until}: "{one_line(reason, _WIDTH)}"'
        flag = [f"by the flag file {one_line(health.pause.flag, _WIDTH)}, which earnest resume removes"] if health.pause.flag else []
        yield "Sending is STOPPED", [why, *flag]
    elif not on:
        yield "Sending is off", [reason]
    else:
        yield f"Sending is on (mode {health.mode or 'not known yet'})", []
    if not health.running:
        yield "The daemon is not running", ["nothing is heard and nothing leaves until: earnest run"]
    yield from signs.signs_words(health, at)


def _gaps(health: Health) -> Iterator[str]:
    for gap in health.gaps[:_GAPS_SHOWN]:
        since, until = moment_of(gap, "since"), moment_of(gap, "until")
        span = f" ({local(since) if since else '?'} to {local(until) if until else '?'})" if since or until else ""
        yield f"{one_line(text(gap, 'source'), 30)}: {one_line(text(gap, 'reason'), _WIDTH)}{span}"
    if len(health.gaps) > _GAPS_SHOWN:
        yield f"and {len(health.gaps) - _GAPS_SHOWN} more: earnest sources"


def _late(course: Course, at: datetime) -> float:
    """Return by how many seconds the next look at a known post is late; negative where it is not."""
    return (at - course.next_look).total_seconds()


def _course(course: Course, at: datetime) -> str:
    return f"{one_line(course.source, 30)}: one of them should have been read {ago(course.next_look, at)}; {_WHY_NOT_FOLLOWED}"


def _drafts(health: Health, at: datetime) -> str:
    if not health.waiting:
        return "none waits"
    late = f", {health.overdue} overdue" if health.overdue else ""
    following = f"; the next deadline: {due(health.next_due, at)}" if health.next_due else ""
    return f"{counted(health.waiting, 'waits', 'wait')}{late}{following}"


def _doubt(delivery: Delivery, health: Health) -> tuple[str, list[str]]:
    lines = [one_line(delivery.reason, _WIDTH)] if delivery.reason else []
    return f"{delivery.case}: {states.stands(delivery)}", [*lines, *states.what_to_do(delivery, health.doubtful, running=health.running)]


def _incident(row: Row, at: datetime) -> str:
    problem = one_line(text(row, "problem"), _WIDTH)
    told = "told" if row["told_at"] else f"NOBODY was told: {problem}" if problem else "nobody was told yet"
    over = "over; " if row["ended_at"] else ""
    return f"{ago(moment_of(row, 'raised_at'), at)} ({over}{told}): {one_line(text(row, 'words'), _WIDTH)}"


def _alert(row: Row) -> str:
    team, problem = one_line(text(row, "team"), 40), one_line(text(row, "problem"), _WIDTH)
    return f"{name_of(number(row, 'case_id'))} for {team}: {problem}. Tell them yourself now; the address: earnest doctor"


def _next_step(health: Health) -> str:
    parked = sum(one.state is DeliveryState.PARKED for one in health.doubtful)
    to_post = sum(one.state is DeliveryState.BY_HAND for one in health.doubtful)
    if parked:
        waits = f"; {counted(health.waiting, 'draft waits', 'drafts wait')}" if health.waiting else ""
        return f"{counted(parked, 'answer is', 'answers are')} in doubt{waits}. Look and decide: earnest review"
    if health.waiting:
        return f"{counted(health.waiting, 'draft waits', 'drafts wait')}. Decide: earnest review"
    if to_post:
        return f"{counted(to_post, 'answer waits', 'answers wait')} to be posted by hand: earnest review"
    if health.pause:
        return "Let sending go on: earnest resume"
    if not health.running:
        return "Start listening: earnest run"
    if _unreachable(health):
        return "What keeps Earnest from the networks, and what to do: earnest doctor"
    return "All is quiet. Everything heard: earnest mentions"
