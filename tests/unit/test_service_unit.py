"""The unit that `earnest service` prints: what ops rely on stands in it, and systemd can read it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from responders.service.unit import unit
from tests.program import Program

RULES = """\
version: 1
brands: {acme: {names: [Acme]}}
sources: {mastodon: {instance: "https://town.example"}, acme-de: {kind: bluesky}, hackernews: {}}
teams: {on-call: {members: [kim], alert: "secret:oncall"}}
routes: [{name: all, when: always, escalate: on-call}]
"""


def settings(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def test_it_says_what_a_service_is_expected_to_say() -> None:
    said = settings(unit("/opt/earnest/bin/earnest", [], folder=Path("/etc/earnest/secrets")))
    wanted = {
        "Type": "notify-reload",
        "ExecStart": "/opt/earnest/bin/earnest run",
        "NotifyAccess": "main",
        "KillSignal": "SIGTERM",
        "KillMode": "mixed",
        "TimeoutStopSec": "15",
        "Restart": "on-failure",
        "RestartPreventExitStatus": "2 78",
        "User": "earnest",
        "StateDirectory": "earnest",
        "ProtectSystem": "strict",
        "NoNewPrivileges": "yes",
        "LimitCORE": "0",
        "UMask": "0077",
        "CapabilityBoundingSet": "",
        "WatchdogSec": "60",
    }
    assert {name: said[name] for name in wanted} == {name: [value] for name, value in wanted.items()}
    assert "ExecReload" not in said
    assert "LoadCredential" not in said
    assert "EARNEST_HTTP" not in said["Environment"][0], "off unless it is asked for"


def test_an_older_systemd_reloads_by_a_signal() -> None:
    said = settings(unit("/opt/earnest", [], folder=Path("/etc/earnest/secrets"), systemd=252))
    assert (said["Type"], said["ExecReload"]) == (["notify"], ["/bin/kill -HUP $MAINPID"])


def test_secrets_that_are_there_are_handed_over_and_the_others_are_named(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    (tmp_path / "oncall").write_text("x", encoding="utf-8")
    run = Program("sqlite:////nowhere/earnest.db", tmp_path / "rules.yaml", {})
    ran = run("service", "--secrets", str(tmp_path), "--systemd", "257", "--http", "localhost:9464")
    lines = ran.out.splitlines()
    assert ran.code == 0
    assert f"LoadCredential=oncall:{tmp_path}/oncall" in lines
    names = [line.partition("=")[2].partition(":")[0] for line in lines if line.startswith("#LoadCredential=")]
    assert names == ["mastodon_read", "acme-de_read", "mastodon_write", "bluesky_write"]
    assert "EARNEST_HTTP=127.0.0.1:9464" in settings(ran.out)["Environment"][0]
    told = run("service", "--json", "--systemd", "257", "--http", "localhost:9464", "--secrets", str(tmp_path)).object
    assert (told["unit"], told["secrets"]) == (ran.out, ["mastodon_read", "acme-de_read", "mastodon_write", "bluesky_write", "oncall"])


def test_a_store_on_a_server_is_the_one_it_works_on_and_its_password_is_a_secret(tmp_path: Path) -> None:
    url = "postgresql://earnest@db.example/earnest?sslmode=verify-full&options=-csearch_path%3Dshop"
    run = Program(url, tmp_path / "rules.yaml", {})
    (said,) = settings(run("service", "--systemd", "257").out)["Environment"]
    assert f"EARNEST_STORE={url.replace('%', '%%')} " in said, "systemd takes %3 for a word of its own"
    assert "#LoadCredential=store_password:/etc/earnest/secrets/store_password" in run("service", "--systemd", "257").out.splitlines()
    told = Program("postgresql://earnest:hunter2@db.example/earnest", tmp_path / "rules.yaml", {})("service")
    assert (told.code, told.out) == (2, "")
    assert "store_password" in told.err
    assert "hunter2" not in told.err


@pytest.mark.parametrize(
    ("only", "names"),
    [
        (["listen"], ["mastodon_read", "acme-de_read"]),
        (["think"], ["oncall"]),
        (["send"], ["mastodon_write", "bluesky_write"]),
        (["think", "send"], ["mastodon_write", "bluesky_write", "oncall"]),
    ],
)
def test_a_machine_that_does_a_part_of_the_work_gets_the_secrets_of_that_part(tmp_path: Path, only: list[str], names: list[str]) -> None:
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    run = Program("postgresql://db.example/earnest", tmp_path / "rules.yaml", {})
    told = run("service", "--json", "--systemd", "257", *(word for role in only for word in ("--only", role))).object
    assert told["secrets"] == ["store_password", *names]
    assert settings(told["unit"])["ExecStart"][0].endswith("earnest run" + "".join(f" --only {role}" for role in only))


def test_it_refuses_an_address_that_other_machines_can_reach(tmp_path: Path) -> None:
    ran = Program("sqlite:////nowhere/earnest.db", tmp_path / "rules.yaml", {})("service", "--http", "0.0.0.0:9464")
    assert (ran.code, ran.out) == (2, "")


@pytest.mark.parametrize(
    ("program", "home"),
    [("/opt/earnest/bin/earnest", "yes"), ("/home/kim/earnest/bin/earnest", "read-only"), ("/root/earnest", "read-only")],
)
def test_a_program_in_somebody_s_home_can_be_seen_there(program: str, home: str) -> None:
    assert settings(unit(program, [], folder=Path("/x")))["ProtectHome"] == [home]


def test_a_path_is_written_as_systemd_reads_it(tmp_path: Path) -> None:
    (tmp_path / "100%").mkdir()
    (tmp_path / "100%/oncall").touch()
    said = settings(unit("/opt/100% ours/a$b/earnest", ["oncall"], folder=tmp_path / "100%", http="unix:/run/my own/5%/x.sock"))
    assert said["ExecStart"] == ['"/opt/100%% ours/a$b/earnest" run']
    assert said["LoadCredential"] == [f"oncall:{tmp_path}/100%%/oncall"]
    assert said["Environment"][0].endswith(' "EARNEST_HTTP=unix:/run/my own/5%%/x.sock"')


@pytest.mark.parametrize("name", ["plain", "my own", "100%", "a$b", "a$$b"])
def test_systemd_can_read_it(tmp_path: Path, name: str) -> None:
    """Asked where it is installed, of its own version; elsewhere the other tests stand alone."""
    analyze = shutil.which("systemd-analyze")
    said = ""
    if analyze:
        (tmp_path / name).mkdir()
        program = tmp_path / name / "earnest"
        program.touch(0o755)
        path = tmp_path / "earnest.service"
        text = unit(
            str(program),
            ["oncall"],
            folder=tmp_path / name,
            http=f"unix:/run/{name}/x.sock",
            store='postgresql:///a?options=-c%20x="y z"',
            systemd=252,
        )
        path.write_text(text, encoding="utf-8")
        said = subprocess.run([analyze, "verify", str(path)], capture_output=True, text=True, check=False).stderr
    assert [line for line in said.splitlines() if "earnest.service" in line] == []
