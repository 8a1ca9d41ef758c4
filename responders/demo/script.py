"""The demo's script, read from data/demo.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from ruamel.yaml import YAML

from listener.rules.kinds import Strict, Words


class Resident(Strict):
    """Somebody with an account in the town."""

    name: str
    display_name: str
    bio: str = ""

    @property
    def token(self) -> str:
        """The made-up token by which anyone may post as this person: the town is a toy and lives on loopback only."""
        return f"{self.name}-token"


class Line(Strict):
    """One post of the morning; `expect` is for whoever reads the script."""

    by: str
    text: str
    expect: str


class Act(Strict):
    """What the stand-in reviewer does with a person's newest case."""

    case_of: str
    do: Literal["approve", "reject"]
    as_: Words = Field(alias="as")
    reason: str = ""


class Script(Strict):
    """Who lives in the town, what they write, and what a reviewer would answer."""

    brand: Resident
    people: tuple[Resident, ...]
    posts: Annotated[tuple[Line, ...], Field(min_length=1)]
    reviewer: tuple[Act, ...]

    def resident(self, name: str) -> Resident:
        """Return the person of that name."""
        return next(person for person in (*self.people, self.brand) if person.name == name)


def read(path: Path) -> Script:
    """Read the script."""
    return Script.model_validate(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")))
