"""`earnest eval`: what it tells people and scripts of posts that people labelled."""

from __future__ import annotations

import csv
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from listener.text import display_width
from tests.program import Program
from tests.stores import make_rules, make_store

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs/howto/posts-to-measure.csv"
POSTS = [
    {"text": "I love the new shoes @acme, thank you so much!", "sentiment": "positive", "urgency": "low", "language": "en"},
    {"text": "What a terrible, awful, horrible shop @acme", "sentiment": "negative", "urgency": "normal", "language": "en"},
    {"text": "My card was stolen and someone is buying things with it", "sentiment": "negative", "urgency": "critical", "language": "en"},
    {"text": "the parcel is blue", "sentiment": "positive", "urgency": "critical", "language": "en", "shop": "Leeds"},
    {"text": "Ich liebe euch, vielen Dank!", "sentiment": "positive", "urgency": "low", "language": "de", "shop": "Köln"},
]


@pytest.fixture
def run(tmp_path: Path) -> Program:
    return Program(make_store(tmp_path), make_rules(tmp_path), {"EARNEST_NAME": "jo"})


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    return write(tmp_path / "posts.jsonl", POSTS)


def write(path: Path, posts: list[dict[str, Any]]) -> Path:
    path.write_text("".join(f"{json.dumps(post)}\n" for post in posts), encoding="utf-8")
    return path


def figure(found: list[Any], **wanted: object) -> Any:  # noqa: ANN401
    (only,) = [one for one in found if all(one.get(name) == value for name, value in wanted.items())]
    return only


def whole(found: list[Any]) -> list[Any]:
    return [one for one in found if "by" not in one]


def forms(folder: Path) -> dict[str, bytes]:
    lines = "".join(f"{json.dumps(post)}\n" for post in POSTS).encode()
    table = folder / "table"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["text", "sentiment", "urgency", "language", "shop"])
        writer.writeheader()
        writer.writerows(POSTS)
    return {
        "a.jsonl": lines,
        "a.jsonl.gz": gzip.compress(lines),
        "a.csv": table.read_bytes(),
        "a.yaml": yaml.safe_dump([{"post" if name == "text" else name: value for name, value in post.items()} for post in POSTS]).encode(),
    }


def in_its_own_process(*arguments: str, folder: Path, content: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("EARNEST_")}
    return subprocess.run(
        [sys.executable, "-m", "responders", "eval", *arguments],
        cwd=folder, env=plain | {"PYTHONPATH": str(ROOT)}, input=content, capture_output=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.csv", "a.yaml", "-"])
def test_every_form_of_file_gives_the_same_figures(name: str, tmp_path: Path) -> None:
    content = forms(tmp_path)
    for each, raw in content.items():
        (tmp_path / each).write_bytes(raw)
    ran = in_its_own_process(name, "--json", folder=tmp_path, content=content["a.jsonl"] if name == "-" else None)
    assert ran.returncode == 0, ran.stderr
    found = whole([json.loads(line) for line in ran.stdout.splitlines()])
    right = figure(found, aspect="sentiment", figure="right")
    assert (right["value"], right["posts"], right["scorer"]) == (0.8, 5, "default")
    assert figure(found, aspect="sentiment", figure="recall", **{"class": "positive"})["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert figure(found, aspect="sentiment", figure="macro recall")["value"] == pytest.approx((1 + 2 / 3) / 2, abs=1e-4)
    assert figure(found, aspect="sentiment", figure="unknown")["value"] == 0
    assert figure(found, aspect="urgency", figure="confusion", expected="critical", said="low")["value"] == 1
    assert figure(found, aspect="urgency", figure="auroc", of="urgency critical")["value"] == pytest.approx(4.5 / 6, abs=0.09)
    assert figure(found, figure="thresholds", setting="scoring.sentiment")["value"] is None
    assert all(one["low"] <= one["value"] <= one["high"] for one in found if "low" in one)


def test_the_two_failures_that_matter_are_said_in_words(run: Program, posts: Path) -> None:
    told = run("eval", str(posts)).out
    assert "1 critical post was called normal or low." in told
    assert "No normal or low post was called critical." in told
    assert "5 posts say little." in told
    assert "nothing can be said with 0 posts that are neutral" in told


def test_figures_are_split_by_language_or_any_column(run: Program, posts: Path) -> None:
    found = run("eval", str(posts), "--json").objects
    assert figure(found, aspect="sentiment", figure="right", by={"language": "de"})["posts"] == 1
    assert figure(found, aspect="sentiment", figure="right", by={"language": "en"})["value"] == 0.75
    by_shop = run("eval", str(posts), "--json", "--by", "shop").objects
    assert {next(iter(one["by"].items())) for one in by_shop if "by" in one} == {("shop", "-"), ("shop", "Leeds"), ("shop", "Köln")}
    wrong = run("eval", str(posts), "--by", "town")
    assert (wrong.code, 'no column "town"' in wrong.err, "shop" in wrong.err) == (2, True, True)


def test_several_scorers_stand_side_by_side(run: Program, posts: Path) -> None:
    found = run("eval", str(posts), "--json", "--scorer", "vader", "--scorer", "default", "--scorer", "vader").objects
    assert {one["scorer"] for one in found} == {"vader", "default"}
    assert len({one["scorer"] for one in found if one["figure"] == "macro recall"}) == 2
    told = run("eval", str(posts), "--scorer", "vader", "--scorer", "default", terminal=True).out
    assert "FIGURE" in told
    assert "sentiment: macro recall" in told
    unheard_of = run("eval", str(posts), "--scorer", "horoscope")
    assert unheard_of.code == 1
    assert "horoscope" in unheard_of.err


def test_the_posts_judged_wrongly_come_the_worst_first_with_what_made_it(run: Program, tmp_path: Path) -> None:
    wrong = [
        {"text": "You are horrible and awful, I hate it @acme", "sentiment": "neutral"},
        {"text": "My lawyer will write to you @acme", "urgency": "normal"},
        {"text": "the parcel is blue", "urgency": "critical", "sentiment": "neutral"},
        {"text": "the parcel is red", "urgency": "normal", "sentiment": "neutral"},
    ]
    path = write(tmp_path / "posts.jsonl", [*POSTS[:2], *wrong])
    found = [one for one in run("eval", str(path), "--json", "--wrong").objects if one["figure"] == "wrong"]
    assert [one["where"].rsplit(":", 1)[1] for one in found] == ["5", "6", "3", "4"]
    assert found[0]["misses"] == [{"aspect": "urgency", "expected": "critical", "said": "low"}]
    assert any("lawyer" in words for words in found[3]["words"])
    told = run("eval", str(path), "--wrong", "1").out
    assert "urgency: expected critical, said low" in told
    assert "expected normal" not in told


def test_lines_that_are_wrong_are_named_and_left_out(run: Program, tmp_path: Path) -> None:
    path = write(tmp_path / "posts.jsonl", POSTS)
    broken = '{"text": "one more", "sentiment": "angry"}\n{"text":\n' + '{"no": 1}\n' * 30
    path.write_text(path.read_text(encoding="utf-8") + broken, encoding="utf-8")
    ran = run("eval", str(path), "--json")
    assert ran.code == 1
    assert f'{path}:6 was left out: its "sentiment" is "angry", which is none of negative, neutral, positive' in ran.err
    assert f"{path}:7 was left out: it is no JSON" in ran.err
    assert "12 more lines left out" in ran.err
    assert f"{path}:26 " not in ran.err
    assert figure(whole(ran.objects), aspect="sentiment", figure="right")["posts"] == 5


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        ("", 1, "nothing to measure: no post"),
        ('{"text": "a"}\n{"text": "b"}', 1, "nothing to measure: 2 posts, none with a label"),
        ("comment,mood\na,neutral\n", 1, 'has no "text", only comment, mood'),
        ("text,mood\n,neutral\n", 1, 'has no "text"\n'),
    ],
)
def test_where_nothing_can_be_measured_it_says_what_is_missing(run: Program, content: str, code: int, said: str) -> None:
    ran = run("eval", "-", content=content.encode())
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert "--column" in ran.err


def test_a_file_or_an_option_that_is_none_is_said(run: Program, posts: Path) -> None:
    for arguments, code, said in (
        (("nowhere.csv",), 1, "nowhere.csv cannot be read"),
        ((str(posts), "--column", "mood=x"), 2, "none of our columns"),
        ((str(posts), "--column", "text"), 2, "OURS=THEIRS"),
        ((str(posts), "--label", "=x"), 2, "THEIRS=OURS"),
        ((str(posts), "--wrong", "0"), 2, "wrong"),
    ):
        ran = run("eval", *arguments)
        assert (ran.code, said in ran.err) == (code, True), ran.err


def test_a_label_of_others_is_said_with_how_to_map_it(run: Program) -> None:
    told = run("eval", "-", content=b"text,sentiment\nfine,positve\nbad,1\n").err
    assert "which is none of negative, neutral, positive; if it means one of them: --label positve=positive" in told
    assert "--label 1=negative" in told


def test_where_all_is_judged_rightly_it_sends_nobody_to_look_for_mistakes(run: Program) -> None:
    ran = run("eval", "-", content=b'text,sentiment\n"I love it, wonderful!",positive\n')
    assert "1 post says little." in ran.out
    assert "Nothing was judged wrongly." in ran.err
    assert "--wrong" not in ran.err
    assert "says how sure it is" not in ran.out


def test_a_scorer_that_is_none_is_said_in_words_for_people(run: Program, posts: Path) -> None:
    told = run("eval", str(posts), "--scorer", "deflt").err
    assert 'no scorer is called "deflt"' in told
    assert "accurate, default, vader" in told


def test_columns_and_labels_of_others_are_mapped(run: Program) -> None:
    content = b"comment;stars\nI love it, wonderful!;5\nI hate it, horrible!;1\n"
    mapped = ("--column", "text=comment", "--column", "sentiment=stars", "--label", "5=positive", "--label", "1=negative")
    assert figure(run("eval", "-", "--json", *mapped, content=content).objects, figure="right")["value"] == 1.0


def test_the_rules_in_force_judge(run: Program, posts: Path) -> None:
    rules = yaml.safe_load(run.rules.read_text(encoding="utf-8"))
    rules["scoring"] = {"urgency": {"signals": {"blue": {"points": 90, "words": ["the parcel is blue"]}}}}
    run.rules.write_text(yaml.safe_dump(rules), encoding="utf-8")
    found = run("eval", str(posts), "--json").objects
    assert figure(found, aspect="urgency", figure="recall", **{"class": "critical"})["value"] == 1.0
    run.rules.write_text("version: 2", encoding="utf-8")
    assert run("eval", str(posts)).code == 78


@pytest.mark.parametrize(("emoji", "right"), [(True, 1.0), (False, 0.0)])
def test_a_scorer_is_made_as_the_rules_say(run: Program, emoji: bool, right: float) -> None:  # noqa: FBT001 - a value, not a choice
    rules = yaml.safe_load(run.rules.read_text(encoding="utf-8"))
    rules["scoring"] = {"sentiment": {"scorer": "vader", "emoji": emoji}}
    run.rules.write_text(yaml.safe_dump(rules), encoding="utf-8")
    found = run("eval", "-", "--json", content='{"text": "the parcel 😡😡", "label": "negative"}'.encode()).objects
    assert figure(found, figure="right")["value"] == right


def test_the_example_of_the_documentation_is_measured(run: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    plain = Program(run.store, Path("rules.yaml"), {})
    found = whole(plain("eval", str(EXAMPLE), "--json").objects)
    for aspect, least in (("sentiment", 0.5), ("urgency", 0.5), ("intent", 0.5), ("needs_reply", 0.6), ("language", 0.7)):
        one = figure(found, aspect=aspect, figure="right")
        assert one["posts"] == 36
        assert one["value"] > least
    assert figure(found, aspect="complaint", figure="auroc")["value"] > 0.8
    page = (ROOT / "docs/howto/measure-on-your-own-posts.md").read_text(encoding="utf-8")
    for command in [
        line.removeprefix("$ earnest ") for line in page.splitlines() if line.startswith("$ earnest eval posts-to-measure.csv")
    ]:
        ran = plain(*[str(EXAMPLE) if word == EXAMPLE.name else word for word in command.split()])
        assert ran.code == 0, ran.err


@pytest.mark.parametrize("arguments", [(), ("--scorer", "vader", "--scorer", "default"), ("--wrong", "36"), ("--by", "intent")])
def test_everything_fits_eighty_columns(run: Program, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = run("--color", "never", "eval", str(EXAMPLE), *arguments, terminal=True).out.splitlines()
    assert len(lines) > 10
    assert [line for line in lines if display_width(line) > 80 and "/" not in line] == []


def test_every_answer_has_its_column_in_what_was_taken_for_what(run: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = run("--color", "never", "eval", str(EXAMPLE), terminal=True).out.splitlines()
    (head,) = [line for line in lines if line.startswith("EXPECTED, SAID:") and "quest" in line]
    assert head.split()[2:] == ["compl…", "quest…", "reque…", "praise", "buying", "sugge…", "spam", "other"]


def test_suggested_thresholds_can_be_pasted_into_the_rules(run: Program, tmp_path: Path) -> None:
    levels = {
        "critical": "The charger is on fire and burned my hand, number {n}",
        "high": "My lawyer will write to you about order {n}",
        "normal": "How do I return the pair of order {n}?",
        "low": "reading the news on page {n}",
    }
    path = write(tmp_path / "a.jsonl", [{"text": text.format(n=n), "urgency": level} for level, text in levels.items() for n in range(12)])
    rules = yaml.safe_load(run.rules.read_text(encoding="utf-8"))
    rules["scoring"] = {"urgency": {"levels": {"normal": 25, "high": 70, "critical": 95}}}
    run.rules.write_text(yaml.safe_dump(rules), encoding="utf-8")
    told = run("eval", str(path)).out
    pasted = yaml.safe_load(told[told.index("scoring:\n") :].split("\n\n")[0])
    run.rules.write_text(yaml.safe_dump(rules | pasted), encoding="utf-8")
    assert figure(run("eval", str(path), "--json").objects, aspect="urgency", figure="right")["value"] == 1.0


def test_foreign_words_do_nothing_to_the_terminal(run: Program, tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [{"text": "\x1b[31mred\x07 \u202eparcel", "urgency": "critical", "shop\x1b[0m": "\x1b[2J"}])
    for arguments in (("--wrong",), ("--by", "shop\x1b[0m"), ("--by", "\x1b[1m"), ("--json", "--wrong")):
        ran = run("eval", str(path), *arguments)
        assert "\x1b" not in ran.out + ran.err
        assert "\u202e" not in ran.out + ran.err
