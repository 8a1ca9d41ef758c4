"""The only file that writes errors and decides exit codes. No traceback ever reaches a person."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable

import click

from listener.errors import EarnestError, Unreachable
from listener.text import visible

INTERRUPTED = 130
WRONG_USE = 2


class Said(Exception):
    """Something went wrong, and how it is said is known: as a line of a log."""

    def __init__(self, problem: EarnestError, say: Callable[[EarnestError], None]) -> None:
        """Have `problem` said by `say`."""
        super().__init__(problem.message)
        self.problem, self.say = problem, say


def complain(problem: EarnestError) -> int:
    """Say what happened and what to do; return the exit code."""
    click.echo(f"earnest: {visible(problem.message)}", err=True)
    if problem.hint:
        click.echo(f"  {visible(problem.hint)}", err=True)
    return problem.exit_code


def guard(group: click.Command) -> int:
    """Run the program and return its exit code, whatever happens inside."""
    try:
        result = group.main(prog_name="earnest", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as shown:
        shown.show()
        return WRONG_USE
    except click.UsageError as wrong:
        return _wrong_use(wrong)
    except (KeyboardInterrupt, click.Abort):
        click.echo("\nearnest: interrupted; nothing is half done", err=True)
        return INTERRUPTED
    except EarnestError as problem:
        return complain(problem)
    except Said as told:
        told.say(told.problem)
        return told.problem.exit_code
    except click.ClickException as problem:
        return complain(EarnestError(problem.format_message()))
    except sqlite3.Error as problem:
        hint = "earnest doctor looks at it; keep the file, and restore a backup beside it"
        return complain(Unreachable(f"the store cannot be read: {problem}", hint))
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception as problem:  # noqa: BLE001  # the last line of defence between a mistake of ours and a person
        return _surprise(problem)
    return result if isinstance(result, int) else 0


def _wrong_use(wrong: click.UsageError) -> int:
    click.echo(f"earnest: {visible(wrong.format_message())}", err=True)
    if wrong.ctx:
        click.echo(f"  Try: {wrong.ctx.command_path} -h", err=True)
    return WRONG_USE


def _surprise(problem: Exception) -> int:
    where = problem.__traceback__
    while where and where.tb_next:
        where = where.tb_next
    place = f" ({where.tb_frame.f_globals.get('__name__', '?')}:{where.tb_lineno})" if where else ""
    click.echo(f"earnest: something unforeseen happened: {type(problem).__name__}{place}", err=True)
    click.echo("  This is a mistake in Earnest. Nothing you stored was changed by it; please report the line above.", err=True)
    return 1
