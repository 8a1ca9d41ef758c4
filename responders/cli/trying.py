"""Trying a source without storing anything: what it brings right now, and whether we could answer there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from listener.errors import EarnestError
from listener.text import one_line
from responders.cli import brought
from responders.cli.phrases import ago, counted

if TYPE_CHECKING:
    from listener.model import Account, Mention, Page, Post
    from listener.rules.rulebook import Rulebook
    from listener.sources.base import Asked, Invitation, Source
    from responders.channels.base import Label

_WIDTH = 200  # columns of a foreign line


@dataclass
class Trial:
    """What came of trying a source, and of asking whether we could answer there."""

    name: str
    kind: str = ""
    network: str = ""
    speaks: bool = False
    account: Account | None = None
    page: Page | None = None
    invitation: Invitation | None = None
    deaf: EarnestError | None = None
    speaker: Account | None = None
    label: Label | None = None
    remedy: str = ""
    mute: EarnestError | None = None
    found: list[tuple[Post, tuple[Mention, ...]]] = field(default_factory=list)
    asks: tuple[Asked, ...] = ()

    @property
    def where(self) -> str:
        """The network, by the source itself or else by what the rules say."""
        return self.network or self.kind


async def _hear(trial: Trial, source: Source, *, preview: bool, delivery: bytes | None) -> None:
    """Ask a source what it would bring; one that is brought posts has nobody to ask, so it says where, or reads one `delivery`."""
    from listener.sources.base import Receiving  # noqa: PLC0415  # networks are slow to import

    if not isinstance(source, Receiving):
        trial.account = await source.identify()
        trial.page = await source.fetch(None)
    elif preview:
        trial.page = brought.shown(source, trial.name, delivery)
    else:
        trial.invitation = await brought.invitation(source)


async def listen(trial: Trial, book: Rulebook, *, preview: bool = False, delivery: bytes | None = None) -> None:
    """Sign in and fetch one page, as on a first poll; nothing is stored."""
    from listener import listening  # noqa: PLC0415  # networks are slow to import
    from listener.matching import Matcher  # noqa: PLC0415
    from listener.sources.base import Searching  # noqa: PLC0415

    try:
        source = listening.make(trial.name, book)
        trial.network = source.network
        trial.asks = source.asks() if isinstance(source, Searching) else ()
        try:
            await _hear(trial, source, preview=preview, delivery=delivery)
        finally:
            await source.close()
    except EarnestError as problem:
        trial.deaf = problem
        return
    matcher = Matcher(book.brands)
    own = (trial.account,) if trial.account else ()
    posts = trial.page.posts if trial.page else ()
    trial.found = [(post, () if post.own else matcher.match(post, own)) for post in posts]


async def speak_there(trial: Trial, book: Rulebook) -> None:
    """Ask which account would speak; nothing is sent."""
    from listener.listening import home  # noqa: PLC0415  # networks are slow to import
    from responders.channels.base import Labelled  # noqa: PLC0415
    from responders.house import channel_kind  # noqa: PLC0415

    settings, kind = home(book, trial.where), channel_kind(trial.where)
    trial.speaks, trial.remedy = kind is not None, kind.label_by_hand if kind else ""
    if kind is None:
        trial.mute = EarnestError("Earnest cannot speak there", "What is heard is judged, shown and drafted; a person posts it by hand.")
        return
    try:
        channel = kind.make(dict(settings.options) if settings else {}, book)
        try:
            trial.speaker = await channel.identify()
            trial.label = await channel.label() if isinstance(channel, Labelled) else None
        finally:
            await channel.close()
    except EarnestError as problem:
        trial.mute = problem


def heard_words(trial: Trial, at: datetime) -> list[str]:
    """Say whether a source was heard, and what it brought."""
    if trial.invitation:
        return brought.heard_words(trial.invitation)
    if trial.deaf or trial.page is None:
        return ["hear   no: " + problem_words(trial.deaf)]
    who = f"as @{one_line(trial.account.handle, 60)}" if trial.account else "without an account"
    newest = max((post.created_at for post in trial.page.posts), default=None)
    found = f"{counted(len(trial.page.posts), 'post')}" + (f", the newest {ago(newest, at)}" if newest else "")
    return [f"hear   yes, {who}: {found}; {counted(sum(bool(found) for _, found in trial.found), 'mention')} of ours"]


def problem_words(problem: EarnestError | None) -> str:
    """Say in one line what is in the way, and what to do."""
    if problem is None:
        return "it brought nothing"
    return f"{one_line(problem.message, _WIDTH)}" + (f". {one_line(problem.hint, _WIDTH)}" if problem.hint else "")


def taken_row(post: Post, mentions: tuple[Mention, ...]) -> tuple[str, ...]:
    """Return a post that would count, as a row: brand, because of what, author, text."""
    because = ", ".join(f"{one.ground.value} {one.text}" for mention in mentions for one in mention.because)
    return ", ".join(mention.brand for mention in mentions), because, f"@{post.author.handle}", post.text
