"""The vendor's SDK for board ``apollo4p``: a neuralSPOT checkout of the user's, never vendored.

Of it the build takes the headers and two prebuilt libraries of one AmbiqSuite version, and nothing
of its build system.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ectopy.errors import InputError, ToolError

VARIABLE = "NEURALSPOT"
SUITE_VERSION = "R4.5.0"
"""AmbiqSuite that knows the Apollo4 Plus, and whose libraries this firmware was linked with."""

ADVICE = (
    "git clone --depth 1 https://github.com/AmbiqAI/neuralSPOT, then "
    f"make ... {VARIABLE}=/path/to/neuralSPOT; `ectopy sdk` shows what is expected"
)
_STAMP = "release_sdk_4_5_0"
_ARCHIVE = b"!<arch>\n"
_LFS_POINTER = b"version https://git-lfs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file that a build needs.

    Attributes:
        name: Relative to the AmbiqSuite folder.
        use: What for.
        found: What is there, in words; empty if it is as it should be.
    """

    name: str
    use: str
    found: str = ""

    @property
    def good(self) -> bool:
        """Whether a build can use it."""
        return not self.found


_PARTS = (
    ("VERSION.txt", "says which AmbiqSuite it is"),
    ("lib/apollo4p/libam_hal.a", "library: clocks, cache, UART, timer"),
    ("lib/apollo4p/evb/libam_bsp.a", "library: pins of the EVB, low-power set-up"),
    ("boards/apollo4p_evb/bsp/am_bsp.h", "header: the EVB"),
    ("boards/apollo4p_evb/bsp/am_bsp_pins.h", "header: its pins"),
    ("mcu/apollo4p/am_mcu_apollo.h", "header: the HAL"),
    ("mcu/am_sdk_version.h", "header: version of the HAL"),
    ("CMSIS/AmbiqMicro/Include/apollo4p.h", "header: registers"),
    ("CMSIS/ARM/Include/core_cm4.h", "header: the processor"),
    ("devices/am_devices_led.h", "header: wanted by am_bsp.h"),
)

_HEADER_FOLDERS = (
    "boards/apollo4p_evb/bsp",
    "CMSIS/ARM/Include",
    "CMSIS/AmbiqMicro/Include",
    "devices",
    "mcu/apollo4p",
    "utils",
)
"""Those of VENDOR_FLAGS in firmware/Makefile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sdk:
    """A checkout that was checked.

    Attributes:
        root: Of neuralSPOT.
        suite: The AmbiqSuite folder in it.
        stamp: What AmbiqSuite says its version is.
    """

    root: Path
    suite: Path
    stamp: str

    @property
    def fingerprint(self) -> str:
        """Changes with the libraries and headers, which become part of an image."""
        digest = hashlib.sha256(self.stamp.encode())
        names = {name for name, _ in _PARTS}
        for folder in _HEADER_FOLDERS:
            headers = (path for path in (self.suite / folder).rglob("*.h") if path.is_file())
            names |= {path.relative_to(self.suite).as_posix() for path in headers}
        for name in sorted(names):
            digest.update(name.encode() + b"\0")
            digest.update(hashlib.sha256((self.suite / name).read_bytes()).digest())
        return digest.hexdigest()


def suite_folder(root: Path | None) -> Path:
    """The AmbiqSuite folder of a neuralSPOT checkout.

    Raises:
        InputError: Not given, not a folder, not a checkout, or without that version; says which.
    """
    if root is None:
        raise InputError(
            f"board apollo4p needs the vendor's SDK, and {VARIABLE} is not set", hint=ADVICE
        )
    if not root.is_dir():
        raise InputError(f"{VARIABLE}={root} is not a folder", hint=ADVICE)
    suites = root / "extern" / "AmbiqSuite"
    if not suites.is_dir():
        raise InputError(
            f"{VARIABLE}={root} is no checkout of neuralSPOT: it has no extern/AmbiqSuite",
            hint=ADVICE,
        )
    if not (suites / SUITE_VERSION).is_dir():
        there = ", ".join(sorted(p.name for p in suites.glob("R*"))) or "none"
        raise InputError(
            f"{suites} has no AmbiqSuite {SUITE_VERSION}, but {there}",
            hint="take a neuralSPOT from 2026 on, such as its main branch",
        )
    return suites / SUITE_VERSION


def survey(root: Path | None) -> tuple[Part, ...]:
    """What a build needs of a checkout, and what is wrong with it.

    Raises:
        InputError: See :func:`suite_folder`.
    """
    suite = suite_folder(root)
    return tuple(Part(name=name, use=use, found=_fault(suite / name)) for name, use in _PARTS)


def find_sdk(root: Path | None) -> Sdk:
    """The SDK, whole.

    Raises:
        InputError: See :func:`suite_folder`.
        ToolError: A library or header is missing or not what it should be; names the first.
    """
    suite = suite_folder(root)
    assert root is not None
    for part in survey(root):
        if not part.good:
            raise ToolError(
                f"{suite / part.name} ({part.use}) is {part.found}",
                hint="complete the checkout; `ectopy sdk` lists what is expected",
            )
    return Sdk(
        root=root.resolve(),
        suite=suite.resolve(),
        stamp=(suite / "VERSION.txt").read_text(encoding="utf-8", errors="replace").strip(),
    )


def _fault(path: Path) -> str:
    """What is wrong with a file; empty if nothing is."""
    try:
        with path.open("rb") as stream:
            head = stream.read(64)
    except OSError:
        return "missing"
    if head.startswith(_LFS_POINTER):
        return "a Git LFS pointer, not the file"
    if path.suffix == ".a" and not head.startswith(_ARCHIVE):
        return "not a library"
    if path.name == "VERSION.txt" and not head.decode(errors="replace").startswith(_STAMP):
        return f"of another version: {head.decode(errors='replace').strip()[:40]!r}"
    return "" if head else "empty"
