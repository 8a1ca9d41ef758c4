"""The quick way through an ordinary YAML file: libyaml, which is thirty times as fast as the exact reader, where both surely agree.

The exact reader knows YAML 1.2 and says where a file goes wrong; libyaml knows YAML 1.1 and takes a few things that 1.2 does not, such as
tabs between words. So whatever is odd, empty or wrong is left to the exact reader, and only a file without any of that is read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import yaml

_LIBYAML: Final[bool] = yaml.__with_libyaml__  # without it, the exact reader reads everything


class Doubtful(Exception):
    """The exact reader must look at this text."""


# Found by reading very many mutated files in both ways: byte-order marks, ends of documents and directives, tabs, comments right behind
# the head of a block, values right behind a quoted key, and keys that are announced by a question mark. Where a value that is left out
# stands, the two do not agree on either, nor on a block that begins with an empty line of spaces or, at the margin, with a comment.
_ODD = re.compile(r"""\ufeff|[|>][-+0-9]*[ ]*\n(?:[ ]*\n|\#)|\t|(?m:^(?:\.\.\.|%))|[|>][-+0-9]*\#|["']:\S|(?m:^[- ?:]*[?])|[\[{,]\s*[?]""")


def events(text: str) -> Iterator[yaml.Event]:
    """Yield what a text holds: events as the exact reader has them, of other classes with the same names.

    Raises:
        Doubtful: that is not sure; whatever was yielded before is void.
    """
    if not _LIBYAML or _ODD.search(text):
        raise Doubtful
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.ScalarEvent) and not event.value and not event.style:
                raise Doubtful
            yield event
    except (yaml.YAMLError, ValueError) as problem:
        raise Doubtful from problem
