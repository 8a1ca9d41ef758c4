"""`earnest score` and posts made to hurt: a clear word for each line that is none, and nothing but valid UTF-8 JSON is printed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.program import Program
from tests.stores import make_rules, make_store

PIECES: list[str] = yaml.safe_load((Path(__file__).parents[1] / "judgement" / "hostile.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def run(tmp_path: Path) -> Program:
    return Program(make_store(tmp_path), make_rules(tmp_path), {"EARNEST_NAME": "jo"})


def strictly(line: str) -> dict[str, object]:
    """Read a line as strict JSON: no NaN, no Infinity."""

    def refuse(written: str) -> object:
        raise AssertionError(written)

    found: dict[str, object] = json.loads(line, parse_constant=refuse)
    return found


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"text": NaN}', "NaN is no number"),
        ('{"id": NaN, "text": "hello"}', "NaN is no number"),
        ('{"id": [-Infinity], "text": "hello"}', "-Infinity is no number"),
        ('{"id": 1e999, "text": "hello"}', "1e999 is no number"),
        ('{"id": 1.5e3, "text": 7}', 'its "text" is no text in quotation marks'),
        ('{"text": null}', 'its "text" is no text in quotation marks'),
        ('{"id": 1}', 'it has no "text"'),
    ],
)
def test_a_line_without_a_text_or_with_a_number_that_is_none_is_told(run: Program, line: str, words: str) -> None:
    ran = run("score", content=f'{line}\n{{"id": 1.5, "text": "still here"}}\n'.encode())
    assert ran.code == 1
    assert f"line 1 was left out: {words}" in ran.err or f"line 1 was left out: it is no JSON: {words}" in ran.err
    assert [strictly(one)["id"] for one in ran.out.splitlines()] == [1.5]


def test_a_real_process_prints_valid_json_for_texts_made_to_hurt() -> None:
    texts = [*((piece * 4_000)[:4_000] for piece in PIECES), "", " ", "\x00", "\ud83d", "a \udc00 b", "\u0301" * 10_000, "NaN"]
    given = [json.dumps({"id": number, "text": text, "author": text[:9], "thread": "one"}) for number, text in enumerate(texts)]
    given.append('{"id": "\\ud83d", "text": "where is my \\ud83d parcel", "network": "\\udc00"}')
    ran = subprocess.run([sys.executable, "-m", "responders", "score"], input="\n".join(given).encode(), capture_output=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")
    printed = [strictly(line) for line in ran.stdout.decode("utf-8").splitlines()]
    assert [one["id"] for one in printed] == [*range(len(texts)), "\ud83d"]
    assert {key for one in printed for key in one} >= {"language", "sentiment", "urgency", "schema"}
