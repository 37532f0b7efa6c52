"""Puts the sub-commands together and turns our errors into exit codes."""

import sys

import typer

from triage.cli import (
    answerable,
    approve,
    classify,
    doctor,
    export,
    figures,
    ground,
    guard,
    health,
    kb,
    people,
    process,
    redact,
    serve,
    trace,
)
from triage.errors import InputError, SettingsError, TriageError

app = typer.Typer(
    name="triage", no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False,
    help="Triage Desk: agents draft, people decide, replies are delivered once.",
)  # fmt: skip
app.command("serve")(serve.serve)
app.command("worker")(serve.worker)
app.command("process")(process.process)
app.command("classify")(classify.classify)
app.command("answerable")(answerable.answerable)
app.command("ground")(ground.ground)
app.command("redact")(redact.redact)
app.command("approve")(approve.approve)
app.command("metrics")(figures.metrics)
app.command("doctor")(doctor.doctor)
kb.app.command("gaps")(health.gaps)
kb.app.command("check")(health.check)
app.add_typer(kb.app, name="kb")
app.add_typer(guard.app, name="guard")
app.add_typer(trace.app, name="trace")
app.add_typer(export.app, name="export")
app.add_typer(export.audit_app, name="audit")
app.add_typer(people.user_app, name="user")
app.add_typer(people.key_app, name="key")


def main() -> None:
    """Run a command: 0 done, 1 failed, 2 bad usage or bad input; errors are one line on stderr."""
    try:
        app()
    except (InputError, SettingsError) as error:
        print(f"triage: {error}", file=sys.stderr)
        sys.exit(2)
    except TriageError as error:
        print(f"triage: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
