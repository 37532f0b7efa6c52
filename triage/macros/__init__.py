"""Saved replies: texts with gaps that the desk fills, and what choosing one also sets. None of them ever sends anything."""

from .exchange import export_yaml, import_yaml
from .filling import VARIABLES, fill, gaps, unfinished
from .keeping import AUDIENCES, MacroText, listing, may_change, offered, remove, save
from .using import Used, told, use

__all__ = [
    "AUDIENCES", "VARIABLES", "MacroText", "Used", "export_yaml", "fill", "gaps", "import_yaml", "listing", "may_change", "offered",
    "remove", "save", "told", "unfinished", "use",
]  # fmt: skip
