"""Recorded runs fed back through the real flow: replayed to the byte, forked from any step, compared, carried elsewhere.

A *recording* is what a run started from, its steps and what it came to. A replay answers each step of the flow from it and
asks nobody: no model, no tool, no search, no write. Guards are code, so they judge again and are held to what they said.
"""

from triage.replay.recording import Recording, of_run
from triage.replay.replaying import Replayed, replay

__all__ = ["Recording", "Replayed", "of_run", "replay"]
