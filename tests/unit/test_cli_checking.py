"""What `earnest sources`, `earnest doctor` and `earnest completion` promise."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from responders.house import open_store
from tests.program import Program
from tests.servers.town import BRAND, Town, token
from tests.stores import make_rules, make_store


@pytest.fixture
def run(tmp_path: Path) -> Program:
    return Program(make_store(tmp_path), make_rules(tmp_path), {"EARNEST_NAME": "jo"})


@pytest.fixture
def fresh(tmp_path: Path) -> Program:
    """An installation that was just made: rules, an empty store, and the key for alerts."""
    url = f"sqlite:///{tmp_path}/fresh.db"
    open_store(url, create=True).close()
    return Program(url, make_rules(tmp_path), {"EARNEST_SECRET_ONCALL": "json://alerts.example"})


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with Town() as town:
        asyncio.run(town.write("marta", "@acme charged me twice #acme"))
        asyncio.run(town.write("tom", "nothing to do with anybody #shoes"))
        yield town


def in_town(program: Program, town: Town, **secrets: str) -> Program:
    rules = program.rules.read_text(encoding="utf-8").replace(
        "instance: town.example, tags: [acme]", f'instance: "{town.url}", tags: [shoes, acme]'
    )
    program.rules.write_text(rules, encoding="utf-8")
    return Program(program.store, program.rules, {**program.environment, "EARNEST_ALLOW_HOSTS": town.host, **secrets})


def findings(program: Program) -> dict[str, str]:
    return {one["check"]: one["state"] for one in program("doctor", "--offline", "--json").objects}


def test_sources_says_state_lag_and_gaps(run: Program) -> None:
    found = {one["name"]: one for one in run("sources", "--json").objects}
    assert (found["mastodon"]["state"], found["mastodon"]["gaps"]) == ("listening", 1)
    assert found["reddit"]["lag_s"] is None
    assert "no longer in rules.yaml" in run("sources").out


def test_sources_lists_what_the_rules_name_before_the_first_run(run: Program, tmp_path: Path) -> None:
    (only,) = run("sources", "--json", "--store", f"sqlite:///{tmp_path}/none.db").objects
    assert (only["name"], only["state"], only["lag_s"]) == ("mastodon", "new", None)


def test_a_source_is_tried_without_storing_anything(fresh: Program, town: Town) -> None:
    program = in_town(fresh, town, EARNEST_SECRET_MASTODON_READ=token(BRAND), EARNEST_SECRET_MASTODON_WRITE=token(BRAND))
    found = program("sources", "test", "mastodon", "--json").object
    assert (found["hear"]["ok"], found["hear"]["account"], found["hear"]["mentions"]) == (True, "acme", 1)
    assert (found["speak"]["ok"], found["speak"]["account"]) == (True, "acme")
    assert program("mentions", "--json").out == ""


def test_that_we_cannot_speak_is_said_and_is_no_failure(fresh: Program, town: Town) -> None:
    ran = in_town(fresh, town)("sources", "test", "mastodon")
    assert ran.code == 0
    assert "hear   yes, without an account" in ran.out
    assert "speak  no" in ran.out
    assert "mastodon_write" in ran.out


def test_a_refused_key_is_4_and_a_deaf_source_is_1(fresh: Program, town: Town) -> None:
    assert in_town(fresh, town, EARNEST_SECRET_MASTODON_READ="wrong")("sources", "test", "mastodon").code == 4
    closed = Program(fresh.store, fresh.rules, {**fresh.environment, "EARNEST_ALLOW_HOSTS": ""})
    assert closed("sources", "test", "mastodon").code in {1, 2}
    unknown = fresh("sources", "test", "moon")
    assert unknown.code == 1
    assert "it has: mastodon" in unknown.err


def test_preview_shows_only_what_would_count_and_why(fresh: Program, town: Town) -> None:
    program = in_town(fresh, town)
    (only,) = (one for one in program("sources", "preview", "mastodon", "--json").objects if "text" in one)
    assert only["text"].startswith("@acme charged me twice")
    assert only["brands"] == ["acme"]
    assert {"ground", "text"} == set(only["because"][0])
    assert "1 of 2 posts would count" in program("sources", "preview", "mastodon").err


def test_doctor_finds_nothing_wrong_with_a_fresh_installation(fresh: Program) -> None:
    ran = fresh("doctor", "--offline")
    assert ran.code == 0
    found = findings(fresh)
    assert found["rules"] == found["store"] == found["log"] == found["timezone"] == found["team on-call"] == "ok"
    assert found["daemon"] == "warning"
    assert found["channel mastodon"] == "warning"
    assert "EARNEST_SECRET_MASTODON_WRITE" in ran.out


def test_doctor_says_that_a_cry_for_help_would_reach_nobody(fresh: Program) -> None:
    mute = Program(fresh.store, fresh.rules, {})
    ran = mute("doctor", "--offline")
    assert ran.code == 1
    assert "a cry for help would reach nobody" in ran.out
    assert findings(mute)["team on-call"] == "wrong"


def test_doctor_asks_no_address_of_a_team_that_only_a_shadow_route_would_tell(fresh: Program) -> None:
    whole = fresh.rules.read_text(encoding="utf-8")
    trial = "routes:\n  - {name: trial, shadow: true, when: {signals: [money]}, escalate: billing}\n"
    fresh.rules.write_text(whole.replace("routes:\n", trial), encoding="utf-8")
    assert findings(fresh).get("team billing", "ok") == "ok"
    fresh.rules.write_text(whole.replace("routes:\n", trial.replace("shadow: true, ", "")), encoding="utf-8")
    assert findings(fresh)["team billing"] != "ok"


def test_doctor_knows_what_bluesky_needs_no_key_for(fresh: Program) -> None:
    rules = fresh.rules.read_text(encoding="utf-8")
    for options, state in (("{every: 30s}", "wrong"), ("{stream: public}", "ok")):
        fresh.rules.write_text(rules.replace("  mastodon: {instance", f"  bluesky: {options}\n  mastodon: {{instance"), encoding="utf-8")
        assert findings(fresh)["source bluesky"] == state


def test_doctor_never_shows_a_secret(fresh: Program) -> None:
    program = Program(fresh.store, fresh.rules, {"EARNEST_SECRET_ONCALL": "canary", "EARNEST_SECRET_MASTODON_READ": "canary"})
    ran = program("doctor", "--offline", "-v")
    assert "canary" not in ran.out + ran.err


def test_doctor_finds_broken_rules_failing_examples_and_a_changed_log(run: Program) -> None:
    store = open_store(run.store)
    store.write(lambda tx: tx.run("UPDATE audit SET who = 'nobody' WHERE id = 2"))
    store.close()
    whole = run.rules.read_text(encoding="utf-8")
    example = '    examples:\n      - {post: "@acme hello"}\n  - name: everything-else'
    run.rules.write_text(whole.replace("  - name: everything-else", example), encoding="utf-8")
    found = findings(run)
    assert (found["log"], found["examples"], found["alerts"], found["gaps"]) == ("wrong", "wrong", "wrong", "warning")
    run.rules.write_text("version: [", encoding="utf-8")
    assert findings(run)["rules"] == "wrong"
    assert run("doctor", "--offline").code == 1


def test_doctor_says_that_there_is_no_store_yet_and_that_one_is_broken(fresh: Program, tmp_path: Path) -> None:
    assert Program(f"sqlite:///{tmp_path}/none.db", fresh.rules, fresh.environment)("doctor", "--offline").code == 0
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"no database at all" * 1_000)
    assert findings(Program(f"sqlite:///{broken}", fresh.rules, fresh.environment))["store"] == "wrong"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_and_how_to_install_it(run: Program, shell: str) -> None:
    ran = run("completion", shell)
    assert ran.code == 0
    assert "_EARNEST_COMPLETE" in ran.out
    assert f"earnest completion {shell} >" in ran.err


def test_completion_is_a_script_that_bash_can_read_and_knows_the_commands(run: Program) -> None:
    checked = subprocess.run(["bash", "-n"], input=run("completion", "bash").out, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    asked = Program(run.store, run.rules, {"_EARNEST_COMPLETE": "bash_complete", "COMP_WORDS": "earnest in", "COMP_CWORD": "1"})
    assert asked().out.splitlines() == ["plain,init", "plain,inbox"]


def test_completion_for_an_unknown_shell_is_wrong_use(run: Program) -> None:
    assert run("completion", "tcsh").code == 2
    assert Program(run.store, run.rules, {"SHELL": "/bin/tcsh"})("completion").code == 2


def test_our_account_is_marked_as_automated_after_asking_and_the_test_says_so(run: Program, town: Town) -> None:
    asyncio.run(town.reset())
    program = in_town(run, town, EARNEST_SECRET_MASTODON_WRITE=token(BRAND))

    def label() -> dict[str, object]:
        gates = program("sources", "test", "mastodon", "--json").object["gates"]
        return next(gate for gate in gates if gate["name"] == "label")

    assert (label()["met"], label()["how"]) == (False, "our account lacks the label")
    assert "NOT met: our account lacks the label. Set it: earnest sources label mastodon" in program("sources", "test", "mastodon").out
    assert program("sources", "label", "mastodon").code == 1
    assert label()["met"] is False
    assert "is marked as automated" in program("sources", "label", "mastodon", "--yes").out
    assert label()["met"] is True
