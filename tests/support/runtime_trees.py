"""Made-up TFLM trees: a header in each folder, and libraries of one small object."""

import subprocess
from pathlib import Path

M4 = ("-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard")
INT8_ONLY = tuple(
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
APACHE = "\n                                 Apache License\n   Version 2.0, January 2004\n"
AMBIQ = (
    "Ambiq Apollo SDK License\n\nPermission is granted to use it solely for execution on "
    "platforms that include an Ambiq-manufactured\n\nCPU (the Apollo series).\n"
)
UPSTREAM = "gen/cortex_m_generic_cortex-m4+fp_{}_gcc/lib/libtensorflow-microlite.a"
PACKED = "lib/libtensorflow-microlite-cm4-gcc-{}.a"


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def make_library(
    path: Path, *, logs: bool, int8: bool = True, flags: tuple[str, ...] = M4, more: str = ""
) -> Path:
    """A static library that defines what a library of that kind defines."""
    names = (*(INT8_ONLY if int8 else ()), *(["DebugVsnprintf"] if logs else []), "Invoke")
    text = "".join(f"void {name}(void);\nvoid {name}(void) {{}}\n" for name in names)
    source = write(path.parent / "source.c", text + more)
    built = source.with_suffix(".o")
    for command in (
        ["arm-none-eabi-gcc", *flags, "-c", str(source), "-o", str(built)],
        ["arm-none-eabi-ar", "rcs", str(path), str(built)],
    ):
        path.unlink(missing_ok=True)
        subprocess.run(command, check=True, capture_output=True)
    return path


def make_tree(
    tree: Path, *, library: str = UPSTREAM, variants: dict[str, bool], licence: str = APACHE
) -> Path:
    """An upstream tree, or one packed by neuralSPOT.

    Args:
        tree: Where.
        library: Its place, with ``{}`` for the variant.
        variants: Name -> whether it has logs.
        licence: Text of its LICENSE; none if empty.
    """
    packed = library == PACKED
    parts = "third_party" if packed else "tensorflow/lite/micro/tools/make/downloads"
    write(tree / "tensorflow/lite/micro/micro_interpreter.h")
    write(tree / "tensorflow/lite/schema/schema_generated.h")
    guard = "defined(CMSIS_NN) || defined(AMBIQ)" if packed else "defined(CMSIS_NN)"
    write(tree / "tensorflow/lite/micro/kernels/conv.h", f"#if {guard}\n#endif\n")
    write(tree / parts / "flatbuffers/include/flatbuffers/flatbuffers.h")
    write(tree / parts / "gemmlowp/fixedpoint/fixedpoint.h")
    if packed:
        write(tree / "module.mk")
    if licence:
        write(tree / "LICENSE", licence)
    for name, logs in variants.items():
        make_library(tree / library.format(name), logs=logs)
    return tree
