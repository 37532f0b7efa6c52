"""The `triage` command: the desk's stable interface for automation."""

from triage.cli.main import app, main

__all__ = ["app", "main"]
