"""The types of the rulebook, said in words for a person: what a key wants, which keys a part has.

Messages, the reference in docs/rules.md and the checker all speak from here, so that none of them can part from the types.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from collections.abc import Mapping as AbstractMapping
from datetime import date, timedelta
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from listener.rules.kinds import OneOrMore, Rate

_UNIONS = {Union, types.UnionType}


def keys_of(model: type[BaseModel]) -> Mapping[str, FieldInfo]:
    """Return the fields of a part by the names they have in the file."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def options_of(annotation: object) -> tuple[object, ...]:
    """Return the kinds of value an annotation allows, without their decoration and without None."""
    if get_origin(annotation) is Annotated:
        return options_of(get_args(annotation)[0])
    if get_origin(annotation) in _UNIONS:
        return tuple(kind for part in get_args(annotation) for kind in options_of(part))
    return () if annotation is type(None) else (annotation,)


def child(annotation: object, key: object) -> Any:  # noqa: ANN401 - an annotation is of no one type
    """Return the annotation of what stands under `key` (a key of a group, or the number of a list's entry), or None."""
    for kind in options_of(annotation):
        if isinstance(kind, type) and issubclass(kind, BaseModel) and key in keys_of(kind):
            return whole(keys_of(kind)[str(key)])
        origin, inner = get_origin(kind), get_args(kind)
        if origin is AbstractMapping and isinstance(key, str):
            return inner[1]
        if origin is tuple and isinstance(key, int):
            return inner[0]
    return None


def whole(field: FieldInfo) -> object:
    """Return a field's annotation together with the limits pydantic keeps apart from it."""
    # Annotated with a computed tuple cannot be spelled in the grammar of types.
    return Annotated.__class_getitem__((field.annotation, *field.metadata)) if field.metadata else field.annotation  # type: ignore[attr-defined]


def choices_of(annotation: object) -> tuple[str, ...]:
    """Return the words a value can be, where they are fixed."""
    found: list[str] = []
    for kind in options_of(annotation):
        if get_origin(kind) is Literal:
            found += [choice for choice in get_args(kind) if isinstance(choice, str)]
        elif isinstance(kind, type) and issubclass(kind, Enum):
            found += [str(member.value) for member in kind]
    return tuple(found)


def models_of(annotation: object) -> tuple[type[BaseModel], ...]:
    """Return the groups of settings a value can be."""
    return tuple(kind for kind in options_of(annotation) if isinstance(kind, type) and issubclass(kind, BaseModel) and kind is not Rate)


def wants(annotation: object) -> str:
    """Say what a value must be: "true or false", "a list of words", "one of low, normal, high, critical"."""
    if get_origin(annotation) is Annotated:
        base, *notes = get_args(annotation)
        return _noted(base, notes)
    parts = get_args(annotation) if get_origin(annotation) in _UNIONS else (annotation,)
    return ", or ".join(dict.fromkeys(_plainly(part) for part in parts if part is not type(None)))


def _noted(base: object, notes: list[Any]) -> str:
    if get_origin(base) is Annotated:
        inner, *more = get_args(base)
        return _noted(inner, more + notes)
    if get_origin(base) is tuple and OneOrMore in notes:
        inside = get_args(base)[0]
        return " or ".join(("one or a list of " + ", ".join(choices_of(inside)),) if choices_of(inside) else ("a word", "a list of words"))
    if base is str and (longest := next((one.max_length for one in _flat(notes) if hasattr(one, "max_length")), None)):
        return f"text of at most {longest} characters"
    if base is int or base is float:
        return _number("a whole number" if base is int else "a number", _limits(notes))
    return wants(base)


def _flat(notes: list[Any]) -> list[Any]:
    return [inner for note in notes for inner in (note.metadata if isinstance(note, FieldInfo) else [note])]


def _limits(notes: list[Any]) -> tuple[Any, Any]:
    flat = _flat(notes)
    least = next((note.ge for note in flat if hasattr(note, "ge")), None)
    most = next((note.le for note in flat if hasattr(note, "le")), None)
    return least, most


def _number(word: str, limits: tuple[Any, Any]) -> str:
    least, most = limits
    if least is not None and most is not None:
        return f"{word} from {least} to {most}"
    return word if least is None else f"{word} from {least} up"


_PLAIN: Mapping[object, str] = {
    timedelta: 'a length of time such as "15m", "4h" or "2d"',
    date: 'a day such as "2026-12-31"',
    Rate: 'a rate such as "3/7d", or a number',
    bool: "true or false",
    str: "text",
    int: "a whole number",
    float: "a number",
}


def _plainly(kind: object) -> str:
    if get_origin(kind) is Annotated:
        return wants(kind)
    if kind in _PLAIN:
        return _PLAIN[kind]
    if choices := choices_of(kind):
        return f'"{choices[0]}"' if len(choices) == 1 else "one of " + ", ".join(choices)
    return _group(get_origin(kind), get_args(kind))


def _group(origin: object, inner: tuple[Any, ...]) -> str:
    if origin is Literal:
        return " or ".join(str(choice) for choice in inner)
    if origin is tuple and child(inner[0], "de"):
        return "a list of texts and variants such as {de: ...}"
    if origin is tuple:
        return "a list, each " + wants(inner[0])
    if origin is AbstractMapping:
        return "names, each with " + wants(inner[1])
    return "a group of settings"
