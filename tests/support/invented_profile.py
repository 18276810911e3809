"""A profile with invented numbers, for tests of what is done with profiles."""

from dataclasses import replace

from ectopy.report.profile import FunctionProfile, OperatorProfile, Profile

ROWS = ((0, "CONV_2D", "stem", 9000), (1, "MEAN", "pool", 300), (None, "engine", "around", 77))
FUNCTIONS = (("conv", 8000), ("helper", 900), ("helper", 100), ("mean", 300), ("run", 77))


def invented_profile(elf_sha256: str = "ab" * 32) -> Profile:
    total = sum(row[3] for row in ROWS)
    return Profile(
        model="beat-3-eff-sm",
        board="virt",
        engine="aot",
        build_id="5f0e1d2c3b4a",
        elf_sha256=elf_sha256,
        dataset="mitdb ds2",
        window="record 100, beat at sample 1000",
        memory="zero",
        memory_title="no wait states",
        memory_sources=("definition",),
        clock_hz=192_000_000,
        macs=1792,
        emulated_instructions=total // 2,
        modelled_cycles=total,
        divisions=0,
        operators=tuple(
            OperatorProfile(
                index=index,
                kind=kind,
                name=name,
                shape="64x4",
                kernel="",
                macs=0 if index else 1792,
                emulated_instructions=cycles // 2,
                modelled_cycles=cycles,
                share=cycles / total,
            )
            for index, kind, name, cycles in ROWS
        ),
        functions=tuple(
            FunctionProfile(
                name=name,
                emulated_instructions=cycles // 2,
                modelled_cycles=cycles,
                share=cycles / total,
            )
            for name, cycles in FUNCTIONS
        ),
        by_row={"load": total},
        outputs=(1, -2, 3),
    )


def faster_profile(elf_sha256: str = "cd" * 32) -> Profile:
    """The convolution takes 4,000 cycles less, in a kernel of another name."""
    before = invented_profile(elf_sha256)
    stem, *others = before.operators
    conv, *functions = before.functions
    return replace(
        before,
        modelled_cycles=before.modelled_cycles - 4000,
        operators=(replace(stem, modelled_cycles=5000, emulated_instructions=2500), *others),
        functions=(
            replace(conv, name="fast", modelled_cycles=4000, emulated_instructions=2000),
            *functions,
        ),
    )
