"""What the documents name must exist: files, make targets, commands and options."""

import ast
import errno
import os
import re
import subprocess
from pathlib import Path

import click
import pytest

from ectopy.cli import COMMANDS, group
from ectopy.training import recipe
from ectopy.zoo.remarks import OUR_KEYS

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "firmware").rglob("*.md"),
        *(ROOT / "models").rglob("*.md"),
        *(ROOT / "tests").rglob("*.md"),
    ]
)
TOP_FOLDERS = {p.name for p in ROOT.iterdir() if p.is_dir()} - {"build", "runs"}


def make_targets() -> set[str]:
    text = (ROOT / "Makefile").read_text()
    return set(re.findall(r"^([a-z][a-z-]*):", text, flags=re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_named_paths_exist(document: Path) -> None:
    for span in re.findall(r"`([^`\n]+)`", document.read_text()):
        head = span.split("/")[0]
        if "/" in span and head in TOP_FOLDERS and not re.search(r"[<>*{} $]", span):
            assert (ROOT / span).exists(), f"{document.name} names {span}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_linked_files_exist(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), f"{document.name} links {target}"


def test_augmentations_and_keys_of_the_recipe_are_documented_with_their_ranges() -> None:
    text = (ROOT / "docs" / "augmentation.md").read_text()
    rows: dict[tuple[str, str], str] = {}
    name = ""
    for cells in re.findall(r"^\| (`\w+`)? ?\| ((?:`\w+`(?:, )?)+) \| ([^|]+) \|", text, re.M):
        name = cells[0].strip("`") or name
        rows |= {(name, key): cells[2] for key in re.findall(r"\w+", cells[1])}
    known = {
        (name, key): "{:g} to {:g}".format(*recipe.LIMITS[key])
        for name, fields in recipe.FIELDS.items()
        for parameters in fields.values()
        for key in parameters
    }
    assert rows == known
    keys = re.findall(
        r"^\| `(\w+)` \| [^`|]", text.partition("## Keys of configuration.json")[2], re.M
    )
    assert set(keys) == OUR_KEYS
    assert all(f"`{origin}`" in text for origin in recipe.Origin)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_named_make_targets_exist(document: Path) -> None:
    for target in re.findall(r"\bmake ([a-z][a-z-]+)", "\n".join(code_of(document))):
        assert target in make_targets(), f"{document.name}: make {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_named_commands_and_options_exist(document: Path) -> None:
    for line in code_of(document):
        for found in re.finditer(r"\bectopy ([a-z]+)([^`\n#|]*)", line):
            name, rest = found.groups()
            assert name in COMMANDS, f"{document.name}: ectopy {name}"
            options = options_of(group.get_command(click.Context(group), name))
            for option in re.findall(r"(--[a-z0-9-]+)", rest):
                assert option in options | {"--help"}, f"{document.name}: ectopy {name} {option}"


def test_symptoms_are_quoted_as_the_code_says_them() -> None:
    rows = re.findall(
        r"^\| you see \|.*?\n\|[-|]+\n((?:\|.*\n)+)", (ROOT / "README.md").read_text(), re.M
    )
    quotes = [
        q for row in "".join(rows).splitlines() for q in re.findall("`(.+?)`", row.split("|")[1])
    ]
    assert len(rows) == 2 and len(quotes) > 25
    said = words_of_the_code()
    for quote in quotes:
        # Numbers, paths, names in capitals and what is left out stand for values.
        for piece in re.split(r"\.\.\.|\S*[\d/]\S*|\b[A-Z]{2,}\b|[():;,]", quote):
            words = piece.split()
            splits = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(len(words))]
            assert not words or any(a in said and b in said for a, b in splits), (
                f"{quote!r}: nothing says {piece!r}"
            )


def words_of_the_code() -> str:
    """All literal text of the package but docstrings, and what the system says of a full disk."""
    literals = [os.strerror(errno.ENOSPC)]
    for path in (ROOT / "tools" / "ectopy").rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        docs = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                literals += [] if id(node) in docs else [node.value]
    return "\n".join(literals)


def code_of(document: Path) -> list[str]:
    """Fenced shell blocks and inline code."""
    text = document.read_text()
    blocks = re.findall(r"```(?:sh|bash|console)\n(.*?)```", text, flags=re.DOTALL)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return [line for block in blocks for line in block.splitlines()] + inline


def options_of(command: click.Command | None) -> set[str]:
    assert command is not None
    names = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}
    if isinstance(command, click.Group):
        for child in command.commands.values():
            names |= options_of(child)
    return names


def test_make_help_lists_every_public_target() -> None:
    listing = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    hidden = {"toolchain", "host"}
    assert {t for t in make_targets() if f"make {t} " in listing} == make_targets() - hidden


def test_every_command_imports_and_explains_itself() -> None:
    for name in COMMANDS:
        command = group.get_command(click.Context(group), name)
        assert command is not None
        assert command.get_short_help_str(), name
