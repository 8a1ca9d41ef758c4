"""The rulebook: rules.yaml as typed, frozen data. These types are the schema and the documentation at once.

Reading (with positions) is `reading`, cross-checks are `checking`. Nothing here reads a file or asks the time.

Values are never bent into shape: `no`, `yes` and `1` are no answer to a true-or-false question, because YAML 1.2 reads them as text
and a number. What a wrong value is answered with is made from these types too (`wording`), so a type and its message cannot part.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    PrivateAttr,
)
from pydantic_core import CoreSchema, core_schema

from listener.model import Intent, Level, Mood

_SPAN = re.compile(r"([0-9]{1,5})\s*(s|m|h|d)")
_RATE = re.compile(r"([0-9]{1,6})\s*/\s*(.+)")
_NAME = re.compile(r"\w[\w-]{0,59}")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def parse_span(value: object) -> timedelta:
    """Read "90s", "15m", "4h" or "2d".

    Raises:
        ValueError: it is none of these, or zero.
    """
    if isinstance(value, timedelta):
        return value
    found = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found or not int(found[1]):
        message = 'expected a length of time such as "90s", "15m", "4h" or "2d"'
        raise ValueError(message)
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])


_SpanText = Annotated[str, Field(pattern=rf"^{_SPAN.pattern}$")]


def write_span(value: timedelta) -> str:
    """Write a length as the file does: "7d", "90s"."""
    seconds = int(value.total_seconds())
    unit, size = next((unit, size) for unit, size in reversed(_SECONDS.items()) if seconds % size == 0)
    return f"{seconds // size}{unit}"


Span = Annotated[
    timedelta,
    BeforeValidator(parse_span, json_schema_input_type=_SpanText),
    PlainSerializer(write_span, return_type=str, when_used="json"),
]


class Strict(BaseModel):
    """The base of every part: unknown keys are mistakes, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=False)


_MOST = 100_000


class Rate(Strict):
    """At most `count` in `per`: written "3/7d", or a bare number where the key says per what."""

    count: Annotated[int, Field(strict=True, ge=0, le=_MOST)]
    per: timedelta | None = None


def parse_rate(value: object) -> object:
    """Read "3/7d" or 3 into a `Rate`.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, Rate):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST:
        return Rate(count=value)
    found = _RATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found or int(found[1]) > _MOST:
        message = 'expected a rate such as "3/7d" (three in seven days)'
        raise ValueError(message)
    return Rate(count=int(found[1]), per=parse_span(found[2]))


_RateOrNumber = Annotated[int, Field(ge=0, le=_MOST)] | Annotated[str, Field(pattern=r"^[0-9]{1,6}\s*/\s*[0-9]{1,5}\s*(s|m|h|d)$")]


def write_rate(value: Rate) -> str | int:
    """Write a rate as the file does: "3/7d", or a bare number."""
    return value.count if value.per is None else f"{value.count}/{write_span(value.per)}"


RateText = Annotated[
    Rate,
    BeforeValidator(parse_rate, json_schema_input_type=_RateOrNumber),
    PlainSerializer(write_rate, return_type=str | int, when_used="json"),
]


class _OneOrMore:
    """Lets one word stand where a list of words is wanted."""

    def __get_pydantic_core_schema__(self, source: type[object], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Put a single word into a list before the list is read."""
        return core_schema.no_info_before_validator_function(lambda value: [value] if isinstance(value, str) else value, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, object]:
        """Tell editors that both are fine."""
        found = handler(schema)
        return {"anyOf": [found["items"], found]}


OneOrMore = _OneOrMore()


def _not_blank(value: str) -> str:
    if not value.strip():
        message = "an empty text would match everything or nothing"
        raise ValueError(message)
    return value


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        message = 'a name is one word of letters, digits, "-" and "_", at most 60 of them'
        raise ValueError(message)
    return value


def _without(sign: str) -> AfterValidator:
    def check(value: str) -> str:
        if value.startswith(sign):
            message = f'write it without "{sign}"'
            raise ValueError(message)
        return value

    return AfterValidator(check)


Flag = Annotated[bool, Field(strict=True)]
Word = Annotated[str, AfterValidator(_not_blank), Field(json_schema_extra={"minLength": 1})]
Name = Annotated[str, AfterValidator(_name)]
Handle = Annotated[Word, _without("@")]
Hashtag = Annotated[Word, _without("#")]
Words = Annotated[tuple[Word, ...], OneOrMore]
SomeWords = Annotated[tuple[Word, ...], Field(min_length=1), OneOrMore]


class Ignore(Strict):
    """What is never a mention of the brand, whatever words it holds."""

    authors: Annotated[tuple[Handle, ...], OneOrMore] = Field(default=(), description="accounts, without @")
    phrases: Words = Field(default=(), description="a post that holds one of these is left alone")


class Brand(Strict):
    """What a brand is called and where it is at home."""

    names: Words = Field(default=(), description="what people call it; matched as whole words in any script, capitals do not matter")
    handles: Mapping[str, Handle] = Field(default={}, description="our account on each network, without @")
    hashtags: Annotated[tuple[Hashtag, ...], OneOrMore] = Field(default=(), description="hashtags that mean us, without #")
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


class SentimentSettings(Strict):
    """Which scorer judges mood, and where neutral ends."""

    scorer: str = Field(default="vader", description="a scorer's name")
    negative: Annotated[float, Field(strict=True, ge=-1, le=0)] = Field(default=-0.35, description="at or below this is negative")
    positive: Annotated[float, Field(strict=True, ge=0, le=1)] = Field(default=0.5, description="at or above this is positive")


class SignalSettings(Strict):
    """A named finding. Words add to the built-in ones of the same name, unless `replace` is true."""

    points: Annotated[int, Field(strict=True, ge=0, le=100)] = Field(description="what it adds to the urgency, at most 100 in all")
    words: Words = Field(default=(), description="words or phrases, matched whole, in any script")
    pattern: str | None = Field(default=None, description="an RE2 pattern (no look-around, no back-references)")
    followers: Annotated[int, Field(strict=True, ge=1)] | None = Field(default=None, description="found where the author has this many")
    sentiment: Mood | None = Field(default=None, description="found where the mood is this")
    replace: Flag = Field(default=False, description="drop the built-in words of this name")


class Levels(Strict):
    """From how many points on a level begins."""

    low: Literal[0] = 0
    normal: Annotated[int, Field(strict=True, ge=1, le=100)] = 25
    high: Annotated[int, Field(strict=True, ge=1, le=100)] = 50
    critical: Annotated[int, Field(strict=True, ge=1, le=100)] = 75


class UrgencySettings(Strict):
    """How urgency is added up, apart from mood."""

    levels: Levels = Levels()
    signals: Mapping[Name, SignalSettings] = Field(default={}, description="signals by name, beside the built-in ones")


class Scoring(Strict):
    """How posts are judged."""

    sentiment: SentimentSettings = SentimentSettings()
    urgency: UrgencySettings = UrgencySettings()


class When(Strict):
    """What a mention must be for a route to take it. Keys together mean and; lists mean or."""

    signals: Literal["none"] | SomeWords | None = Field(default=None, description='any of these signals, or "none" at all')
    urgency: Annotated[tuple[Level, ...], Field(min_length=1), OneOrMore] | None = Field(default=None, description="any of these levels")
    sentiment: Annotated[tuple[Mood, ...], Field(min_length=1), OneOrMore] | None = Field(default=None, description="any of these moods")
    intent: Annotated[tuple[Intent, ...], Field(min_length=1), OneOrMore] | None = Field(default=None, description="any of these intents")
    language: SomeWords | None = Field(default=None, description="any of these languages (ISO 639-1, or und)")
    network: SomeWords | None = Field(default=None, description="any of these networks")
    brand: SomeWords | None = Field(default=None, description="any of these brands")
    addressed: Flag | None = Field(default=None, description="whether the author spoke to us, not only of us")
    moment_of_truth: Flag | None = Field(default=None, description="whether the outcome decides if the person stays")
    sarcasm: Flag | None = Field(default=None, description="whether the words say the opposite of what is meant")
    any: Annotated[tuple[When, ...], Field(min_length=1)] | None = Field(default=None, description="at least one of these holds")
    not_: When | None = Field(default=None, alias="not", description="this does not hold")


class Sla(Strict):
    """The clocks a route starts."""

    first_response: Span | None = Field(default=None, description="until our first answer")
    resolution: Span | None = Field(default=None, description="until the case is closed")


class Limits(Strict):
    """How much may leave by itself."""

    per_thread: RateText | None = Field(default=None, description="answers in one thread")
    per_author: RateText | None = Field(default=None, description="answers to one person, such as 3/7d")
    per_hour: RateText | None = Field(default=None, description="answers in an hour")


class Example(Strict):
    """A post this route must take (`post`) or must leave (`not`), with what else must hold."""

    post: Word | None = Field(default=None, description="a post this route takes")
    not_: Word | None = Field(default=None, alias="not", description="a post this route leaves")
    urgency: Level | None = Field(default=None, description="the level it must get")
    sentiment: Mood | None = Field(default=None, description="the mood it must get")
    network: str | None = Field(default=None, description="where it was written")
    author: Handle | None = Field(default=None, description="who wrote it, without @")
    at: str | None = Field(default=None, description='when, in the file\'s timezone: "2026-11-20 23:30"')
    held_by: str | None = Field(default=None, description="the boundary that must hold it back")


class Route(Strict):
    """What to do with the mentions it takes. Routes are read from top to bottom; the first that matches wins."""

    name: Name = Field(description="its name, used in every list and record")
    when: Literal["always"] | When = Field(description='conditions, or "always"')
    moment_of_truth: Flag = Field(default=False, description="a person at once, no marketing tone")
    mode: Literal["observe", "draft", "send"] | None = Field(default=None, description="a lower ceiling for this route")
    reply: str = Field(default="none", description='the template of the public answer, or "none"')
    private: str | None = Field(default=None, description="the template of the private message")
    escalate: str | None = Field(default=None, description="the team told at once")
    team: str | None = Field(default=None, description="the team whose case it is")
    approval: Literal["none", "one-person", "two-people"] = Field(default="one-person", description="who must say yes")
    sla: Sla = Field(default=Sla(), description="its clocks")
    limits: Limits = Field(default=Limits(), description="limits of its own for answers that leave by themselves")
    examples: tuple[Example, ...] = Field(default=(), description="posts that prove it; a file whose examples fail is refused")


Texts = Word | Annotated[tuple[Word | Mapping[str, Word], ...], Field(min_length=1)]


class Team(Strict):
    """People, and how they are told."""

    members: Words = Field(default=(), description="who belongs to it")
    alert: str | None = Field(default=None, description='"secret:NAME": the secret that holds the alert address')


class QuietHours(Strict):
    """When nothing leaves by itself."""

    between: str = Field(description='such as "22:00-07:00", in the timezone of the file')
    then: Literal["hold"] = "hold"
    except_: Words = Field(default=(), alias="except", description="routes that do not keep them")


PersonalData = Literal["email", "phone", "card", "iban", "order_number"]


class Boundaries(Strict):
    """What no route may do. They win over every route."""

    answer_within: Span = Field(default=timedelta(hours=24), description="older posts are heard, never answered by themselves")
    never_say: Words = Field(default=(), description="words that never leave, in a template or by hand")
    keep_private: Annotated[tuple[PersonalData, ...], OneOrMore] = Field(
        default=("email", "phone", "card", "iban"), description="kinds of personal data never said in public"
    )
    quiet_hours: QuietHours | None = None
    limits: Limits = Field(default=Limits(), description="limits for everything that leaves by itself")


class Rulebook(Strict):
    """The whole of rules.yaml."""

    version: Literal[1] = Field(description="the version of this language")
    mode: Literal["observe", "draft", "send"] = Field(default="draft", description="the ceiling: observe < draft < send")
    timezone: str = Field(default="UTC", description="such as Europe/Berlin")
    brands: Annotated[Mapping[Name, Brand], Field(min_length=1)] = Field(description="whom we listen for")
    sources: Mapping[Name, SourceSettings] = Field(default={}, description="where we listen")
    scoring: Scoring = Field(default=Scoring(), description="how posts are judged")
    routes: Annotated[tuple[Route, ...], Field(min_length=1)] = Field(description="what to do, first match wins")
    templates: Mapping[Name, Texts] = Field(default={}, description="texts by name")
    teams: Mapping[Name, Team] = Field(default={}, description="people and how they are told")
    boundaries: Boundaries = Field(default=Boundaries(), description="what no route may do")
    _fingerprint: str = PrivateAttr(default="")

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that name the exact text these rules were read from; "" where they came from no text."""
        return self._fingerprint

    def with_fingerprint(self, fingerprint: str) -> Self:
        """Return the same rules under another fingerprint."""
        same = self.model_copy()
        same._fingerprint = fingerprint  # noqa: SLF001 - its own class; a file must not be able to set it
        return same
