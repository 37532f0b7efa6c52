"""The documents cannot rot: what they name exists, and what exists is named in them."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from pydantic import SecretStr

from pages.parts import keymap
from triage.cli import app
from triage.settings import Settings

ROOT = Path(__file__).parents[1]
PACKAGES = ("triage", "knowledge_base", "pages", "benchmarks", "tests")
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
TEXT = {path: path.read_text(encoding="utf-8") for path in DOCUMENTS}
README, REFERENCE = TEXT[ROOT / "README.md"], TEXT[ROOT / "docs" / "commands.md"]
EVERYTHING = "\n".join(TEXT.values())

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


# ---- settings -----------------------------------------------------------------------------------------------


def setting_rows() -> Iterator[str]:
    """README's table of settings, a line each, in the words of triage/settings.py."""
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        value = default.get_secret_value() if isinstance(default, SecretStr) else default
        shown = str(value).lower() if isinstance(value, bool) else "" if value in ("", {}) else str(value).replace("'", '"')
        yield f"| `{alias(name)}` | {f'`{shown}`' if shown else ''} | {field.description} |"


def alias(name: str) -> str:
    """What a person writes into the environment."""
    return name.upper() if name.startswith("openai_") else f"TRIAGE_{name.upper()}"


@pytest.mark.parametrize("row", list(setting_rows()), ids=lambda row: row.split("`")[1])
def test_every_setting_is_in_readme_in_its_own_words(row: str) -> None:
    assert row in README.splitlines(), f"README's table of settings misses this line:\n{row}"


def test_documents_name_no_setting_that_does_not_exist() -> None:
    known = {f"TRIAGE_{name.upper()}" for name in Settings.model_fields} | {"TRIAGE_CHROMIUM"}
    assert set(re.findall(r"\bTRIAGE_[A-Z_]+\b", EVERYTHING)) <= known


# ---- commands -----------------------------------------------------------------------------------------------


def commands(group: object = None, path: tuple[str, ...] = ("triage",)) -> Iterator[tuple[str, object]]:
    """Every command with its full name, such as "triage kb import"."""
    group = group or typer.main.get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        here = (*path, name)
        if hasattr(command, "commands"):
            yield from commands(command, here)
        else:
            yield " ".join(here), command


def usage(name: str, command: object) -> str:
    """The command as it is written: options that must be given, then arguments, then the rest in brackets."""
    params = list(command.params)  # type: ignore[attr-defined]
    words = [_word(p) for p in params if p.required and p.param_type_name == "option"]
    words += [_word(p) if p.required else f"[{_word(p)}]" for p in params if p.param_type_name == "argument"]
    words += [f"[{_word(p)}]" for p in params if not p.required and p.param_type_name == "option"]
    return " ".join([name, *words])


def _word(param: object) -> str:
    """An option with what it takes, or an argument in capitals."""
    if param.param_type_name == "argument":  # type: ignore[attr-defined]
        return str(param.human_readable_name).strip("[]")  # type: ignore[attr-defined]
    option = max(param.opts, key=len)  # type: ignore[attr-defined]
    return option if param.is_flag else f"{option} {option.strip('-').upper()}"  # type: ignore[attr-defined]


def command_section(name: str, command: object) -> str:
    """A command's part of docs/commands.md, in the words of its help."""
    summary = str(command.help).splitlines()[0]  # type: ignore[attr-defined]
    lines = [f"### {name}", "", f"`{usage(name, command)}`", "", summary]
    options = [p for p in command.params if getattr(p, "help", "")]  # type: ignore[attr-defined]
    return "\n".join([*lines, *([""] if options else []), *[f"- `{_word(p)}`: {p.help}" for p in options]])


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=lambda value: value if isinstance(value, str) else "")
def test_every_command_and_option_is_described(name: str, command: object) -> None:
    assert f"`{name}`" in README, f"README's table of commands misses `{name}`"
    section = command_section(name, command)
    assert section in REFERENCE, f"docs/commands.md misses this part:\n{section}"


def test_documents_name_no_command_that_does_not_exist() -> None:
    known = {name for name, _ in commands()}
    groups = {name.rsplit(" ", 1)[0] for name in known}
    for said in re.findall(r"\btriage ((?:kb|user|key)? ?[a-z]+)\b", "\n".join(re.findall(r"`[^`\n]+`", EVERYTHING))):
        assert f"triage {said.strip()}" in known | groups, f"there is no command triage {said}"


# ---- screens, make targets, map -----------------------------------------------------------------------------


@pytest.mark.parametrize("page", sorted(path.name for path in (ROOT / "pages").glob("*.py") if path.name != "__init__.py"))
def test_every_screen_is_on_the_map(page: str) -> None:
    assert page in code_map()


def test_every_make_target_is_named() -> None:
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert targets and [target for target in targets if f"make {target}" not in EVERYTHING] == []


def code_map() -> str:
    """The tree in README's part "The code"."""
    return re.findall(r"```text\n(.*?)```", README.partition("## The code")[2], re.DOTALL)[0]


def test_every_package_is_on_the_map() -> None:
    kept = subprocess.run(["git", "ls-files", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    folders = {parent.name for path in kept if path.endswith(".py") for parent in Path(path).parents if parent.name}
    assert sorted(folder for folder in folders if f"{folder}/" not in code_map()) == []


def test_every_file_on_the_map_exists() -> None:
    names = {path.name for path in ROOT.glob("*")} | {path.name for package in PACKAGES for path in (ROOT / package).rglob("*.*")}
    assert [name for name in re.findall(r"\b[a-z_]+\.(?:py|md|css|toml)\b", code_map()) if name not in names] == []


# ---- links, pictures, versions ------------------------------------------------------------------------------


def anchors(text: str) -> set[str]:
    """The anchors of a document's headings, as a forge makes them."""
    titles = re.findall(r"^#+ (.+)$", _FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_resolve(path: Path) -> None:
    for link in _LINK.findall(_FENCE.sub("", TEXT[path])):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        target, _, anchor = link.partition("#")
        place = (path.parent / target).resolve() if target else path
        assert place.exists(), f"{path.name} links to {link}, which is not there"
        if anchor:
            assert anchor in anchors(place.read_text(encoding="utf-8")), f"{path.name} links to {link}, which has no such heading"


def test_pictures_come_from_the_repository_and_are_small() -> None:
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)|<(?:img|source)[^>]* src(?:set)?=\"([^\"]+)\"", README)
    names = [one or other for one, other in pictures]
    assert names
    for name in names:
        assert (ROOT / name).is_file() and (ROOT / name).stat().st_size < 250_000, name


def test_the_changelog_tells_of_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    newest = re.search(r"^## (\d+\.\d+\.\d+)", TEXT[ROOT / "CHANGELOG.md"], re.MULTILINE)
    assert newest and newest.group(1) == version


# ---- keys ---------------------------------------------------------------------------------------------------


def test_every_key_is_in_the_table() -> None:
    assert "\n".join(keymap.table()) in README, "python -m tests.test_docs keys prints the table of keys"


def test_no_key_has_two_meanings_and_every_key_does_one_thing() -> None:
    names = [name for key in keymap.KEYS for name in key.keys]
    assert len(names) == len(set(names))
    assert {key.group for key in keymap.KEYS} == set(keymap.GROUPS)
    for key in keymap.KEYS:
        assert key.press or key.focus or key.tab or key.event, f"{key.name} does nothing"


def _printed(what: str) -> str:
    """What README and docs/commands.md should say of settings, keys or commands."""
    if what == "settings":
        return "\n".join(setting_rows())
    if what == "keys":
        return "\n".join(keymap.table())
    return "\n\n".join(command_section(name, command) for name, command in commands())


if __name__ == "__main__":  # python -m tests.test_docs settings|keys|commands
    print(_printed(sys.argv[-1]))
