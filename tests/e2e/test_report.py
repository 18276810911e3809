"""A real run, its pages, and the image it was built from."""

import hashlib
from pathlib import Path

import pytest
from click.testing import CliRunner

from ectopy.cli import group
from ectopy.report import Part
from ectopy.usecases.bench import bench
from ectopy.usecases.bench_types import BenchRequest
from ectopy.usecases.report import Sources, gather
from ectopy.usecases.run_folder import open_run
from ectopy.vocab import BoardName, DatasetName

pytestmark = pytest.mark.e2e


def test_a_run_on_the_virtual_board_gets_a_whole_page(tmp_path: Path) -> None:
    request = BenchRequest(
        model="beat-3-eff-sm",
        board=BoardName.VIRT,
        dataset=DatasetName.SYNTHETIC,
        limit=40,
        runs_dir=tmp_path / "runs",
    )
    run = bench(request)
    assert run.folder is not None
    page = run.folder / "report.html"
    assert page.stat().st_size < 1_000_000

    material = gather(open_run(run.folder), Sources())
    assert Part.IMAGE not in material.missing
    assert Part.ARENA not in material.missing
    assert material.image is not None
    for memory, said in (
        ("flash", run.record.firmware.flash_bytes),
        ("RAM", run.record.firmware.ram_bytes),
    ):
        assert sum(p.nbytes for p in material.image.sections if p.memory == memory) == said
    arena = [s for s in material.image.symbols if s.name == "arena"]
    assert [s.nbytes for s in arena] == [run.record.memory.arena_bytes]

    before = hashlib.sha256(page.read_bytes()).hexdigest()
    again = CliRunner().invoke(group, ["report", str(run.folder)])
    assert again.exit_code == 0, again.output
    assert hashlib.sha256(page.read_bytes()).hexdigest() == before
