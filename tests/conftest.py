"""What all tests share: where real ECG lies, if there is any."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

BESIDE_THE_REPOSITORY = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def ecg_dir() -> Path:
    """Directory that holds ``mitdb/``; the test is skipped where there is none."""
    named = os.environ.get("ECTOPY_DATA")
    for place in (Path(named) if named else None, BESIDE_THE_REPOSITORY):
        if place is not None and (place / "mitdb" / "100.hea").is_file():
            return place
    pytest.skip(f"no mitdb/ in $ECTOPY_DATA nor in {BESIDE_THE_REPOSITORY}")


@pytest.fixture(autouse=True, scope="session")
def own_board_locks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests neither wait for the boards of this machine nor leave locks behind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECTOPY_LOCK_DIR", str(tmp_path_factory.mktemp("locks")))
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write golden files anew instead of comparing with them; then read the diff",
    )
