"""The first hour with Earnest, as the README tells it, with the real program on a real terminal in an empty folder."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

from tests.terminal import EARNEST, Terminal


def earnest(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([EARNEST, *words], cwd=folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def objects(folder: Path, *words: str) -> list[dict[str, Any]]:
    found = earnest(folder, *words, "--json")
    assert found.returncode == 0, found.stderr
    return [json.loads(line) for line in found.stdout.splitlines()]


def test_the_demo_runs_unattended_tells_everything_and_runs_again(tmp_path: Path) -> None:
    (outcome,) = objects(tmp_path, "demo")
    assert (outcome["heard"], outcome["rings"], len(outcome["left_alone"])) == (10, 2, 2)
    assert len([one for one in outcome["sent"] if one["kind"] == "public"]) == 3
    found = earnest(tmp_path, "demo")
    assert found.returncode == 0, found.stdout + found.stderr
    told = found.stdout
    assert re.search(r"critical +2 escalated to on-call at once: A-\d+ \(@mia\), A-\d+ \(@haruka\); the pager rang 2 times", told)
    assert re.search(r"private +2 hand-offs to private", told)
    assert re.search(r"sarcasm +1 sarcastic post not thanked: A-\d+ \(@zoe\)", told)
    assert re.search(r"left alone +2 because they asked: .*@lena", told)
    assert re.search(r"sent +3 public answers .*those to: mia, tom, ana", told)
    assert "earnest inbox" in told


def test_the_first_hour(tmp_path: Path) -> None:
    demo = Terminal("demo", columns=150, lines=60, cwd=tmp_path)
    try:
        demo.sees("stays awake until")
        _three_drafts_wait_and_the_most_urgent_stands_first(tmp_path)
        _sarcasm_is_explained_and_not_thanked(tmp_path)
        _a_typo_is_pointed_at_and_the_running_daemon_keeps_its_rules(demo, tmp_path)
        _review_sends_after_second_thoughts_and_the_reply_stands_once(demo, tmp_path)
        _pause_holds_everything_until_resume(demo, tmp_path)
    finally:
        demo.close()


def town_of(demo: Terminal) -> str:
    found = re.search(r"(http://127\.0\.0\.1:\d+)/api/v1/statuses", demo.text)
    assert found, demo.text
    return found[1]


def write_as_mia(town: str, words: str) -> str:
    request = urllib.request.Request(
        f"{town}/api/v1/statuses",
        data=json.dumps({"status": words}).encode(),
        headers={"Authorization": "Bearer mia-token", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return str(json.load(answer)["id"])


def answers_of_the_brand(town: str, post: str) -> list[str]:
    """Return what the brand said in public: this town shows private messages to everyone."""
    with urllib.request.urlopen(f"{town}/api/v1/statuses/{post}/context") as answer:
        replies = [reply for reply in json.load(answer)["descendants"] if reply["account"]["acct"] == "acme"]
    return [reply["content"] for reply in replies if reply["visibility"] != "direct"]


def _three_drafts_wait_and_the_most_urgent_stands_first(folder: Path) -> None:
    waiting = objects(folder, "inbox")
    assert len(waiting) == 3
    assert waiting[0]["urgency"]["level"] == "critical"
    shown = earnest(folder, "show", waiting[0]["case"])
    assert shown.returncode == 0
    assert "やけど" in shown.stdout


def _sarcasm_is_explained_and_not_thanked(folder: Path) -> None:
    (why,) = objects(folder, "explain", "--post", "Great, ANOTHER outage. Thanks @acme")
    assert why["route"] == "upset"
    assert why["trace"][0]["matched"] is False
    assert any(step["route"] == "thanks" and not step["matched"] for step in why["trace"])


def _a_typo_is_pointed_at_and_the_running_daemon_keeps_its_rules(demo: Terminal, folder: Path) -> None:
    rules = folder / "rules.yaml"
    good = rules.read_text(encoding="utf-8")
    rules.write_text(good.replace("\n    approval:", "\n    aproval:", 1), encoding="utf-8")
    checked = earnest(folder, "rules", "check")
    assert checked.returncode == 1
    assert 'did you mean "approval"' in checked.stdout + checked.stderr
    assert re.search(r"rules\.yaml:\d+:\d+:", checked.stdout + checked.stderr)
    demo.sees("the old ones stay")
    assert "aproval" in earnest(folder, "status").stdout
    rules.write_text(good, encoding="utf-8")


def _review_sends_after_second_thoughts_and_the_reply_stands_once(demo: Terminal, folder: Path) -> None:
    post = write_as_mia(town_of(demo), "@acme you charged me twice for the blue pair")
    demo.sees("blue pair")
    case = next(one["case"] for one in objects(folder, "inbox") if "blue pair" in one["text"])
    review = Terminal("review", "--route", "billing", cwd=folder, EARNEST_NAME="jo")
    try:
        review.sees("blue pair")
        review.press("w")
        review.sees("why")
        review.press("q")
        review.sees("blue pair")
        review.press("y")
        review.sees("[u]")
        review.press("u")
        review.sees("blue pair")
        review.press("y")
        review.sees("[u]")
        demo.sees(f"{case}", "public answer sent")
        review.press("q")
    finally:
        review.close()
    town = town_of(demo)
    demo.sees(case)
    for _ in range(60):
        if len(answers_of_the_brand(town, post)) == 1:
            break
        objects(folder, "status")
    assert len(answers_of_the_brand(town, post)) == 1
    log = earnest(folder, "log", case).stdout
    assert re.search(r"jo\s+approved", log)
    assert re.search(r"jo\s+took back", log)


def _pause_holds_everything_until_resume(demo: Terminal, folder: Path) -> None:
    assert earnest(folder, "pause", "--reason", "checking").returncode == 0
    post = write_as_mia(town_of(demo), "@acme how do I return the green pair?")
    demo.sees("green pair")
    case = next(one["case"] for one in objects(folder, "inbox") if "green pair" in one["text"])
    assert earnest(folder, "approve", case, "--as", "jo").returncode == 0
    (status,) = objects(folder, "status")
    assert status["sending"] == {"on": False, "reason": status["sending"]["reason"]}
    assert "checking" in status["sending"]["reason"]
    assert answers_of_the_brand(town_of(demo), post) == []
    assert earnest(folder, "resume").returncode == 0
    for _ in range(60):
        if answers_of_the_brand(town_of(demo), post):
            break
        objects(folder, "status")
    assert len(answers_of_the_brand(town_of(demo), post)) == 1


def test_rules_of_ones_own_are_checked_at_once(tmp_path: Path) -> None:
    made = earnest(tmp_path, "init", "mine", "--name", "Fjord Kaffe", "--mastodon", "fjord@mastodon.social", "--people", "nils, kari")
    assert made.returncode == 0, made.stdout + made.stderr
    assert earnest(tmp_path / "mine", "rules", "check").returncode == 0
    assert earnest(tmp_path / "mine", "rules", "test").returncode == 0
    again = earnest(tmp_path, "init", "mine", "--name", "Other")
    assert again.returncode == 1
    assert "exists already" in again.stderr
    assert "Fjord Kaffe" in (tmp_path / "mine" / "rules.yaml").read_text(encoding="utf-8")


def test_rules_for_a_brand_without_an_account_are_ready_to_listen_by(tmp_path: Path) -> None:
    (made,) = objects(tmp_path, "init", "mine", "--name", "Fjord Kaffe", "--people", "nils")
    assert made["failures"] == []
    assert earnest(tmp_path / "mine", "rules", "test").returncode == 0
    checked = earnest(tmp_path / "mine", "rules", "check")
    assert checked.returncode in {0, 3}, checked.stdout
