"""Plug-ins: one file each, listed without importing, imported only when used.

A kind of plug-in is a folder (every module in it but `base` and private ones counts) plus an entry-point group for code outside the
tree, so `earnest.sources` may be served by any installed package.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from listener.errors import EarnestError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

_CALLED = {"listener.sources": "source", "listener.scoring.sentiment": "scorer", "responders.channels": "channel"}  # by their package


def _points(group: str) -> EntryPoints:
    from importlib.metadata import entry_points  # noqa: PLC0415  # slow to import, and most commands need no plug-in

    return entry_points(group=group)


def is_ours(package: str, group: str, name: str) -> bool:
    """Return whether the plug-in of this name is the one in the folder, and not one that is installed in its place."""
    return all(point.value.startswith(f"{package}.{name}:") for point in _points(group) if point.name == name)


def names(package: str, group: str) -> tuple[str, ...]:
    """Return the names on offer, sorted, without importing any of them."""
    spec = find_spec(package)
    folders: Sequence[str] = (spec.submodule_search_locations or ()) if spec else ()
    inside = {found.name for found in pkgutil.iter_modules(folders) if found.name != "base" and not found.name.startswith("_")}
    return tuple(sorted(inside | {point.name for point in _points(group)}))


def load(package: str, group: str, name: str) -> object:
    """Import the plug-in called `name` and return its `KIND`.

    Raises:
        EarnestError: there is none of that name, or it offers no `KIND`.
    """
    for point in _points(group):
        if point.name == name:
            return point.load()
    if name not in names(package, group):
        message = f'no {_CALLED.get(package, "plug-in")} is called "{name}"'
        raise EarnestError(message, "it can be one of: " + ", ".join(names(package, group)))
    module = importlib.import_module(f"{package}.{name}")
    try:
        return module.KIND
    except AttributeError:
        message = f"{package}.{name} offers no KIND"
        raise EarnestError(message, "a plug-in file defines KIND at its end") from None
