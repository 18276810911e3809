"""``ectopy plan --cycles`` on the image it builds."""

import pytest

from ectopy.usecases.plan import PlanRequest, show_plan
from ectopy.usecases.profile import ProfileRequest, profile
from ectopy.vocab import DatasetName, Optimize

pytestmark = pytest.mark.e2e
BUNDLE = "beat-2-eff-sm"


@pytest.mark.parametrize("optimize", Optimize)
def test_costs_of_steps_add_up_to_those_of_the_profile_of_the_same_goal(optimize: Optimize) -> None:
    synthetic = DatasetName.SYNTHETIC
    table = show_plan(PlanRequest(model=BUNDLE, optimize=optimize, cycles=True, dataset=synthetic))
    assert table.costs is not None
    cycles = sum(step.modelled_cycles or 0 for step in table.steps)
    instructions = sum(step.emulated_instructions or 0 for step in table.steps)
    assert cycles + table.costs.around_cycles == table.costs.modelled_cycles
    assert instructions + table.costs.around_instructions == table.costs.emulated_instructions
    assert all(step.modelled_cycles for step in table.steps)
    found = profile(ProfileRequest(model=BUNDLE, optimize=optimize, dataset=synthetic)).profile
    assert found.optimized_for is optimize
    assert found.modelled_cycles == table.costs.modelled_cycles
