"""`python -m listener`: it hears and stores with the keys it has, and ends with words and a code, never a traceback."""

from __future__ import annotations

import ast
import signal
import subprocess
import sys
from pathlib import Path

import pytest

RULES = """
version: 1
brands: {acme: {names: [Acme]}}
sources: {mastodon: {instance: town.example}}
routes: [{name: rest, when: always, reply: none}]
"""
LISTENER = Path(__file__).parents[2] / "listener"


def start(folder: Path, *, store: str = "") -> subprocess.Popen[str]:
    settings = {"EARNEST_STORE": store} if store else {}
    return subprocess.Popen(
        [sys.executable, "-m", "listener"],
        cwd=folder,
        env={"PYTHONPATH": str(LISTENER.parent), "PATH": "/usr/bin:/bin", **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("rules", "store", "code", "words"),
    [
        (None, "", 78, "cannot read rules.yaml: No such file or directory"),
        (b"\xff\xfe", "", 78, "is not UTF-8 text"),
        (RULES.replace("mastodon:", "mastodonn:").encode(), "", 78, 'there is no kind of source called "mastodonn"'),
        (RULES.encode(), "elsewhere", 5, "is not a store this version can open"),
    ],
    ids=["absent", "not text", "misspelt", "no store"],
)
def test_what_is_wrong_is_said_with_its_exit_code(tmp_path: Path, rules: bytes | None, store: str, code: int, words: str) -> None:
    if rules is not None:
        (tmp_path / "rules.yaml").write_bytes(rules)
    running = start(tmp_path, store=store)
    out, err = running.communicate(timeout=30)
    assert (running.returncode, out) == (code, "")
    assert words in err
    assert "Traceback" not in err


def test_it_listens_until_it_is_interrupted(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    running = start(tmp_path)
    assert running.stderr is not None
    assert "no access token, so there is nothing to hear" in running.stderr.readline()
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=30)
    assert running.returncode == 0, err
    assert (tmp_path / "data" / "earnest.db").exists()


def test_the_only_thing_it_posts_is_a_sign_in() -> None:
    calls = [
        (path.relative_to(LISTENER).as_posix(), call.args)
        for path in LISTENER.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and call.args
    ]
    writes = {"POST", "PUT", "PATCH", "DELETE"}
    posting = {(file, ast.unparse(args[1])) for file, args in calls if isinstance(args[0], ast.Constant) and args[0].value in writes}
    assert posting == {
        ("bluesky_session.py", "'com.atproto.server.createSession'"),
        ("bluesky_session.py", "'com.atproto.server.refreshSession'"),
        ("reddit_session.py", "'/api/v1/access_token'"),
    }
