"""Print docs/commands.md, made from the commands themselves: python docs/commands.py > docs/commands.md."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from responders.cli.main import earnest

_HEAD = """# Commands

Made from the program by `docs/commands.py`; change the commands, not this page.

These options stand before or after any command's name:
"""
_FILTERS = """
The lists (`inbox`, `mentions`, `review`) take these filters:
"""
_COMMON = "common_"
_FILTER = "filter_"


def _table(options: list[click.Option]) -> Iterator[str]:
    yield "| option | meaning |"
    yield "| --- | --- |"
    for option in options:
        wanted = option.metavar or ("|".join(option.type.choices) if isinstance(option.type, click.Choice) else "")
        if not wanted and not option.is_flag and not option.count:
            wanted = option.type.name.upper()
        names = ", ".join(f"`{name}`" for name in option.opts)
        default = f" Unless said: {option.default}." if option.show_default else ""
        shown = f" `{wanted}`".replace("|", "\\|") if wanted else ""
        yield f"| {names}{shown} | {(option.help or '').replace('|', chr(92) + '|')}{default} |"


def _words(text: str) -> Iterator[str]:
    """Yield help as Markdown; a paragraph that Click must not fold is a block."""
    for paragraph in text.split("\n\n"):
        if paragraph.startswith("\b"):
            yield from ("```", paragraph.removeprefix("\b\n"), "```")
        else:
            yield " ".join(paragraph.split())
        yield ""


def _options(command: click.Command, prefix: str) -> list[click.Option]:
    return [one for one in command.params if isinstance(one, click.Option) and (one.name or "").startswith(prefix)]


def _own(command: click.Command) -> list[click.Option]:
    return [one for one in _options(command, "") if not (one.name or "").startswith((_COMMON, _FILTER)) and not one.hidden]


def _command(path: str, command: click.Command, context: click.Context) -> Iterator[str]:
    arguments = [one.make_metavar(context) for one in command.params if isinstance(one, click.Argument)]
    yield f"## {' '.join([path, *arguments])}"
    yield ""
    yield from _words(command.help or "")
    if own := _own(command):
        yield from _table(own)
        yield ""
    if command.epilog:
        yield f"{command.epilog}"
        yield ""
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found:
                yield from _command(f"{path} {name}", found, context)


def page() -> str:
    """Return the whole page."""
    context = click.Context(earnest, info_name="earnest")
    inbox = earnest.get_command(context, "inbox") or earnest
    lines = [_HEAD, *_table(_options(earnest, _COMMON)), _FILTERS, *_table(_options(inbox, _FILTER)), ""]
    for name in earnest.list_commands(context):
        found = earnest.get_command(context, name)
        if found:
            lines += _command(f"earnest {name}", found, context)
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
