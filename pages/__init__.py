"""The screens. Streamlit runs navigation.py; the others are reached through it.

While a script runs, Streamlit puts the script's folder first on the module path, where guardrails.py, metrics.py
or settings.py would hide installed packages of the same name. A folder that is on the path already is left where
it is, so it is put last, twice: the run that put it first takes one entry away when it ends.
"""

import sys
from pathlib import Path

_FOLDER = str(Path(__file__).resolve().parent)

while _FOLDER in sys.path:
    sys.path.remove(_FOLDER)
sys.path += [_FOLDER, _FOLDER]
