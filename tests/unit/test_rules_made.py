"""What is made from the types stays true: the schema, the reference, the shipped rules, and the commands that print them."""

from __future__ import annotations

import json
import re
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from listener.errors import EarnestError
from listener.model import Level
from listener.rules import absent
from listener.rules.checking import check, read_checked
from listener.rules.problems import Sheet, render
from listener.rules.rulebook import Rulebook
from listener.rules.samples import SAMPLES
from listener.rules.schema import json_schema, put_table, schema_text
from listener.rules.texts import variants
from listener.rules.tree import parse, plain
from listener.scoring.signals import builtin_signal_names
from responders.cli.main import earnest as program
from responders.surroundings import known, source_models

ROOT = Path(__file__).parents[2]
SHIPPED = (ROOT / "rules.yaml").read_text(encoding="utf-8")
ACCEPTED = [ROOT / "rules.yaml", *sorted((ROOT / "tests" / "rules" / "good").glob("*.yaml"))]
SHOWN = """\
version: 1
brands:
  acme:
    names: Acme
    hashtags:
      - acme
      - acmefail
  zenith: {names: [Zenith], ignore: {authors: zz}}
sources:
  news: {kind: feeds, urls: ["https://news.example/feed.xml"]}
  mastodon: {instance: mastodon.social}
scoring: {urgency: {levels: {normal: 20}}}
routes:
  - name: first
    when:
      any:
        - {urgency: high}
        - signals: [money,
            outage]
      not: {language: [de]}
    examples:
      - {post: Acme charged me}
      - {not: "Acme"}
  - {name: rest, when: always}
templates:
  thanks: ["Thank you",
    {de: Danke}]
boundaries:
  limits: {per_thread: 2}
"""
REFUSED = (
    *("unknown-key", "unknown-key-deep", "wrong-mode", "unknown-urgency", "span", "rate", "points-missing", "empty-list"),
    "source-key",
)
KEYWORDS = {
    *("$schema", "$ref", "definitions", "title", "description", "type", "properties", "required", "additionalProperties", "items"),
    *("enum", "const", "anyOf", "allOf", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "minProperties"),
    *("examples", "if", "then"),
}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float), "null": type(None)}


@dataclass(frozen=True)
class Told:
    returncode: int
    stdout: str


def earnest(*words: str) -> Told:
    """Run the program in this process, since starting it anew takes longer than all it does here."""
    with chdir(ROOT):
        result = CliRunner().invoke(program, words, standalone_mode=False)
    if isinstance(result.exception, EarnestError):
        return Told(result.exception.exit_code, result.stdout)
    assert result.exception is None
    return Told(result.return_value or 0, result.stdout)


def fits(value: Any, part: dict[str, Any], root: dict[str, Any]) -> bool:  # noqa: ANN401
    """Judge a value by the draft-07 keywords that the schema uses."""
    if "$ref" in part:
        return fits(value, root["definitions"][part["$ref"].removeprefix("#/definitions/")], root)
    kind = part.get("type")
    if kind and not (isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))):
        return False
    checks = [
        "enum" not in part or value in part["enum"],
        "const" not in part or value == part["const"],
        all(fits(value, one, root) for one in part.get("allOf", [])),
        "anyOf" not in part or any(fits(value, one, root) for one in part["anyOf"]),
        "if" not in part or not fits(value, part["if"], root) or fits(value, part["then"], root),
    ]
    if isinstance(value, str):
        checks += [len(value) >= part.get("minLength", 0), bool(re.search(part.get("pattern", ""), value))]
    elif isinstance(value, int | float):
        checks += [part.get("minimum", value) <= value <= part.get("maximum", value)]
    elif isinstance(value, list):
        checks += [len(value) >= part.get("minItems", 0), all(fits(one, part.get("items", {}), root) for one in value)]
    elif isinstance(value, dict):
        checks.append(_group_fits(value, part, root))
    return all(checks)


def _group_fits(value: dict[str, Any], part: dict[str, Any], root: dict[str, Any]) -> bool:
    rest = part.get("additionalProperties", True)
    for key, inner in value.items():
        if key in part.get("properties", {}):
            if not fits(inner, part["properties"][key], root):
                return False
        elif rest is False or (isinstance(rest, dict) and not fits(inner, rest, root)):
            return False
    return all(key in value for key in part.get("required", [])) and len(value) >= part.get("minProperties", 0)


def tree_of(text: str) -> object:
    node, problems = parse(Sheet.of(text, "rules.yaml"))
    assert node is not None
    assert not problems
    return plain(node)


def test_the_schema_in_data_is_the_one_the_types_make() -> None:
    written = (ROOT / "data" / "rules.schema.json").read_text(encoding="utf-8")

    assert written == schema_text(source_models()), "make it anew: earnest rules schema > data/rules.schema.json"
    assert earnest("rules", "schema").stdout == written


def test_the_schema_uses_only_what_editors_of_draft_07_know() -> None:
    schema = json_schema(source_models())
    refs: list[str] = []

    def walk(part: object, *, names: bool) -> None:
        if isinstance(part, list):
            for one in part:
                walk(one, names=False)
        elif isinstance(part, dict):
            assert names or set(part) <= KEYWORDS
            assert names or "$ref" not in part or len(part) == 1
            refs.extend([part["$ref"]] if "$ref" in part and not names else [])
            for key, inner in part.items():
                if isinstance(inner, dict | list):
                    walk(inner, names=key in {"properties", "definitions"} and not names)

    walk(schema, names=False)

    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert {ref.removeprefix("#/definitions/") for ref in refs} <= set(schema["definitions"])
    assert schema["definitions"]["Level"]["enum"] == [level.value for level in Level]


@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.stem)
def test_the_schema_accepts_what_the_reader_accepts(path: Path) -> None:
    schema = json_schema(source_models())

    assert fits(tree_of(path.read_text(encoding="utf-8")), schema, schema)


@pytest.mark.parametrize("name", REFUSED)
def test_the_schema_refuses_what_the_reader_refuses(name: str) -> None:
    schema = json_schema(source_models())
    text = (ROOT / "tests" / "rules" / "bad" / f"{name}.yaml").read_text(encoding="utf-8")

    assert not fits(tree_of(text), schema, schema)


def test_editors_find_words_on_every_key_and_every_sample_is_one_that_the_reader_takes() -> None:
    schema = json_schema(source_models())
    parts = {"Rulebook": schema, **schema["definitions"]}

    for name, part in parts.items():
        for key, inner in part.get("properties", {}).items():
            about = [inner, *(parts[one["$ref"].removeprefix("#/definitions/")] for one in inner.get("allOf", []) if "$ref" in one)]
            assert any(one.get("description") for one in about), f"{name}.{key} needs a description"
            for sample in inner.get("examples", []):
                assert fits(sample, inner, schema), f"{name}.{key}: {sample}"
    assert set(SAMPLES["When"]["signals"]) - {"none"} <= set(builtin_signal_names())
    assert set(SAMPLES["SourceSettings"]["kind"]) == set(source_models())


@pytest.mark.parametrize(
    ("source", "right"),
    [
        ({"news": {"kind": "feeds", "urls": ["https://news.example/feed.xml"], "every": "1h"}}, True),
        ({"news": {"kind": "feeds", "instance": "mastodon.social"}}, False),
        ({"news": {"urls": ["https://news.example/feed.xml"]}}, False),
        ({"plugged-in": {"kind": "a-plug-in", "whatever": 1}}, True),
        ({"mastodon": {"instnce": "mastodon.social"}}, False),
    ],
)
def test_a_source_of_any_name_is_held_to_the_keys_of_its_kind(source: dict[str, object], *, right: bool) -> None:
    schema = json_schema(source_models())
    rules = {"version": 1, "brands": {"acme": {"names": ["Acme"]}}, "sources": source, "routes": [{"name": "rest", "when": "always"}]}

    assert fits(rules, schema, schema) is right


def test_the_schema_can_be_put_beside_the_rules(tmp_path: Path) -> None:
    target = tmp_path / "rules.schema.json"

    assert earnest("rules", "schema", "--into", str(target)).returncode == 0
    assert target.read_text(encoding="utf-8") == schema_text(source_models())
    assert earnest("rules", "schema", "--into", str(tmp_path / "nowhere" / "x.json")).returncode == 1


def test_the_reference_holds_every_key_and_is_the_one_the_types_make() -> None:
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")

    assert put_table(page, source_models()) == page, "make it anew: earnest rules docs --into docs/rules.md"
    for name in (key for keys in absent.KEYS.values() for key in keys):
        assert f"`{name}`" in page
    for key in Rulebook.model_fields:
        assert f"| `{key}` |" in page


def test_the_shipped_rules_are_right_and_warn_of_nothing() -> None:
    assert render(check(SHIPPED, known=known())) == ""
    told = earnest("rules", "check")
    assert (told.returncode, told.stdout) == (0, "")
    told = earnest("rules", "test")
    assert (told.returncode, told.stdout) == (0, "")


def test_the_shipped_texts_speak_as_people_do() -> None:
    book = read_checked(SHIPPED, known=known())
    texts = [(name, text) for name, template in book.templates.items() for _, text, _ in variants(template)]

    for name, text in texts:
        assert "!" not in text, name
        assert not re.search(r"(?i)inconvenience|unfortunately|we value|dear customer|dm us|#\w", text), name
        assert "  " not in text, name
    assert {"de", "ja", "informal"} <= {label for template in book.templates.values() for label, _, _ in variants(template)}
    assert all(route.examples for route in book.routes)


def test_show_says_every_value_and_where_it_comes_from() -> None:
    told = earnest("rules", "show", "--origin")
    rows = {row.split("\t")[0]: row.split("\t")[1:] for row in told.stdout.splitlines()}

    line = 1 + SHIPPED.splitlines().index("mode: draft")
    assert rows["mode"] == ["draft", f"rules.yaml:{line}"]
    assert rows["scoring.sentiment.scorer"][1] == "default"
    assert rows["boundaries.limits.per_author"][0] == "3/7d"
    found = [json.loads(row) for row in earnest("rules", "show", "--json").stdout.splitlines()]
    assert {"key": "mode", "value": "draft", "file": "rules.yaml", "line": line, "schema": 1} in found
    assert {row["key"] for row in found} == set(rows)


def test_show_finds_the_line_of_what_stands_deep_inside_and_says_default_of_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(SHOWN, encoding="utf-8")
    rows = {row.split("\t")[0]: tuple(row.split("\t")[1:]) for row in earnest("rules", "show", "--origin", str(path)).stdout.splitlines()}

    def said(value: str, line: int) -> tuple[str, str]:
        return value, f"{path}:{line}"

    assert rows["brands.acme.hashtags"] == said("acme, acmefail", 6)
    assert rows["brands.zenith.ignore.authors"] == said("zz", 8)
    assert (rows["brands.zenith.ignore.phrases"], rows["brands.zenith.names"]) == (("-", "default"), said("Zenith", 8))
    assert rows["sources.news.kind"] == said("feeds", 10)
    assert rows["sources.mastodon.kind"] == ("mastodon", "default")
    assert rows["sources.mastodon.stream"] == ("false", "default")
    assert rows["scoring.urgency.levels.normal"] == said("20", 12)
    assert rows["scoring.urgency.levels.high"] == ("50", "default")
    assert rows["routes.first.when.any[1].signals"] == said("money, outage", 18)
    assert rows["routes.first.when.not.language"] == said("de", 20)
    assert rows["routes.first.examples[1].not"] == said("Acme", 23)
    assert rows["routes.first.approval"] == ("one-person", "default")
    assert rows["routes.rest.when"] == said("always", 24)
    assert rows["templates.thanks[1].de"] == said("Danke", 27)
    assert (rows["boundaries.limits.per_thread"], rows["boundaries.limits.per_author"]) == (said("2", 29), ("1/1d", "default"))
    assert rows["boundaries.pause_when[0].upset_replies"] == ("3", "default")


def test_check_tells_scripts_by_exit_code_and_json() -> None:
    bad = "tests/rules/bad/"

    warned = earnest("rules", "check", bad + "warn-unused-team.yaml")
    assert warned.returncode == 3
    told = earnest("rules", "check", "--json", bad + "no-team.yaml", bad + "warn-unused-team.yaml")
    assert told.returncode == 1
    problems = [json.loads(line) for line in told.stdout.splitlines()]
    assert problems[0] == {
        "file": bad + "no-team.yaml",
        "line": 8,
        "column": 15,
        "code": "unknown-team",
        "message": 'no team is called "oncall"',
        "hint": 'did you mean "on-call"?',
        "severity": "error",
        "schema": 1,
    }
    assert problems[1]["severity"] == "warning"
    assert earnest("rules", "check", "no-such-file.yaml").returncode == 1


def test_an_example_that_fails_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(
        "version: 1\nbrands: {acme: {names: [Acme]}}\nroutes:\n"
        "  - name: praise\n    when: {sentiment: [positive]}\n    examples:\n      - {post: Acme is bad}\n"
        "  - {name: rest, when: always, examples: [{post: Acme is a shop}]}\n",
        encoding="utf-8",
    )

    told = earnest("rules", "test", str(path))
    assert told.returncode == 1
    assert told.stdout.startswith(f'{path}:7:9: route "praise", "Acme is bad": expected route "praise"')
    found = json.loads(earnest("rules", "test", "--json", str(path)).stdout)
    assert (found["line"], found["route"], found["example"]) == (7, "praise", "Acme is bad")
    assert earnest("rules", "test", "tests/rules/bad/no-team.yaml").returncode == 1
