"""What happens in the daemon as lines of a log, where nobody reads along: without anybody's words, names or secrets."""

from __future__ import annotations

from functools import singledispatch

from listener import logs
from listener.errors import RulesWrong
from listener.watching import Hearing, say
from responders.alerts import Told
from responders.daemon import RulesTaken
from responders.edits import Held
from responders.outbox import Sending
from responders.pipeline import Noted
from responders.signing import Mute
from responders.watchkeeper import Rang

_log = logs.get("daemon")


@singledispatch
def note(event: object) -> None:
    """Log an event that a daemon tells."""
    _log.info("event", kind=type(event).__name__)


@note.register
def _(event: Hearing) -> None:
    say(event)


@note.register
def _(event: Mute) -> None:
    _log.warning("cannot speak", network=event.network, problem=event.problem)


@note.register
def _(event: Noted) -> None:
    judged, network = event.heard.assessment, event.heard.mention.post.network
    _log.info("decided", case=event.case, network=network, level=judged.urgency.level.value, route=event.decision.route)


@note.register
def _(event: Sending) -> None:
    one = event.delivery
    _log.info("delivery", case=one.case, kind=one.kind.value, state=event.state.value, network=one.network)


@note.register
def _(event: Told) -> None:
    if event.problem:
        _log.error("nobody was told", case_id=event.case_id, team=event.team, problem=event.problem)
    else:
        _log.info("told", team=event.team, case_id=event.case_id)


@note.register
def _(event: Rang) -> None:
    _log.warning("watch is over" if event.over else "watch rings", watch=event.name)


@note.register
def _(event: RulesTaken) -> None:
    _log.info("new rules taken", version=event.version)


@note.register
def _(event: RulesWrong) -> None:
    _log.error("the rules file cannot be used; the old rules stay", problem=event.message.splitlines()[0])


@note.register
def _(event: Held) -> None:
    first = event.message.splitlines()[0]
    _log.warning("the rules file is not taken before a person says so; the old rules stay", problem=first, hint=event.hint)
