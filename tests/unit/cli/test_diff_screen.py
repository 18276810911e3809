from dataclasses import replace

import pytest

from ectopy.cli.diff_screen import hint
from ectopy.usecases.diff_types import DiffReport, Identity, OperatorDifference
from ectopy.vocab import CAUSES, Cause, OpKind

IDENTITY = Identity(
    model="m",
    tflite_sha256="a",
    expected_sha256="a",
    build_id="b",
    expected_build_id="b",
    board="virt",
    engine="aot 1",
)


def differing(*together: int) -> DiffReport:
    """A report about an operator of a kernel that computes so many."""
    found = OperatorDifference(
        index=together[-1],
        kind=OpKind.ADD,
        layer="block",
        kernel="ect_some_s8_m4",
        shape=(1, 4),
        device_bytes=4,
        tensor=None,
        inputs_equal=True,
        together=together,
    )
    return DiffReport(
        identity=IDENTITY,
        reference="r",
        dataset="d",
        windows_sent=1,
        operators_compared=1,
        window=None,
        operator=found,
        input_tensor=None,
        causes=(),
    )


def test_a_difference_in_a_kernel_of_several_operators_hints_at_an_image_without_such() -> None:
    said = hint(differing(3, 4, 5))
    assert said.startswith("operators 3 to 5 are one kernel")
    assert "ectopy diff --optimize debug" in said


@pytest.mark.parametrize("together", [(3,), (3, 4)])
def test_the_likeliest_cause_is_named_first(together: tuple[int, ...]) -> None:
    report = replace(differing(*together), causes=(Cause.TRUNCATION,))
    assert hint(report).startswith(f"likely: {CAUSES[Cause.TRUNCATION]}")
    assert ("--optimize debug" in hint(report)) == (len(together) > 1)


def test_nothing_is_hinted_where_nothing_is_known() -> None:
    assert hint(differing(3)) == ""
