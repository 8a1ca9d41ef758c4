"""`earnest explain`: which route takes a post and why, and why not the others."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypedDict

import click

from listener import clock
from listener.errors import EarnestError, UsageError
from listener.text import visible
from responders.cli.base import App, common

if TYPE_CHECKING:
    from listener.model import Post
    from listener.scoring.learned import Adjustments
    from responders.channels.base import TextLimits
    from responders.explaining import Explanation
    from responders.model import Kind
    from responders.rejudging import Rejudged


class _Speaking(TypedDict, total=False):
    """What a network's channel says about length, address and private messages."""

    can_private: bool
    private_reason: str
    address: Callable[[str, Post, Kind], str]
    limits: Callable[[Kind], TextLimits]


@click.command(epilog='Example: earnest explain --post "Great, ANOTHER outage. Thanks @acme"')
@click.argument("case", required=False)
@click.option("--post", metavar="TEXT", help="Explain this made-up post instead of a CASE.")
@click.option("--network", metavar="NAME", help="Where the made-up post is written.")
@click.option("--author", metavar="HANDLE", help="Who writes it, without @.")
@click.option("--at", metavar="TIME", help='When, in the timezone of the rules: "2026-11-20 23:30"; else now.')
@common
def explain(app: App, *, case: str | None, post: str | None, network: str | None, author: str | None, at: str | None) -> None:
    """Say how CASE (or a made-up post) is judged and which route takes it by the rules as they are now, why, and what would be said.

    The bars show what each word and finding added to the mood (left of zero: bad) and to the urgency; they add up to what stands below.
    """
    if (case is None) == (post is None):
        message = "name a CASE, or give a post with --post"
        raise UsageError(message, 'such as: earnest explain A-3, or earnest explain --post "…"')
    if case is not None and (network or author or at):
        message = "--network, --author and --at go with --post"
        raise UsageError(message, f"a stored case has its own: earnest explain {case}")
    found, why = _of_case(app, case) if case is not None else _of_post(app, post or "", network, author, at)
    if app.options.json:
        app.out.record(found.to_json() | {"why": shown(why.to_json())})
        return
    from responders.cli.waterfall import blocks_fit, told  # noqa: PLC0415  # judging is slow to import

    for line in found.lines():
        app.out.line(line)
    app.out.line()
    for note in why.notes():
        app.out.line(note, style="yellow")
    for line in told(why.found, app.out.columns, blocks=blocks_fit(sys.stdout)):
        app.out.line(line, whole=True)
    app.out.next_step(f"All of it: earnest show {case}" if case else "Change the rules and see what moves: earnest rules test")


def _of_post(app: App, text: str, network: str | None, author: str | None, at: str | None) -> tuple[Explanation, Rejudged]:
    from listener.rules.rulebook import Example  # noqa: PLC0415  # judging is slow to import
    from listener.scoring.assessor import Assessor  # noqa: PLC0415
    from listener.scoring.explained import explain as explain_judgement  # noqa: PLC0415
    from responders.explaining import explain as explained  # noqa: PLC0415
    from responders.model import Circumstances  # noqa: PLC0415
    from responders.rehearsal import example_time, made_up_post  # noqa: PLC0415
    from responders.rejudging import Rejudged  # noqa: PLC0415

    if not text.strip():
        message = "the post is empty"
        raise UsageError(message, 'give its words: earnest explain --post "…"')
    try:
        moment = example_time(app.book_to_look, Example(at=at)) if at else clock.now()
    except (ValueError, KeyError):
        message = f'"{at}" is no time'
        raise UsageError(message, 'write it like "2026-11-20 23:30"') from None
    name = author.removeprefix("@") if author else None
    made_up = made_up_post(text, at=moment, network=network, author=name)
    from responders.house import channel_kind  # noqa: PLC0415  # networks are slow to import

    mute = channel_kind(made_up.network) is None
    down, taught = _by_now(app)
    facts = Circumstances(now=moment, mute=mute, lowered={} if at else down)
    assessor = Assessor(app.book_to_look.scoring)
    found = explained(app.book_to_look, made_up, facts, judge=assessor, adjustments=taught, **_speaking(made_up.network))
    return found, Rejudged(explain_judgement(assessor, made_up).over(found.heard.assessment, found.lessons))


def _by_now(app: App) -> tuple[dict[str, str], Adjustments]:
    """Return the routes that are lowered now, and why, and what corrections taught; nothing where there is no store to ask."""
    from listener.lessons import adjustments  # noqa: PLC0415  # judging is slow to import
    from listener.scoring.learned import NONE  # noqa: PLC0415
    from listener.store.looking import looking  # noqa: PLC0415  # only here
    from responders.ledger import lowered  # noqa: PLC0415
    from responders.replaying import TABLES  # noqa: PLC0415

    try:
        with looking(app.options.store, TABLES) as reader:
            return {one.route: one.reason for one in lowered.now(reader)}, adjustments(reader, app.book_to_look)
    except EarnestError:
        return {}, NONE


def _of_case(app: App, name: str) -> tuple[Explanation, Rejudged]:
    from listener import lessons  # noqa: PLC0415  # judging is slow to import
    from listener.scoring.assessor import Assessor  # noqa: PLC0415
    from listener.store import following  # noqa: PLC0415
    from listener.store import mentions as heard_ledger  # noqa: PLC0415
    from responders.circumstances import circumstances, world  # noqa: PLC0415
    from responders.conditions import asked_in  # noqa: PLC0415
    from responders.explaining import explain as explained  # noqa: PLC0415
    from responders.house import channel_kind  # noqa: PLC0415
    from responders.ledger import cases  # noqa: PLC0415
    from responders.rejudging import rejudged  # noqa: PLC0415

    reader, assessor = app.store.read(), Assessor(app.book_to_look.scoring)
    taught = lessons.adjustments(reader, app.book_to_look, assessor)
    case = cases.find(reader, name)
    mention = heard_ledger.mention(reader, case.network, case.post_id, case.brand)
    if mention is None:
        message = f"the post of {case.name} is no longer in the store"
        raise EarnestError(message, f"what was decided then: earnest show {case.name}")
    if gone := following.fate(reader, case.network, case.post_id).deleted_at:
        message = f"the post of {case.name} was deleted (noticed on {gone:%Y-%m-%d}); its words are not kept, so nothing can be explained"
        raise EarnestError(message, f"what was decided then: earnest show {case.name}")
    before = cases.decision(reader, case.id)
    late, mute = heard_ledger.is_late(reader, case.network, case.post_id), channel_kind(case.network) is None
    found = explained(
        app.book_to_look,
        mention.post,
        circumstances(reader, mention, world(reader, at=clock.now(), asked=asked_in(app.book_to_look)), late=late, mute=mute),
        heard_ledger.thread(reader, case.network, case.thread_id),
        mention=mention,
        judge=assessor,
        adjustments=taught,
        corrected=lambda bare, taught: lessons.as_corrected(reader, mention.post, bare, taught, app.book_to_look.scoring),
        case=case.name,
        assignee=case.assignee,
        **_speaking(case.network),
    )
    if before and before.route != found.decision.route:
        app.out.talk(f"It was taken by {before.route} then (rules {before.rule_version}); by the rules of now it would not be.")
    return found, rejudged(reader, assessor, case, mention.post, adjustments=taught, seen=found.heard.assessment)


def shown(value: Any) -> Any:  # noqa: ANN401  # whatever JSON holds
    """Return an object for scripts with every foreign text in it made visible."""
    if isinstance(value, dict):
        return {name: shown(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shown(one) for one in value]
    return visible(value) if isinstance(value, str) else value


def _speaking(network: str) -> _Speaking:
    """Return what the network's channel says, or what holds where there is none."""
    from responders.byhand import by_hand_kind  # noqa: PLC0415
    from responders.house import channel_kind  # noqa: PLC0415  # networks are slow to import

    kind = channel_kind(network) or by_hand_kind(network)
    reason = "" if kind.private else f"Earnest cannot send private messages on {network}"
    return {"can_private": kind.private, "private_reason": reason, "address": kind.address, "limits": kind.limits}
