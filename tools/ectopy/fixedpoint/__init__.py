"""TFLite's int8 arithmetic, in Python.

``requantize``: from accumulators to int8. ``functions``: exp, reciprocal, logistic and tanh of
fixed-point numbers. ``lookups``: operators whose output byte depends on one input byte only.
"""

from ectopy.fixedpoint.functions import exp_of_differences, softmax_rows
from ectopy.fixedpoint.lookups import lookup_table
from ectopy.fixedpoint.requantize import (
    ADD_LEFT_SHIFT,
    INT8_MAX,
    INT8_MIN,
    INT32_MAX,
    INT32_MIN,
    AddConstants,
    Int32Array,
    activation_range,
    add_constants,
    conv_multipliers,
    fully_connected_multiplier,
    mean_multiplier,
    mul_multiplier,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    rounding_divide_by_pot,
    saturating_rounding_doubling_high_mul,
)

__all__ = [
    "ADD_LEFT_SHIFT",
    "INT8_MAX",
    "INT8_MIN",
    "INT32_MAX",
    "INT32_MIN",
    "AddConstants",
    "Int32Array",
    "activation_range",
    "add_constants",
    "conv_multipliers",
    "exp_of_differences",
    "fully_connected_multiplier",
    "lookup_table",
    "mean_multiplier",
    "mul_multiplier",
    "multiply_by_quantized_multiplier",
    "quantize_multiplier",
    "rounding_divide_by_pot",
    "saturating_rounding_doubling_high_mul",
    "softmax_rows",
]
