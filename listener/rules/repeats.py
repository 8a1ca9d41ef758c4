"""What is written twice, or asks for nothing: words in one list, parts of `any`, names of two brands, hours said anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from listener.openings import covers
from listener.rules.conditions import When
from listener.rules.look import Look, Path
from listener.rules.problems import Problem, quoted
from listener.rules.reach import implies, matches_all
from listener.rules.texts import variants
from listener.text import clean

_ASKED = ("signals", "urgency", "sentiment", "intent", "text", "language", "network", "brand", "visibility")
_WHOLE = ("urgency", "sentiment", "intent", "visibility")


def repeats(look: Look) -> Iterator[Problem]:
    """Find what says again what was said."""
    for check in (_conditions, _brands, _between_brands, _signals, _templates, _rest, _hours):
        yield from check(look)


def _twice(look: Look, path: Path, values: Iterable[str]) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for number, value in enumerate(values):
        folded = clean(str(value)).strip()
        if folded in seen:
            line = look.node(look.entry(path, seen[folded])).at[0]
            here = look.entry(path, number)
            where = "" if line == look.node(here).at[0] else f", in line {line}"
            yield look.warning(here, "repeated", f"{quoted(str(value))} stands in this list already{where}", "take one of the two out")
        seen.setdefault(folded, number)


def _conditions(look: Look) -> Iterator[Problem]:
    for when, path in look.conditions():
        for key in _ASKED:
            asked = getattr(when, key)
            if not isinstance(asked, tuple):
                continue
            yield from _twice(look, (*path, key), asked)
            if key in _WHOLE and matches_all(When.model_validate({key: asked})) and look.whole((*path, key)):
                yield look.warning((*path, key), "needless", f'"{key}" lists all there is, so it asks for nothing', "leave it out")
        yield from _twice(look, (*path, "author", "list"), (when.author.list if when.author else None) or ())
        if when.any and look.whole((*path, "any")):
            yield from _choices(look, (*path, "any"), when.any)


def _choices(look: Look, path: Path, choices: Sequence[When]) -> Iterator[Problem]:
    for number, choice in enumerate(choices):
        for other, wide in enumerate(choices):
            same = implies(wide, choice)
            if other != number and implies(choice, wide) and (not same or other < number) and wide.model_fields_set:
                where = (
                    f"the part in line {look.node((*path, other)).at[0]}" if not _same_line(look, path, number, other) else "another part"
                )
                message = f"all that this part takes, {where} takes too"
                yield look.warning((*path, number), "needless", message, "take one of the two out")
                break


def _same_line(look: Look, path: Path, one: int, other: int) -> bool:
    return look.node((*path, one)).at[0] == look.node((*path, other)).at[0]


def _brands(look: Look) -> Iterator[Problem]:
    for name, brand in look.book.brands.items():
        path: Path = ("brands", name)
        for key in ("names", "hashtags", "queries", "sites"):
            yield from _twice(look, (*path, key), getattr(brand, key))
        yield from _twice(look, (*path, "ignore", "authors"), brand.ignore.authors)
        yield from _twice(look, (*path, "ignore", "phrases"), brand.ignore.phrases)


def _between_brands(look: Look) -> Iterator[Problem]:
    """Find names, hashtags and handles of two brands: every post that says them would be counted, and answered, twice."""
    owners: dict[tuple[str, str], str] = {}
    for name, brand in look.book.brands.items():
        path: Path = ("brands", name)
        said = [(look.entry((*path, "names"), number), "name", word) for number, word in enumerate(brand.names)]
        said += [(look.entry((*path, "hashtags"), number), "hashtag", word) for number, word in enumerate(brand.hashtags)]
        said += [((*path, "handles", network), f"handle on {network}", word) for network, word in brand.handles.items()]
        for place, what, word in said:
            owner = owners.setdefault((what, clean(word).strip()), name)
            if owner != name:
                message = f'"{word}" is a {what} of "{owner}" too, so one post would be a mention of both'
                yield look.warning(place, "same-brand", message, "give it to one of the two")


def _signals(look: Look) -> Iterator[Problem]:
    for name, signal in look.book.scoring.urgency.signals.items():
        yield from _twice(look, ("scoring", "urgency", "signals", name, "words"), signal.words)


def _templates(look: Look) -> Iterator[Problem]:
    for name, texts in look.book.templates.items():
        seen: set[tuple[str, str]] = set()
        for label, text, keys in variants(texts):
            if (label, text) in seen:
                message = f'"{name}" holds this text twice'
                yield look.warning(("templates", name, *keys), "repeated", message, "people would read it twice as often: take one out")
            seen.add((label, text))


def _rest(look: Look) -> Iterator[Problem]:
    bounds = look.book.boundaries
    yield from _twice(look, ("boundaries", "never_say"), bounds.never_say)
    yield from _twice(look, ("boundaries", "keep_private"), bounds.keep_private)
    if bounds.quiet_hours:
        yield from _twice(look, ("boundaries", "quiet_hours", "except"), bounds.quiet_hours.except_)
    for name, team in look.book.teams.items():
        yield from _twice(look, ("teams", name, "members"), team.members)
    for name, networks in look.book.lists.items():
        for network, handles in networks.items():
            yield from _twice(look, ("lists", name, network), handles)
    for number, route in enumerate(look.book.routes):
        texts = [
            f"{example.post or ''}\n{example.not_ or ''}\n{example.model_dump_json(exclude={'post', 'not_'})}" for example in route.examples
        ]
        for position, text in enumerate(texts):
            if text in texts[:position] and look.whole(("routes", number, "examples", position)):
                yield look.warning(
                    ("routes", number, "examples", position),
                    "repeated",
                    "this example stands in this list already",
                    "take one of the two out",
                )


def _hours(look: Look) -> Iterator[Problem]:
    entries = list(look.book.hours)
    for number, days in enumerate(entries):
        below = entries[number + 1 :]
        if below and all(any(covers(later, day) for later in below) for day in range(7) if covers(days, day)):
            message = f'"{days}" has no effect: of days that stand in two entries, the later one counts'
            yield look.warning_at_key(("hours", days), "needless", message, "take it out, or put it below the others")
