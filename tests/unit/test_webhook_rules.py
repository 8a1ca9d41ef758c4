"""A webhook in rules.yaml: every mistake with its place, and what the program's own commands say of it."""

from __future__ import annotations

import json
import shlex
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from listener.rules.checking import check, read_checked
from responders.checkup import State, check_up
from responders.surroundings import known
from tests.program import Program
from tests.servers.sender import SECRET

RULES = """\
version: 1
brands: {acme: {names: [Acme], handles: {reviewhub: acme}}}
sources:
  reviews:
    kind: webhook
    listen: unix:PLACE
    path: /reviews
    network: reviewhub
    signature: {style: github}
    map: {id: id, text: body, author: user.name}
routes: [{name: all, when: {network: [reviewhub, mastodon]}, examples: [{post: Acme, network: reviewhub}]}, {name: rest, when: always}]
"""
SECOND = """\
  shop:
    kind: webhook
    listen: unix:PLACE
    path: /shop
    network: shop
    signature: {style: standard}
    map: {id: id, text: body, author: user.name}
"""


def problems(text: str) -> list[str]:
    found = check(text.replace("PLACE", "/run/e.sock"), known=known())
    return [f"{one.line}:{one.column} {one.message} | {one.hint}" for one in found if one.severity == "error"]


def test_a_right_one_is_right_and_so_are_two_on_one_address() -> None:
    assert problems(RULES) == []
    two = RULES.replace("routes:", SECOND + "routes:")
    assert problems(two) == []
    assert set(read_checked(two.replace("PLACE", "/run/e.sock"), known=known()).sources) == {"reviews", "shop"}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("text: body, ", "", '10:10 "map" needs "text"'),
        ("id: id, ", "", '10:10 "map" needs "id"'),
        (", author: user.name", "", '10:10 "map" needs "author"'),
        ("text: body", "txt: body", '10:19 "txt" is not a setting here | did you mean "text"?'),
        ("text: body", "text: a..b", '10:25 "text": "a..b" is no path'),
        ("text: body", "text: [a, $.]", '10:29 "text": "$." is no path'),
        ("text: body", "text: []", '10:25 "text" is empty'),
        ("unix:PLACE", "0.0.0.0:8470", '6:13 "0.0.0.0:8470" can be reached from other machines, so it needs `tls`'),
        ("unix:PLACE", "0.0.0.0:8470", '6:13 "0.0.0.0:8470" needs `hosts`'),
        ("unix:PLACE", "somewhere", '6:13 "listen": write an address of this machine with a port'),
        ("unix:PLACE", "unix:relative.sock", '6:13 "listen": a socket is written unix:/run'),
        ("path: /reviews", "path: reviews", '7:11 "path": write the path of the address'),
        ("path: /reviews", "path: /a/../b c", '7:11 "path": write the path of the address'),
        ("network: reviewhub\n", "network: mastodon\n", '8:14 "mastodon" is heard by a source of its own'),
        ("style: github", "style: githup", '9:24 "style" wants one of github, hex, base64, stripe, standard'),
        ("style: github", "style: hex", '9:24 the style "hex" wants the name of the header beside it'),
        ("style: github", "style: standard, id_header: X-Id", "9:45 Standard Webhooks sign an id of their own"),
        ("style: github", 'style: hex, header: "a b"', '9:37 "header": write the name of a header'),
        ("  reviews:", "  Reviews:", '4:3 "Reviews" cannot name the secret'),
        ("    path: /reviews\n", "    path: /reviews\n    about: acmee\n", '8:12 no brand is called "acmee" | did you mean "acme"?'),
        ("    path: /reviews\n", "    path: /reviews\n    hosts: https://x.example\n", '8:12 "hosts": "https://x.example" is no host name'),
        ("    path: /reviews\n", "    path: /reviews\n    only_when: {a..b: x}\n", '8:17 "a..b" cannot be a name'),
        ("[reviewhub, mastodon]", "[reviewhup]", '11:39 no network is called "reviewhup" | did you mean "reviewhub"?'),
        ("routes:", SECOND.replace("/shop", "/reviews") + "routes:", '14:11 "reviews" listens at unix:/run/e.sock and /reviews too'),
        ("routes:", SECOND + "    tls: {certificate: a, key: b}\nroutes:", '13:13 "reviews" listens here with another certificate'),
    ],
)
def test_a_mistake_is_told_with_its_place(old: str, new: str, words: str) -> None:
    assert old in RULES
    found = problems(RULES.replace(old, new, 1))
    assert any(one.startswith(words) for one in found), found


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.setenv("EARNEST_SECRET_REVIEWS_READ", SECRET)
    (tmp_path / "rules.yaml").write_text(RULES.replace("PLACE", f"{tmp_path}/e.sock"), encoding="utf-8")
    return Program(f"sqlite:///{tmp_path}/earnest.db", tmp_path / "rules.yaml", {})


def test_the_doctor_names_the_secret_that_is_missing(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def found() -> dict[str, tuple[State, str, str]]:
        return {one.check: (one.state, one.message, one.hint) for one in check_up(program.rules, program.store, at=datetime.now(UTC))}

    assert found()["source reviews"][0] is State.OK
    assert "cannot speak there" in found()["channel reviewhub"][1]
    monkeypatch.delenv("EARNEST_SECRET_REVIEWS_READ")
    state, _, hint = found()["source reviews"]
    assert (state, "reviews_read (EARNEST_SECRET_REVIEWS_READ)" in hint) == (State.WRONG, True)


@pytest.mark.parametrize("style", ["github", "hex, header: X-S", "base64, header: X-S", "stripe", "standard"])
def test_trying_it_tells_where_and_how_and_opens_nothing(program: Program, style: str) -> None:
    program.rules.write_text(program.rules.read_text().replace("github", style), encoding="utf-8")
    ran = program("sources", "test", "reviews")
    assert ran.code == 0
    hear, command, speak = (ran.out.splitlines()[index] for index in (0, 2, 1))
    assert hear.startswith(f"hear   yes, what is brought to unix:{program.rules.parent}/e.sock at /reviews: nobody answers there now")
    assert speak.startswith("speak  no: Earnest cannot speak there")
    assert SECRET not in ran.out + ran.err
    assert shlex.split(command)[0] == "curl"
    assert not (program.rules.parent / "e.sock").exists()
    told = program("sources", "test", "reviews", "--json").object["hear"]["told"]
    assert (told["there"], shlex.split(told["sample"])[0]) == ("nobody", "curl")


def test_trying_it_without_its_secret_or_with_a_stranger_at_its_address_fails(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(program.rules.parent / "e.sock")
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.bind(path)
        stranger.listen()
        ran = program("sources", "test", "reviews")
        assert (ran.code, "another program, or one" in ran.out) == (1, True)
    monkeypatch.delenv("EARNEST_SECRET_REVIEWS_READ")
    assert program("sources", "test", "reviews").code == 4


def test_a_delivery_is_shown_as_what_it_would_become(program: Program) -> None:
    ran = program("sources", "preview", "reviews")
    assert (ran.code, "earnest sources preview reviews --delivery FILE" in ran.err) == (2, True)
    good = json.dumps({"id": 1, "body": "Acme \x1b[31m broke", "user": {"name": "marta"}}).encode()
    ran = program("sources", "preview", "reviews", "--delivery", "-", "--json", content=good)
    assert [(one["id"], one["author"], one["brands"]) for one in ran.objects if "id" in one] == [("1", "marta", ["acme"])]
    ran = program("sources", "preview", "reviews", "--delivery", "-", content=b'{"id": 1, "body": "Acme", "user": {}}')
    assert (ran.code, "user.name is not there" in ran.err, "only_when" in ran.err) == (1, True, True)
