import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from ectopy.cli import group
from ectopy.energy import estimate_energy, load_constants, parse_constants
from ectopy.errors import InputError
from ectopy.records import EnergyRecord, RunRecord, to_json
from ectopy.report import markdown
from ectopy.vocab import TickUnit
from support.invented_record import invented_record

ROW = """
[[rows]]
id = "a"
part = "P"
kind = "measured"
condition = "c"
source = "s"
date = "2020"
"""


def modelled(cycles: int = 10_000_000) -> RunRecord:
    record = invented_record()
    return replace(record, latency=replace(record.latency, estimated_cycles=cycles))


def written(tmp_path: Path, record: RunRecord) -> Path:
    path = tmp_path / "record.json"
    path.write_text(to_json(record))
    return path


def test_every_published_figure_has_a_source_a_date_and_a_positive_energy() -> None:
    for row in load_constants():
        assert row.source and row.date and row.condition
        assert 0.1 < row.pj_per_cycle < 1000


def test_the_contradictions_of_the_published_figures_are_mutual() -> None:
    rows = {row.id: row for row in load_constants()}
    assert any(row.contradicted_by for row in rows.values())
    for row in rows.values():
        for other in row.contradicted_by:
            assert row.id in rows[other].contradicted_by


def test_energy_of_a_cycle_by_current_and_by_power() -> None:
    (by_current,) = parse_constants(ROW + "current_ua_per_mhz = 4.0\nsupply_v = 1.8\n")
    assert by_current.pj_per_cycle == pytest.approx(7.2)
    (by_power,) = parse_constants(ROW + "power_mw = 9.6\nclock_mhz = 96.0\n")
    assert by_power.pj_per_cycle == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no rows"),
        (ROW, "needs a current"),
        (ROW + "power_mw = 1.0\n", "needs a current"),
        (ROW + "power_mw = 1.0\nclock_mhz = 0.0\n", "needs a current"),
        (
            ROW + "power_mw = 1.0\nclock_mhz = 1.0\ncurrent_ua_per_mhz = 1.0\nsupply_v = 1.0\n",
            "needs a current",
        ),
        (2 * (ROW + "power_mw = 1.0\nclock_mhz = 1.0\n"), "one id twice"),
        (ROW + "power_mw = 1.0\nclock_mhz = 1.0\ncolour = 'red'\n", "unknown key colour"),
        (ROW + "power_mw = 1.0\nclock_mhz = 1.0\ncontradicted_by = ['b']\n", "not there"),
        (ROW.replace('source = "s"', "") + "power_mw = 1.0\nclock_mhz = 1.0\n", "source"),
        (ROW.replace("measured", "guessed") + "power_mw = 1.0\nclock_mhz = 1.0\n", "guessed"),
    ],
)
def test_a_figure_without_all_that_makes_it_credible_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_constants(text)


def test_the_estimate_is_cycles_times_energy_as_a_range_over_all_figures() -> None:
    constants = load_constants()
    estimate = estimate_energy(modelled(10_000_000), constants)
    assert estimate.cycles_from == "modelled"
    energies = sorted(10.0 * row.pj_per_cycle for row in constants)
    assert [row.estimated_uj for row in estimate.rows] == pytest.approx(energies)
    assert (estimate.lowest_uj, estimate.highest_uj) == pytest.approx((energies[0], energies[-1]))
    assert estimate.lowest_uj < estimate.highest_uj


def test_measured_cycles_are_preferred_to_modelled_ones() -> None:
    record = modelled(10_000_000)
    silicon = replace(record.latency, unit=TickUnit.CYCLES, invoke_median=8_000_000)
    estimate = estimate_energy(replace(record, latency=silicon), load_constants())
    assert (estimate.cycles, estimate.cycles_from) == (8_000_000, "measured")


def test_instructions_never_stand_in_for_cycles() -> None:
    with pytest.raises(
        InputError, match=r"no cycles .*instructions.*no cycle model yet"
    ) as refused:
        estimate_energy(invented_record(), load_constants())
    assert "estimated_cycles" in refused.value.hint


def test_the_command_says_estimate_with_range_formula_sources_and_contradictions(
    tmp_path: Path,
) -> None:
    done = CliRunner().invoke(group, ["energy", str(written(tmp_path, modelled()))])
    assert done.exit_code == 0, done.output
    words = " ".join(done.output.split())
    assert "estimate 54 to 988 uJ per inference, 10,000,000 modelled cycles" in words
    assert "estimate in uJ = cycles x pJ per cycle" in words
    assert "contradict each other" in words
    assert "Measured: not yet" in words
    for row in load_constants():
        assert row.id in words
        assert row.formula in words
    for line in done.output.splitlines():
        if " uJ per inference" in line:
            assert "estimate" in line


def test_json_is_marked_as_an_estimate(tmp_path: Path) -> None:
    done = CliRunner().invoke(group, ["energy", str(written(tmp_path, modelled())), "--json"])
    tree = json.loads(done.output)
    assert tree["estimate"] is True
    assert tree["lowest_estimate_uj"] == pytest.approx(54.0)
    assert {row["constant"]["kind"] for row in tree["rows"]} == {"secondhand", "measured"}
    assert tree["contradictions"]
    assert tree["measured_uj_per_inference"] is None


@pytest.mark.parametrize("name", ["record.json", "nowhere", "."])
def test_a_run_without_cycles_or_record_ends_with_one_error(tmp_path: Path, name: str) -> None:
    if name == "record.json":
        written(tmp_path, invented_record())
    done = CliRunner().invoke(group, ["energy", str(tmp_path / name)])
    assert isinstance(done.exception, InputError)
    assert done.exception.hint


def test_a_measurement_in_the_record_is_shown_as_measured(tmp_path: Path) -> None:
    energy = EnergyRecord(measured_uj_per_inference=123.5, instrument="Joulescope JS220")
    record = replace(modelled(), energy=energy)
    done = CliRunner().invoke(group, ["energy", str(written(tmp_path, record))])
    assert "Measured: 123.5 uJ by Joulescope JS220." in done.output
    assert "123.5 per inference · Joulescope JS220" in markdown(record)
    assert "Energy" not in markdown(modelled()).split("## Notes")[0]
