"""Labelled posts: what people said a post is, read with care, since a wrong label spoils every figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import NamedTuple

from listener.measuring.written import Threads, by_the_author, written_post
from listener.model import Assessment, Intent, Level, Post

_FLAGS = ("true", "false")
_AS_FLAG = {"true": "true", "yes": "true", "1": "true", "false": "false", "no": "false", "0": "false"}
_NOT_MEASURED = "unknown"  # a mood that people could not tell either
COMPLAINT = "complaint"
_MANY, _SHORT = 8, 30  # columns that are told where the text is in none, and letters of a name


class Aspect(NamedTuple):
    """One thing that is judged: its column, its classes in their order (none: any), and what was said of it."""

    name: str
    classes: tuple[str, ...]
    said: Callable[[Assessment], str]


def _flag(name: str) -> Aspect:
    return Aspect(name, _FLAGS, lambda seen: str(getattr(seen, name)).lower())


ASPECTS = (
    Aspect("sentiment", ("negative", "neutral", "positive"), lambda seen: seen.sentiment.label.value),
    Aspect("urgency", tuple(level.value for level in reversed(Level)), lambda seen: seen.urgency.level.value),
    Aspect("intent", tuple(intent.value for intent in Intent), lambda seen: seen.intent.value),
    *map(_flag, ("needs_reply", "moment_of_truth", "sarcasm")),
    Aspect("language", (), lambda seen: seen.language),
)
COLUMNS = ("text", *(aspect.name for aspect in ASPECTS), COMPLAINT, "thread", "after", "network", "author", "id")
_ALSO = {"text": "post", "sentiment": "label"}  # other names that files use


@dataclass(frozen=True, slots=True)
class Labelled:
    """A post with what people said of it: for each aspect a class, and for `complaint` true or false.

    `where` is its file and line; `fields` are all its columns as text, to group by.
    """

    where: str
    post: Post
    earlier: tuple[Post, ...]
    expected: Mapping[str, str]
    fields: Mapping[str, str]


@dataclass
class Labels:
    """Reads what people wrote of posts.

    `columns` maps our names of columns to those of the file, `words` their words for a label to ours.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    _threads: Threads = field(default_factory=Threads)

    def name_in(self, column: str, known: Mapping[str, object]) -> str:
        """Return what a column of ours is called in a file that has these columns."""
        if column in self.columns:
            return self.columns[column]
        other = _ALSO.get(column, column)
        return other if column not in known and other in known and other not in self.columns.values() else column

    def read(self, where: str, fields: Mapping[str, object]) -> Labelled:
        """Return the post of one row with its labels, which may be none.

        Raises:
            ValueError: it has no text, or a label that is none; the message says so for a person.
        """
        text = fields.get(self.name_in("text", fields))
        if not isinstance(text, str) or not text.strip():
            message = f'it has no "{self.name_in("text", fields)}"{_there(fields)}'
            raise ValueError(message)
        expected = {aspect.name: label for aspect in ASPECTS if (label := self._label(aspect.name, aspect.classes, fields))}
        if complaint := self._label(COMPLAINT, _FLAGS, fields):
            expected[COMPLAINT] = complaint

        def given(column: str) -> object:
            return fields.get(self.name_in(column, fields))

        post = written_post(where, text, network=given("network"), author=given("author"))
        after, thread = given("after"), given("thread")
        if isinstance(after, list):
            earlier = by_the_author(post, [one for one in after if isinstance(one, str)])
        else:
            earlier = self._threads.before(post, thread if thread != "" else None)
        shown = {name: str(value) for name, value in fields.items() if isinstance(value, (str, int, float))}
        return Labelled(where, post, earlier, expected, shown | {"language": expected.get("language", shown.get("language", ""))})

    def _label(self, column: str, classes: tuple[str, ...], fields: Mapping[str, object]) -> str:
        """Return the label of a row in our words; nothing where it has none."""
        name = self.name_in(column, fields)
        value = fields.get(name)
        if value is None or value == "":
            return ""
        if not isinstance(value, (str, int, float)):
            message = f'its "{name}" is no label'
            raise ValueError(message)  # noqa: TRY004 - a mistake in a file, not in a call
        written = "no" if value is False and not classes else str(value).strip()  # YAML takes the language of Norway for a no
        label = self.words.get(written, written).lower()
        if classes == _FLAGS:
            label = _AS_FLAG.get(label, label)
        if not classes:
            return label.replace("_", "-").split("-")[0]  # pt-BR is pt
        if column == "sentiment" and label == _NOT_MEASURED:
            return ""
        if label not in classes:
            message = f'its "{name}" is "{written}", which is none of {", ".join(classes)}{_meant(written, classes)}'
            raise ValueError(message)
        return label


def _there(fields: Mapping[str, object]) -> str:
    """Say which columns a row has, for somebody whose columns have other names; nothing where the text is merely empty."""
    if "text" in fields or "post" in fields:
        return ""
    return f", only {', '.join(name[:_SHORT] for name in list(fields)[:_MANY])}" if fields else ""


def _meant(written: str, classes: Sequence[str]) -> str:
    """Say how a label of others is mapped, with the label that was probably meant."""
    close = get_close_matches(written.lower(), classes, 1)
    return f"; if it means one of them: --label {written[:_SHORT]}={close[0] if close else classes[0]}" if written else ""
