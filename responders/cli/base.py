"""What every command shares: its options, and the way from them to the rules, the store and the desk.

The options may stand before or after the command's name; the later one counts. Order of values: flag, environment, file, default.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from listener import clock, settings
from listener.errors import RulesWrong
from responders.cli.output import Output

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from listener.rules.rulebook import Rulebook
    from listener.store.base import Store

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class Options:
    """The options that every command has, filled from both places they may stand in."""

    json: bool = False
    no_input: bool = False
    quiet: bool = False
    verbose: int = 0
    color: str = "auto"
    rules: str = field(default_factory=settings.rules_path)
    store: str = field(default_factory=settings.store_url)


class App:
    """What a command works with; each part is made when it is first asked for."""

    def __init__(self, options: Options) -> None:
        """Keep the options."""
        self.options = options

    @cached_property
    def out(self) -> Output:
        """Where to write."""
        return Output(as_json=self.options.json, quiet=self.options.quiet, color=self.options.color)

    @property
    def interactive(self) -> bool:
        """Whether a person can be asked something."""
        return not self.options.no_input and not self.options.json and self.out.terminal and os.isatty(0)

    @property
    def me(self) -> str:
        """Who is at this terminal: `EARNEST_NAME`, else the login name."""
        try:
            return os.environ.get("EARNEST_NAME") or getpass.getuser()
        except (KeyError, OSError):
            return "somebody"

    @cached_property
    def rules_path(self) -> Path:
        """Where the rules are."""
        return Path(self.options.rules)

    @cached_property
    def book(self) -> Rulebook:
        """The rulebook, read and free of errors.

        Raises:
            RulesWrong: it cannot be used.
        """
        from responders.rulefile import load  # noqa: PLC0415  # reading YAML is slow to import, and not every command needs it

        return load(self.rules_path)

    @cached_property
    def book_to_look(self) -> Rulebook:
        """The rulebook, for commands that only look at what is stored: nobody waits until every network it names is read in.

        Raises:
            RulesWrong: it cannot be used.
        """
        from responders.rulefile import load_to_look  # noqa: PLC0415  # as above

        return load_to_look(self.rules_path)

    @property
    def book_if_any(self) -> Rulebook | None:
        """The rulebook, or None where it cannot be used; for commands that only read the store."""
        try:
            return self.book
        except RulesWrong:
            return None

    @cached_property
    def store(self) -> Store:
        """The store, opened and up to date; closed when the command ends.

        Raises:
            Unreachable: there is none, or it cannot be opened.
        """
        from responders.house import open_store  # noqa: PLC0415  # help needs no store

        store = open_store(self.options.store)
        click.get_current_context().call_on_close(store.close)
        go_by(store)
        return store


def go_by(store: Store) -> None:
    """Go by the time of a shared store until the command ends: machines that work together must agree on it."""
    if store.shared:
        clock.keep_to(store.read().now)
        click.get_current_context().call_on_close(clock.let_go)


def common(command: F) -> F:
    """Give a command the options that stand everywhere, and hand it an `App` as its first argument."""

    @wraps(command)
    def run(*args: object, **kwargs: object) -> object:
        context = click.get_current_context()
        options: Options = context.ensure_object(Options)
        for name in ("json", "no_input", "quiet", "verbose", "color", "rules", "store"):
            value = kwargs.pop(f"common_{name}")
            if value:
                setattr(options, name, value)
        return command(App(options), *args, **kwargs)

    decorated: Any = run
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    kept: F = decorated
    return kept


_OPTIONS: Sequence[Callable[[Any], Any]] = (
    click.option("--json", "common_json", is_flag=True, help="Print JSON."),
    click.option("--no-input", "common_no_input", is_flag=True, help="Never ask anything."),
    click.option("-q", "--quiet", "common_quiet", is_flag=True, help="Only data and errors."),
    click.option("-v", "--verbose", "common_verbose", count=True, help="More; twice for even more."),
    click.option("--color", "common_color", type=click.Choice(["auto", "always", "never"]), help="When to use colours."),
    click.option("--rules", "common_rules", metavar="FILE", help="The rules file (EARNEST_RULES; rules.yaml)."),
    click.option("--store", "common_store", metavar="URL", help="The store (EARNEST_STORE; sqlite:///data/earnest.db), or postgresql://…"),
)

AS = click.option("--as", "who", metavar="NAME", help="In whose name; else EARNEST_NAME or your login name.")
"""The option of every command that does something in a person's name."""


class Lazy(click.Group):
    """A group whose commands are imported when they are called, so that `earnest inbox` starts fast.

    `places` maps a command's name to "module:attribute" and to its one-line help.
    """

    def __init__(self, *args: Any, places: dict[str, tuple[str, str]] | None = None, **kwargs: Any) -> None:  # noqa: ANN401  # Click's own
        """Keep the places."""
        super().__init__(*args, **kwargs)
        self._places = places or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order given."""
        return [*self._places, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        if cmd_name not in self._places:
            return super().get_command(ctx, cmd_name)
        import importlib  # noqa: PLC0415  # only needed here

        module, _, attribute = self._places[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002  # Click's own signature
        formatter: click.HelpFormatter,
    ) -> None:
        """List the commands with their help, without importing them."""
        own = [(name, command.get_short_help_str()) for name, command in self.commands.items()]
        if listed := [(name, words) for name, (_, words) in self._places.items()] + own:
            with formatter.section("Commands"):
                formatter.write_dl(listed)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer the commands and options that begin like this, without importing any command."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415  # only needed here

        known = [CompletionItem(name, help=words) for name, (_, words) in self._places.items() if name.startswith(incomplete)]
        return [*known, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, and name the nearest one where it is misspelt."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and self.get_command(ctx, name) is None:
            import difflib  # noqa: PLC0415  # only needed where something is wrong

            near = difflib.get_close_matches(name, self.list_commands(ctx), 1)
            message = f'there is no command "{name}"' + (f'; did you mean "{near[0]}"?' if near else "")
            raise click.UsageError(message, ctx)
        return super().resolve_command(ctx, args)
