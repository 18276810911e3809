"""firmware/kernels/README.md tells how to add a kernel in six steps; here somebody follows it.

Step 5 is held by tests/firmware/test_kernels.py, which wants every kernel drawn, and step 6 is a
measurement.
"""

import re
import shutil
from pathlib import Path

import pytest

from ectopy.aot.types import Kernel

ROOT = Path(__file__).parents[2]
README = Path("firmware/kernels/README.md")
HEADERS = Path("firmware/include/ectopy")
AOT = Path("tools/ectopy/aot")
TYPES = AOT / "types.py"
SIGNATURE = re.compile(r"^void (ect_\w+)\(const (ect_\w+_t) \*", re.MULTILINE)
NEW = "ect_negate_s8_ref"


def steps(root: Path) -> dict[int, str]:
    """The numbered list, by number."""
    text = (root / README).read_text().partition("Add a kernel:")[2]
    found = re.split(r"^(\d)\. ", text, flags=re.MULTILINE)[1:]
    return {int(n): " ".join(body.split()) for n, body in zip(found[::2], found[1::2], strict=True)}


def texts(folder: Path, pattern: str) -> str:
    return "\n".join(file.read_text() for file in sorted(folder.glob(pattern)))


def left_to_do(root: Path, kernel: str) -> list[int]:
    """Which of the first four steps nobody has done for a kernel."""
    declared = dict(SIGNATURE.findall(texts(root / HEADERS, "kernels*.h")))
    source = root / README.parent / kernel.rpartition("_")[2] / f"{kernel}.c"
    member = re.search(rf'^    (\w+) = "{kernel}"$', (root / TYPES).read_text(), re.MULTILINE)
    struct = f'c_type: ClassVar[str] = "{declared.get(kernel)}"'
    done = {
        1: kernel in declared,
        2: source.exists() and f"\nvoid {kernel}(" in source.read_text(),
        3: member is not None and struct in texts(root / AOT, "params*.py"),
        4: member is not None and f"Kernel.{member[1]}" in texts(root / AOT, "*.py"),
    }
    return [step for step, is_done in done.items() if not is_done]


@pytest.mark.parametrize("kernel", list(Kernel))
def test_every_kernel_has_been_through_the_steps(kernel: Kernel) -> None:
    assert left_to_do(ROOT, kernel) == []


def test_the_list_has_six_steps_and_what_it_names_exists() -> None:
    assert list(steps(ROOT)) == [1, 2, 3, 4, 5, 6]
    named = re.findall(r"`([\w/]+/[\w.]+\.(?:py|h|c))`", " ".join(steps(ROOT).values()))
    assert len(named) >= 5
    homes = (ROOT, ROOT / "firmware", ROOT / README.parent)
    missing = [name for name in named if not any((home / name).exists() for home in homes)]
    assert not missing


def test_somebody_who_follows_the_steps_comes_to_their_end(tmp_path: Path) -> None:
    for folder in (HEADERS, README.parent, AOT):
        shutil.copytree(ROOT / folder, tmp_path / folder)

    def write(file: Path, text: str) -> None:
        with (tmp_path / file).open("a") as stream:
            stream.write(text)

    assert left_to_do(tmp_path, NEW) == [1, 2, 3, 4]
    write(
        HEADERS / "kernels.h",
        f"\nvoid {NEW}(const ect_negate_t *p, const int8_t *in, int8_t *out);\n",
    )
    assert left_to_do(tmp_path, NEW) == [2, 3, 4]
    write(README.parent / "ref" / f"{NEW}.c", f"\nvoid {NEW}(const ect_negate_t *p) {{}}\n")
    assert left_to_do(tmp_path, NEW) == [3, 4]
    write(TYPES, f'\n    NEGATE = "{NEW}"\n')
    write(AOT / "params.py", '\n    c_type: ClassVar[str] = "ect_negate_t"\n')
    assert left_to_do(tmp_path, NEW) == [4]
    write(AOT / "lower.py", "\ncall = Kernel.NEGATE\n")
    assert left_to_do(tmp_path, NEW) == []
