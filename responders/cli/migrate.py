"""`earnest migrate`: from a file to a database that several machines share."""

from __future__ import annotations

import shlex

import click

from listener import clock
from responders.cli.base import App, common
from responders.cli.phrases import counted


@click.command(epilog="Example: earnest migrate --to postgresql://earnest@db.example/earnest")
@click.option("--to", "target", required=True, metavar="URL", help="Where to: a database that Earnest has not used yet.")
@common
def migrate(app: App, *, target: str) -> None:
    """Move everything from the store that is a file (--store) to PostgreSQL.

    Every row of every table is copied, and then read at both places and compared, all or nothing. The daemon must be stopped first, and
    nobody may decide anything meanwhile. The file stays as it is, but for a pause: nothing is ever sent from it again unless somebody
    resumes it.
    """
    from listener.store.opening import shown  # noqa: PLC0415  # not needed for help
    from responders.house import open_store  # noqa: PLC0415
    from responders.moving import move, must_fit, not_by_flag  # noqa: PLC0415
    from responders.switch import Switch  # noqa: PLC0415

    must_fit(app.options.store, target)
    source = app.store
    source.hold_alone()
    there = open_store(target, create=True)
    click.get_current_context().call_on_close(there.close)
    not_by_flag(source)

    def pause() -> None:
        Switch(source, clock.now, who=app.me).pause(f"moved to {shown(target)}", None)

    moved = move(source, there, lambda table, rows: app.out.talk(f"copied {table}: {counted(rows, 'row')}"), pause)
    if app.options.json:
        app.out.record({"moved": [{"table": one.table, "rows": one.rows} for one in moved], "from": source.url, "to": shown(target)})
        return
    rows = sum(one.rows for one in moved)
    app.out.line(f"{counted(rows, 'row')} in {counted(len(moved), 'table')}, each the same at both places.")
    app.out.line(f"Nothing is sent from {source.url} any more. Keep it until you are sure, then delete it.")
    app.out.next_step(f"Work with the new one: EARNEST_STORE={shlex.quote(shown(target))} earnest run")
