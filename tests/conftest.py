"""What all tests share: where real ECG lies, if there is any."""

import os
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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write golden files anew instead of comparing with them; then read the diff",
    )
