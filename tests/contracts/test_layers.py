"""The one direction of imports: a layer may import from lower layers and from itself's own room.

Imports inside functions and under TYPE_CHECKING count too: that is where cycles hide.
"""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "tools" / "ectopy"

LAYERS = {
    "errors": 0,
    "vocab": 0,
    "progress": 0,
    "symbols": 0,
    "filelock": 0,
    "typed_json": 0,
    "user_cache": 0,
    "graph": 1,
    "fixedpoint": 1,
    "records": 1,
    "preprocess": 1,
    "windows": 2,
    "zoo": 2,
    "reference": 2,
    "aot": 2,
    "protocol": 2,
    "metrics": 2,
    "energy": 2,
    "training": 3,
    "quantize": 3,
    "codegen": 3,
    "toolchain": 3,
    "boards": 3,
    "cycles": 3,
    "report": 3,
    "autodeploy": 3,
    "usecases": 4,
    "console": 5,
    "cli": 5,
}


TENSORFLOW_ROOMS = {"training", "quantize"}


def room_of(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def imported_modules(path: Path) -> list[str]:
    tree = ast.parse(path.read_text())
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            if module == "ectopy":
                names += [f"ectopy.{alias.name}" for alias in node.names]
            else:
                names.append(module)
    return names


SOURCES = sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


def test_every_room_has_a_layer() -> None:
    assert {room_of(p) for p in SOURCES} <= set(LAYERS)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    here = room_of(path)
    for module in imported_modules(path):
        parts = module.split(".")
        if parts[0] in {"tensorflow", "keras", "neuralspot_edge"}:
            assert here in TENSORFLOW_ROOMS, f"{path}: only {TENSORFLOW_ROOMS} may import {module}"
        if parts[0] != "ectopy" or len(parts) < 2 or parts[1] == "__version__":
            continue
        there = parts[1]
        if there == here:
            continue
        assert LAYERS[there] < LAYERS[here] or (here, there) == ("cli", "console"), (
            f"{path}: {here} (layer {LAYERS[here]}) imports {there} (layer {LAYERS[there]})"
        )
