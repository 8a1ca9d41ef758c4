"""What templates would say: texts too long, texts that could never leave, and texts that do not fit the route that says them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from listener.rules.look import Look, Path, TooLong
from listener.rules.problems import Problem
from listener.rules.rulebook import Rulebook
from listener.rules.texts import fields_of, fill, stray_brace, variants
from listener.text import clean

# Values as long as real ones are: a template must fit with these.
_SAMPLE = {"author": "a" * 20, "agent": "Alexandra", "case": "A-10000", "answer": ""}


def saying(look: Look) -> Iterator[Problem]:
    """Find texts that would not leave, or that say what the route then does not do."""
    for check in (_bait, _lengths, _never_said, _voice, _asking, _promised):
        yield from check(look)


def _public(look: Look) -> set[str]:
    return {route.reply for route in look.book.routes}


def _private(look: Look) -> set[str | None]:
    return {route.private for route in look.book.routes}


def sample(book: Rulebook) -> dict[str, str]:
    """Return values for the fields of templates, as long as real ones are; none for `{answer}`, whose words are looked at by themselves."""
    longest = max((brand.contact or "" for brand in book.brands.values()), key=len)
    return _SAMPLE | {"brand": max(book.brands, key=len), "link": longest.replace("{case}", _SAMPLE["case"])}


def spoken_on(book: Rulebook) -> frozenset[str]:
    """Return the networks on which a text may be said: those that are heard, and those on which a brand has a handle."""
    return book.networks.union(*(brand.handles for brand in book.brands.values()))


def forbidden(text: str, book: Rulebook) -> Iterator[str]:
    """Yield the phrases of `never_say` that stand in a text."""
    words = f" {' '.join(clean(text).replace('.', ' ').replace(',', ' ').split())} "
    yield from (phrase for phrase in dict.fromkeys(book.boundaries.never_say) if f" {clean(phrase)} " in words)


def _filled(look: Look, text: str) -> str:
    """Return a text with values as long as real ones are; "" where it cannot be filled in, which is said elsewhere."""
    return "" if stray_brace(text) else fill(text, sample(look.book))


def _texts(look: Look) -> Iterator[tuple[str, Path, str]]:
    """Yield every text of every template: the template's name, the text's place, and its words, filled in."""
    for name, texts in look.book.templates.items():
        for _, text, keys in variants(texts):
            if (shown := _filled(look, text)).strip():
                yield name, ("templates", name, *keys), shown


def _bait(look: Look) -> Iterator[Problem]:
    replies = _public(look)
    for name, texts in look.book.templates.items():
        for _, text, keys in variants(texts):
            if name in replies and "author" in fields_of(text):
                message = "{author} repeats in public a name that a stranger chose"
                yield look.warning(("templates", name, *keys), "author-field", message, "leave it out; networks show whom you answer")


def _lengths(look: Look) -> Iterator[Problem]:
    public, private = _public(look), _private(look)
    for name, path, shown in _texts(look):
        yield from _too_long(look, path, shown, look.known.too_long if name in public else {})
        yield from _too_long(look, path, shown, look.known.too_long_private if name in private else {})


def _too_long(look: Look, path: Path, text: str, limits: Mapping[str, TooLong]) -> Iterator[Problem]:
    for network in sorted(spoken_on(look.book) & set(limits)):
        if problem := limits[network](text):
            yield look.warning(path, "too-long", f"too long for {network}: {problem}", "shorten it, or add a shorter template")


def _never_said(look: Look) -> Iterator[Problem]:
    for name, texts in look.book.templates.items():
        for _, text, keys in variants(texts):
            for phrase in forbidden(text, look.book):
                message = f'this text says "{phrase}", which boundaries.never_say forbids'
                yield look.warning(("templates", name, *keys), "never-say", message, "it could never leave")


def _voice(look: Look) -> Iterator[Problem]:
    public, private = _public(look), _private(look)
    for name, path, shown in _texts(look):
        said = [*(look.known.voice(shown, look.book, public=True) if name in public else ())]
        said += look.known.voice(shown, look.book, public=False) if name in private else ()
        if said:
            reasons = "; ".join(dict.fromkeys(said))
            yield look.warning(path, "never-leaves", f"this text could never leave: {reasons}", "no route can lift that; say it otherwise")


def _asking(look: Look) -> Iterator[Problem]:
    public = _public(look)
    for name, path, shown in _texts(look):
        if name in public and (asked := look.known.asks_for(shown)):
            message = f'this asks in public for what others should not read: "{asked}"'
            yield look.warning(path, "asks-in-public", message, "ask in the private message, and say here that it comes")


def _promised(look: Look) -> Iterator[Problem]:
    """Find routes whose every text says that a private message comes, where none does."""
    texts: dict[str, list[str]] = {}
    for name, _, shown in _texts(look):
        texts.setdefault(name, []).append(shown)
    for number, route in enumerate(look.book.routes):
        path: Path = ("routes", number)
        alone = route.private_template is None and look.whole((*path, "private")) and look.whole(("templates",))
        if alone and texts.get(route.reply) and all(map(look.known.promises_private, texts[route.reply])):
            message = f'"{route.reply}" promises a private message, and "{route.name}" sends none'
            yield look.warning((*path, "reply"), "promised-private", message, 'give the route a "private", or another reply')
