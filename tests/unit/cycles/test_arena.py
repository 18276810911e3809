"""How much arena an engine needs: found by starting it, never by asking less than the truth."""

from pathlib import Path

import pytest

from ectopy.cycles import ArenaNeed, measure_arena
from ectopy.errors import InputError, ModelError
from support.cortex_m4 import assemble, require_toolchain
from support.fake_firmware import run_compiler

SOURCE = """
#include <stdint.h>
typedef struct { uint8_t *arena; uint32_t bytes; } model_t;
extern const model_t ect_tflm_model;
static uint8_t arena[16];
#ifndef UNMARKED
__attribute__((used)) const uint8_t ect_tflm_may_be_emulated = 1;
#endif
__attribute__((weak)) const model_t ect_tflm_model = {arena, sizeof arena};
typedef struct { const char *name, *version; uint32_t used, reserved; uint16_t ops; } info_t;
static info_t info;
int ect_engine_init(void) {
    if (ect_tflm_model.bytes < TO_START) {
        return 6;
    }
    for (uint32_t i = 0; i < ect_tflm_model.bytes; i++) {
        ect_tflm_model.arena[i] = 0xa5;
    }
    info.used = USED;
    return 0;
}
const info_t *ect_engine_info(void) { return &info; }
int ect_engine_invoke(void) { return 0; }
void ect_engine_input(void) {}
void ect_engine_output(void) {}
"""
FLAGS = ["-mcpu=cortex-m4", "-mthumb", "-O1", "-nostdlib", "-fno-builtin"]
PLACES = ["-Wl,-Ttext=0x1000", "-Wl,-Tbss=0x20000000", "-Wl,-e,ect_engine_init"]


def image(folder: Path, *, used: int, to_start: int) -> Path:
    require_toolchain()
    source = folder / "engine.c"
    source.write_text(SOURCE)
    elf = folder / "engine.elf"
    defines = [f"-DUSED={used}", f"-DTO_START={to_start}"]
    run_compiler(["arm-none-eabi-gcc", *FLAGS, *PLACES, *defines, source, "-o", elf])
    return elf


@pytest.mark.parametrize(
    ("used", "to_start", "smallest"),
    [(1000, 1000, 1008), (1008, 1008, 1008), (29_316, 29_316, 29_328), (1000, 1500, 1504)],
    ids=["rounded up", "even", "large", "more is needed to start"],
)
def test_the_smallest_arena_that_starts_is_found(
    used: int, to_start: int, smallest: int, tmp_path: Path
) -> None:
    need = measure_arena(image(tmp_path, used=used, to_start=to_start))
    assert need == ArenaNeed(used_bytes=used, smallest_bytes=smallest)


def test_an_engine_that_starts_in_no_arena_refuses_the_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="refuses the model") as caught:
        measure_arena(image(tmp_path, used=16, to_start=5 << 20))
    assert "RUNTIME=" in caught.value.hint


def test_an_engine_that_needs_far_more_than_it_uses_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="more than twice"):
        measure_arena(image(tmp_path, used=1000, to_start=3000))


def test_another_engine_is_an_input_error(tmp_path: Path) -> None:
    elf = assemble(tmp_path, {"ect_engine_invoke": "movs r0, #0\nbx lr"})
    with pytest.raises(InputError, match="its engine is not tflm"):
        measure_arena(elf)
