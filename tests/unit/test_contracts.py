"""The import contracts hold, and a back import added by hand breaks them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from listener import plugins
from listener.errors import EarnestError

ROOT = Path(__file__).resolve().parents[2]
LINT = Path(sys.executable).with_name("lint-imports")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    for package in ("listener", "responders"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    # The copy is read in place of the installed packages, because the folder one stands in comes first.
    return subprocess.run([LINT, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(folder)})


@pytest.mark.parametrize(
    ("where", "line", "contract"),
    [
        ("listener/polling.py", "import responders.outbox", "the ear cannot speak"),
        ("listener/text.py", "import listener.store.sqlite", "inside the ear"),
        ("listener/store/postgres/values.py", "import listener.store.postgres.links", "inside the store on a server"),
        ("listener/cleaning.py", "import listener.store.postgres.store", "only opening and looking"),
        ("responders/routing.py", "import responders.outbox", "inside the voice"),
        ("responders/guard.py", "import asyncio", "the middle is pure"),
        ("listener/sources/bluesky.py", "import listener.sources.mastodon", "no source imports another"),
        ("responders/daemon.py", "import apscheduler", "only listener.schedule"),
    ],
)
def test_a_back_import_is_refused(copy: Path, where: str, line: str, contract: str) -> None:
    file = copy / where
    before = file.read_text(encoding="utf-8")
    file.write_text(
        before.replace("from __future__ import annotations\n", f"from __future__ import annotations\n{line}\n"), encoding="utf-8"
    )
    found = lint(copy)
    file.write_text(before, encoding="utf-8")
    assert found.returncode == 1, found.stdout
    assert f"{contract}" in found.stdout
    assert any(contract in told and "BROKEN" in told for told in found.stdout.splitlines())


def test_plug_ins_are_listed_without_importing_them() -> None:
    code = (
        "import sys; from listener import plugins\n"
        "found = plugins.names('listener.sources', 'earnest.sources'); assert 'mastodon' in found and 'bluesky' in found, found\n"
        "assert 'base' not in found and not [one for one in found if one.startswith('_')], found\n"
        "assert not [one for one in sys.modules if one.startswith('listener.sources.')], 'a plug-in was imported'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_an_unknown_plug_in_is_told_with_those_there_are() -> None:
    with pytest.raises(EarnestError, match='"carrier_pigeon"') as told:
        plugins.load("listener.sources", "earnest.sources", "carrier_pigeon")
    assert "mastodon" in told.value.hint
