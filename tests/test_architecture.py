"""The house stays as drawn: imports point one way, and each library has one door."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_imports_point_one_way_and_each_library_has_one_door() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_core_loop_stays_small_and_knows_nothing_of_support() -> None:
    source = (ROOT / "triage" / "agents" / "loop.py").read_text()
    assert len(source.splitlines()) <= 150
    assert not {"ticket", "customer", "draft"} & {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}


def test_only_delivery_reaches_out() -> None:
    """Beside the model client, nothing but delivery imports a mail client."""
    importers = {path.parent.name for path in (ROOT / "triage").rglob("*.py") if "import aiosmtplib" in path.read_text()}
    assert importers == {"delivery"}


def test_no_screen_lies_beside_the_entry_script() -> None:
    """Streamlit would serve a pages/ folder beside the entry script without asking who is there."""
    assert 'st.App("pages/navigation.py"' in (ROOT / "app.py").read_text()
    assert not (ROOT / "pages" / "pages").exists()
