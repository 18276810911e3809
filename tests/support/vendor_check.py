"""Holds the contract against an SDK: what the compiler and the libraries say differs."""

import os
import re
import subprocess
from pathlib import Path

from support.contract_checkout import CONTRACT, MACHINE

TYPES, FUNCTIONS = CONTRACT / "vendor_types.h", CONTRACT / "vendor_functions.h"
INCLUDES = (
    "boards/apollo4p_evb/bsp",
    "CMSIS/ARM/Include",
    "CMSIS/AmbiqMicro/Include",
    "devices",
    "mcu/apollo4p",
    "mcu/apollo4p/hal/mcu",
    "utils",
)
LIBRARIES = ("lib/apollo4p/libam_hal.a", "lib/apollo4p/evb/libam_bsp.a")
DEFINES = ("-DAM_PART_APOLLO4P", "-DAM_PACKAGE_BGA", "-Dgcc")
_STRUCT = re.compile(r"typedef struct \{(.*?)\n\} (\w+);", re.DOTALL)
_FIELD = re.compile(r"^    (?:[\w ]+ |\} )(\w+);", re.MULTILINE)
_FUNCTION = re.compile(r"(am_\w+)\(")
_OBJECT = re.compile(r"^extern (?:const )?\w+ (\w+);", re.MULTILINE)


def constants() -> dict[str, int]:
    """Enumerators of the contract."""
    found = re.findall(r"\b(AM_\w+) = (0x[0-9a-fA-F]+|\d+)", TYPES.read_text())
    return {name: int(value, 0) for name, value in found}


def structs() -> dict[str, list[str]]:
    """Structs of the contract and their fields."""
    found = _STRUCT.findall(TYPES.read_text())
    return {name: _FIELD.findall(re.sub(r"\n        .*", "", body)) for body, name in found}


def functions() -> list[str]:
    """Functions of the contract."""
    return _FUNCTION.findall(FUNCTIONS.read_text())


def objects() -> list[str]:
    """Variables of the contract."""
    return _OBJECT.findall(FUNCTIONS.read_text())


def layout() -> dict[str, int]:
    """Sizes and offsets in bytes, as the target's compiler lays the contract out."""
    asked = [f"sizeof({name})" for name in structs()]
    asked += [f"offsetof({name}, {f})" for name, fields in structs().items() for f in fields]
    # Sizes of variables, which a listing tells; none of them may be 0.
    lines = [f"char answer_{i}[sizeof(char[1 + ({text})])];" for i, text in enumerate(asked)]
    source = f'#include <stddef.h>\n#include "{TYPES}"\n' + "\n".join(lines)
    listing = _compile(source, ["-S", "-o", "-"], []).stdout
    sizes = dict(re.findall(r"\.size\s+answer_(\d+), (\d+)", listing))
    return {text: int(sizes[str(i)]) - 1 for i, text in enumerate(asked)}


def differences(suite: Path) -> list[str]:
    """What an SDK's headers declare otherwise, in the compiler's words."""
    claims = [f"{text} == {value}" for text, value in (constants() | layout()).items()]
    lines = [f'_Static_assert({claim}, "{claim}");' for claim in claims]
    source = "\n".join(
        [
            "#include <stddef.h>",
            '#include "am_mcu_apollo.h"',
            '#include "am_bsp.h"',
            "#undef CONTRACT_VENDOR_FUNCTIONS_H",
            f'#include "{FUNCTIONS}"',
            *lines,
        ]
    )
    includes = [f"-isystem{suite / folder}" for folder in INCLUDES]
    done = _compile(source, ["-fsyntax-only", "-fmax-errors=0"], [*DEFINES, *includes])
    errors = re.findall(r"error: (.*)", done.stderr)
    return errors or ([] if done.returncode == 0 else [done.stderr[-400:]])


def missing_symbols(suite: Path) -> list[str]:
    """Functions and variables of the contract that the libraries do not define."""
    defined: set[str] = set()
    for library in LIBRARIES:
        done = subprocess.run(
            ["arm-none-eabi-nm", "--defined-only", "--extern-only", str(suite / library)],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        defined |= {line.split()[-1] for line in done.stdout.splitlines() if line.strip()}
    return [name for name in (*functions(), *objects()) if name not in defined]


def _compile(source: str, what: list[str], flags: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["arm-none-eabi-gcc", *MACHINE, "-std=c11", *flags, *what, "-x", "c", "-"],
        input=source,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ | {"LC_ALL": "C"},  # plain quotation marks
    )
