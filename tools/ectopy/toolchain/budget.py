"""What a board has room for."""

from __future__ import annotations

from dataclasses import dataclass

from ectopy.errors import BudgetError
from ectopy.vocab import BoardName


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Memory of a board that an image may use; the linker script enforces the same numbers."""

    flash_bytes: int
    ram_bytes: int


BUDGETS: dict[BoardName, Budget] = {
    BoardName.VIRT: Budget(flash_bytes=1_998_848, ram_bytes=393_216),
    BoardName.APOLLO4P: Budget(flash_bytes=1_998_848, ram_bytes=393_216),
}
"""Apollo4 Plus: MRAM without the secure boot loader's part, and TCM. The host has no limits."""

_HINT = "take a smaller model, or a board with more memory"


def check_budget(board: BoardName, *, arena_bytes: int, constant_bytes: int) -> None:
    """Turns down what cannot fit before anything is compiled.

    Args:
        board: For whom.
        arena_bytes: Planned arena.
        constant_bytes: Weights and other constants.

    Raises:
        BudgetError: Arena or constants alone exceed the board's memory.
    """
    budget = BUDGETS.get(board)
    if budget is None:
        return
    for what, needed, available in (
        ("an arena", arena_bytes, budget.ram_bytes),
        ("constants", constant_bytes, budget.flash_bytes),
    ):
        if needed > available:
            raise BudgetError(
                f"the model needs {what} of {needed:,} bytes, board {board} has {available:,}, "
                f"{needed - available:,} too few",
                hint=_HINT,
            )


def overflow_error(board: BoardName, region: str, excess_bytes: int) -> BudgetError:
    """The error for an image that the linker turned down."""
    memory = {"MRAM": "flash (MRAM)", "TCM": "RAM (TCM)"}.get(region, region)
    return BudgetError(
        f"the image is {excess_bytes:,} bytes too large for the {memory} of board {board}",
        hint=_HINT,
    )
