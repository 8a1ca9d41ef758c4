"""The pages under docs say what the program does: each command, setting, secret, state, file and error; and the tutorial works."""

from __future__ import annotations

import importlib
import pkgutil
import re
import runpy
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from aiohttp import web

import listener
import responders
from listener import errors
from listener.errors import EarnestError, Malformed, NetworkError
from listener.rules.reading import read_rulebook
from listener.sources.base import SourceKind
from responders.cli.main import earnest
from responders.lifecycle import explained
from responders.model import DeliveryState, DraftState
from responders.surroundings import channel_kinds, source_kinds

ROOT = Path(__file__).parents[2]
PACKAGES = ("listener", "responders")
CODE = "\n".join(path.read_text(encoding="utf-8") for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
TUTORIAL = (ROOT / "docs" / "howto" / "add-a-network.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def section(title: str) -> str:
    return ARCHITECTURE.split(f"## {title}\n")[1].split("\n## ")[0]


def test_the_page_of_commands_is_as_the_commands_are() -> None:
    made = subprocess.run(
        [sys.executable, "docs/commands.py"], cwd=ROOT, env={"PYTHONPATH": "."}, capture_output=True, text=True, check=True
    )
    written = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert made.stdout == written, "make it anew: python docs/commands.py > docs/commands.md"


def test_the_waterfalls_on_the_pages_are_what_explain_shows() -> None:
    made: dict[str, Any] = runpy.run_path(str(ROOT / "docs" / "waterfalls.py"))
    for path in made["PAGES"]:
        written = path.read_text(encoding="utf-8")
        assert "$ earnest explain --post" in written
        assert made["renewed"](written) == written, "make it anew: python docs/waterfalls.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_only_commands_that_exist(page: Path) -> None:
    known = set(earnest.list_commands(earnest.make_context("earnest", ["x"], resilient_parsing=True)))
    named = set(re.findall(r"(?:^|`)earnest ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_points_only_at_files_that_exist(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / link).exists(), link


def test_every_variable_the_code_reads_is_documented_and_no_other() -> None:
    read = set(re.findall(r"(?<![_A-Z])EARNEST_[A-Z]+(?:_[A-Z]+)*", CODE)) | set(re.findall(r'environ(?:\.get\(|\[)"(\w+)"', CODE))
    listed = set(re.findall(r"`([A-Z][A-Z_]+)(?:<NAME>)?`", SETTINGS.replace("`EARNEST_DEVNET_DIR`", "").replace("`X_TRAFFIC`", "")))
    fixed = {name for name in read if not name.startswith("EARNEST_SECRET")}
    assert {name for name in listed if not name.startswith("EARNEST_SECRET")} == fixed
    assert "`EARNEST_SECRET_<NAME>`" in SETTINGS


def test_every_secret_of_every_network_is_documented() -> None:
    kinds = (*source_kinds().values(), *channel_kinds())
    secrets = {secret for kind in kinds for secret in kind.secrets}
    assert secrets == set(re.findall(r"^\| `([a-z_]+)` \|", SETTINGS, re.MULTILINE))


def test_every_state_is_drawn() -> None:
    assert set(DraftState) <= set(re.findall(r"\w+", section("A draft").split("```")[1]))
    assert set(DeliveryState) <= set(re.findall(r"\w+", section("A delivery").split("```")[1]))


def test_the_life_of_a_delivery_is_the_one_the_code_keeps_to() -> None:
    assert explained() in section("A delivery")


@pytest.mark.parametrize("title", ["A draft", "A delivery"])
def test_every_arrow_that_is_drawn_is_explained(title: str) -> None:
    _, drawing, explained = section(title).split("```", 2)
    assert sorted(set(re.findall(r"\b[a-z]\b", drawing))) == re.findall(r"^\| ([a-z]) \|", explained, re.MULTILINE)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_room_is_on_the_map(package: str) -> None:
    rooms = section("Where things are")
    for path in sorted((ROOT / package).iterdir()):
        if path.suffix == ".py" and not path.stem.startswith("__"):
            assert f"{path.name}`" in rooms, path
        elif path.is_dir() and (path / "__init__.py").exists():
            assert f"`{package}/{path.name}/`" in rooms, path


def test_every_error_stands_in_the_tree_with_its_exit_code() -> None:
    for package in (listener, responders):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(found.name)

    def below(kind: type[EarnestError]) -> set[type[EarnestError]]:
        return {kind}.union(*map(below, kind.__subclasses__()))

    drawn = re.findall(r"^[\s│├└─]*(\w+)\s+(\d*)", (errors.__doc__ or "").split("\n\n")[1], re.MULTILINE)
    codes = {name: int(code) if code else 1 for name, code in drawn}
    assert codes == {kind.__name__: kind.exit_code for kind in below(EarnestError) if kind.__module__.startswith(PACKAGES)}


async def test_the_network_of_the_tutorial_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    posts = [{"id": "7", "by": "mia", "text": "@acme hello", "at": "2026-11-20T12:00:00Z"}]

    async def answer(request: web.Request) -> web.Response:
        return web.json_response([post for post in posts if post["id"] > request.query["after"]])

    app = web.Application()
    app.router.add_get("/posts", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host = f"127.0.0.1:{runner.addresses[0][1]}"
    monkeypatch.setenv("EARNEST_ALLOW_HOSTS", host)
    module = ModuleType("board")
    exec(TUTORIAL.split("```python\n")[1].split("```")[0], module.__dict__)  # noqa: S102  # it is our own page
    assert isinstance(module.KIND, SourceKind)
    routes = "routes: [{name: all, when: always}]"
    rules = f'version: 1\nbrands: {{acme: {{names: [Acme]}}}}\nsources: {{board: {{site: "http://{host}"}}}}\n{routes}'
    book = read_rulebook(rules, source_options=lambda _: module.KIND.options)
    source = module.KIND.make("board", book.sources["board"].options, book)
    try:
        page = await source.fetch(None)
        assert [post.text for post in page.posts] == ["@acme hello"]
        assert (await source.fetch(page.cursor)).posts == ()
        posts[0] = {"id": "8"}
        with pytest.raises(Malformed):
            await source.fetch(page.cursor)
        await runner.cleanup()
        with pytest.raises(NetworkError):
            await source.fetch(page.cursor)
    finally:
        await source.close()
        await runner.cleanup()
