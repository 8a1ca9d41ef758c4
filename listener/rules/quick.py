"""The quick way through an ordinary YAML file: libyaml, which is thirty times as fast as the exact reader, where both surely agree.

The exact reader knows YAML 1.2 and says where a file goes wrong; libyaml knows YAML 1.1 and takes a few things that 1.2 does not, such as
tabs between words. So whatever is odd, empty or wrong is left to the exact reader, and only a file without any of that is read here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import yaml
from ruamel.yaml import events as exact
from yaml import events as quick

try:
    from yaml.cyaml import CParser
except ImportError:  # built without libyaml: then the exact reader reads everything
    CParser = None  # type: ignore[assignment,misc]


class Doubtful(Exception):  # noqa: N818 - it is no error: another reader takes over
    """The exact reader must look at this text."""


# Found by reading very many mutated files in both ways: byte-order marks, ends of documents and directives, tabs, comments right behind
# the head of a block, values right behind a quoted key, and keys that are announced by a question mark.
_ODD = re.compile(
    r"""\ufeff|\t|(?m:^(?:\.\.\.|%))|[|>][-+0-9]*\#|["']:\S|(?m:^[- ?:]*[?])|[\[{,]\s*[?]""",
)


def _scalar(event: Any) -> exact.Event:  # noqa: ANN401 - libyaml's events have no types of their own
    if not event.value and not event.style:
        raise Doubtful
    marks = {"start_mark": event.start_mark, "end_mark": event.end_mark}
    return exact.ScalarEvent(event.anchor, event.tag, event.implicit, event.value, style=event.style, **marks)


def _collection(kind: type[exact.CollectionStartEvent]) -> Callable[[Any], exact.Event]:
    return lambda event: kind(event.anchor, event.tag, event.implicit, event.start_mark, event.end_mark)


def _plain(kind: type[exact.Event]) -> Callable[[Any], exact.Event]:
    return lambda event: kind(event.start_mark, event.end_mark)


def _document(event: Any) -> exact.Event:  # noqa: ANN401
    return exact.DocumentStartEvent(event.start_mark, event.end_mark, version=event.version, tags=event.tags)


_SAME: dict[type[quick.Event], Callable[[Any], exact.Event]] = {
    quick.ScalarEvent: _scalar,
    quick.MappingStartEvent: _collection(exact.MappingStartEvent),
    quick.SequenceStartEvent: _collection(exact.SequenceStartEvent),
    quick.MappingEndEvent: _plain(exact.MappingEndEvent),
    quick.SequenceEndEvent: _plain(exact.SequenceEndEvent),
    quick.DocumentStartEvent: _document,
    quick.DocumentEndEvent: _plain(exact.DocumentEndEvent),
    quick.StreamStartEvent: _plain(exact.StreamStartEvent),
    quick.StreamEndEvent: _plain(exact.StreamEndEvent),
}


def events(text: str) -> Iterator[exact.Event]:
    """Yield what a text holds as the exact reader would.

    Raises:
        Doubtful: that is not sure; whatever was yielded before is void.
    """
    if CParser is None or _ODD.search(text):
        raise Doubtful
    try:
        parser = CParser(text)
        while parser.check_event():
            event = parser.get_event()
            same = _SAME.get(type(event))
            if same is None:
                raise Doubtful
            yield same(event)
    except (yaml.YAMLError, ValueError) as problem:
        raise Doubtful from problem
