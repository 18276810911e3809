"""Host images with the TFLM engine over the contract's interpreter, under sanitizers."""

from pathlib import Path

import pytest

from ectopy.toolchain import MakeRequest, Runtime, make_firmware
from ectopy.usecases.render import render, render_texts
from ectopy.vocab import BoardName, EngineName
from ectopy.zoo import Bundle
from support.fake_firmware import FIRMWARE, ROOT, SANITIZE, run_compiler

CONTRACT = ROOT / "tests" / "firmware" / "tflm_contract"
INCLUDES = (CONTRACT / "include",)
VERSION = "contract 1"
PERSISTENT_BYTES = 1000
"""What the contract's interpreter keeps besides the activations."""


def contract_library(bundle: Bundle, folder: Path, *faults: str) -> Path:
    """The interpreter and what it computes with."""
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "model_aot.c"
    source.write_text(render_texts(bundle, EngineName.AOT).texts["model_aot.c"])
    seams = [f"-I{FIRMWARE / room}" for room in ("include", "engines/aot", "engines/tflm")]
    warnings = ["-Wall", "-Wextra", "-Wconversion", "-Werror", *SANITIZE, "-O1", "-g", "-c"]
    objects = [folder / "model.o", folder / "interpreter.o"]
    run_compiler(["gcc", "-std=c11", *warnings, *seams, source, "-o", objects[0]])
    run_compiler(
        [
            *("g++", "-std=c++17", "-fno-exceptions", "-fno-rtti", *warnings, *seams),
            *(f"-D{fault}=1" for fault in faults),
            *(f"-I{INCLUDES[0]}", CONTRACT / "interpreter.cc", "-o", objects[1]),
        ]
    )
    library = folder / "libcontract.a"
    library.unlink(missing_ok=True)
    run_compiler(["ar", "rcs", library, *objects])
    return library


def build_contract(
    bundle: Bundle,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    arena_bytes: int | None = None,
    faults: tuple[str, ...] = (),
    defines: tuple[str, ...] = (),
    refusal: str = "",
) -> Path:
    """An image for board ``host``."""
    rendering = render(bundle, EngineName.TFLM, out / "generated", arena_bytes)
    assert set(rendering.texts) == {"model_tflm.c", "model_tflm_ops.cc", "model_info.c"}
    runtime = Runtime(
        version=VERSION,
        include_dirs=INCLUDES,
        defines=defines,
        library=contract_library(bundle, out / "library", *faults),
        library_sha256="",
        emulation_refusal=refusal,
    )
    monkeypatch.setenv("SAN", "1")
    return make_firmware(
        MakeRequest(
            board=BoardName.HOST,
            engine=EngineName.TFLM,
            generated=out / "generated",
            out=out,
            build_id="contract",
            runtime=runtime,
        )
    )
