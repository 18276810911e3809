"""``ectopy engines`` on the virtual board; with runtimes where the environment names them."""

import os

import pytest

from ectopy.toolchain import find_compiler, read_memory_map
from ectopy.usecases.build import BuildRequest, build_firmware
from ectopy.usecases.engines import BOARD, EnginesRequest, compare_engines
from ectopy.usecases.profile import ProfileRequest, profile
from ectopy.usecases.render import render_texts
from ectopy.vocab import DatasetName, EngineName, Optimize
from ectopy.zoo import open_bundle

pytestmark = pytest.mark.e2e
BUNDLE = "beat-2-eff-sm"


def test_figures_are_those_of_the_other_commands_and_outputs_those_of_the_reference() -> None:
    synthetic = DatasetName.SYNTHETIC
    run = compare_engines(
        EnginesRequest(
            models=(BUNDLE,),
            tflm=os.environ.get("TFLM", ""),
            neuralspot=os.environ.get("NEURALSPOT", ""),
            environment=os.environ,
            dataset=synthetic,
            limit=2,
        )
    )
    if run.failure is not None:
        raise run.failure
    (model,) = run.table.models
    assert run.table.toolchain == str(find_compiler(BOARD))
    assert {each.output_mismatches for each in model.engines} == {0}
    assert {each.windows_compared for each in model.engines} == {2}
    assert {each.stack_high_water_bytes > 500 for each in model.engines} == {True}
    speed = next(each for each in model.engines if each.optimized_for is Optimize.SPEED)
    found = profile(ProfileRequest(model=BUNDLE, dataset=synthetic)).profile
    assert speed.emulated_instructions == found.emulated_instructions
    assert speed.modelled_cycles == found.modelled_cycles
    assert speed.build_id == found.build_id
    bundle = open_bundle(BUNDLE)
    image = build_firmware(BuildRequest(board=BOARD, engine=EngineName.AOT, bundle=bundle))
    assert speed.arena_bytes == image.arena_predicted_bytes
    assert speed.flash_bytes == image.flash_bytes
    # All weights, and parameters of the kernels' calls beside them; but no golden vectors.
    weights = render_texts(bundle, EngineName.AOT).constant_bytes
    golden = sum(s.nbytes for s in read_memory_map(image.elf).symbols if "golden" in s.name)
    assert golden > 0
    assert weights < speed.constant_bytes < weights + 60 * 100
    assert 3_000 < speed.code_bytes < image.flash_bytes - speed.constant_bytes - golden
