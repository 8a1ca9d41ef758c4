"""One draft as a person reads it: the case, the author, the post, the judgement, the words that would leave, and what stands against it.

Plain functions from records to lines. The words that would leave always show whole; a long post gives way to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from listener.clock import in_words
from listener.model import Assessment, Author, Mood, Post, Visibility
from listener.text import one_line
from responders.channels.base import ChannelKind
from responders.cli.screen.lines import ALARM, BLANK, FAINT, MARGIN, STRONG, Line, Piece, block, flow, labelled, listed, width_of
from responders.ledger.cases import Case
from responders.model import Kind
from responders.views import Pending, Waiting

_LEAST_OF_POST = 4
_MOST_BEFORE = 3
_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Around:
    """What the sheet shows besides the draft: where it stands in the row, the person's past, the thread, and who else is here.

    `problems` are all reasons why the words cannot leave. `kind` is None where Earnest cannot speak on the network. `changed` is the
    difference that the last edit made here. `by_hand` says why a person has to post the words, where Earnest may not send them.
    `strongest` are the words of the post that weigh most in its mood.
    """

    now: datetime
    me: str
    place: int
    total: int
    kind: ChannelKind | None
    earlier: tuple[Case, ...] = ()
    before: tuple[Post, ...] = ()
    problems: tuple[str, ...] = ()
    changed: str = ""
    by_hand: str = ""
    strongest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """The lines of one draft: `head` stays in sight, `body` may scroll."""

    head: tuple[Line, ...]
    body: tuple[Line, ...]


def sheet(one: Waiting, around: Around, *, width: int, height: int) -> Sheet:
    """Return the lines for a draft on a screen with room for `height` lines of `width` columns."""
    below = [*_judged(one.assessment, around.strongest, width), *_words(one, around, width), *_standing(one, around, width)]
    return laid_out(one, around, below, width=width, height=height)


def laid_out(one: Pending, around: Around, below: Sequence[Line], *, width: int, height: int) -> Sheet:
    """Return a sheet: whose post it is on top, the post in the room that is left, and what was made `below` it."""
    head = [*flow(_case(one, around), width), *flow(_author(one, around), width, " · ")]
    room = height - len(head) - len(below) - 2
    return Sheet(tuple(head), (BLANK, *_post(one.post, around, width, max(room, _LEAST_OF_POST)), BLANK, *below))


def other(case: Case, around: Around) -> str:
    """Return who else looks at this case now, or ""."""
    until = case.looked_at_until
    return case.looked_at_by if case.looked_at_by != around.me and until and until > around.now else ""


def _case(one: Pending, around: Around) -> list[Piece]:
    case, urgency = one.case, one.urgency
    alarm = ALARM if urgency.level.rank > 1 else STRONG
    pieces = [
        (case.name, STRONG),
        (one_line(one.route, _LONGEST_NAME), ""),
        (f"{urgency.level.value.upper()} {urgency.points}", alarm),
    ]
    if clock := _clock(case, around.now):
        pieces.append(clock)
    where = case.network if one.post.visibility is Visibility.PUBLIC else f"{case.network} ({one.post.visibility.value})"
    pieces.append((where, ""))
    if case.assignee:
        pieces.append((f"for {one_line(case.assignee, _LONGEST_NAME)}", ""))
    return [*pieces, (f"{around.place} of {around.total}", "")]


def _clock(case: Case, now: datetime) -> Piece | None:
    clocks = case.clocks
    due, what = (clocks.respond_by, f"{clocks.owed} response") if clocks.respond_by else (clocks.resolve_by, "resolution")
    if due is None or (due is clocks.resolve_by and clocks.paused_at):
        return None  # we wait for the person
    if due < now:
        return (f"{what} was due {in_words(now - due)} ago", ALARM)
    return (f"{what} due in {in_words(due - now)}", "")


def _author(one: Pending, around: Around) -> list[Piece]:
    author: Author = one.post.author
    pieces = [(f"@{one_line(author.handle, _LONGEST_NAME)}", STRONG)]
    if author.display_name:
        pieces.append((f'"{one_line(author.display_name, _LONGEST_NAME)}"', ""))
    if author.followers is not None:
        pieces.append((f"{author.followers} followers", ""))
    if author.bot:
        pieces.append(("says it is a bot", STRONG))
    return [*pieces, *_earlier(around.earlier)]


def _earlier(cases: Sequence[Case]) -> list[Piece]:
    if not cases:
        return []
    times = {1: "once", 2: "twice"}.get(len(cases), f"{len(cases)} times")
    named = ", ".join([one_line(f"{case.name}, {case.route}, {case.state}", _LONGEST_NAME) for case in cases[:1]])
    return [(f"wrote to us {times} before ({named}{', …' if len(cases) > 1 else ''})", "")]


def _post(post: Post, around: Around, width: int, room: int) -> list[Line]:
    """Return the thread before the post and its text, in `room` lines; the text keeps what it needs, the thread takes the rest."""
    text = block(post.text or "(the author has deleted this post)", width)
    before = [_said_before(one, width) for one in around.before[-_MOST_BEFORE:]]
    before = before[max(len(before) - max(room - len(text) - 1, 1), 0) :]
    if before:
        before.append(BLANK)
    rest = room - len(before)
    if len(text) > rest:
        hidden = len(text) - rest + 1
        text = [*text[: rest - 1], *block(f"… {hidden} more lines; c shows it whole", width, STRONG)]
    return [*before, *text]


def _said_before(post: Post, width: int) -> Line:
    who = "we" if post.own else f"@{one_line(post.author.handle, _LONGEST_NAME)}"
    return ((" " * MARGIN, ""), (one_line(f"{who}: {post.text}", width - MARGIN), FAINT))


def _judged(assessment: Assessment, strongest: Sequence[str], width: int) -> list[Line]:
    pieces: list[Piece] = [_signal(signal.name, signal.because, f" +{signal.points}") for signal in assessment.signals]
    pieces += [_signal(f"asks: {wish.name}", wish.because, "") for wish in assessment.wishes]
    pieces.append((_mood(assessment, strongest), ""))
    named = {"moment of truth": assessment.moment_of_truth, "sarcasm": assessment.sarcasm, "hidden characters": assessment.hidden}
    pieces += [(name, STRONG) for name, so in named.items() if so]
    said = labelled("corrected", str(assessment.corrected), width, STRONG) if assessment.corrected else []
    failed = labelled("NOT READ", f"could not be judged: {assessment.failed}", width, ALARM) if assessment.failed else []
    return [*listed("signals", pieces, width), *said, *failed]


def _signal(name: str, because: Sequence[str], points: str) -> Piece:
    quoted = "".join(f' "{one_line(words, _LONGEST_NAME)}"' for words in because)
    return (f"{name}{quoted}{points}", "")


def _mood(assessment: Assessment, strongest: Sequence[str]) -> str:
    mood = assessment.sentiment
    score = "" if mood.label is Mood.UNKNOWN else f" {mood.score:+.2f}".replace("-", "\N{MINUS SIGN}")
    mostly = " and ".join(f'"{one_line(words, _LONGEST_NAME)}"' for words in strongest)
    return f"mood {mood.label.value}{score}{f' mostly by {mostly}' if mostly else ''}{mood.surely}, {assessment.intent.value}"


def _words(one: Waiting, around: Around, width: int) -> list[Line]:
    """Return the words that would leave, each with its length, and what the last edit changed."""
    lines = []
    for kind, words in ((Kind.PUBLIC, one.draft.public), (Kind.PRIVATE, one.draft.private)):
        if words is not None:
            lines += counted(kind, words, around.kind, width)
    if one.draft.public is None:
        lines = [*labelled("public", "nothing", width, FAINT), *lines]
    if one.draft.answer:
        lines += labelled("answer", str(one.draft.answer), width, FAINT)
    if around.changed:
        lines += labelled("changed", around.changed, width, FAINT)
    return lines


def count(kind: Kind, words: str, channel: ChannelKind | None) -> Piece:
    """Return how long words are, as the network counts, against what it takes."""
    if channel is None:
        return (f"{len(words)} characters", FAINT)
    limits = channel.limits(kind)
    length = limits.count(words)
    if length > limits.limit:
        return (f"{length} of {limits.limit} characters: too long", ALARM)
    return (f"{length} of {limits.limit} characters", FAINT)


def counted(kind: Kind, words: str, channel: ChannelKind | None, width: int) -> list[Line]:
    """Return words behind the name of their kind, whole, and how long they are."""
    lines = labelled(kind.value, words or "(empty)", width)
    counted = count(kind, words, channel)
    free = width - width_of(lines[-1]) - width_of((counted,))
    if free < MARGIN:
        lines.append(())
        free = width - width_of((counted,))
    return [*lines[:-1], (*lines[-1], (" " * max(free, 0), ""), counted)]


def _standing(one: Waiting, around: Around, width: int) -> list[Line]:
    """Return what stands against it or for it: problems, holds, who said yes, who else looks."""
    lines: list[Line] = []
    for problem in around.problems:
        lines += labelled("STOP", f"cannot leave: {problem}", width, ALARM)
    if one.draft.reason:
        lines += labelled("back", one.draft.reason, width, STRONG)
    if around.by_hand:
        lines += labelled("BY HAND", f"{around.by_hand}; link: {one.post.url or 'the network gave none'}", width, STRONG)
    for hold in one.holds:
        if hold.by_hand and around.by_hand:
            continue
        until = f" (for {in_words(hold.until - around.now)})" if hold.until and hold.until > around.now else ""
        lines += labelled("held", f"{hold.reason or hold.gate}{until}", width)
    return [*lines, *_said(one, around, width), *claimed(one.case, around, width)]


def claimed(case: Case, around: Around, width: int) -> list[Line]:
    """Return who else looks at a case now, since they come first."""
    someone = other(case, around)
    return labelled("WAIT", f"{someone} is looking at this case; deciding waits until they leave", width, ALARM) if someone else []


def _said(one: Waiting, around: Around, width: int) -> list[Line]:
    """Return who said yes to these words and who changed them, each once, and how many are still to agree."""
    latest = {(word.who, word.verdict): word.at for word in one.words}
    did = {"yes": "has said yes", "edited": "changed the words"}
    lines: list[Line] = []
    for (who, verdict), at in latest.items():
        if verdict in did:
            lines += labelled("", f"{who} {did[verdict]}, {_ago(around.now - at)}", width, STRONG)
    if one.draft.approvals_needed > 1:
        missing = one.draft.approvals_needed - sum(word.verdict == "yes" for word in one.words)
        lines += labelled("two", f"two people must agree; {missing} still to say yes", width, STRONG)
    return lines


def _ago(span: timedelta) -> str:
    return f"{in_words(span)} ago" if span >= timedelta(minutes=1) else "just now"
