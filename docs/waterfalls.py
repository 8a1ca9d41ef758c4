"""Write the waterfalls in the pages anew, as `earnest explain` shows them: python docs/waterfalls.py."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from listener.scoring.assessor import Assessor
from listener.scoring.explained import explain
from responders.cli.waterfall import told
from responders.rehearsal import made_up_post
from responders.rulefile import load

ROOT = Path(__file__).resolve().parent.parent
PAGES = (ROOT / "README.md", ROOT / "docs" / "judgement.md")
_COLUMNS = 80
_SHOWN = re.compile(r'(?<=```\n)(\$ earnest explain --post "([^"\n]+)"\n…\n).*?(?=```\n)', re.DOTALL)


def renewed(page: str) -> str:
    """Return a page in which each waterfall is what the command in front of it shows, by the rules.yaml of the project."""
    assessor = Assessor(load(ROOT / "rules.yaml").scoring)

    def drawn(found: re.Match[str]) -> str:
        post = made_up_post(found[2], at=datetime(2026, 11, 20, 12, tzinfo=UTC))
        lines = told(explain(assessor, post), _COLUMNS, blocks=True)
        return "\n".join([*found[1].splitlines(), *lines, ""])

    return _SHOWN.sub(drawn, page)


if __name__ == "__main__":
    for path in PAGES:
        path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")
