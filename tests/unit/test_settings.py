from __future__ import annotations

import copy
import pickle
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from listener.errors import UsageError
from listener.settings import (
    Secret,
    allowed_hosts,
    reading_secret,
    rules_path,
    secret,
    secret_variable,
    store_url,
    turn,
    writing_secret,
)

CANARY = "canary-7f3a"


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CREDENTIALS_DIRECTORY", "EARNEST_ALLOW_HOSTS", "EARNEST_RULES", "EARNEST_STORE", "EARNEST_SECRET_TOWN_READ"):
        monkeypatch.delenv(name, raising=False)


@dataclass
class Holder:
    token: Secret


def test_a_secret_shows_itself_nowhere_but_on_request() -> None:
    kept = Secret(CANARY)
    holder = Holder(kept)
    shown = [str(kept), repr(kept), f"{kept}", f"{kept:>40}", f"{kept!r}", "%s" % kept, repr(holder), str(asdict(holder)), str([kept])]  # noqa: UP031
    assert not any(CANARY in text for text in shown)
    assert CANARY.encode() not in pickle.dumps(holder)
    assert str(kept) == "***"
    assert kept.reveal() == CANARY


def test_a_copied_secret_still_works_and_a_pickled_one_does_not() -> None:
    kept = Secret(CANARY)
    assert copy.deepcopy(Holder(kept)).token.reveal() == CANARY
    assert copy.copy(kept).reveal() == CANARY
    assert pickle.loads(pickle.dumps(kept)).reveal() == "***"  # noqa: S301 - our own bytes


def test_a_file_of_the_service_manager_comes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARNEST_SECRET_TOWN_READ", "from-environment")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    found = secret("town_read")
    assert found is not None
    assert found.reveal() == "from-environment"
    (tmp_path / "town_read").write_text("from-file\n")
    found = secret("town_read")
    assert found is not None
    assert found.reveal() == "from-file"


@pytest.mark.parametrize("value", [None, "", "  \n"])
def test_nothing_there_is_none(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if value is not None:
        monkeypatch.setenv("EARNEST_SECRET_TOWN_READ", value)
    assert secret("town_read") is None


@pytest.mark.parametrize("name", ["../etc/passwd", "a/b", "", "UPPER", "x\0y", "a" * 100])
def test_a_name_never_leads_out_of_the_folder(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(UsageError):
        secret(name)


def test_a_secret_that_cannot_be_read_says_so_without_showing_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "town_read").write_bytes(b"\xff\xfe" + CANARY.encode())
    with pytest.raises(UsageError) as caught:
        secret("town_read")
    assert "town_read" in caught.value.message
    assert CANARY not in caught.value.message


def test_reading_and_writing_have_different_names() -> None:
    assert (reading_secret("town"), writing_secret("town")) == ("town_read", "town_write")
    assert secret_variable("town_read") == "EARNEST_SECRET_TOWN_READ"


def test_allowed_hosts_are_read_from_one_list(monkeypatch: pytest.MonkeyPatch) -> None:
    assert allowed_hosts() == frozenset()
    monkeypatch.setenv("EARNEST_ALLOW_HOSTS", " 127.0.0.1:3000, LOCALHOST:80,,[::1]:9 ")
    assert allowed_hosts() == {"127.0.0.1:3000", "localhost:80", "[::1]:9"}


def test_where_rules_and_store_lie(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (rules_path(), store_url()) == ("rules.yaml", "sqlite:///data/earnest.db")
    monkeypatch.setenv("EARNEST_RULES", "other.yaml")
    monkeypatch.setenv("EARNEST_STORE", "sqlite:////var/x.db")
    assert (rules_path(), store_url()) == ("other.yaml", "sqlite:////var/x.db")


def test_how_long_a_turn_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EARNEST_TURN", raising=False)
    assert turn() == timedelta(seconds=15)
    monkeypatch.setenv("EARNEST_TURN", " 2.5 ")
    assert turn() == timedelta(seconds=2.5)


@pytest.mark.parametrize("value", ["soon", "0", "-3", "601", "nan", "inf"])
def test_a_turn_that_is_no_number_of_seconds_is_refused_in_words(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARNEST_TURN", value)
    with pytest.raises(UsageError, match="from 1 to 600") as told:
        turn()
    assert "15" in told.value.hint
