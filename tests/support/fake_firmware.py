"""Compiles the firmware with the fake engine of ``tests/firmware/fake_engine.c``."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
FIRMWARE = ROOT / "firmware"
FAKE = ROOT / "tests" / "firmware"
STRICT = [
    *("-std=c11", "-O2", "-g", "-ffp-contract=off"),
    *("-Wall", "-Wextra", "-Wconversion", "-Werror"),
    f"-I{FIRMWARE / 'include'}",
]
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
M4 = [
    *("-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard", "-fno-math-errno"),
    *("--specs=nano.specs", "--specs=nosys.specs", "-nostartfiles"),
    f"-Wl,-T,{FIRMWARE / 'boards' / 'virt' / 'link.ld'}",
]


def run_compiler(command: Sequence[str | Path]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def sources(board: str) -> list[Path]:
    folders = ("app", "protocol", f"boards/{board}")
    return [FAKE / "fake_engine.c", *(p for f in folders for p in (FIRMWARE / f).glob("*.c"))]


def build_host(out: Path, *more: str) -> Path:
    """The board ``host``, with address and undefined-behaviour sanitizers."""
    run_compiler(["gcc", *STRICT, *SANITIZE, *more, *sources("host"), "-lm", "-o", out])
    return out


def build_virt(out: Path, *more: str | Path) -> Path:
    """The board ``virt``."""
    command = ["arm-none-eabi-gcc", *STRICT, *M4, *sources("virt"), *more, "-lm", "-o", out]
    run_compiler(command)
    return out
