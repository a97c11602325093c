"""The command `rrmq`: finds the verb, and prints every error that a user can cause in one line."""

import atexit
import gc
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

import click
from click.shell_completion import CompletionItem

from rrm_queue import __version__
from rrm_queue.cli import exit_codes
from rrm_queue.cli.options.flags import flag
from rrm_queue.errors import RrmqError, UsageFault, spelled
from rrm_queue.text import did_you_mean, printable

VERBS = {
    "submit": ("submit", "Rank the answers of a file."),
    "open": ("open_job", "Open a job that takes answers until it is closed."),
    "close": ("close_job", "Let an open job end."),
    "status": ("status", "Show how far a job is."),
    "list": ("list_jobs", "List the jobs, the newest first."),
    "judges": ("judges", "List the judges that have a name."),
    "results": ("results", "Print a job's standings."),
    "leaderboard": ("leaderboard", "Compare the models that wrote a job's answers."),
    "diagnose": ("diagnose", "Check how far a job's judge can be trusted."),
    "audit": ("audit", "Let people judge a sample of what a judge decided."),
    "vote": ("vote", "Judge matches yourself, in this terminal."),
    "compare": ("compare", "Compare two jobs on the matches that they share."),
    "bracket": ("bracket", "Draw the bracket of a tournament."),
    "votes": ("votes", "Show the votes of a match, and why it was decided as it was."),
    "report": ("report", "Write a job as one HTML page."),
    "export": ("export", "Export a job's results for other programs."),
    "pause": ("pause", "Hold a job until it is resumed."),
    "resume": ("resume", "Resume a paused job."),
    "retry": ("retry", "Retry what failed in a job."),
    "cancel": ("cancel", "Stop a job for good."),
    "delete": ("delete", "Remove a job that has ended."),
    "prune": ("prune", "Remove jobs that are left over."),
    "serve": ("serve", "Serve jobs over HTTP."),
    "up": ("up", "Start the local stack."),
    "down": ("down", "Stop the local stack; its data stays."),
    "doctor": ("doctor", "Show what runs, where, and what is wrong."),
    "completion": ("completion", "Print the completion script for a shell."),
    "db": ("db", "Upgrade the database's tables, or show their version."),
    "worker": ("worker", "Judge batches until stopped."),
    "coordinator": ("coordinator", "Plan, dispatch and record until stopped."),
}
"""Every verb with its module, imported only when it is called, and its line of help."""


YOUNG = 100_000
"""Objects after which Python looks for cycles among the new ones. Its own 700 make it look a
hundred times while a command imports its modules: a fifth of a short command's time."""


class Verbs(click.Group):
    """A group of commands; each is imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs, in the order in which a new user needs them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command, or None if there is no such verb."""
        if cmd_name not in VERBS:
            return None
        command = import_module(f"rrm_queue.cli.commands.{VERBS[cmd_name][0]}").command
        assert isinstance(command, click.Command)  # noqa: S101  # each verb's module has one
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb and what follows it. Raises UsageError, with the verb that was meant."""
        verb, *_ = args
        if verb not in VERBS and not verb.startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(f"no verb {verb!r}{did_you_mean(verb, list(VERBS))}", ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The verbs and options that begin with `incomplete`, without importing the verbs."""
        verbs = [
            CompletionItem(verb, help=text)
            for verb, (_, text) in VERBS.items()
            if verb.startswith(incomplete)
        ]
        return verbs + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of verbs, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(verb, text) for verb, (_, text) in VERBS.items()])


@click.group(
    cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "show_default": True}
)
@click.version_option(__version__, prog_name="rrmq")
def rrmq() -> None:
    """Rank language-model answers with a judge that reads two at a time.

    If RRMQ_DATABASE_URL and RRMQ_BROKER_URL are not set, a local stack (PostgreSQL, Valkey, a
    coordinator and a worker) is started when it is first needed.
    """


def main() -> None:
    """Runs the command and ends the process with its exit code."""
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
    _end(_run())


def _end(code: int) -> NoReturn:
    """Ends the process; without other threads at once, once all that it wrote is out.

    Python would take apart each of the modules first: a quarter of a short command's time.
    """
    if threading.active_count() == 1:
        with suppress(OSError):  # whoever reads has gone: Python says it as it always does
            sys.stdout.flush()
            sys.stderr.flush()
            atexit._run_exitfuncs()  # as `os._exit` runs none
            os._exit(code)
    sys.exit(code)


def _run() -> int:
    try:
        _check_arguments(sys.argv[1:])
        code = rrmq.main(standalone_mode=False, prog_name="rrmq")
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return exit_codes.USAGE
    except click.UsageError as error:
        return _complain(" ".join(error.format_message().split()), exit_codes.USAGE, _hint(error))
    except click.ClickException as error:
        return _complain(error.format_message(), exit_codes.ERROR)
    except click.Abort:
        return exit_codes.INTERRUPTED
    except UsageFault as error:
        return _complain(spelled(error.detail, flag), exit_codes.USAGE)
    except RrmqError as error:
        return _complain(error.spelled(flag), exit_codes.ERROR)
    except OSError as error:
        return _complain(f"{error.filename or 'output'}: {error.strerror}", exit_codes.ERROR)
    return code if isinstance(code, int) else exit_codes.OK


def _check_arguments(arguments: Sequence[str]) -> None:
    """Refuses arguments that are not text: no file of answers, id or name can hold them."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError as error:
            problem = f"{argument!a} cannot be read in this locale; try LC_ALL=C.UTF-8"
            raise UsageFault(problem) from error


def _hint(error: click.UsageError) -> str:
    command = error.ctx.command_path if error.ctx else "rrmq"
    return f" (see `{command} --help`)"


def _complain(message: str, code: int, hint: str = "") -> int:
    for line in message.splitlines() or [""]:
        click.echo(f"rrmq: {printable(line)}{hint}", err=True)
    return code


if __name__ == "__main__":
    main()
