"""The fields `{answer}` and `{link}`: is there something to put into them wherever a text holds them, and a text for every answer?"""

from __future__ import annotations

from collections.abc import Iterator

from listener.rules.conditions import When
from listener.rules.kinds import host_of, is_below
from listener.rules.look import Look, Path
from listener.rules.problems import Problem
from listener.rules.rulebook import Route
from listener.rules.texts import fields_of, variants

_ANSWER = "answer"
_LINK = "link"


def fields(look: Look) -> Iterator[Problem]:
    """Find answers that could never be said, and fields that nothing could be put into."""
    for check in (_contacts, _routes, _answer_fields, _link_fields):
        yield from check(look)


def _contacts(look: Look) -> Iterator[Problem]:
    for name, brand in look.book.brands.items():
        host = host_of((brand.contact or "").replace("{case}", ""))
        if host and brand.sites and not is_below(host, brand.sites):
            message = f'"contact" leads to "{host}", which is none of the brand\'s sites'
            yield look.error(("brands", name, "contact"), "contact", message, "put its host into sites, or lead to one of them")


def _routes(look: Look) -> Iterator[Problem]:
    for number, route in enumerate(look.book.routes):
        path: Path = ("routes", number, "answers")
        if not route.answers:
            continue
        texts = look.book.templates.get(route.reply)
        if route.reply == "none" or (texts and look.whole(("templates", route.reply)) and not _holds(look, route.reply, _ANSWER)):
            hint = "put {answer} where its words belong" if texts else "give the route a reply that holds {answer}"
            yield look.error(path, "answers", f'nothing that "{route.name}" says holds {{answer}}, so no answer would be told', hint)
        elif look.known.answers is False:
            hint = "docs/howto/answers.md has the form; until then a question is asked instead"
            yield look.warning(path, "no-answers", "there is no folder data/answers beside this file", hint)


def _holds(look: Look, template: str, field: str) -> bool:
    return any(field in fields_of(text) for _, text, _ in variants(look.book.templates[template]))


def _places(look: Look, field: str) -> Iterator[tuple[str, Path]]:
    """Yield the templates that hold a field, each with the place of the first text that does."""
    for name, texts in look.book.templates.items():
        places = (keys for _, text, keys in variants(texts) if field in fields_of(text))
        if (keys := next(places, None)) is not None:
            yield name, ("templates", name, *keys)


def _answer_fields(look: Look) -> Iterator[Problem]:
    for name, path in _places(look, _ANSWER):
        if private := next((route for route in look.book.routes if route.private == name), None):
            message = f'{{answer}} is for public answers, and "{private.name}" says this in private'
            yield look.error(path, "answer-field", message, "give it a text without {answer}")
        elif other := next((route for route in look.book.routes if route.reply == name and not route.answers), None):
            message = f'{{answer}} has no words here: "{other.name}" does not look for any'
            yield look.error(path, "answer-field", message, "give that route: answers: true")


def _link_fields(look: Look) -> Iterator[Problem]:
    for name, path in _places(look, _LINK):
        users = [route for route in look.book.routes if name in {route.reply, route.private}]
        brands = dict.fromkeys(brand for route in users for brand in _brands(look, route))
        if lacking := next((brand for brand in brands if look.whole(("brands", brand)) and not look.book.brands[brand].contact), None):
            message = f'{{link}} leads nowhere for the brand "{lacking}"'
            hint = f'say where: brands: {{{lacking}: {{contact: "https://…/help?case={{case}}"}}}}'
            yield look.error(path, "no-contact", message, hint)


def _brands(look: Look, route: Route) -> tuple[str, ...]:
    """Return the brands whose posts a route can take."""
    asked = route.when.brand if isinstance(route.when, When) else None
    return tuple(brand for brand in look.book.brands if asked is None or brand in asked)
