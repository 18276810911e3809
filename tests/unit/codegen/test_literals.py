"""C literals, judged by a C compiler where its opinion counts."""

import math
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ectopy.codegen.literals import c_float, c_int, c_int64, c_rows, c_string, c_type


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_float_literals_name_the_same_float32(value: float) -> None:
    text = c_float(value)
    assert text.endswith("f") and "p" in text
    assert math.copysign(1, float.fromhex(text[:-1])) == math.copysign(1, value)
    assert float.fromhex(text[:-1]) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0.1, 1e39])
def test_what_is_no_finite_float32_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"float32|finite"):
        c_float(value)


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1])
def test_integers_beyond_int32_are_refused(value: int) -> None:
    with pytest.raises(ValueError, match="int32"):
        c_int(value)


@pytest.mark.parametrize("value", [2**63, -(2**63)])
def test_integers_beyond_int64_are_refused(value: int) -> None:
    with pytest.raises(ValueError, match="int64"):
        c_int64(value)


@given(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=60))
def test_rows_hold_every_element_in_order_and_stay_short(values: list[int]) -> None:
    rows = c_rows(np.array(values, np.int32))
    items = [item.strip() for row in rows for item in row.split(",") if item.strip()]
    assert [-(2**31) if item == "INT32_MIN" else int(item) for item in items] == values
    assert all(len(row) <= 92 and row.endswith(",") for row in rows)


def test_array_types_follow_the_dtype_and_others_are_refused() -> None:
    assert c_type(np.zeros(1, np.int8)) == "int8_t"
    assert c_type(np.zeros(1, np.int32)) == "int32_t"
    with pytest.raises(ValueError, match="float32"):
        c_type(np.zeros(1, np.float32))  # type: ignore[arg-type]


def test_a_compiler_reads_strings_and_extremes_back(tmp_path: Path) -> None:
    text = 'N "normal" \\ ??/ ü\n%s'
    source = tmp_path / "literals.c"
    source.write_text(
        "#include <stdint.h>\n#include <stdio.h>\n"
        f"static const char text[] = {c_string(text)};\n"
        f"static const int32_t least = {c_int(-(2**31))};\n"
        f"static const int64_t wide = {c_int64(2**63 - 1)};\n"
        f"static const float tiny = {c_float(2.0**-149)};\n"
        'int main(void) { printf("%d %lld %a|%s", (int)least, (long long)wide, tiny, text); }\n'
    )
    flags = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wpedantic", "-Werror", "-trigraphs"]
    subprocess.run(["gcc", *flags, str(source), "-o", str(tmp_path / "literals")], check=True)
    answer = subprocess.run([tmp_path / "literals"], capture_output=True, check=True).stdout
    assert answer.decode() == f"{-(2**31)} {2**63 - 1} 0x1p-149|{text}"
