"""Images of board ``apollo4p``, built as users build them, against a checkout of our own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ectopy.toolchain import BoardOptions, Image
from ectopy.usecases.build import BuildRequest, build_firmware
from ectopy.vocab import BoardName, ClockMode, EngineName, ModelPlace
from ectopy.zoo import open_bundle
from support.contract_checkout import make_checkout

BuildImage = Callable[..., Image]


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkout(tmp_path_factory.mktemp("sdk"))


@pytest.fixture(scope="session")
def build_image(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> BuildImage:
    """Builds each combination once."""
    made: dict[tuple[str, ClockMode, ModelPlace], Image] = {}

    def build(
        model: str = "beat-3-eff-sm",
        clock: ClockMode = ClockMode.HP,
        place: ModelPlace = ModelPlace.MRAM,
    ) -> Image:
        key = (model, clock, place)
        if key not in made:
            made[key] = build_firmware(
                BuildRequest(
                    board=BoardName.APOLLO4P,
                    engine=EngineName.AOT,
                    bundle=open_bundle(model),
                    out_dir=tmp_path_factory.mktemp("image") / "-".join(key),
                    options=BoardOptions(neuralspot=checkout, clock=clock, model_in=place),
                )
            )
        return made[key]

    return build
