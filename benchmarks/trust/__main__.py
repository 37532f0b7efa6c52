"""Print the table of trust, part by part: `python -m benchmarks.trust [part …] [--data FOLDER]`."""

import argparse
import importlib
import pkgutil
import time
from pathlib import Path

from rich.console import Console

import benchmarks.trust
from benchmarks.corpora import data_folder
from benchmarks.trust.table import show

PARTS = [module.name for module in pkgutil.iter_modules(benchmarks.trust.__path__) if module.name not in ("__main__", "table")]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("parts", nargs="*", default=PARTS, help=f"of {', '.join(PARTS)}; all when none is named")
    asked.add_argument("--data", type=Path, default=None, help="folder of the evaluation sets (default: TRIAGE_DATA)")
    arguments = asked.parse_args()
    folder = data_folder(arguments.data)
    console = Console()
    if folder is None:
        console.print("No evaluation sets: set TRIAGE_DATA to their folder, or name it with --data.")
        return
    for name in arguments.parts:
        began = time.perf_counter()
        rows = list(importlib.import_module(f"benchmarks.trust.{name}").measure(folder))
        show(console, f"{name} ({time.perf_counter() - began:.0f} s)", rows)


if __name__ == "__main__":
    main()
