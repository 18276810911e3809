"""A run record with invented numbers, for tests of what is done with records."""

from dataclasses import replace

import numpy as np

from ectopy import metrics
from ectopy.records import (
    AgreementRecord,
    BoardRecord,
    DatasetRecord,
    EnergyRecord,
    EngineRecord,
    FirmwareRecord,
    LatencyRecord,
    LinkRecord,
    MemoryRecord,
    ModelRecord,
    ProvenanceRecord,
    RunRecord,
)
from ectopy.vocab import LinkKind, Optimize, TickUnit

CONFUSION = ((850, 30, 7), (12, 18, 3), (5, 2, 73))
CLASSES = ("N", "PAC", "PVC")


def invented_record(
    confusion: tuple[tuple[int, ...], ...] = CONFUSION, *, synthetic: bool = False
) -> RunRecord:
    matrix = np.array(confusion, dtype=np.int64)
    accuracy, notes = metrics.score(matrix, CLASSES)
    windows = int(matrix.sum())
    return RunRecord(
        partial=False,
        board=BoardRecord(
            name="virt",
            emulated=True,
            cpu="cortex-m4f",
            clock_hz=None,
            tick_unit=TickUnit.INSTRUCTIONS,
            cpu_hz=None,
        ),
        firmware=FirmwareRecord(
            build_id="5f0e1d2c3b4a",
            elf_sha256="ab" * 32,
            flash_bytes=96_412,
            ram_bytes=33_180,
            toolchain="arm-none-eabi-gcc 12.2.1",
        ),
        engine=EngineRecord(name="aot", version="1", optimized_for=Optimize.SPEED),
        model=ModelRecord(
            name="beat-3-eff-sm",
            tflite_sha256="cd" * 32,
            classes=CLASSES,
            macs=963_264,
            parameters=41_001,
        ),
        dataset=DatasetRecord(
            name="synthetic" if synthetic else "mitdb",
            split="ds2",
            windows=windows,
            limit=1000,
            sha256="ef" * 32,
            label_map="N=NLRej PAC=AaJS PVC=VE",
        ),
        accuracy=accuracy,
        agreement=AgreementRecord(
            reference="tflite-micro",
            windows_compared=windows,
            output_mismatches=0,
            max_abs_lsb=0,
        ),
        latency=LatencyRecord(
            unit=TickUnit.INSTRUCTIONS,
            invoke_median=7_204_311,
            invoke_p99=7_204_420,
            invoke_max=7_204_431,
            preprocess_median=31_020,
            cycles_median=None,
            estimated_cycles=None,
            estimated_ms=None,
        ),
        memory=MemoryRecord(
            arena_bytes=12_800, arena_predicted_bytes=12_800, stack_high_water_bytes=1_432
        ),
        energy=EnergyRecord(measured_uj_per_inference=None, instrument=None),
        link=LinkRecord(
            kind=LinkKind.UART,
            windows_sent=windows,
            windows_lost=0,
            retries=1,
            crc_errors=1,
            bytes_per_s=15_310.5,
            windows_per_s=14.2,
        ),
        provenance=ProvenanceRecord(
            tool_version="0.1.0",
            git="0123456789abcdef0123456789abcdef01234567-dirty",
            command="ectopy bench --board virt --model beat-3-eff-sm --limit 1000",
            created_utc="2026-01-02T03:04:05Z",
            host="Linux x86_64, Python 3.11.2",
        ),
        notes=notes
        | {
            "board.clock_hz": "the emulator has no clock",
            "board.cpu_hz": "the emulator has no clock",
            "energy": "no instrument was connected",
            "latency.cycles_median": "this board has no cycle counter",
            "latency.estimated_cycles": "no cycle model yet",
            "latency.estimated_ms": "no cycle model yet",
        },
    )


def partial_record() -> RunRecord:
    whole = invented_record(((3, 0, 0), (0, 0, 0), (1, 0, 2)))
    return replace(whole, partial=True)
