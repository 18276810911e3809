"""A name for everything that went into an image."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from ectopy.toolchain.compiler import Compiler
from ectopy.toolchain.runtime import Runtime
from ectopy.toolchain.sources import FIRMWARE_DIR, image_sources
from ectopy.vocab import BoardName, EngineName


def compute_build_id(
    board: BoardName,
    engine: EngineName,
    compiler: Compiler,
    generated: Mapping[str, str],
    runtime: Runtime | None = None,
    extra: str = "",
) -> str:
    """16 hexadecimal digits that change with any source, flag, compiler, runtime or generated file.

    The flags are in the Makefile, which counts as a source. Paths enter relative to the firmware
    folder, so two clones of one commit agree. ``extra`` is what else decides about the image:
    options of the board, libraries of the vendor.
    """
    digest = hashlib.sha256()

    def add(name: str, content: bytes) -> None:
        for part in (name.encode(), content):
            digest.update(len(part).to_bytes(8, "little"))
            digest.update(part)

    add("what", f"{board} {engine} {compiler} {extra}".encode())
    if runtime is not None:
        marked = "" if runtime.emulation_refusal else "may be emulated"
        facts = f"{runtime.version} {runtime.defines} {runtime.library_sha256} {marked}"
        add("runtime", facts.encode())
    for path in image_sources(board, engine):
        add(path.relative_to(FIRMWARE_DIR).as_posix(), path.read_bytes())
    for name in sorted(generated):
        add(name, generated[name].encode())
    return digest.hexdigest()[:16]
