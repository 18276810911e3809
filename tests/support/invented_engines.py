"""A comparison of engines with invented numbers."""

from ectopy.report.engines import AbsentEngine, EngineFigures, EnginesTable, ModelEngines
from ectopy.vocab import EngineName, Optimize


def invented_engine(
    engine: EngineName, version: str, instructions: int, arena_bytes: int
) -> EngineFigures:
    return EngineFigures(
        engine=engine,
        optimized_for=Optimize.SPEED if engine is EngineName.AOT else None,
        version=version,
        build_id="b1",
        elf_sha256="ab" * 32,
        emulated_instructions=instructions,
        modelled_cycles=2 * instructions,
        arena_bytes=arena_bytes,
        flash_bytes=100_000,
        code_bytes=7_000,
        constant_bytes=60_000,
        stack_high_water_bytes=1_000,
        windows_compared=20,
        output_mismatches=0,
    )


AOT = invented_engine(EngineName.AOT, "0.1.0", 1_000_000, 9_000)
FAST_TFLM = invented_engine(EngineName.TFLM, "fast release", 4_000_000, 30_000)
SMALL_TFLM = invented_engine(EngineName.TFLM, "small release", 8_000_000, 20_000)


def invented_engines(
    *engines: EngineFigures, absent: tuple[AbsentEngine, ...] = ()
) -> EnginesTable:
    model = ModelEngines(
        model="beat-2-eff-sm",
        tflite_sha256="cd" * 32,
        macs=866_624,
        engines=engines,
        absent=absent,
    )
    return EnginesTable(
        board="virt",
        memory="memory without wait states",
        dataset="mitdb ds2",
        windows=20,
        reference="tflite-micro",
        toolchain="arm-none-eabi-gcc 12.2.1",
        tool_version="0.1.0",
        git=None,
        models=(model,),
    )
