"""Files that come with the program: rules.yaml and data/, from the wheel or from the checkout."""

from __future__ import annotations

from pathlib import Path

from listener.errors import EarnestError

_HERE = Path(__file__).resolve().parent


def find(name: str) -> Path:
    """Return the path of a shipped file, such as `rules.yaml` or `data/demo.yaml`.

    Raises:
        EarnestError: this installation lacks it.
    """
    for root in (_HERE / "shipped", _HERE.parent):
        if (root / name).exists():
            return root / name
    message = f"this installation lacks {name}"
    raise EarnestError(message, "install Earnest again")
