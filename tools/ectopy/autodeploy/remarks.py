"""Why figures of ns_autodeploy and ours differ, or cannot be compared, in plain words."""

from __future__ import annotations

from enum import StrEnum


class Remark(StrEnum):
    """A known difference; :data:`REMARKS` has the words."""

    COLD_FIRST = "cold_first"
    EMULATED_HAS_NO_TIME = "emulated_has_no_time"
    RUNTIME = "runtime"
    CYCLES_NOT_STARTED = "cycles_not_started"
    MACS_STATIC = "macs_static"
    ARENA_ONE_SHOT = "arena_one_shot"
    ARENA_OF_ENGINES = "arena_of_engines"
    MODEL_ROUNDED = "model_rounded"
    OUTPUT_ORACLE = "output_oracle"
    INPUT_TRUNCATED = "input_truncated"
    POWER_BY_JOULESCOPE = "power_by_joulescope"


REMARKS: dict[Remark, str] = {
    Remark.COLD_FIRST: (
        "ns_autodeploy sums the layers of the first inference after the start: caches cold, the "
        "profiler's own time in every layer, 1 us resolution. ectopy gives the median of all "
        "windows without a profiler. Expect its figure to be the larger one."
    ),
    Remark.EMULATED_HAS_NO_TIME: (
        "The run beside it is emulated: it counts instructions, and cycles by a model. Neither is "
        "a time on silicon, so they stand in lines of their own."
    ),
    Remark.RUNTIME: (
        "ns_autodeploy runs the TFLM library of its platform table (heliaRT), at 192 MHz whatever "
        "--cpu-mode says, model and arena in TCM where they fit; ectopy runs the engine that is "
        "named above, with its model where its image has it."
    ),
    Remark.CYCLES_NOT_STARTED: (
        "Nothing in its image starts the DWT on an Apollo4, so its cycle columns are zero or "
        "garbage; its workbook derives from them with a clock fixed at 250 MHz: leave it unread."
    ),
    Remark.MACS_STATIC: (
        "Both are counted from the file, over CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED, "
        "padded taps included: they should be equal."
    ),
    Remark.ARENA_ONE_SHOT: (
        "ns_autodeploy measures once with a large arena and writes used // 1024 + 1 KB; the "
        "padding that its second image got is not in it. Our bytes are written the same way here."
    ),
    Remark.ARENA_OF_ENGINES: (
        "TFLM's arena holds its tensor structures and scratch buffers besides activations; the "
        "arena of the AOT engine is the planned buffer alone."
    ),
    Remark.MODEL_ROUNDED: "Size of the file, in whole KB rounded up, as ns_autodeploy writes it.",
    Remark.OUTPUT_ORACLE: (
        "Mean over the windows of LiteRT on the computer minus the board, in int8 steps. LiteRT "
        "rounds otherwise than TFLM, so this is not zero for a right board; ectopy's column is "
        "LiteRT minus the TFLM reference on the same windows, what a right board gives."
    ),
    Remark.INPUT_TRUNCATED: (
        "ns_autodeploy cuts inputs off towards zero where ectopy rounds. The exported data set is "
        "shifted so that both give the same int8 input."
    ),
    Remark.POWER_BY_JOULESCOPE: (
        "Its HP and LP columns are filled by a Joulescope only, with averages of warm inferences."
    ),
}
