"""Drafting from templates: the texts of rules.yaml, with six fields and nothing else in them.

A template is a text with fields in single braces: `{author}`, `{brand}`, `{agent}`, `{case}`, `{link}` (our own
private page), `{answer}` (see `answers`). "{{" and "}}" print one brace; a pair
of them around something is refused, because a field was meant. There are no expressions, filters or statements; foreign text is
only ever the value of a field, and a value is never read as a template.
"""

from __future__ import annotations

import difflib
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import NamedTuple
from urllib.parse import quote

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from listener.errors import RulesWrong
from listener.model import Post, Visibility
from listener.rules.rulebook import Route, Rulebook
from listener.rules.texts import FIELDS, INFORMAL, variants
from listener.text import hidden, one_line, visible
from responders import guard
from responders.channels.base import TextLimits
from responders.drafting.answers import Found, Index, asking, best, offered
from responders.handles import name_to_say
from responders.lexicon import ASKS_FOR_PRIVATE, PRIVATE_WORDS
from responders.model import Heard, Kind, Proposal
from responders.wording import Listed

LONGEST_TEMPLATE = 10_000
"""Characters in a template; no network takes more in one reply."""

_LONGEST_VALUE = 200  # characters of one field's value
_QUOTE_WIDTH = 40
_FITS_KEPT = 4_096
_NO_ANSWER = "no written answer fits, so this asks back: a person looks"
_PIECE = re.compile(r"(?P<open>\{\{)|(?P<close>\}\})|\{(?P<field>[^{}]*)\}|(?P<stray>[{}])")
_MARK = "\x04"
_DOUBLED = re.compile(r"\{\{[^{}]*\}\}")
_SENTENCE_END = re.compile(r"[.!?]\s+|[\u3002\uff01\uff1f]|\n")
_SPACE_BEFORE_MARK = re.compile(r"[ \t]+(?=[,.!?;:])")
_TEMPLATE_KEY = re.compile(r"[\s+_-]+")

# Statements and comments do not exist in templates: their marks are characters that `template_problem` refuses. Replies are plain
# text, so nothing is escaped for HTML.
_ENVIRONMENT = ImmutableSandboxedEnvironment(
    variable_start_string="{",
    variable_end_string="}",
    block_start_string="\x02[",
    block_end_string="]\x02",
    comment_start_string="\x03[",
    comment_end_string="]\x03",
    undefined=StrictUndefined,
    autoescape=False,
    keep_trailing_newline=True,
)


def template_problem(text: str) -> str:
    """Return what is wrong with a template, in words for a person, or "" where nothing is."""
    if not text.strip():
        return "the text is empty"
    if len(text) > LONGEST_TEMPLATE:
        return f"the text has {len(text)} characters, at most {LONGEST_TEMPLATE} are allowed"
    if names := hidden(text):
        return f"the text carries hidden characters: {', '.join(names)}"
    if doubled := _DOUBLED.search(text):
        return f'"{one_line(doubled[0], _QUOTE_WIDTH)}" is no field: a field is a name in single braces, such as {{{FIELDS[0]}}}'
    return next(filter(None, map(_piece_problem, _PIECE.finditer(text))), "")


def _piece_problem(piece: re.Match[str]) -> str:
    if piece["stray"]:
        return f'a single "{piece["stray"]}" starts or ends no field: write "{piece["stray"] * 2}" to print one'
    name = piece["field"]
    if name is None or name in FIELDS:
        return ""
    near = difflib.get_close_matches(name.strip(), FIELDS, n=1)
    hint = f"did you mean {{{near[0]}}}?" if near else "use " + ", ".join(f"{{{field}}}" for field in FIELDS)
    return f"{{{visible(name, newlines=False)[:_QUOTE_WIDTH]}}} is no field: {hint}"


def _source(text: str) -> str:
    """Write a template as the engine reads it: doubled braces as the constants they stand for."""
    return _PIECE.sub(lambda piece: "{'{'}" if piece["open"] else "{'}'}" if piece["close"] else piece[0], text)


_ON_MASTODON = {Visibility.PUBLIC: Visibility.UNLISTED, Visibility.FOLLOWERS: Visibility.DIRECT}


def reply_visibility(post: Post) -> Visibility:
    """Return who may see a public reply to `post`: never anybody who could not see the post.

    On Mastodon an answer in public is unlisted; one to a post for followers is direct, since our followers are other people.
    """
    return _ON_MASTODON.get(post.visibility, post.visibility) if post.network == "mastodon" else post.visibility


def promises_private(text: str) -> bool:
    """Return whether a text says that a private message of ours is there or will come; asking for one promises nothing."""
    private, asking_for_it = _of_private()
    if not private.find(text):
        return False
    return any(private.find(one) and not asking_for_it.find(one) for one in _SENTENCE_END.split(text))


@cache
def _of_private() -> tuple[Listed, Listed]:
    return Listed(PRIVATE_WORDS), Listed(ASKS_FOR_PRIVATE)


@dataclass(frozen=True, slots=True)
class _Variant:
    """One text of a template: for a language (ISO 639-1) or "" for any, and for whom it is informal.

    `pieces` are its words and, at every second place, the fields between them. `promises` is true where it promises a private message,
    `tells` where it holds a written answer.
    """

    pieces: tuple[str, ...]
    language: str
    informal: bool
    names_author: bool
    promises: bool
    tells: bool = False

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the text with the values of its fields; a value is never read as a template."""
        said = list(self.pieces)
        said[1::2] = [values[field] for field in said[1::2]]
        return "".join(said)


def _pieces(text: str) -> tuple[str, ...]:
    """Return what the engine makes of a template, taken apart where the fields stand: templates hold no hidden characters."""
    marked = {field: f"{_MARK}{field}{_MARK}" for field in FIELDS}
    return tuple(_ENVIRONMENT.from_string(_source(text)).render(marked).split(_MARK))


def _variant(name: str, label: str, text: str) -> _Variant:
    if problem := template_problem(text):
        message = f'template "{one_line(name, _QUOTE_WIDTH)}": {problem}'
        raise RulesWrong(message)
    parts = [part.casefold() for part in _TEMPLATE_KEY.split(label.strip()) if part]
    language = next((part for part in parts if part != INFORMAL), "")
    names_author = any(piece["field"] == "author" for piece in _PIECE.finditer(text))
    tells = any(piece["field"] == "answer" for piece in _PIECE.finditer(text))
    return _Variant(_pieces(text), language, INFORMAL in parts, names_author, promises_private(text), tells)


def may_name(book: Rulebook, template: str | None, post: Post) -> bool:
    """Return whether an answer from this template may say the author's handle: ops wrote `{author}` in it, and it can be repeated."""
    said = (text for _, text, _ in variants(book.templates.get(template or "", ())))
    asked = any(piece["field"] == "author" for text in said for piece in _PIECE.finditer(text))
    return asked and bool(name_to_say(post.author.handle))


def _line(value: str) -> str:
    plain = value.isascii() and value.isprintable() and " " not in value and len(value) <= _LONGEST_VALUE
    return value if plain else _cut(value)


@lru_cache(maxsize=256)
def _cut(value: str) -> str:
    return one_line(value, _LONGEST_VALUE)


def _turn(case: str) -> int:
    """Return a number that is the same for the same case, and one higher for the next one."""
    digits = "".join(filter(str.isdecimal, case))[-9:]
    return int(digits) if digits and digits.isascii() else zlib.crc32(case.encode())


def _ranked(variants: Sequence[_Variant], language: str, *, informal: bool) -> Iterator[list[_Variant]]:
    """Yield the variants in groups from the best fitting to the worst: language first, then form of address."""
    for tongue in dict.fromkeys((language.casefold(), "")):
        for manner in (informal, not informal):
            yield [one for one in variants if one.language == tongue and one.informal is manner]


class _Fit(NamedTuple):
    """What decides which text of a template fits."""

    name: str
    kind: Kind
    language: str
    informal: bool
    may_name: bool
    known: bool
    in_private: bool


@dataclass(frozen=True, slots=True)
class _Said:
    """One text as it would leave, and what is wrong with it."""

    text: str | None = None
    problems: tuple[str, ...] = ()
    tells: bool = False


_NOTHING = _Said()


@dataclass(frozen=True, slots=True)
class _Occasion:
    """Who is answered, by whom, and how the network wants it."""

    heard: Heard
    case: str
    values: Mapping[str, str]
    address: Callable[[str, Post, Kind], str]
    limits: Callable[[Kind], TextLimits]
    in_private: bool
    check: bool
    today: date | None = None


class Drafter:
    """The templates of one rulebook, ready to be filled in."""

    def __init__(self, book: Rulebook) -> None:
        """Read every template once.

        Raises:
            RulesWrong: a template holds more than text and fields.
        """
        self.book = book
        self._templates = {
            name: [_variant(name, label, text) for label, text, _ in variants(texts)] for name, texts in book.templates.items()
        }
        self._naming = frozenset(name for name, texts in self._templates.items() if any(text.names_author for text in texts))
        self._fitting: dict[_Fit, tuple[Sequence[_Variant], str]] = {}
        self._index = Index(book.answers)

    def draft(
        self,
        heard: Heard,
        route: Route,
        *,
        case: str,
        agent: str,
        brand_name: str,
        can_private: bool,
        private_reason: str,
        address: Callable[[str, Post, Kind], str],
        limits: Callable[[Kind], TextLimits],
        check: bool = True,
        today: date | None = None,
    ) -> Proposal:
        """Propose what `route` says to the author: the same for the same mention and case, whenever it is asked.

        `private_reason` says why no private message can be sent where `can_private` is false; somebody who asked for none gets none
        either way. `address` and `limits` are those of the network's channel. Without `check` the words are not looked at for problems.
        `today` is the day in the rules' own zone; without it no written answer is offered.
        """
        if "no_dm" in [wish.name for wish in heard.assessment.wishes]:
            can_private, private_reason = False, "the person asks for no private messages"
        author = name_to_say(heard.mention.post.author.handle) if self._names_author(route.reply, route.private) else ""
        found = self._answer(heard, route, today)
        values = {
            "author": _line(author),
            "brand": _line(brand_name),
            "agent": _line(agent),
            "case": _line(case),
            "link": self._link(heard, case),
            "answer": found.text if found else "",
        }
        public_template, private_template = route.public_template, route.private_template
        occasion = _Occasion(
            heard, case, values, address, limits, in_private=can_private and private_template is not None, check=check, today=today
        )
        public = self._say(public_template, Kind.PUBLIC, occasion)
        private = self._say(private_template if can_private else None, Kind.PRIVATE, occasion)
        reason = private_reason if private_template else "this route has no private text"
        unkept = "" if private.text else self._unkept(public.text, private_template, reason)
        return Proposal(
            public=public.text,
            private=private.text,
            public_template=public_template,
            private_template=private_template if can_private else None,
            problems=(*public.problems, *private.problems, *((unkept,) if unkept else ())),
            answer=offered(found) if found and public.tells else None,
            unsure=_NO_ANSWER if route.answers and public_template and not public.tells else "",
        )

    def _answer(self, heard: Heard, route: Route, today: date | None) -> Found | None:
        """Return the written answer that fits the post, where the route looks for one."""
        if not route.answers or today is None:
            return None
        seen, mention = heard.assessment, heard.mention
        return best(self._index.search(mention.post.text, brand=mention.brand, language=seen.language, informal=seen.informal, today=today))

    def _link(self, heard: Heard, case: str) -> str:
        brand = self.book.brands.get(heard.mention.brand)
        return brand.contact.replace("{case}", quote(case, safe="")) if brand and brand.contact else ""

    def _names_author(self, *templates: str | None) -> bool:
        """Return whether a text of these templates asks for the author's name: whether it may be said takes a while to tell."""
        return not self._naming.isdisjoint(templates)

    @staticmethod
    def _unkept(public: str | None, private_template: str | None, reason: str) -> str:
        """Return what to say where a private message is wanted or promised and there is none."""
        why = one_line(reason, _LONGEST_VALUE) or "this network takes none from us"
        if public and promises_private(public):
            return f"public: it promises a private message, and none can be sent here: {why}"
        return f"private: no private message can be sent here: {why}" if private_template and not public else ""

    def _say(self, name: str | None, kind: Kind, occasion: _Occasion) -> _Said:
        """Choose, fill in, address and check one text."""
        if name is None:
            return _NOTHING
        if not self._templates.get(name):
            return _Said(None, (f'{kind}: there is no template called "{name}"',))
        variant, problem = self._choose(name, kind, occasion)
        asks = variant.tells and not occasion.values["answer"]
        text = asking(occasion.heard.assessment.language) if asks else variant.filled(occasion.values)
        if variant.names_author and not occasion.values["author"]:
            text = _SPACE_BEFORE_MARK.sub("", text).strip()
        post = occasion.heard.mention.post
        text = occasion.address(text, post, kind)
        tells = variant.tells and not asks
        if not occasion.check:
            return _Said(text, tells=tells)
        found = guard.check(text, kind=kind, book=self.book, post=post, name_allowed=variant.names_author, today=occasion.today)
        problems = ("" if asks else problem, *found, occasion.limits(kind).problem(text))
        return _Said(text, tuple([f"{kind}: {one}" for one in problems if one]), tells=tells)

    def _choose(self, name: str, kind: Kind, occasion: _Occasion) -> tuple[_Variant, str]:
        """Return the variant that fits the person best, and what is wrong with even the best one.

        Where some public texts promise a private message and others do not, those are chosen between of which it is true. So it is
        with texts that tell an answer: they are for when there is one.
        """
        seen, values = occasion.heard.assessment, occasion.values
        fit = _Fit(name, kind, seen.language, seen.informal, bool(values["author"]), bool(values["answer"]), occasion.in_private)
        known = self._fitting.get(fit)
        if known is None:
            if len(self._fitting) > _FITS_KEPT:
                self._fitting.clear()
            known = self._fitting[fit] = self._best(fit)
        best, problem = known
        return best[_turn(occasion.case) % len(best) if len(best) > 1 else 0], problem

    def _best(self, fit: _Fit) -> tuple[Sequence[_Variant], str]:
        """Return the variants that fit equally well, and better than all others."""
        telling = [one for one in self._templates[fit.name] if one.tells is fit.known] or self._templates[fit.name]
        true = [one for one in telling if one.promises is fit.in_private]
        variants = (true if fit.kind is Kind.PUBLIC else []) or telling
        groups = [group for group in _ranked(variants, fit.language, informal=fit.informal) if group]
        problem = "" if groups else f'template "{fit.name}" has no text for the language "{one_line(fit.language, _QUOTE_WIDTH)}"'
        groups = groups or [list(variants)]
        sayable = [kept for group in groups if (kept := [one for one in group if fit.may_name or not one.names_author])]
        if not sayable:
            problem = problem or f'template "{fit.name}" names the author, whose handle is not one to repeat'
        return (sayable or groups)[0], problem
