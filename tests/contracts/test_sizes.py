"""Small files, small functions. An exception is listed here with its reason."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAX_FILE_LINES = 400
MAX_TEST_FILE_LINES = 600
MAX_FUNCTION_LINES = 50
MAX_KERNEL_FILE_LINES = 200

FILE_EXCEPTIONS: dict[str, str] = {}
FUNCTION_EXCEPTIONS: dict[str, str] = {}

PYTHON = sorted((ROOT / "tools").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
C = sorted(p for end in ("*.[ch]", "*.cc") for p in (ROOT / "firmware").rglob(end))


def lines_of(path: Path) -> int:
    return len(path.read_text().splitlines())


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines after the docstring: parameters and prose are free."""
    body = function.body
    if ast.get_docstring(function) is not None and len(body) > 1:
        body = body[1:]
    return (function.end_lineno or 0) - body[0].lineno + 1


@pytest.mark.parametrize("path", [*PYTHON, *C], ids=name_of)
def test_file_is_small(path: Path) -> None:
    if name_of(path) in FILE_EXCEPTIONS:
        return
    limit = MAX_KERNEL_FILE_LINES if "kernels" in path.parts else MAX_FILE_LINES
    assert lines_of(path) <= limit


@pytest.mark.parametrize("path", TESTS, ids=name_of)
def test_test_file_is_small(path: Path) -> None:
    assert lines_of(path) <= MAX_TEST_FILE_LINES


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_functions_are_small(path: Path) -> None:
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{name_of(path)}:{node.name}"
            assert body_lines(node) <= MAX_FUNCTION_LINES or name in FUNCTION_EXCEPTIONS, name


def test_exceptions_still_exist() -> None:
    for name in FILE_EXCEPTIONS:
        assert (ROOT / name).exists(), name
    for name in FUNCTION_EXCEPTIONS:
        assert (ROOT / name.split(":")[0]).exists(), name
