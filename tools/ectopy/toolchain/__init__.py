"""From generated sources to an ELF file: compiler, make, memory budget, facts of the image."""

from ectopy.toolchain.budget import BUDGETS, Budget, check_budget
from ectopy.toolchain.build_id import compute_build_id
from ectopy.toolchain.compiler import Compiler, find_compiler
from ectopy.toolchain.contents import Contents, contents_of, engine_parts
from ectopy.toolchain.elf import ElfFacts, read_elf
from ectopy.toolchain.image import Image
from ectopy.toolchain.lock import exclusive
from ectopy.toolchain.make import ELF_NAME, MakeRequest, make_firmware
from ectopy.toolchain.memory_map import Memory, MemoryMap, read_memory_map
from ectopy.toolchain.options import BoardOptions, options_from
from ectopy.toolchain.raw_image import RawImage, read_raw_image
from ectopy.toolchain.runtime import EMULATED_DEFAULT, Runtime, RuntimeRequest, find_runtime
from ectopy.toolchain.sdk import Part, Sdk, find_sdk, survey

__all__ = [
    "BUDGETS",
    "ELF_NAME",
    "EMULATED_DEFAULT",
    "BoardOptions",
    "Budget",
    "Compiler",
    "Contents",
    "ElfFacts",
    "Image",
    "MakeRequest",
    "Memory",
    "MemoryMap",
    "Part",
    "RawImage",
    "Runtime",
    "RuntimeRequest",
    "Sdk",
    "check_budget",
    "compute_build_id",
    "contents_of",
    "engine_parts",
    "exclusive",
    "find_compiler",
    "find_runtime",
    "find_sdk",
    "make_firmware",
    "options_from",
    "read_elf",
    "read_memory_map",
    "read_raw_image",
    "survey",
]
