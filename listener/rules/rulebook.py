"""The rulebook: rules.yaml as typed, frozen data. These types are the schema and the documentation at once.

Reading (with positions) is `reading`, cross-checks are `checking`, single values are `kinds`. Nothing here reads a file or asks the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from listener.model import Level, Mood, Visibility
from listener.rules.answers import Answer
from listener.rules.conditions import Spike, When
from listener.rules.crisis import CRISIS_WORDS
from listener.rules.hours import Hours
from listener.rules.kinds import (
    MOST,
    Contact,
    Day,
    Flag,
    Handle,
    Hashtag,
    Name,
    OneOrMore,
    Query,
    Rate,
    RateText,
    Site,
    SomeWords,
    Span,
    Strict,
    Word,
    Words,
)
from listener.rules.ladder import Ladder
from listener.rules.trials import Trial
from listener.rules.watches import Watch


class Ignore(Strict):
    """What is never a mention of the brand, whatever words it holds."""

    authors: Annotated[tuple[Handle, ...], OneOrMore] = Field(default=(), description="accounts, without @")
    phrases: Words = Field(default=(), description="a post that holds one of these is left alone")


class Brand(Strict):
    """What a brand is called and where it is at home."""

    names: Words = Field(default=(), description="what people call it; matched as whole words in any script, capitals do not matter")
    handles: Mapping[str, Handle] = Field(default={}, description="our account on each network, without @")
    hashtags: Annotated[tuple[Hashtag, ...], OneOrMore] = Field(default=(), description="hashtags that mean us, without #")
    queries: Annotated[tuple[Query, ...], OneOrMore] = Field(
        default=(), description='a post that satisfies one of these speaks of us, such as: zenith (refund OR "charged twice") -jobs'
    )
    competitors: Words = Field(
        default=(),
        description="names of others, matched as names are; what is said of them is counted (`earnest report voice`), never answered",
    )
    sites: Annotated[tuple[Site, ...], OneOrMore] = Field(
        default=(),
        description="our web addresses, such as acme.example, with all below them; no text leaves with a link that only looks like one. "
        "Where no brand has any, handles that are domains and the links in templates count",
    )
    contact: Contact | None = Field(
        default=None,
        description="our own private page, an https address: `{link}` in a template stands for it, and `{case}` in it for the case",
    )
    ignore: Ignore = Field(default=Ignore(), description="authors and phrases that never count")


class SourceSettings(BaseModel):
    """One place to listen. Keys beside these belong to the kind of source and are checked against it."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: str = Field(default="", description="the kind of source; its own name unless said otherwise")
    every: Span = Field(default=timedelta(seconds=60), description="how long to wait between two polls")

    @property
    def options(self) -> Mapping[str, object]:
        """The keys that belong to the kind of source."""
        return self.__pydantic_extra__ or {}

    def network_of(self, name: str) -> str:
        """Return the network that a source called `name` hears: the one it names, else that of its kind."""
        said = self.options.get("network")
        return said if isinstance(said, str) else self.kind or name


class SentimentSettings(Strict):
    """Which scorer judges mood, and where neutral ends."""

    scorer: str = Field(
        default="default", description="who judges mood: `default`, `vader`, `accurate` (an extra, for English), or a plug-in's name"
    )
    emoji: Flag | None = Field(
        default=None,
        description="whether emoji count by their moods; unless said, they do for `default`, and for `vader` as they do in vaderSentiment",
    )
    negative: Annotated[float, Field(strict=True, ge=-1, le=0)] = Field(default=-0.35, description="at or below this is negative")
    positive: Annotated[float, Field(strict=True, ge=0, le=1)] = Field(default=0.5, description="at or above this is positive")
    learn: Flag = Field(default=True, description="whether people's corrections teach how the mood of a brand's posts is judged")


class SignalSettings(Strict):
    """A named finding. Words add to the built-in ones of the same name, unless `replace` is true."""

    points: Annotated[int, Field(strict=True, ge=0, le=100)] = Field(description="what it adds to the urgency, at most 100 in all")
    words: Words = Field(default=(), description="words or phrases, matched whole, in any script")
    pattern: str | None = Field(default=None, description="an RE2 pattern (no look-around, no back-references)")
    followers: Annotated[int, Field(strict=True, ge=1)] | None = Field(default=None, description="found where the author has this many")
    sentiment: Mood | None = Field(default=None, description="found where the mood is this")
    spike: Spike | None = Field(
        default=None, description="a storm: found in every mention of the brand while there are more of a kind than is usual at that hour"
    )
    replace: Flag = Field(default=False, description="drop the built-in words of this name")


class Levels(Strict):
    """From how many points on a level begins."""

    low: Literal[0] = Field(default=0, description="always from 0 on")
    normal: Annotated[int, Field(strict=True, ge=1, le=100)] = Field(default=25, description="from so many points on")
    high: Annotated[int, Field(strict=True, ge=1, le=100)] = Field(default=50, description="from so many points on")
    critical: Annotated[int, Field(strict=True, ge=1, le=100)] = Field(default=75, description="from so many points on")


class UrgencySettings(Strict):
    """How urgency is added up, apart from mood."""

    levels: Levels = Levels()
    signals: Mapping[Name, SignalSettings] = Field(default={}, description="signals by name, beside the built-in ones")


class Scoring(Strict):
    """How posts are judged."""

    sentiment: SentimentSettings = SentimentSettings()
    urgency: UrgencySettings = UrgencySettings()


class Sla(Strict):
    """The clocks a route starts."""

    first_response: Span | None = Field(default=None, description="until our first answer")
    next_response: Span | None = Field(default=None, description="until we answer whoever writes again after an answer of ours")
    resolution: Span | None = Field(
        default=None, description="until the case needs nothing more; it stands still while we wait for the person to write"
    )
    runs: Literal["always", "in_hours"] = Field(
        default="always",
        description="when they run: always, or only in business hours (see `hours`): 2h are two open hours then",
    )


class Limits(Strict):
    """How much may leave by itself."""

    per_thread: RateText | None = Field(default=None, description="answers in one thread")
    per_author: RateText | None = Field(default=None, description="answers to one person, such as 3/7d")
    per_hour: RateText | None = Field(default=None, description="answers in an hour")


class AllLimits(Limits):
    """How much may leave by itself, whatever the route. What is not set here is still limited."""

    per_thread: RateText = Field(default=Rate(count=1), description="answers in one thread")
    per_author: RateText = Field(default=Rate(count=1, per=timedelta(hours=24)), description="answers to one person, such as 3/7d")
    per_hour: RateText = Field(default=Rate(count=20), description="answers in an hour")


class Example(Strict):
    """A post this route must take (`post`) or must leave (`not`), with what else must hold."""

    post: Word | None = Field(default=None, description="a post this route takes")
    not_: Word | None = Field(default=None, alias="not", description="a post this route leaves")
    urgency: Level | None = Field(default=None, description="the level it must get")
    sentiment: Mood | None = Field(default=None, description="the mood it must get")
    network: str | None = Field(default=None, description="where it was written")
    visibility: Visibility | None = Field(default=None, description="who can see it; public unless said otherwise")
    followers: Annotated[int, Field(strict=True, ge=0)] | None = Field(default=None, description="how many followers its author has")
    customer: Literal["known", "new"] | None = Field(default=None, description="whether we know its author; new unless said otherwise")
    author: Handle | None = Field(default=None, description="who wrote it, without @")
    at: str | None = Field(default=None, description='when, in the file\'s timezone: "2026-11-20 23:30"')
    held_by: str | None = Field(default=None, description="the boundary that must hold it back")


class Route(Strict):
    """What to do with the mentions it takes. Routes are read from top to bottom; the first that matches wins."""

    name: Name = Field(description="its name, used in every list and record")
    when: Literal["always"] | When = Field(description='conditions, or "always"')
    shadow: Flag = Field(
        default=False, description="on trial: it decides beside the live routes, and nothing comes of it; see `earnest report shadow`"
    )
    moment_of_truth: Flag = Field(default=False, description="a person at once, no marketing tone")
    mode: Literal["observe", "draft", "send"] | None = Field(default=None, description="a lower ceiling for this route")
    reply: str = Field(default="none", description='the template of the public answer, or "none"')
    private: str | None = Field(default=None, description="the template of the private message")
    answers: Flag = Field(
        default=False, description="look for an answer in `data/answers` first; `{answer}` in the template of `reply` stands for its words"
    )
    escalate: str | None = Field(default=None, description="the team told at once")
    team: str | None = Field(default=None, description="the team whose case it is")
    approval: Literal["none", "one-person", "two-people"] = Field(default="one-person", description="who must say yes")
    sla: Sla = Field(default=Sla(), description="its clocks")
    limits: Limits = Field(default=Limits(), description="limits of its own for answers that leave by themselves")
    examples: tuple[Example, ...] = Field(default=(), description="posts that prove it; a file whose examples fail is refused")

    @property
    def public_template(self) -> str | None:
        """The template of what it says in public; None where it says nothing there."""
        return None if self.reply == "none" else self.reply

    @property
    def private_template(self) -> str | None:
        """The template of what it writes to the person; None where it writes nothing."""
        return None if self.private == "none" else self.private

    @property
    def speaks(self) -> bool:
        """Whether it says anything to the author, in public or in private."""
        return bool(self.public_template or self.private_template)


Texts = Word | Annotated[tuple[Word | Mapping[str, Word], ...], Field(min_length=1)]


class Team(Strict):
    """People, and how they are told."""

    members: Words = Field(default=(), description="who belongs to it")
    alert: str | None = Field(default=None, description='"secret:NAME": the secret that holds the alert address')


class QuietHours(Strict):
    """When nothing leaves by itself."""

    between: str = Field(description='such as "22:00-07:00", in the timezone of the file')
    then: Literal["hold"] = Field(default="hold", description="what would leave by itself waits for a person")
    except_: Words = Field(default=(), alias="except", description="routes that do not keep them")


PersonalData = Literal["email", "phone", "card", "iban", "order_number"]
Count = Annotated[int, Field(strict=True, ge=1, le=MOST)]


class Brake(Strict):
    """What stops all sending until a person resumes it: one kind of count, and the span it is counted in."""

    same_text: Count | None = Field(default=None, description="so many equal texts left, whoever approved them")
    answers: Count | None = Field(default=None, description="so many answers left by themselves")
    upset_replies: Count | None = Field(default=None, description="so many unhappy words came back to what we had answered")
    negative: Count | None = Field(default=None, description="so many negative mentions, and more than is usual (`times`)")
    times: Annotated[float, Field(strict=True, ge=1, le=1_000)] = Field(
        default=4.0, description="with `negative`: so many times the mean of the same hours over the last seven days"
    )
    mentions: Count | None = Field(default=None, description="so many mentions with one of `words`")
    words: Words = Field(default=(), description="with `mentions`: words of a death or a disaster, matched whole")
    within: Span = Field(description="the span that is counted, at most a day")


BRAKES = (
    Brake(upset_replies=3, within=timedelta(hours=1)),
    Brake(negative=20, within=timedelta(hours=1)),
    Brake(mentions=20, words=CRISIS_WORDS, within=timedelta(minutes=20)),
)
"""The brakes of a file that says nothing about them."""


class MayPromise(Strict):
    """Something that may be promised, and who says so. Without an entry, no text but a template promises money or an outcome."""

    say: SomeWords = Field(description="words as they stand in the promise, such as: full refund within 30 days")
    source: Word = Field(description="where it is written or who decided it, for whoever asks later")
    until: Day | None = Field(default=None, description='the last day it counts, such as "2026-12-31"; without one it always counts')


class Boundaries(Strict):
    """What no route may do. They win over every route."""

    answer_within: Span = Field(default=timedelta(hours=24), description="older posts are heard, never answered by themselves")
    never_say: Words = Field(default=(), description="words that never leave, in a template or by hand")
    keep_private: Annotated[tuple[PersonalData, ...], OneOrMore] = Field(
        default=("email", "phone", "card", "iban"), description="kinds of personal data never said in public"
    )
    private_patterns: Mapping[Name, str] = Field(
        default={}, description="more that is never said in public: a name, and an RE2 pattern (no look-around, no back-references)"
    )
    may_promise: tuple[MayPromise, ...] = Field(
        default=(), description="what may be promised outside templates, each with its source; all other promises are kept back"
    )
    quiet_hours: QuietHours | None = Field(default=None, description="when nothing leaves by itself")
    limits: AllLimits = Field(default=AllLimits(), description="limits for everything that leaves by itself")
    pause_when: tuple[Brake, ...] = Field(default=BRAKES, description="brakes: what pauses all sending; an empty list switches them off")


class Rulebook(Strict):
    """The whole of rules.yaml."""

    version: Literal[1] = Field(description="the version of this language")
    mode: Literal["observe", "draft", "send"] = Field(default="draft", description="the ceiling: observe < draft < send")
    timezone: str = Field(default="UTC", description="such as Europe/Berlin")
    hours: Hours = Field(default={}, description='business hours, such as `mon-fri: "08:00-20:00"`; without any, somebody is always there')
    brands: Annotated[Mapping[Name, Brand], Field(min_length=1)] = Field(description="whom we listen for")
    sources: Mapping[Name, SourceSettings] = Field(default={}, description="where we listen")
    lists: Mapping[Name, Mapping[Name, Annotated[tuple[Handle, ...], OneOrMore]]] = Field(
        default={}, description="people by list and network, without @, such as `vip: {x: [marta, tom]}`"
    )
    scoring: Scoring = Field(default=Scoring(), description="how posts are judged")
    routes: Annotated[tuple[Route, ...], Field(min_length=1)] = Field(description="what to do, first match wins")
    templates: Mapping[Name, Texts] = Field(default={}, description="texts by name")
    teams: Mapping[Name, Team] = Field(default={}, description="people and how they are told")
    tell: Name | None = Field(
        default=None,
        description="the team told of what concerns Earnest itself: a brake, a refused sign-in, answers in doubt, gaps; "
        "else the first team with an alert address",
    )
    watch: tuple[Watch, ...] = Field(default=(), description="what our own people are told of over time: storms, silence, new words")
    boundaries: Boundaries = Field(default=Boundaries(), description="what no route may do")
    ladder: Ladder = Field(default=Ladder(), description="how a route earns the right to send by itself, and loses it")
    tests: tuple[Trial, ...] = Field(
        default=(), description="posts with a past, and what must come of them; a file whose tests fail is refused"
    )
    _fingerprint: str = PrivateAttr(default="")
    _words: str = PrivateAttr(default="")
    _answers: tuple[Answer, ...] = PrivateAttr(default=())

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that name the exact text these rules were read from; "" where they came from no text."""
        return self._fingerprint

    @property
    def live(self) -> tuple[Route, ...]:
        """The routes that may take a mention: all but shadow routes, in their order."""
        return tuple(route for route in self.routes if not route.shadow)

    @property
    def networks(self) -> frozenset[str]:
        """The networks that its sources hear."""
        return frozenset(source.network_of(name) for name, source in self.sources.items())

    def with_live(self, name: str) -> Self:
        """Return the same rules with the shadow route of that name live; without one, these."""
        if not any(route.shadow and route.name == name for route in self.routes):
            return self
        routes = tuple(route.model_copy(update={"shadow": False}) if route.name == name else route for route in self.routes)
        return self.model_copy(update={"routes": routes})

    @property
    def words(self) -> str:
        """The exact text these rules were read from; "" where they came from no text."""
        return self._words

    def read_from(self, words: str, fingerprint: str) -> Self:
        """Return the same rules with the text they were read from, and its name."""
        same = self.model_copy()
        same._words, same._fingerprint = words, fingerprint  # noqa: SLF001 - its own class; a file must not be able to set them
        return same

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The written answers that stand beside these rules; whether one may still be offered is asked when it is looked for."""
        return self._answers

    def with_answers(self, answers: tuple[Answer, ...]) -> Self:
        """Return the same rules with other written answers beside them."""
        same = self.model_copy()
        same._answers = answers  # noqa: SLF001 - its own class
        return same
