from dataclasses import replace

import pytest
from rich.console import Console

from ectopy.errors import InputError
from ectopy.report import cost_comparison
from ectopy.report.profile import Profile, from_json, to_json
from ectopy.report.profile_changes import profile_changes
from support.invented_profile import faster_profile, invented_profile


def test_a_profile_comes_back_from_its_json_as_it_was() -> None:
    assert from_json(to_json(invented_profile())) == invented_profile()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "not a profile"),
        ("[]", "not a profile"),
        ('"text"', "not a profile"),
        ("{}", "not a profile"),
        (to_json(invented_profile()).replace('_version": 1', '_version": 2'), "schema version 2"),
        (to_json(invented_profile()).replace("9000", "-9000"), "impossible"),
        (to_json(invented_profile()).replace("9000", "1" + 17 * "0"), "impossible"),
        (to_json(invented_profile()).replace("9000", "1" + 400 * "0"), "of type integer"),
        (to_json(invented_profile()).replace("9000", '"many"'), "of type integer"),
        (to_json(replace(invented_profile(), operators=())), "no costs"),
    ],
)
def test_what_is_no_profile_is_one_clear_error(text: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        from_json(text)


def test_the_largest_difference_comes_first_and_what_is_equal_is_counted() -> None:
    found = profile_changes(invented_profile(), faster_profile())
    (stem,) = found.operators
    assert (stem.name, stem.delta_cycles, stem.delta_instructions) == (
        "0 CONV_2D stem",
        -4000,
        -2000,
    )
    assert found.same_operators == 2
    assert [(each.name, each.delta_cycles) for each in found.functions] == [
        ("conv", -8000),
        ("fast", 4000),
    ]
    assert (found.functions[0].b, found.functions[1].a) == (None, None)
    assert found.same_functions == 3  # two local functions named helper count as one


def test_equal_instructions_with_other_cycles_are_a_difference() -> None:
    a = invented_profile()
    slower = replace(a.operators[1], modelled_cycles=301)
    b = replace(a, operators=(a.operators[0], slower, a.operators[2]))
    (mean,) = profile_changes(a, b).operators
    assert (mean.delta_cycles, mean.delta_instructions) == (1, 0)


def shown(a: Profile, b: Profile) -> str:
    console = Console(width=120)
    with console.capture() as capture:
        console.print(cost_comparison(profile_changes(a, b), ""))
    return capture.get()


def test_people_see_both_sides_the_change_and_how_many_are_equal() -> None:
    text = shown(invented_profile(), faster_profile())
    (stem,) = (line for line in text.splitlines() if line.startswith("0 CONV_2D"))
    assert stem.split() == [
        "0",
        "CONV_2D",
        "stem",
        "9,000",
        "5,000",
        "-4,000",
        "(-44.4",
        "%)",
        "-2,000",
    ]
    assert "2 unchanged" in text
    (fast,) = (line for line in text.splitlines() if line.startswith("fast"))
    assert "n/a" in fast


def test_more_differences_than_a_screen_takes_are_counted() -> None:
    a = invented_profile()
    many = tuple(replace(a.functions[0], name=f"f{i}") for i in range(12))
    text = shown(replace(a, functions=many), replace(a, functions=()))
    assert ("f9 " in text, "f10 " in text) == (True, False)
    assert "2 smaller differences" in text


def test_equal_profiles_say_so() -> None:
    text = shown(invented_profile(), invented_profile())
    assert "every operator takes what it took (3)" in text
