"""The arena of engine tflm: measured once, remembered, reserved."""

from pathlib import Path

import pytest

from ectopy.cycles import ArenaNeed
from ectopy.errors import BudgetError, InputError
from ectopy.usecases import arena as usecase
from ectopy.usecases.arena import NAME, known_need, remember_need, reserved_bytes

NEED = ArenaNeed(used_bytes=29_316, smallest_bytes=29_328)


def test_what_was_measured_is_known_for_the_same_key_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usecase, "measure_arena", lambda _elf: NEED)
    assert known_need(tmp_path, "key") is None
    assert remember_need(tmp_path, "key", tmp_path / "elf") == NEED
    assert known_need(tmp_path, "key") == NEED
    assert known_need(tmp_path, "another") is None


def test_a_note_that_cannot_be_written_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usecase, "measure_arena", lambda _elf: NEED)
    assert remember_need(tmp_path / "absent", "key", tmp_path / "elf") == NEED


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"key": "key"}', '{"key": "key", "used_bytes": "x"}']
)
def test_a_damaged_note_is_measured_again(text: str, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(text)
    assert known_need(tmp_path, "key") is None


def test_the_smallest_arena_is_reserved_unless_more_is_asked_for() -> None:
    assert reserved_bytes(NEED, {}) == 29_328
    assert reserved_bytes(NEED, {"ARENA_BYTES": ""}) == 29_328
    assert reserved_bytes(NEED, {"ARENA_BYTES": "40000"}) == 40_000


def test_an_arena_that_could_not_be_measured_is_left_open_or_as_asked_for() -> None:
    assert reserved_bytes(None, {}) is None
    assert reserved_bytes(None, {"ARENA_BYTES": "100"}) == 100


def test_an_arena_too_small_is_refused_with_the_missing_bytes() -> None:
    with pytest.raises(BudgetError, match=r"29,000 bytes is too small.*needs 29,328, 328 are"):
        reserved_bytes(NEED, {"ARENA_BYTES": "29000"})


@pytest.mark.parametrize(
    "text", ["many", "-1", "29k", "1e5", "0", "1" * 5000], ids=lambda text: text[:9]
)
def test_an_arena_that_is_no_number_is_an_input_error(text: str) -> None:
    with pytest.raises(InputError, match="not a number of bytes"):
        reserved_bytes(NEED, {"ARENA_BYTES": text})


def test_an_arena_of_exactly_what_is_needed_is_enough() -> None:
    assert reserved_bytes(NEED, {"ARENA_BYTES": "29328"}) == 29_328
    with pytest.raises(BudgetError, match="1 are missing"):
        reserved_bytes(NEED, {"ARENA_BYTES": "29327"})
