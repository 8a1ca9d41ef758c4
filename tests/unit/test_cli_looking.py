"""What the commands that only look promise: their order, their fields, and that they work without readable rules."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from listener.clock import now, to_text
from responders.cli.watches import STANDS, watch_words
from responders.house import open_store
from responders.watches import State
from tests.program import Program
from tests.stores import make_rules, make_store


@pytest.fixture
def run(tmp_path: Path) -> Program:
    return Program(make_store(tmp_path), make_rules(tmp_path), {"EARNEST_NAME": "jo"})


def test_inbox_has_the_most_urgent_first_and_the_promised_fields(run: Program) -> None:
    found = run("inbox", "--json").objects
    assert [one["case"] for one in found] == ["A-1", "A-2", "A-5", "A-4"]
    assert {
        "case", "state", "route", "rule_version", "network", "author", "text", "url", "public", "private", "urgency", "sentiment",
        "signals", "holds", "due", "approvals_needed", "approvals", "schema",
    } <= set(found[0])  # fmt: skip
    assert found[0]["urgency"] == {"level": "critical", "points": 90}
    assert found[0]["sentiment"] == {"label": "negative", "score": -0.05}
    assert found[0]["signals"][0] == {"name": "money", "points": 40, "because": ["charged me twice"]}
    assert found[1]["approvals_needed"] == 2
    assert found[0]["schema"] == 1


def test_inbox_is_tabs_in_a_pipe_and_says_the_next_step_beside_it(run: Program) -> None:
    ran = run("inbox")
    assert ran.out.splitlines()[0].split("\t") == [
        "A-1", "billing", "critical 90", "18 min", "mastodon", "@marta_k", "@acme charged me twice and support ignores me",
    ]  # fmt: skip
    assert all(line.count("\t") == 6 for line in ran.out.splitlines())
    assert "earnest review" in ran.err


def test_inbox_on_a_terminal_has_a_head_and_ends_with_the_next_step(run: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    lines = run("inbox", "--color", "never", terminal=True).out.splitlines()
    assert lines[0].split() == ["CASE", "ROUTE", "URGENCY", "DUE", "IN", "NETWORK", "AUTHOR", "TEXT"]
    assert "5 min late" in lines[2]
    assert "A-4 public answer: we cannot tell whether it is there (timed out); look at the post and decide" in lines
    assert [" ".join(line.split()) for line in lines[-5:-2]] == [
        "look https://town.example/@p4/p4",
        "there earnest found A-4 URL (the address of our answer)",
        "not there earnest resend A-4",
    ]
    assert lines[-1].startswith("3 drafts wait; 1 answer is in doubt. Decide: earnest review")


def test_of_more_than_the_limit_the_inbox_lists_the_most_urgent_and_says_how_many_there_are(run: Program) -> None:
    cut = run("inbox", "--limit", "2", "--json")
    assert [one["case"] for one in cut.objects] == ["A-1", "A-2"]
    assert "4 ask for a person; listed are the 2 most urgent" in cut.err
    assert "4 ask for a person; listed are the 2 most urgent (--limit). Decide: earnest review" in run("inbox", "--limit", "2").err
    assert "ask for a person" not in run("inbox", "--limit", "4").err


def test_an_answer_in_doubt_is_a_line_of_its_own_for_scripts(run: Program) -> None:
    parked = run("inbox", "--json").objects[-1]
    assert (parked["case"], parked["state"], parked["kind"], parked["url"]) == ("A-4", "parked", "public", "https://town.example/@p4/p4")
    assert parked["answer"].endswith("A-4 is open. ^Jo")
    assert parked["text"] == "@acme my parcel is lost"
    assert "timed out" in parked["reason"]
    assert parked["urgency"] == {"level": "normal", "points": 35}
    last = run("inbox").out.splitlines()[-1].split("\t")
    assert (last[0], len(last)) == ("A-4", 7)
    assert last[-1].endswith("It is there: earnest found A-4 URL. It is not: earnest resend A-4")


@pytest.mark.parametrize(
    ("filters", "cases"),
    [
        (("--urgency", "high"), ["A-1", "A-2"]),
        (("--overdue",), ["A-2"]),
        (("--network", "reddit"), []),
        (("--network", "mastodon", "--route", "billing", "--team", "billing", "--brand", "acme"), ["A-1", "A-2", "A-5", "A-4"]),
        (("--assignee", "kim"), []),
        (("--since", "1h"), ["A-1", "A-2", "A-5", "A-4"]),
    ],
)
def test_filters_leave_what_fits(run: Program, filters: tuple[str, ...], cases: list[str]) -> None:
    ran = run("inbox", "--json", *filters)
    assert [one["case"] for one in ran.objects] == cases
    assert ran.code == 0


def test_status_has_exactly_the_promised_parts(run: Program) -> None:
    found = run("status", "--json").object
    assert found["sending"] == {"on": True, "reason": None}
    assert found["rules"]["version"] == "0123456789ab"
    assert set(found["rules"]) == {"version", "loaded_at", "last_error"}
    heard = {one["name"]: one for one in found["sources"]}
    assert {"name", "state", "lag_s", "gaps"} <= set(heard["mastodon"])
    assert heard["mastodon"]["state"] == "listening"
    assert 20 <= heard["mastodon"]["lag_s"] < 60
    assert heard["mastodon"]["gaps"] == 1
    assert heard["reddit"]["lag_s"] is None
    assert (found["drafts"]["waiting"], found["drafts"]["overdue"]) == (3, 1)
    none = ("held", "by_hand", "ready", "claimed", "refused", "unknown", "withdrawing", "withdrawn")
    assert found["deliveries"] == {**dict.fromkeys(none, 0), "sent": 1, "parked": 1}
    assert [(one["case"], one["kind"], one["state"]) for one in found["doubtful"]] == [("A-4", "public", "parked")]
    assert [(one["network"], one["handle"], one["resting"]) for one in found["accounts"]] == [("mastodon", "acme", False)]
    assert found["incidents"] == []


def test_an_answer_whose_post_is_no_longer_stored_keeps_nobody_from_looking(run: Program) -> None:
    with closing(open_store(run.store)) as store:
        store.write(lambda tx: tx.run("DELETE FROM posts WHERE id = 'p4'"))
    assert run("status", "--json").object["doubtful"] == []
    assert [one["case"] for one in run("inbox", "--json").objects] == ["A-1", "A-2", "A-5"]


def test_status_tells_people_what_is_parked_untold_and_missed_and_what_to_do(run: Program) -> None:
    out = run("status").out
    assert "A-4: public answer may have been sent; a person must look" in out
    assert "earnest found A-4 URL" in out
    assert "earnest resend A-4" in out
    assert "https://town.example/@p4/p4" in out
    assert "A-1 for on-call: the secret oncall is not set" in out
    assert "more than 40 pages waited" in out
    assert "reddit refuses the token" in out
    assert "earnest run" in out


def test_show_tells_the_conversation_the_words_that_made_it_urgent_and_the_draft(run: Program) -> None:
    out = run("show", "a1").out
    assert "@marta_k" in out
    assert '"charged me twice" +40' in out
    assert "A-1 is open. ^Jo" in out
    assert "This is Jo at Acme" in out
    assert "on-call NOT told yet" in out


def test_show_tells_in_which_time_zone_a_hold_ends(run: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    holds = '[["quiet_hours", "quiet hours", "2026-11-23T06:00:00.000000Z", false, false]]'
    store = open_store(run.store)
    store.write(lambda tx: tx.run("UPDATE decisions SET holds = :holds", holds=holds))
    store.close()
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert "held by quiet_hours: quiet hours, until 2026-11-23 07:00 CET" in run("show", "A-1").out
    finally:
        monkeypatch.undo()
        time.tzset()


def test_show_tells_what_went_out_with_its_link_and_who_asked_us_to_stop_with_their_words(run: Program) -> None:
    assert "https://town.example/@acme/reply-3" in run("show", "A-3").out
    assert run.case("A-3")["deliveries"][0]["state"] == "sent"
    assert "timed out" in run("show", "A-4").out
    assert 'asked us to stop: "never write to me again"' in run("show", "6").out
    assert run.case("A-6")["boundaries"] == [{"kind": "stop", "words": "never write to me again"}]


def test_mentions_lists_everything_heard_and_finds_words(run: Program) -> None:
    assert [one["case"] for one in run("mentions", "--json").objects] == ["A-6", "A-5", "A-4", "A-3", "A-2", "A-1"]
    assert [one["author"] for one in run("mentions", "--json", "--search", "LÁMP smokes").objects] == ["tom"]
    assert len(run("mentions", "--limit", "2").out.splitlines()) == 2


def test_a_search_that_finds_nothing_says_how_words_are_found(run: Program) -> None:
    assert '"charge" does not find "charged"' in run("mentions", "--search", "charge").err
    assert "earnest sources" in run("mentions", "--network", "reddit").err, "nobody searched: perhaps nothing is heard"


@pytest.mark.parametrize("words", ['"', "''", "NEAR(", "text:x", "'; drop table posts --", "*", "^", "\x00", "a" * 10_000])
def test_hostile_searches_find_nothing_and_break_nothing(run: Program, words: str) -> None:
    ran = run("mentions", "--json", "--search", words)
    assert (ran.code, ran.err) == (0, "")


def test_log_tells_who_did_what_of_all_or_of_one_case(run: Program) -> None:
    assert [one["action"] for one in run("log", "A-4", "--json").objects] == ["opened", "parked"]
    every = run("log", "--json").objects
    assert set(every[0]) == {"id", "at", "who", "action", "case", "detail", "schema"}
    assert len(every) == 8
    assert run("log", "--since", "1h").out.count("\n") == 8


def test_an_unknown_case_is_said_with_what_to_do(run: Program) -> None:
    for wrong in ("A-99", "nonsense", "A-" + "9" * 30):
        ran = run("show", wrong)
        assert (ran.code, ran.out) == (1, "")
        assert "earnest inbox" in ran.err


def test_wrong_use_is_2_and_no_store_is_5(run: Program, tmp_path: Path) -> None:
    assert run("inbox", "--since", "soon").code == 2
    assert run("inbox", "--urgency", "very").code == 2
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"this is no database, however long one looks at it" * 100)
    for command in (("inbox",), ("status",), ("show", "A-1"), ("mentions",), ("log",), ("suppress", "list")):
        for url in (f"sqlite:///{tmp_path}/absent.db", f"sqlite:///{broken}", "mysql://x"):
            assert run(*command, "--store", url).code == 5, (command, url)
    assert not (tmp_path / "absent.db").exists()
    assert broken.read_bytes().startswith(b"this is no database")


def test_json_carries_no_talk(run: Program) -> None:
    for command in (("inbox",), ("status",), ("show", "A-1"), ("mentions",), ("log",), ("sources",), ("suppress", "list")):
        assert run(*command, "--json").err == ""


def test_what_status_says_of_a_watch_fits_every_state_of_one() -> None:
    assert set(STANDS) == {state.value for state in State}


def test_of_a_watch_that_is_too_young_it_is_said_what_that_means() -> None:
    row = {"name": "silence", "state": "young", "words": "no post within 2h", "since": None}
    assert watch_words(row, now(), running=True) == "silence        too young   no post within 2h; it begins to tell after its first day"
    assert "first day" not in watch_words({**row, "state": "quiet"}, now(), running=True)


NETWORKS = ("aiohttp", "textual", "sqlite_utils", "ruamel", "rich", "structlog", "tweepy", "praw")
RULES = ("listener.rules.rulebook", "pydantic", "jinja2", "yaml", "numpy")
SLOW = ("asyncio", "concurrent.futures", "hashlib", "zoneinfo", "difflib")


@pytest.mark.in_a_file  # the driver of a server's store needs some of these itself
@pytest.mark.parametrize(
    ("command", "heavy"),
    [(command, NETWORKS + RULES + SLOW) for command in ("status", "inbox", "mentions", "mentions --search lamp", "log", "show A-1")],
)
def test_looking_loads_nothing_heavy(run: Program, command: str, heavy: tuple[str, ...]) -> None:
    code = "\n".join(
        (
            "import sys; from responders.cli import complaints, main",
            f"sys.argv = ['earnest', *{command.split()!r}, '--store', {run.store!r}, '--rules', {str(run.rules)!r}]",
            "complaints.guard(main.earnest)",
            f"print([name for name in {heavy!r} if name in sys.modules])",
        )
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_what_a_start_makes_is_not_looked_through_for_garbage_and_what_follows_is(run: Program) -> None:
    code = f"""
import atexit, gc, sys
from responders.cli.main import main
atexit.register(lambda: print([gc.isenabled(), gc.get_freeze_count() > 10_000]))
sys.argv = ["earnest", "status", "--store", {run.store!r}]
main()
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[True, True]"


def test_log_shows_the_newest_lines_and_says_that_there_are_older_ones(run: Program) -> None:
    every = run("log").out.splitlines()
    cut = run("log", "--limit", "3")
    assert cut.out.splitlines() == every[-3:]
    assert "Shown are the 3 newest lines; older ones too: --limit 30" in cut.err
    assert "older" not in run("log", "--limit", str(len(every))).err
    told = run("log", "--limit", "3", "--json")
    assert [one["at"] for one in told.objects] == [one["at"] for one in run("log", "--json").objects[-3:]]
    assert "--limit 30" in told.err
    assert run("log", "A-4", "--limit", "1", "--json").objects[0]["action"] == "parked"


def test_log_follows_what_is_done_elsewhere(run: Program) -> None:
    words = [sys.executable, "-c", "from responders.cli.main import main; main()", "log", "A-1", "-f", "--json", "--store", run.store]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        try:
            assert '"opened"' in following.stdout.readline()
            run("snooze", "A-1")
            assert '"snoozed"' in following.stdout.readline()
        finally:
            following.terminate()


@pytest.mark.in_a_file
def test_show_tells_scripts_why_every_route_did_not_take_it(tmp_path: Path) -> None:
    store, rules = make_store(tmp_path), make_rules(tmp_path)
    run = Program(store, rules, {"EARNEST_NAME": "jo"})
    assert [step["route"] for step in run("show", "A-1", "--json").object["decision"]["trace"]] == ["billing"]
    kept = (rules.read_text(encoding="utf-8"), "0123456789ab")
    with closing(sqlite3.connect(tmp_path / "town.db")) as connection, connection:
        connection.execute("INSERT INTO rulebooks (words, version, first_at, last_at) VALUES (?, ?, '', '')", kept)
    trace = run("show", "A-1", "--json").object["decision"]["trace"]
    assert len(trace) > 1
    assert [step["route"] for step in trace if step["matched"]] == ["billing"]
    assert all(step["because"] for step in trace)


def test_a_source_listens_only_while_a_daemon_runs_and_polls_it(run: Program) -> None:
    for command in ("status", "sources"):
        assert re.search("mastodon +not running last heard [0-9]+ s ago", run(command).out)
    with closing(open_store(run.store)) as store:
        store.hold_alone()
        for command in ("status", "sources"):
            assert re.search("mastodon +listening +last heard [0-9]+ s ago", run(command).out)
        long_ago = to_text(now() - timedelta(hours=3))
        store.write(lambda tx: tx.run("UPDATE sources SET polled_at = :at, heard_at = :at WHERE name = 'mastodon'", at=long_ago))
        for command in ("status", "sources"):
            assert re.search("mastodon +not polled +last heard 3 h ago", run(command).out)


@pytest.mark.parametrize("search", ["word " * 20_000, "a." * 20_000], ids=["words", "parts"])
def test_a_search_for_more_words_than_anybody_means_says_so(run: Program, search: str) -> None:
    ran = run("mentions", "--search", search)
    assert ran.code == 2
    assert "a search has at most 1,000 words and 10,000 characters" in ran.err
    assert (run("mentions", "--search", "parcel " * 900).code, ran.out) == (0, "")
    many = run("mentions", "--search", " ".join(chr(0x4E00 + n) for n in range(60)))
    assert (many.code, "at most 50 words of scripts without spaces" in many.err) == (2, True)
