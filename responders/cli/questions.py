"""What `earnest add` asks of one kind of source: which options, what to propose, and what is wrong with an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from listener.errors import UsageError
from listener.rules.problems import suggest
from listener.settings import secret

if TYPE_CHECKING:
    from listener.rules.rulebook import Rulebook
    from listener.sources.base import SourceKind

Value = str | int | bool | list[str]
Given = dict[str, Value]

EVERY = "every"


def needs(kind: SourceKind) -> str:
    """Say in a few words which key a kind of source needs."""
    if not kind.secrets:
        return "no key"
    keys = " and ".join(kind.secrets)
    return f"no key, or {keys} for more" if kind.public else keys


def wanted(kind: SourceKind) -> tuple[str, ...]:
    """Return the options to ask for: those that must be given, then those that the kind has asked for."""
    needed = (name for name, field in kind.options.model_fields.items() if field.is_required())
    return tuple(dict.fromkeys((*needed, *kind.asks)))


def by_hand(kind: SourceKind) -> bool:
    """Return whether a kind must be given what is no word, number or list of words, and so cannot be asked for."""
    shapes = kind.options.model_json_schema()["properties"]
    plain = {"string", "integer", "boolean", "array"}
    kinds = ({str(one.get("type")) for one in (shapes[key], *shapes[key].get("anyOf", ()))} for key in wanted(kind) if must(kind, key))
    return not all(found & plain for found in kinds)


def must(kind: SourceKind, key: str) -> bool:
    """Return whether an option must be given."""
    return kind.options.model_fields[key].is_required()


def about(kind: SourceKind, key: str) -> str:
    """Return what an option means."""
    return kind.options.model_fields[key].description or key


def read(kind: SourceKind, key: str, words: str) -> Value:
    """Read an option as it is typed: a list with commas, a whole number, true or false, else the words.

    Raises:
        UsageError: the kind has no such option.
    """
    shape = kind.options.model_json_schema()["properties"].get(key, {})
    if key != EVERY and not shape:
        known = (*kind.options.model_fields, EVERY)
        message = f'a source of the kind {kind.network} has no option "{key}"'
        raise UsageError(message, suggest(key, known) or "it has: " + ", ".join(known))
    shapes = {str(one.get("type")) for one in (shape, *shape.get("anyOf", ()))}
    if "array" in shapes:
        return [part.strip() for part in words.split(",") if part.strip()]
    if "integer" in shapes and words.strip().isdecimal():
        return int(words)
    if "boolean" in shapes and words.strip() in {"true", "false"}:
        return words.strip() == "true"
    return words.strip()


def complaint(kind: SourceKind, given: Given, key: str) -> str:
    """Return what is wrong with the answer for one option, "" where nothing is."""
    try:
        kind.options.model_validate({name: value for name, value in given.items() if name != EVERY})
    except ValidationError as problem:
        told = [one["msg"] for one in problem.errors(include_url=False, include_input=False) if one["loc"][:1] == (key,)]
        return told[0].removeprefix("Value error, ").replace("Input should be", "it can only be") if told else ""
    return ""


def proposal(kind_name: str, kind: SourceKind, key: str, book: Rulebook) -> str:
    """Return what to propose for an option, by what the rules say already; "" for nothing."""
    if key == kind.server:
        return _server(kind_name, kind, key, book)
    brands = list(book.brands.values())
    names = [name for brand in brands for name in brand.names[:1]]
    quoted = f'"{names[0]}"' if names else ""
    tags = ", ".join(dict.fromkeys(tag for brand in brands for tag in brand.hashtags))
    if key in kind.public_with:
        return "" if any(secret(name) for name in kind.secrets) else str(kind.public_with[key])
    return {"tags": tags, "query": quoted, "search": names[0] if names else ""}.get(key, "")


def _server(kind_name: str, kind: SourceKind, key: str, book: Rulebook) -> str:
    """Return the server that other sources of the network are on, else the one that our handle names."""
    for name, settings in book.sources.items():
        if (settings.kind or name) == kind_name and settings.options.get(key):
            return str(settings.options[key])
    handles = (brand.handles.get(kind.network, "") for brand in book.brands.values())
    return next((server for handle in handles if (server := handle.partition("@")[2])), "mastodon.social" if key == "instance" else "")


def free_name(kind_name: str, kind: SourceKind, given: Given, book: Rulebook) -> str:
    """Return a name that no source has yet: the kind's own where it is free."""
    public = [f"{kind_name}-public"] if kind.public_with and kind.hears_in_public(given) else []
    names = (kind_name, *public, *(f"{kind_name}-{number}" for number in range(2, len(book.sources) + 3)))
    return next(name for name in names if name not in book.sources)
