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


class Split(StrEnum):
    """Inter-patient split of de Chazal et al. 2004."""

    DS1 = "ds1"
    DS2 = "ds2"


class DatasetName(StrEnum):
    """Sources of windows; ``auto`` takes real data if there is any."""

    AUTO = "auto"
    MITDB = "mitdb"
    SYNTHETIC = "synthetic"


class BoardName(StrEnum):
    """Where firmware runs."""

    VIRT = "virt"
    HOST = "host"


class EngineName(StrEnum):
    """Inference engines of the firmware."""

    AOT = "aot"


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
