"""How single values are written in rules.yaml: lengths of time, days, rates, words, names. The rulebook is put together from these.

Values are never bent into shape: `no`, `yes` and `1` are no answer to a true-or-false question, because YAML 1.2 reads them as text
and a number. What a wrong value is answered with is made from these types too (`wording`), so a type and its message cannot part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
)
from pydantic_core import CoreSchema, core_schema

from listener.queries.compiling import compiled
from listener.queries.networks import Dialect
from listener.queries.parsing import parse
from listener.queries.sense import of_a_brand

_SPAN = re.compile(r"([0-9]{1,5})\s*(s|m|h|d)")
_RATE = re.compile(r"([0-9]{1,6})\s*/\s*(.+)")
_NAME = re.compile(r"\w[\w-]{0,59}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SITE = re.compile(r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_](?:[\w-]*[^\W_])")
_WEB_ADDRESS = re.compile(r"https://(?P<host>[^\s/?#@:]{1,253})(?:[/?#][^\s<>\"]{0,400})?")
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


def parse_day(value: object) -> date:
    """Read a day such as "2026-12-31".

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, date):
        return value
    if isinstance(value, str) and _DAY.fullmatch(value.strip()):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            message = f'there is no day "{value.strip()}"'
            raise ValueError(message) from None
    message = 'expected a day such as "2026-12-31"'
    raise ValueError(message)


Day = Annotated[
    date,
    BeforeValidator(parse_day, json_schema_input_type=Annotated[str, Field(pattern=rf"^{_DAY.pattern}$")]),
    PlainSerializer(date.isoformat, return_type=str, when_used="json"),
]


class Strict(BaseModel):
    """The base of every part: unknown keys are mistakes, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=False)


MOST = 100_000


class Rate(Strict):
    """At most `count` in `per`: written "3/7d", or a bare number where the key says per what."""

    count: Annotated[int, Field(strict=True, ge=0, le=MOST)]
    per: timedelta | None = None


def parse_rate(value: object) -> object:
    """Read "3/7d" or 3 into a `Rate`.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, Rate):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST:
        return Rate(count=value)
    found = _RATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found or int(found[1]) > MOST:
        message = 'expected a rate such as "3/7d" (three in seven days)'
        raise ValueError(message)
    return Rate(count=int(found[1]), per=parse_span(found[2]))


_RateOrNumber = Annotated[int, Field(ge=0, le=MOST)] | Annotated[str, Field(pattern=r"^[0-9]{1,6}\s*/\s*[0-9]{1,5}\s*(s|m|h|d)$")]


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


def _site(value: str) -> str:
    if not _SITE.fullmatch(value):
        message = f'"{value}" is no web address as it is wanted here: write acme.example, without https:// and without a path'
        raise ValueError(message)
    return value


def _query(value: str) -> str:
    of_a_brand(value)
    return value


def query_for(dialect: Dialect) -> AfterValidator:
    """Return what refuses a query that a network's search cannot be asked; an empty one asks for nothing."""

    def check(text: str) -> str:
        if text.strip():
            compiled(parse(text), dialect)
        return text

    return AfterValidator(check)


def _without(sign: str) -> AfterValidator:
    def check(value: str) -> str:
        if value.startswith(sign):
            message = f'write it without "{sign}"'
            raise ValueError(message)
        return value

    return AfterValidator(check)


def _web_address(value: str) -> str:
    found = _WEB_ADDRESS.fullmatch(value)
    if found is None or not _SITE.fullmatch(found["host"]):
        message = 'write a whole https address, such as "https://acme.example/help"'
        raise ValueError(message)
    return value


def _contact(value: str) -> str:
    if "{" in value.replace("{case}", "") or "}" in value.replace("{case}", ""):
        message = "{case} is all that can be filled in here"
        raise ValueError(message)
    _web_address(value.replace("{case}", "A-1"))
    return value


def host_of(address: str) -> str:
    """Return the host of a `WebAddress`, in small letters; "" where it is none."""
    found = _WEB_ADDRESS.fullmatch(address)
    return found["host"].casefold() if found else ""


def is_below(host: str, sites: Iterable[str]) -> bool:
    """Return whether a host is one of these sites, or lies below one."""
    known = [site.casefold().removeprefix("www.") for site in sites]
    return any(host == site or host.endswith("." + site) for site in known)


Flag = Annotated[bool, Field(strict=True)]
Word = Annotated[str, AfterValidator(_not_blank), Field(json_schema_extra={"minLength": 1})]
Name = Annotated[str, AfterValidator(_name)]
Handle = Annotated[Word, _without("@")]
Hashtag = Annotated[Word, _without("#")]
Words = Annotated[tuple[Word, ...], OneOrMore]
Query = Annotated[Word, AfterValidator(_query)]
Site = Annotated[Word, AfterValidator(_site)]
WebAddress = Annotated[Word, AfterValidator(_web_address)]
Contact = Annotated[Word, AfterValidator(_contact)]
SomeWords = Annotated[tuple[Word, ...], Field(min_length=1), OneOrMore]
