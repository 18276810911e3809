"""Figures from arrays and records: scores with intervals, agreement, latency; comparison, gates."""

from ectopy.metrics.agreement import TensorDifference, compare_outputs, first_difference
from ectopy.metrics.bootstrap import patient_bootstrap
from ectopy.metrics.calibration import probabilities, reliability
from ectopy.metrics.catalogue import METRICS, Metric, find_metric
from ectopy.metrics.classification import (
    confusion_by_group,
    confusion_matrix,
    predicted_classes,
    score,
    specificity,
)
from ectopy.metrics.comparison import Change, changes, incomparable
from ectopy.metrics.cycle_counter import Rates, median_cycles
from ectopy.metrics.gate_file import Gate, GateFile, GateSet, read_gate_file
from ectopy.metrics.gates import Threshold, Verdict, judge, read_gates
from ectopy.metrics.judging import GateReport, Judgement, judge_record
from ectopy.metrics.latency import nearest_rank

__all__ = [
    "METRICS",
    "Change",
    "Gate",
    "GateFile",
    "GateReport",
    "GateSet",
    "Judgement",
    "Metric",
    "Rates",
    "TensorDifference",
    "Threshold",
    "Verdict",
    "changes",
    "compare_outputs",
    "confusion_by_group",
    "confusion_matrix",
    "find_metric",
    "first_difference",
    "incomparable",
    "judge",
    "judge_record",
    "median_cycles",
    "nearest_rank",
    "patient_bootstrap",
    "predicted_classes",
    "probabilities",
    "read_gate_file",
    "read_gates",
    "reliability",
    "score",
    "specificity",
]
