"""What `earnest run` begins to work by: the rules of the file, or those of before where the file wants a person's word first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from listener import clock
from responders import edits
from responders.cli.confirming import typed
from responders.edits import Allowed, Held
from responders.ledger import facts, rulebooks, takes
from responders.ledger.takes import Word
from responders.model import Mode
from responders.rulekeeper import last_good
from responders.shelf import answers_beside
from responders.weighing import Objection

if TYPE_CHECKING:
    from listener.errors import RulesWrong
    from listener.rules.rulebook import Rulebook
    from listener.store.base import Store
    from responders.cli.base import App


def settle(
    app: App, store: Store, book: Rulebook, refused: RulesWrong | None, *, once: bool, observe: bool, confirmed: str | None
) -> tuple[Rulebook, RulesWrong | None]:
    """Return the rules to begin with, and why they are not those of the file as it stands, if they are not.

    Raises:
        Held: a single round was asked for, by rules that want a person's word first.
    """
    allowed = Allowed.of(store.read())
    if refused is not None:  # then these are the rules of before
        return edits.as_allowed(book, allowed), refused
    if not observe and edits.of_mode(book, allowed) and typed(app, Mode(book.mode), allowed.ceiling, confirmed):
        word = Word(edits.seal(book), app.me, allowed.forces(edits.seal(book)), book.mode)
        store.write(lambda tx: takes.give(tx, word, reason="", over=("mode",), before=allowed.ceiling, at=clock.now()))
        allowed = replace(allowed, word=word)
    mode = () if observe else edits.of_mode(book, allowed)
    before = _of_before(store, book, app.rules_path)
    if before is None and not once and _answers_wait(store, book, allowed):
        return _without_answers(app, book, allowed)
    past = edits.of_past(app.options.store, *_as_run(book, before, observe=observe), allowed, at=clock.now())
    if not mode and not past:
        return book, None
    problem = Held(str(app.rules_path), (*mode, *past), book.mode)
    if once and past:
        raise problem
    begins = edits.as_allowed(book if once or before is None else before, allowed)
    _tell(app, problem, begins, same=begins.fingerprint == book.fingerprint)
    return begins, problem


def _of_before(store: Store, book: Rulebook, rules: Path) -> Rulebook | None:
    """Return the rules that were in force last, where they are other ones and can be used."""
    last = rulebooks.last(store.read())
    return None if last is None or last[0] == book.fingerprint else last_good(store.read(), answers_beside(rules))


def _answers_wait(store: Store, book: Rulebook, allowed: Allowed) -> bool:
    """Return whether these rules were in force last, and the written answers beside them waited for a person's word."""
    sealed = edits.seal(book)
    known = facts.known(store.read())
    held, last = (known.get(name, ("", None))[0] for name in ("rules_held", "rules_seal"))
    return bool(held and last) and last != sealed and last.startswith(book.fingerprint) and not allowed.forces(sealed)


def _without_answers(app: App, book: Rulebook, allowed: Allowed) -> tuple[Rulebook, RulesWrong]:
    """Return the rules without any answer, since those of before are not there any more: what they would tell, a person is asked about."""
    words = "the written answers beside it are others than those in force; until somebody says yes, none is told"
    problem = Held(str(app.rules_path), (Objection("answers", words),), book.mode)
    begins = edits.as_allowed(book.with_answers(()), allowed)
    _tell(app, problem, begins, same=True)
    return begins, problem


def _as_run(book: Rulebook, before: Rulebook | None, *, observe: bool) -> tuple[Rulebook, Rulebook | None]:
    """Return both as they would work in this run."""
    if not observe:
        return book, before
    only = {"mode": "observe"}
    return book.model_copy(update=only), before and before.model_copy(update=only)


def _tell(app: App, problem: Held, begins: Rulebook, *, same: bool) -> None:
    app.out.talk(problem.message)
    works = f"by it in mode {begins.mode}" if same else f"by the rules it had before ({begins.fingerprint}, mode {begins.mode})"
    app.out.talk(f"Earnest works {works} until then. {problem.hint[0].upper()}{problem.hint[1:]}")
