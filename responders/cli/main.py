"""The program `earnest`."""

from __future__ import annotations

import gc
import sys

import click

from responders.cli import complaints
from responders.cli.base import App, Lazy, common

_PLACES = {
    "run": ("responders.cli.daemon:run", "Listen, judge, draft, and send what may be sent."),
    "init": ("responders.cli.init:init", "Answer five questions and get a rules.yaml of your own."),
    "demo": ("responders.cli.demo:demo", "See the whole street at work, with no account."),
    "status": ("responders.cli.status:status", "How the daemon, its sources and its deliveries are doing."),
    "inbox": ("responders.cli.look:inbox", "Drafts that wait, the most urgent first."),
    "review": ("responders.cli.review:review", "Decide the drafts that wait, one keystroke each."),
    "show": ("responders.cli.show:show", "One case: the conversation, why, drafts, what went out."),
    "explain": ("responders.cli.explain:explain", "Which route takes a post and why, and why not the others."),
    "approve": ("responders.cli.decide:approve", "Say yes to a draft."),
    "edit": ("responders.cli.decide:edit", "Put other words in a draft, or write one."),
    "reject": ("responders.cli.decide:reject", "Say no to a draft, with a reason."),
    "private": ("responders.cli.decide:private", "Say yes to the private message only."),
    "undo": ("responders.cli.afterwards:undo", "Take an approval back while nothing has left."),
    "found": ("responders.cli.afterwards:found", "An answer in doubt is there: keep it as sent."),
    "posted": ("responders.cli.afterwards:posted", "You posted an approved answer by hand: keep it as ours."),
    "resend": ("responders.cli.afterwards:resend", "An answer in doubt is not there: send it after all."),
    "absent": ("responders.cli.afterwards:absent", "It is not there, and shall not be sent as it is."),
    "withdraw": ("responders.cli.afterwards:withdraw", "Take a sent answer off its network."),
    "snooze": ("responders.cli.decide:snooze", "Keep a case out of the inbox for a while."),
    "assign": ("responders.cli.decide:assign", "Give a case to a person."),
    "escalate": ("responders.cli.decide:escalate", "Tell a team of a case now."),
    "correct": ("responders.cli.correct:correct", "Say how a case should have been judged."),
    "corrections": ("responders.cli.correct:corrections", "What people said of how posts are judged."),
    "pause": ("responders.cli.stopping:pause", "Stop all sending."),
    "resume": ("responders.cli.stopping:resume", "Let sending go on."),
    "suppress": ("responders.cli.people:suppress", "The people we never write to."),
    "mentions": ("responders.cli.look:mentions", "Everything heard."),
    "score": ("responders.cli.score:score", "Judge posts from standard input, as JSON lines."),
    "eval": ("responders.cli.eval:eval_", "How well posts that people labelled are judged."),
    "import": ("responders.cli.importing:import_", "Take in history, or another tool's export."),
    "log": ("responders.cli.look:log", "Who did what."),
    "answers": ("responders.cli.answers:answers", "The answers that are written already: which, and what would be offered."),
    "report": ("responders.cli.report:report", "What was heard and answered, counted."),
    "rules": ("responders.cli.rules:rules", "Check, test and show the rules."),
    "sources": ("responders.cli.sources:sources", "Can we hear, and what?"),
    "add": ("responders.cli.add:add", "Put another source into the rules: asked, tried, shown, then written."),
    "doctor": ("responders.cli.doctor:doctor", "What is wrong, and what to do."),
    "service": ("responders.cli.service:service", "A systemd unit that keeps the daemon running."),
    "migrate": ("responders.cli.migrate:migrate", "Move the store from a file to PostgreSQL."),
    "completion": ("responders.cli.completion:completion", "Set up completion for a shell."),
}


@click.group(
    cls=Lazy,
    places=_PLACES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Start with: earnest demo",
)
@click.version_option(package_name="earnest", prog_name="earnest")
@common
def earnest(app: App) -> None:  # noqa: ARG001  # every command gets it
    """Hear what people say about your brand, and answer well.

    \b
    earnest demo       the whole street, with no account
    earnest inbox      what waits for you
    earnest review     decide it
    """  # noqa: D301  # Click's mark for "do not fold these lines"
    if not gc.isenabled():  # as `main` left it; by now the command is imported
        gc.freeze()
        gc.enable()


def main() -> None:
    """Run the program and leave with its exit code. What a start makes stays until the end: nobody looks through it for garbage."""
    gc.disable()
    sys.exit(complaints.guard(earnest))
