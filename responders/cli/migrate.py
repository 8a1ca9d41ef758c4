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
    from listener.store.addresses import has_password, to_give  # noqa: PLC0415  # not needed for help
    from listener.store.opening import shown  # noqa: PLC0415
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

    def tell(table: str, rows: int) -> None:
        if rows:
            app.out.talk(f"copied {table}: {counted(rows, 'row')}")

    moved = move(source, there, tell, pause)
    if app.options.json:
        app.out.record({"moved": [{"table": one.table, "rows": one.rows} for one in moved], "from": source.url, "to": shown(target)})
        return
    full = [one.rows for one in moved if one.rows]
    none = f" {counted(len(moved) - len(full), 'table')} had no row." if len(moved) > len(full) else ""
    app.out.line(f"{counted(sum(full), 'row')} in {counted(len(full), 'table')}, each the same at both places.{none}")
    app.out.line(f"Nothing is sent from {source.url} any more. Keep it until you are sure, then delete it.")
    secret = ", its password in the secret store_password" if has_password(target) else ""
    app.out.next_step(f"Work with the new one{secret}: EARNEST_STORE={shlex.quote(to_give(target))} earnest run")
