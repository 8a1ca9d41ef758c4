"""From what pydantic finds wrong to a problem with a place and plain words.

Pydantic names a place by keys mixed with its own inside ("function-before[...]", "literal['always']"). `locate` walks the tree and
the types side by side and leaves those out; of several complaints about one value only the deepest is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass
from typing import Any, get_origin

from pydantic import BaseModel

from listener.queries.language import QueryWrong
from listener.rules import absent
from listener.rules.inside import inside
from listener.rules.problems import Problem, Sheet, quoted, suggest
from listener.rules.tree import Mapping, Node, Scalar, Sequence, plain
from listener.rules.wording import child, choices_of, keys_of, models_of, options_of, wants

_NO_OR_YES = {"yes", "no", "on", "off", "true", "false", "y", "n"}


@dataclass(slots=True)
class Place:
    """Where a complaint belongs: the nodes from the root down, the key or number of each, and what the last one may be."""

    nodes: list[Node]
    keys: list[str | int]
    annotation: object

    @property
    def node(self) -> Node:
        """The value itself."""
        return self.nodes[-1]

    @property
    def label(self) -> str:
        """The nearest key above the value, for a sentence."""
        return next((key for key in reversed(self.keys) if isinstance(key, str)), "")

    @property
    def model(self) -> type[BaseModel] | None:
        """The group of settings that stands here."""
        found = models_of(self.annotation)
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Fault:
    """One complaint of pydantic: its kind, its place, the missing or unknown key, and the words of our own validators."""

    kind: str
    place: Place
    key: str
    words: str
    cause: ValueError | None = None

    @property
    def path(self) -> tuple[str | int, ...]:
        """The keys from the root to what the complaint is about."""
        return (*self.place.keys, self.key) if self.key else tuple(self.place.keys)


def locate(root: Node, model: type[BaseModel], error: AbstractMapping[str, Any]) -> Fault:
    """Find the place in the tree that one of pydantic's errors is about."""
    kind, loc = str(error["type"]), tuple(error["loc"])
    key = ""
    if kind in {"missing", "extra_forbidden"}:
        key, loc = str(loc[-1]), loc[:-1]
    if "[key]" in loc:
        kind, key, loc = "key", str(loc[loc.index("[key]") - 1]), loc[: loc.index("[key]") - 1]
    place = Place([root], [], model)
    for step in loc:
        _go(place, step)
    own = error.get("ctx", {}).get("error")
    cause = own if isinstance(own, ValueError) else None
    return Fault(kind, place, key, str(cause) if cause else "", cause)


def _go(place: Place, step: str | int) -> None:
    node, inside = place.node, child(place.annotation, step)
    if inside is None:
        return
    if isinstance(node, Mapping) and isinstance(step, str) and step in node.entries:
        place.nodes.append(node.entries[step][1])
    elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.nodes):
        place.nodes.append(node.nodes[step])
    else:
        return
    place.keys.append(step)
    place.annotation = inside


def deepest(faults: Iterable[Fault]) -> list[Fault]:
    """Keep one complaint for each place, and none about a place inside which there is another."""
    by_path: dict[tuple[str | int, ...], Fault] = {}
    for fault in faults:
        kept = by_path.get(fault.path)
        if kept is None or (fault.words and not kept.words):
            by_path[fault.path] = fault
    inner = {path[:end] for path in by_path for end in range(len(path))}
    return [fault for path, fault in by_path.items() if path not in inner or fault.kind in {"missing", "extra_forbidden", "key"}]


def explain(sheet: Sheet, fault: Fault, whole: str) -> Problem | None:
    """Say what is wrong, in a part called `whole`; None where it only follows from what was said before."""
    node = fault.place.node
    if fault.kind == "extra_forbidden" and isinstance(node, Mapping):
        return _unknown(sheet, fault, node)
    if fault.kind == "missing":
        return _missing(sheet, fault, node, whole)
    if fault.kind == "key" and isinstance(node, Mapping):
        return sheet.problem(node.entries[fault.key][0].at, "name", f'"{fault.key}" cannot be a name: {fault.words}')
    return _wrong(sheet, fault, node, whole)


def _unknown(sheet: Sheet, fault: Fault, node: Mapping) -> Problem:
    at = node.entries[fault.key][0].at
    model = fault.place.model
    known = keys_of(model) if model else {}
    if model and fault.key in absent.KEYS.get(model.__name__, ()):
        return sheet.problem(at, "not-in-this-version", absent.message(fault.key), absent.HINT)
    return sheet.problem(at, "unknown-key", f'"{fault.key}" is not a setting here', suggest(fault.key, set(known) - set(node.entries)))


def _missing(sheet: Sheet, fault: Fault, node: Node, whole: str) -> Problem | None:
    if isinstance(node, Mapping) and fault.key in node.lost:
        return None
    model = fault.place.model
    field = keys_of(model).get(fault.key) if model else None
    above = fault.place.keys[-1] if fault.place.keys else None
    name = whole if above is None else f'"{above}"' if isinstance(above, str) else "this entry"
    return sheet.problem(node.at, "missing", f'{name} needs "{fault.key}"', field.description or "" if field else "")


def _wrong(sheet: Sheet, fault: Fault, node: Node, whole: str) -> Problem | None:
    if isinstance(node, Scalar) and node.damaged:
        return None
    place = fault.place
    if not place.keys:
        return sheet.problem(node.at, "value", f"{whole} cannot be used: {fault.words or 'its settings do not fit together'}")
    label = place.label
    if isinstance(node, Scalar) and node.value is None:
        return sheet.problem(node.at, "empty", f'"{label}" has no value here: it wants {wants(place.annotation)}', _empty_hint(place))
    if isinstance(fault.cause, QueryWrong) and isinstance(node, Scalar):
        at = inside(sheet, node, fault.cause.at)
        return sheet.problem(at, "query", f'"{label}": {fault.cause}', fault.cause.hint)
    if label == "alert":
        return sheet.secret_problem(node.at, "secret", f'"{label}" wants the name of a secret', 'such as alert: "secret:oncall"')
    if "too_short" in fault.kind:
        return None if node.damaged else sheet.problem(node.at, "empty", f'"{label}" is empty: it wants {wants(place.annotation)}')
    if fault.words and not fault.words.startswith("expected"):
        return sheet.problem(node.at, "value", f'"{label}": {fault.words}')
    return sheet.problem(node.at, *_sentence(label, place.annotation, plain(node)))


def _empty_hint(place: Place) -> str:
    if not isinstance(place.keys[-1], str):
        return 'a "#" starts a comment; put a text that holds one in quotes'
    return f'leave it out, or write "{place.label}: {{}}"' if place.model else "leave the key out, or give it a value"


def _sentence(label: str, annotation: object, value: object) -> tuple[str, str, str]:
    """Return code, message and hint for a value of the wrong kind."""
    choices = choices_of(annotation)
    if label == "then" and value in absent.QUIET_HOURS_THEN:
        return "not-in-this-version", f'"then: {value}" is not in this version of Earnest', 'it can be "hold"'
    return "value", f'"{label}" wants {wants(annotation)}, not {quoted(value)}', _value_hint(annotation, value, choices)


def _value_hint(annotation: object, value: object, choices: tuple[str, ...]) -> str:
    kinds = options_of(annotation)
    if isinstance(value, str) and bool in kinds and value.casefold() in _NO_OR_YES:
        return "write true or false"
    if isinstance(value, str) and choices:
        near = suggest(value, choices)
        return near if near.startswith("did you mean") else ""
    if isinstance(value, int | float) and str in kinds:
        return f'put it in quotes: "{str(value).lower()}"'
    if isinstance(value, dict) and any(get_origin(kind) is tuple for kind in kinds):
        return 'start each entry on a line of its own with "- "'
    return "write one value, without brackets" if isinstance(value, list) and set(kinds) <= {str, int, float, bool} else ""


def take_out(fault: Fault) -> None:
    """Remove from the tree what a complaint is about, so that the rest can still be looked at."""
    nodes, keys = fault.place.nodes, fault.place.keys
    node = nodes[-1]
    if fault.kind in {"extra_forbidden", "key"} and isinstance(node, Mapping):
        node.entries.pop(fault.key, None)
        node.lost.add(fault.key)
        node.damaged = True
    elif keys:
        _remove(nodes[-2], keys[-1], node)


def _remove(parent: Node, key: str | int, node: Node) -> None:
    parent.damaged = True
    if isinstance(parent, Mapping):
        parent.entries.pop(str(key), None)
        parent.lost.add(str(key))
    elif isinstance(parent, Sequence):
        parent.nodes = [other for other in parent.nodes if other is not node]
