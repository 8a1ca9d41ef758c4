"""A made-up delivery, such as a webhook source would be brought, for whoever tries one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from listener.sources._webhook_options import ROOT, Options


def sample(options: Options, at: datetime) -> object:
    """Return a delivery such as this source would be brought, with one post in it."""
    said = {"id": f"earnest-test-{int(at.timestamp())}", "text": "This is a test.", "author": "test", "at": at.isoformat()}
    said |= {"title": "A test", "author_id": "test", "url": "https://example.org/test", "version": "1"}
    root: dict[str, object] = {}
    one: dict[str, object] = {} if options.posts else root
    for name, value in said.items():
        for path in getattr(options.map, name)[:1]:
            _put(root if path.startswith(ROOT) else one, path.removeprefix(ROOT), value)
    for path, words in options.only_when.items():
        _put(root if path.startswith(ROOT) else one, path.removeprefix(ROOT), words[0])
    if options.posts:
        _put(root, f"{options.posts.removeprefix(ROOT)}.0", one)
    return _lists(root)


def _put(into: dict[str, object], path: str, value: object) -> None:
    *steps, last = path.split(".")
    for step in steps:
        below = into.setdefault(step, {})
        if not isinstance(below, dict):
            return
        into = below
    into.setdefault(last, value)


def _lists(found: object) -> object:
    """Turn objects whose keys count from 0 into lists."""
    if not isinstance(found, Mapping):
        return found
    if found and list(found) == [str(number) for number in range(len(found))]:
        return [_lists(one) for one in found.values()]
    return {key: _lists(one) for key, one in found.items()}
