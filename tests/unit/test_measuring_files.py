"""Files of labelled posts are read in every form, and what is wrong in them is named by its line."""

from __future__ import annotations

import gzip
import json

import pytest

from listener.errors import EarnestError
from listener.measuring.files import Found, rows
from listener.measuring.labelled import Labelled, Labels


def read(content: str | bytes, name: str = "a") -> list[Found]:
    return list(rows(content.encode() if isinstance(content, str) else content, name))


def row(**fields: object) -> Labelled:
    return Labels().read("a:1", fields)


JSON_LINES = '{"text": "one", "label": "negative"}\n\n{"text": "two", "label": "positive"}\n'
YAML = "# of the town\n- {post: one, label: negative}\n- post: two\n  label: positive\n"


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (JSON_LINES, [1, 3]),
        ("text,label\none,negative\ntwo,positive\n", [2, 3]),
        ("text;label\r\none;negative\r\ntwo;positive", [2, 3]),
        ("\ufefftext\tlabel\none\tnegative\n\ntwo\tpositive\n", [2, 4]),
        (YAML, [2, 3]),
        ('[{"text": "one", "label": "negative"},\n {"text": "two", "label": "positive"}]', [1, 2]),
    ],
)
def test_every_form_is_told_by_how_it_begins(content: str, lines: list[int]) -> None:
    for raw in (content.encode(), gzip.compress(content.encode())):
        found = read(raw)
        assert [one.line for one in found] == lines
        assert not any(one.problem for one in found)
        posts = [row(**one.fields) for one in found]
        assert [post.post.text for post in posts] == ["one", "two"]
        assert [post.expected for post in posts] == [{"sentiment": "negative"}, {"sentiment": "positive"}]


def test_the_end_of_the_name_says_what_a_file_is() -> None:
    (problem,) = read("plain words", "a.jsonl.gz")
    assert (problem.line, problem.problem) == (1, "it is no JSON: Expecting value at column 1")
    assert read("text\n- one", "a.csv")[0].fields == {"text": "- one"}


def test_a_cell_may_hold_line_breaks_and_the_next_row_knows_its_line() -> None:
    assert [one.line for one in read('text,label\n"one\nand ""two""",neutral\nthree,neutral\n')] == [2, 4]


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        ('{"text": "a"}\n{"text": ', 2, "no JSON"),
        ('{"text": "a"}\n[1]', 2, "no JSON object"),
        ('{"text": "a"}\n{"text": ' + "[" * 200_000, 2, "too many brackets"),
        (b'{"text": "a"}\n{"text": "\xff"}', 2, "UTF-8"),
        ("text,label\na,neutral\nb\n", 3, "1 cells"),
        (b"text,label\na,neutral\n\xff,neutral\n", 3, "UTF-8"),
        ('text,label\na,neutral\n"b,neutral\n', 3, "no CSV"),
        ("- {text: a}\n- words\n", 2, "no columns"),
    ],
)
def test_what_cannot_be_read_is_named_and_the_rest_is_there(content: str | bytes, line: int, problem: str) -> None:
    first, second = read(content)
    assert (first.fields["text"], first.problem) == ("a", "")
    assert second.line == line
    assert problem in second.problem


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"\x1f\x8bnothing", "a.gz", "a.gz cannot be unpacked"),
        (gzip.compress(JSON_LINES.encode(), mtime=0)[:-9], "a.gz", "cannot be unpacked"),
        (b"PK\x03\x04\x00\x00", "a.xlsx", "a.xlsx is no text"),
        ("- {text: a\n", "a.yaml", "cannot be read"),
        ("words: 1", "a.yaml", "is no list of posts"),
        (b"- {text: \xff}", "a.yaml", "is not UTF-8 text"),
        ("", "a.yaml", "is no list of posts"),
    ],
)
def test_a_file_of_which_nothing_can_be_read_is_an_error(content: str | bytes, name: str, said: str) -> None:
    with pytest.raises(EarnestError, match=said):
        read(content, name)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"label": "neutral"}, 'it has no "text"'),
        ({"text": "  ", "label": "neutral"}, 'it has no "text"'),
        ({"text": 5}, 'it has no "text"'),
        ({"text": "a", "label": "angry"}, 'its "label" is "angry", which is none of negative, neutral, positive'),
        ({"text": "a", "urgency": "urgent"}, "none of critical, high, normal, low"),
        ({"text": "a", "needs_reply": "maybe"}, "none of true, false"),
        ({"text": "a", "intent": ["question"]}, 'its "intent" is no label'),
    ],
)
def test_a_label_that_is_none_is_said_so(fields: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        row(**fields)


def test_labels_are_read_as_people_write_them() -> None:
    found = row(
        text="a", sentiment=" Negative ", urgency="HIGH", needs_reply="yes", sarcasm=False, complaint=1, language="pt-BR", intent=""
    )
    wanted = {"sentiment": "negative", "urgency": "high", "needs_reply": "true", "sarcasm": "false", "complaint": "true", "language": "pt"}
    assert found.expected == wanted
    assert row(text="a", sentiment="unknown").expected == {}
    assert read("- {text: a, language: no}")[0].fields["language"] is False
    assert row(text="a", language=False).expected == {"language": "no"}


def test_other_names_and_words_are_mapped() -> None:
    labels = Labels({"text": "comment", "sentiment": "stars"}, {"5": "positive", "1": "negative"})
    assert labels.read("a:1", {"comment": "fine", "text": "not this", "stars": 5}).post.text == "fine"
    assert labels.read("a:1", {"comment": "fine", "stars": "1"}).expected == {"sentiment": "negative"}
    assert Labels({"sarcasm": "label"}).read("a:1", {"text": "a", "label": "true"}).expected == {"sarcasm": "true"}


def test_every_column_can_be_grouped_by() -> None:
    assert row(text="a", label="neutral", shop="Leeds", stars=4, tags=["x"], language="en_GB").fields == {
        "text": "a", "label": "neutral", "shop": "Leeds", "stars": "4", "language": "en",
    }  # fmt: skip


def test_a_thread_is_known_by_its_name_its_posts_or_what_came_before() -> None:
    labels = Labels()
    first, second = (labels.read("a:1", {"text": text, "author": "tom", "thread": "t", "network": "x"}) for text in ("one", "two"))
    assert (first.earlier, second.earlier) == ((), (first.post,))
    listed = row(text="two", author="tom", network="x", thread=[{"text": "one", "author": "tom"}, "half"])
    assert [(post.text, post.author.id, post.network) for post in listed.earlier] == [("one", "tom", "x"), ("half", "somebody", "x")]
    after = row(text="two", author="tom", after=["one"])
    assert [(post.text, post.author.id) for post in after.earlier] == [("one", "tom")]
    assert row(text="two", thread="").earlier == ()


def test_hostile_json_ends_nothing() -> None:
    line = json.dumps({"text": "a"}) + "\n" + '{"id": 1' + "0" * 6_000 + "}\n"
    first, second = read(line)
    assert (first.problem, "too long" in second.problem) == ("", True)
