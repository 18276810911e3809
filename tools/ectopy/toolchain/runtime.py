"""Which TFLM runtime an image is linked with: found, checked, and allowed on the board.

Said by variables of the environment, which the Makefile passes on:

- ``TFLM``: an upstream tflite-micro tree in which its own make has built a library;
- ``TFLM_LIB``: another library for that tree;
- ``NEURALSPOT``: a checkout of neuralSPOT, whose runtimes are ready-made;
- ``RUNTIME``: which of those;
- ``RUNTIME_VARIANT``: ``release`` or ``release-with-logs``. Only the second tells operators apart;
  without this variable it is taken where that is asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from ectopy.errors import InputError, ToolError
from ectopy.toolchain.archive import Archive, read_archive, require_cortex_m4f
from ectopy.toolchain.licence import EMULATED, emulation_refusal
from ectopy.toolchain.revision import tree_revision
from ectopy.toolchain.sdk import VARIABLE as NEURALSPOT
from ectopy.vocab import BoardName

EMULATED_DEFAULT = "helia_rt_v1_3_0"
SILICON_DEFAULT = "helia_rt_v1_6_0"

_HEADERS = (
    "tensorflow/lite/micro/micro_interpreter.h",
    "tensorflow/lite/micro/kernels/conv.h",
    "tensorflow/lite/schema/schema_generated.h",
    "flatbuffers/flatbuffers.h",
    "fixedpoint/fixedpoint.h",
)
"""One of each folder of headers."""

_INCLUDE_DIRS = (
    ".",
    "third_party",
    "third_party/flatbuffers/include",
    "third_party/gemmlowp",
    "third_party/ruy",
    "tensorflow/lite/micro/tools/make/downloads",
    "tensorflow/lite/micro/tools/make/downloads/flatbuffers/include",
    "tensorflow/lite/micro/tools/make/downloads/gemmlowp",
    "tensorflow/lite/micro/tools/make/downloads/ruy",
)
"""Packed runtimes have the first ones, trees in which upstream's make ran the last ones."""

_INT8_ONLY = frozenset(
    f"_ZN6tflite{len(name)}{name}Ev"
    for name in (
        "Register_CONV_2D_INT8",
        "Register_DEPTHWISE_CONV_2D_INT8",
        "Register_MAX_POOL_2D_INT8",
        "Register_FULLY_CONNECTED_INT8",
        "Register_ADD_INT8",
        "Register_MUL_INT8",
    )
)
_WITH_LOGS_ONLY = "DebugVsnprintf"
"""Defined unless the library was built with TF_LITE_STRIP_ERROR_STRINGS."""

_HOW = "TFLM=<upstream tflite-micro tree> or NEURALSPOT=<checkout of github.com/AmbiqAI/neuralSPOT>"
_LICENCE_HINT = (
    "take RUNTIME=helia_rt_v1_3_0 (Apache-2.0), or an upstream tflite-micro tree by TFLM=; "
    "beside a library by TFLM_LIB= put its LICENSE"
)


class RuntimeVariant(StrEnum):
    """How a library was built."""

    RELEASE = "release"
    WITH_LOGS = "release-with-logs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """A TFLM library and its headers.

    Attributes:
        version: Name, version and variant, as the device reports them.
        include_dirs: For ``-isystem``.
        defines: The library was built with these; its headers must see the same.
        emulation_refusal: Why the image may not be run on an emulator; empty if it may.
    """

    version: str
    include_dirs: tuple[Path, ...]
    defines: tuple[str, ...]
    library: Path
    library_sha256: str
    emulation_refusal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeRequest:
    """What is wanted and where to look; empty strings where nothing is said.

    Attributes:
        operators: Whether operators must be told apart.
    """

    board: BoardName
    operators: bool = False
    tflm: str = ""
    tflm_lib: str = ""
    neuralspot: str = ""
    name: str = ""
    variant: str = ""

    @classmethod
    def from_environment(
        cls, board: BoardName, environment: Mapping[str, str], *, operators: bool
    ) -> RuntimeRequest:
        """Reads the variables."""
        return cls(
            board=board,
            operators=operators,
            tflm=environment.get("TFLM", ""),
            tflm_lib=environment.get("TFLM_LIB", ""),
            neuralspot=environment.get(NEURALSPOT, ""),
            name=environment.get("RUNTIME", ""),
            variant=environment.get("RUNTIME_VARIANT", ""),
        )


def find_runtime(request: RuntimeRequest) -> Runtime:
    """Finds and checks the runtime.

    Raises:
        InputError: Nothing, nonsense or contradictions are said, or the licence does not allow
            the board.
        ToolError: The tree or its library cannot be used.
    """
    if request.board is BoardName.HOST:
        raise InputError(
            "engine tflm has no library for board host", hint="take --board virt, or --engine aot"
        )
    variant = _variant(request)
    if request.tflm:
        if request.name:
            raise InputError(
                "both TFLM= and RUNTIME= are given, and RUNTIME= names one of neuralSPOT's",
                hint="leave one of them out",
            )
        return _upstream(request, variant)
    if request.tflm_lib:
        raise InputError(
            "TFLM_LIB= is given without TFLM=, the tree whose headers the library needs",
            hint="give both, or leave TFLM_LIB= out",
        )
    if request.neuralspot:
        return _packed(request, variant)
    raise InputError(f"engine tflm needs a runtime, and none is given: {_HOW}", hint=_hint(request))


def _hint(request: RuntimeRequest) -> str:
    return f"say `make bench BOARD={request.board} ENGINE=tflm TFLM=...`, or set it as a variable"


def _variant(request: RuntimeRequest) -> RuntimeVariant:
    if not request.variant:
        return RuntimeVariant.WITH_LOGS if request.operators else RuntimeVariant.RELEASE
    try:
        variant = RuntimeVariant(request.variant)
    except ValueError as error:
        raise InputError(
            f"RUNTIME_VARIANT={request.variant} is none", hint="take " + " or ".join(RuntimeVariant)
        ) from error
    if request.operators and variant is RuntimeVariant.RELEASE:
        raise InputError(
            "a release library does not tell operators apart, and that is asked for",
            hint="take RUNTIME_VARIANT=release-with-logs, or leave the variable out",
        )
    return variant


def _upstream(request: RuntimeRequest, variant: RuntimeVariant) -> Runtime:
    tree = _folder("TFLM", request.tflm)
    include_dirs = _include_dirs(tree)
    refusal = _allowed(request.board, tree)
    named = Path(request.tflm_lib).expanduser().resolve() if request.tflm_lib else None
    library = named or _built_library(tree, variant)
    refusal = refusal or _allowed(request.board, _tree_of(library))
    archive = _checked(library, variant)
    revision = tree_revision(tree) or f"library {_sha256(library)[:8]}"
    runtime = _runtime(f"tflite-micro {revision}", include_dirs, archive, variant)
    return replace(runtime, emulation_refusal=refusal)


def _tree_of(library: Path) -> Path:
    """A library named by itself, or linked to, may belong to a tree with another licence.

    Without any LICENSE it is its own folder, of which nothing is known.
    """
    folders = library.resolve().parents
    return next((folder for folder in folders if (folder / "LICENSE").is_file()), folders[0])


def _allowed(board: BoardName, tree: Path) -> str:
    """Why what is in a tree may not be run on an emulator; for emulated boards an error."""
    refusal = emulation_refusal(tree)
    if refusal and board in EMULATED:
        raise InputError(f"{refusal}, and board {board} is an emulator", hint=_LICENCE_HINT)
    return refusal


def _built_library(tree: Path, variant: RuntimeVariant) -> Path:
    """Where upstream's make puts it; with CMSIS-NN rather than without."""
    build_type = variant.replace("-", "_")
    folders = [
        tree / "gen" / f"cortex_m_generic_cortex-m4+fp_{build_type}{kernels}_gcc" / "lib"
        for kernels in ("_cmsis_nn", "")
    ]
    found = [path for folder in folders if (path := folder / "libtensorflow-microlite.a").is_file()]
    if not found:
        raise ToolError(
            f"{folders[0]} has no libtensorflow-microlite.a",
            hint="build it by upstream's make: TARGET=cortex_m_generic TARGET_ARCH=cortex-m4+fp "
            f"OPTIMIZED_KERNEL_DIR=cmsis_nn BUILD_TYPE={build_type} microlite; or name another "
            "by TFLM_LIB=",
        )
    return found[0]


def _packed(request: RuntimeRequest, variant: RuntimeVariant) -> Runtime:
    shelf = _folder(NEURALSPOT, request.neuralspot) / "extern" / "tensorflow"
    default = EMULATED_DEFAULT if request.board in EMULATED else SILICON_DEFAULT
    name = request.name or default
    tree = shelf / name
    if not tree.is_dir():
        there = sorted(path.parent.name for path in shelf.glob("*/module.mk"))
        raise ToolError(
            f"{shelf} has no runtime {name}",
            hint=f"RUNTIME= may be {', '.join(there)}"
            if there
            else "NEURALSPOT= is to be a checkout of github.com/AmbiqAI/neuralSPOT",
        )
    refusal = _allowed(request.board, tree)
    include_dirs = _include_dirs(tree)
    archive = _checked(tree / "lib" / f"libtensorflow-microlite-cm4-gcc-{variant}.a", variant)
    runtime = _runtime(name, include_dirs, archive, variant)
    return replace(runtime, emulation_refusal=refusal)


def _folder(variable: str, path: str) -> Path:
    folder = Path(path).expanduser().resolve()
    if not folder.is_dir():
        raise InputError(f"{variable}={path} is no folder", hint=f"give {_HOW}")
    return folder


def _include_dirs(tree: Path) -> tuple[Path, ...]:
    found = tuple(path for each in _INCLUDE_DIRS if (path := tree / each).is_dir())
    for header in _HEADERS:
        if not any((folder / header).is_file() for folder in found):
            raise ToolError(
                f"{tree} has no {header}",
                hint="it is to be a tflite-micro tree with the headers that its make downloads",
            )
    return found


def _checked(library: Path, variant: RuntimeVariant) -> Archive:
    if not library.is_file():
        raise ToolError(
            f"{library} is missing", hint="an incomplete checkout? check the path, or git lfs"
        )
    archive = read_archive(library)
    require_cortex_m4f(archive)
    has_logs = _WITH_LOGS_ONLY in archive.names
    if has_logs != (variant is RuntimeVariant.WITH_LOGS):
        built = RuntimeVariant.WITH_LOGS if has_logs else RuntimeVariant.RELEASE
        raise ToolError(
            f"{library} is built as {built}, wanted is {variant}",
            hint=f"say RUNTIME_VARIANT={built}"
            if has_logs
            else "name a library with logs by TFLM_LIB=: a release one does not tell operators "
            "apart",
        )
    return archive


def _runtime(
    name: str, include_dirs: tuple[Path, ...], archive: Archive, variant: RuntimeVariant
) -> Runtime:
    defines = ["TF_LITE_STATIC_MEMORY"]
    if variant is RuntimeVariant.RELEASE:
        defines += ["TF_LITE_STRIP_ERROR_STRINGS", "NDEBUG"]
    else:
        defines += ["NDEBUG"]
    if archive.names >= _INT8_ONLY:
        conv = next(
            text
            for folder in include_dirs
            if (text := folder / "tensorflow/lite/micro/kernels/conv.h").is_file()
        ).read_text(errors="replace")
        defines.append("AMBIQ" if "AMBIQ" in conv else "CMSIS_NN")
    return Runtime(
        version=f"{name} {variant}",
        include_dirs=include_dirs,
        defines=tuple(defines),
        library=archive.path,
        library_sha256=_sha256(archive.path),
    )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
