"""The rulebook as a JSON Schema (draft-07, which editors understand) and as the table of keys in docs/rules.md.

Both are made from the types, so they are what the reader accepts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from listener.rules import conditions, rulebook, trials, watches
from listener.rules.kinds import Rate, write_rate, write_span
from listener.rules.rulebook import Rulebook, SourceSettings
from listener.rules.samples import SAMPLES
from listener.rules.wording import keys_of, models_of, options_of, wants, whole

_URI = "http://json-schema.org/draft-07/schema#"
TABLE_BEGINS = "<!-- keys: made by `earnest rules docs`, do not edit -->"
TABLE_ENDS = "<!-- keys end -->"

# The parts of the file in the order the reference tells them, with the place where each is written.
_PARTS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("the file", Rulebook),
    ("brands.NAME", rulebook.Brand),
    ("brands.NAME.ignore", rulebook.Ignore),
    ("sources.NAME", SourceSettings),
    ("scoring", rulebook.Scoring),
    ("scoring.sentiment", rulebook.SentimentSettings),
    ("scoring.urgency", rulebook.UrgencySettings),
    ("scoring.urgency.levels", rulebook.Levels),
    ("scoring.urgency.signals.NAME", rulebook.SignalSettings),
    ("routes, each", rulebook.Route),
    ("when, any, not", conditions.When),
    ("when.author", conditions.AuthorIs),
    ("when.thread", conditions.ThreadIs),
    ("when.count", conditions.Often),
    ("when.spike, signals.NAME.spike", conditions.Spike),
    ("when.new_term", conditions.NewTerm),
    ("sla", rulebook.Sla),
    ("limits", rulebook.Limits),
    ("examples, each", rulebook.Example),
    ("tests, each", trials.Trial),
    ("tests.history, each", trials.Before),
    ("teams.NAME", rulebook.Team),
    ("watch, each", watches.Watch),
    ("watch.flatline", watches.Flatline),
    ("boundaries", rulebook.Boundaries),
    ("boundaries.may_promise, each", rulebook.MayPromise),
    ("boundaries.quiet_hours", rulebook.QuietHours),
    ("boundaries.limits", rulebook.AllLimits),
    ("boundaries.pause_when, each", rulebook.Brake),
)


def json_schema(options: Mapping[str, type[BaseModel]]) -> dict[str, Any]:
    """Return the schema of rules.yaml; `options` holds the keys of each kind of source."""
    made = Rulebook.model_json_schema(by_alias=True, mode="validation")
    definitions: dict[str, Any] = made.pop("$defs", {})
    base = definitions.pop("SourceSettings")
    _sampled({**definitions, "Rulebook": made, "SourceSettings": base})
    for kind, model in sorted(options.items()):
        own = model.model_json_schema(by_alias=True, mode="validation", ref_template="#/$defs/{model}")
        definitions |= own.pop("$defs", {})
        merged = {**base["properties"], **own.get("properties", {})}
        entry = {"type": "object", "properties": merged, "additionalProperties": False, "description": own.get("description", "")}
        if required := own.get("required"):
            entry["required"] = required
        definitions[_source(kind)] = entry
    made["properties"]["sources"] |= _sources(sorted(options), base["properties"]["kind"])
    plainer: dict[str, Any] = _plainer({**made, "definitions": definitions})
    return {"$schema": _URI, "title": "rules.yaml", **plainer}


def _source(kind: str) -> str:
    return f"Source-{kind}"


def _sources(kinds: Sequence[str], named: Mapping[str, Any]) -> dict[str, Any]:
    """Say what a source may hold: by its name where that is a kind, else by its `kind`. Plug-ins may bring kinds nobody knows here."""
    choices = [
        {"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}, "then": {"$ref": f"#/definitions/{_source(kind)}"}}
        for kind in kinds
    ]
    some = {"type": "object", "properties": {"kind": named}, "required": ["kind"], "allOf": choices}
    return {"properties": {kind: {"$ref": f"#/definitions/{_source(kind)}"} for kind in kinds}, "additionalProperties": some}


def _sampled(parts: Mapping[str, dict[str, Any]]) -> None:
    """Put the values that people write beside the keys they belong to."""
    for name, samples in SAMPLES.items():
        for key, values in samples.items():
            parts[name]["properties"][key]["examples"] = list(values)


def schema_text(options: Mapping[str, type[BaseModel]]) -> str:
    """Return the schema as the text of data/rules.schema.json."""
    return json.dumps(json_schema(options), indent=2, ensure_ascii=False) + "\n"


def _plainer(part: Any) -> Any:  # noqa: ANN401 - JSON
    """Write a schema in draft-07 (where nothing may stand beside a "$ref"), without the titles and defaults that only repeat the names."""
    if isinstance(part, list):
        return [_plainer(one) for one in part]
    if not isinstance(part, dict):
        return part.replace("#/$defs/", "#/definitions/") if isinstance(part, str) else part
    if "$ref" in part and len(part) > 1:
        part = {"allOf": [{"$ref": part["$ref"]}], **{key: value for key, value in part.items() if key != "$ref"}}
    return {key: _plainer(value) for key, value in part.items() if key != "default" and not (key == "title" and isinstance(value, str))}


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**needed**"
    value = field.get_default()
    if isinstance(value, timedelta):
        return f"`{write_span(value)}`"
    if isinstance(value, Rate):
        return f"`{write_rate(value)}`"
    if isinstance(value, BaseModel) or value in (None, "", (), {}):
        return ""
    if isinstance(value, tuple) and isinstance(value[0], BaseModel):
        return "; ".join(f"`{_in_one_line(one)}`" for one in value)
    return f"`{json.dumps(value, ensure_ascii=False)}`" if not isinstance(value, str) else f"`{value}`"


def _in_one_line(part: BaseModel) -> str:
    """Write a group of settings as the file would, with what it sets only."""
    said = part.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return "{" + ", ".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in said.items()).replace('"', "") + "}"


def _rows(model: type[BaseModel]) -> Iterator[str]:
    for key, field in keys_of(model).items():
        kind = wants(whole(field)).replace("|", "\\|")
        yield f"| `{key}` | {kind} | {_default(field)} | {field.description or _about(field)} |"


def _about(field: FieldInfo) -> str:
    """Return the first sentence that the type of a group says of itself."""
    found = [model for kind in (field.annotation, *get_args(field.annotation)) for one in options_of(kind) for model in models_of(one)]
    return (found[0].__doc__ or "").split(".")[0] if found else ""


def key_table(options: Mapping[str, type[BaseModel]]) -> str:
    """Return the reference of all keys as Markdown."""
    parts = [*_PARTS]
    place = next(number for number, (where, _) in enumerate(parts) if where == "scoring")
    parts[place:place] = [part for kind, model in sorted(options.items()) for part in _with_groups(f"sources.NAME, kind {kind}", model)]
    blocks = []
    for where, model in parts:
        about = " ".join((model.__doc__ or "").split("\n\n")[0].split())
        blocks.append(
            "\n".join(
                [
                    f"### {where}",
                    "",
                    about,
                    "",
                    "| key | what it wants | unless said | meaning |",
                    "| --- | --- | --- | --- |",
                    *_rows(model),
                ]
            )
        )
    return "\n\n".join(blocks) + "\n"


def _with_groups(where: str, model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield the keys of a kind of source, and those of the groups of settings in it."""
    yield where, model
    for key, field in keys_of(model).items():
        for group in models_of(whole(field)):
            yield f"{where}: {key}", group


def put_table(page: str, options: Mapping[str, type[BaseModel]]) -> str:
    """Return a page of documentation with its table of keys made anew.

    Raises:
        ValueError: the page has no place for it.
    """
    before, begins, rest = page.partition(TABLE_BEGINS)
    _, ends, after = rest.partition(TABLE_ENDS)
    if not begins or not ends:
        message = f"the page lacks the lines {TABLE_BEGINS} and {TABLE_ENDS}"
        raise ValueError(message)
    return f"{before}{begins}\n\n{key_table(options)}\n{ends}{after}"
