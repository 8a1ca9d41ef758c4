"""`earnest report`: what was heard and answered, counted. Each report is a command of its own; all of them only read."""

from __future__ import annotations

import click

from responders.cli.base import App, Lazy, common

_PLACES: dict[str, tuple[str, str]] = {
    "shadow": ("responders.cli.reportshadow:shadow", "What routes on trial would have done."),
    "rules": ("responders.cli.reportrules:report_rules", "Which routes have earned the right to send by themselves, and which lose it."),
    "judgement": ("responders.cli.reportjudgement:judgement", "How far Earnest and people agree, and what it learned from them."),
    "voice": ("responders.cli.voice:voice", "How much is said of us and of competitors, and in which mood."),
}
"""The reports: a name, where its command is, and its one-line help."""


@click.group(cls=Lazy, places=_PLACES, epilog="Example: earnest report rules --since 30d")
@common
def report(app: App) -> None:  # the options may stand here too
    """What was heard and answered, counted."""
