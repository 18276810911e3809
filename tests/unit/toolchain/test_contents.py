"""Code and constants of an engine in an image, counted by the symbols of its objects."""

import shutil
import subprocess
from pathlib import Path

import pytest

from ectopy.errors import ToolError
from ectopy.toolchain import Contents, contents_of, engine_parts

KERNEL = """
const int weights[25] = {1};
static int twice(int x) { return 2 * x; }
int kernel(int x) { return twice(x) + weights[x]; }
int same(int x) __attribute__((alias("kernel")));
int not_called(int x) { return x + 1; }
"""
LIBRARY = """
static const short small[10] = {3};
static int started[5] = {4};
static int room[1000];
int helper(int x) { return small[x] + started[x] + room[x]; }
"""
APPLICATION = """
int kernel(int);
int helper(int);
int same(int);
static int twice(int x) { return kernel(x) + kernel(x + 1) + helper(x) + same(x); }
const char names[300] = "not of the engine";
int main(void) { return twice(names[0]); }
"""
FLAGS = ("-O0", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image of three objects, one of which came from a library."""
    compiler, archiver = shutil.which("gcc"), shutil.which("ar")
    if compiler is None or archiver is None:
        pytest.skip("no gcc on this computer")
    folder = tmp_path_factory.mktemp("image")

    def call(*words: object) -> None:
        subprocess.run([str(word) for word in words], cwd=folder, check=True, capture_output=True)

    texts = {"kernel": KERNEL, "library": LIBRARY, "application": APPLICATION}
    for name, text in texts.items():
        (folder / f"{name}.c").write_text(text)
        call(compiler, *FLAGS, "-c", f"{name}.c")
    call(archiver, "rcs", "library.a", "library.o")
    call(compiler, *FLAGS, "-o", "image", "application.o", "kernel.o", "library.a")
    return folder


def size_of(image: Path, name: str) -> int:
    """By nm, of a function that is there once."""
    command = ["nm", "--print-size", str(image)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    (size,) = (w[1] for w in map(str.split, text.splitlines()) if len(w) == 4 and w[3] == name)
    return int(size, 16)


def twice_of_kernel(image: Path) -> int:
    command = ["nm", "--print-size", "--numeric-sort", str(image)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    sizes = [int(w[1], 16) for w in map(str.split, text.splitlines()) if w[-1] == "twice"]
    assert len(sizes) == 2
    return min(sizes)


def test_functions_and_constants_of_an_object_are_counted_once(folder: Path) -> None:
    image = folder / "image"
    found = contents_of(image, [folder / "kernel.o"])
    # The alias is no second function, the one nobody calls is not there, and of the two functions
    # with the same name only the kernel's is its own.
    code = size_of(image, "kernel") + twice_of_kernel(image)
    assert found == Contents(code_bytes=code, constant_bytes=100)


def test_members_of_a_library_count_with_their_initial_values_but_not_their_ram(
    folder: Path,
) -> None:
    found = contents_of(folder / "image", [folder / "library.a"])
    helper = size_of(folder / "image", "helper")
    assert found == Contents(code_bytes=helper, constant_bytes=20 + 20)


def test_parts_add_up(folder: Path) -> None:
    parts = [folder / "kernel.o", folder / "library.a"]
    one, other = (contents_of(folder / "image", [part]) for part in parts)
    assert contents_of(folder / "image", parts) == Contents(
        code_bytes=one.code_bytes + other.code_bytes,
        constant_bytes=one.constant_bytes + other.constant_bytes,
    )
    assert contents_of(folder / "image", []) == Contents(code_bytes=0, constant_bytes=0)


@pytest.mark.parametrize("content", [None, b"", b"text", b"\x7fELF"])
def test_what_is_neither_an_elf_file_nor_a_library_is_a_tool_error(
    folder: Path, tmp_path: Path, content: bytes | None
) -> None:
    damaged = tmp_path / "x.o"
    if content is not None:
        damaged.write_bytes(content)
    with pytest.raises(ToolError, match="neither an ELF file nor a static library"):
        contents_of(folder / "image", [damaged])
    with pytest.raises(ToolError, match="neither an ELF file nor a static library"):
        contents_of(damaged, [folder / "kernel.o"])


def test_parts_of_an_engine_are_kernels_engine_and_model_but_not_the_application(
    tmp_path: Path,
) -> None:
    objects = tmp_path / "obj"
    for name in (
        *("kernels/m4/a.o", "kernels/ref/b.o", "engines/aot/c.o", "generated/model_aot.o"),
        *("generated/model_info.o", "app/main.o", "boards/virt/d.o", "protocol/e.o"),
    ):
        (objects / name).parent.mkdir(parents=True, exist_ok=True)
        (objects / name).touch()
    library = tmp_path / "lib.a"
    parts = engine_parts(tmp_path, library)
    assert {part.name for part in parts} == {"a.o", "b.o", "c.o", "model_aot.o", "lib.a"}
    assert library not in engine_parts(tmp_path)


def test_a_folder_without_objects_is_a_tool_error(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="holds no objects"):
        engine_parts(tmp_path)
