"""The dossier of a ticket: everything that happened to it, in order, as one file for whoever has to answer for it.

`gather` collects what a person may see, `export` makes a file of it (HTML or JSON) and notes in the audit log that it left.
"""

from triage.chronicles.export import Form, export
from triage.chronicles.gathering import Chronicle, Happening, gather

__all__ = ["Chronicle", "Form", "Happening", "export", "gather"]
