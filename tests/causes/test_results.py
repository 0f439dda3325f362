"""The results are plain data: means over seeds, kinds of gradient, verdicts with effects."""

import json

import pytest

from pgat_jax import load_config
from pgat_jax.causes.catalogue import load_causes
from pgat_jax.causes.config import StudyConfig
from pgat_jax.causes.outcomes import PROJECTIONS
from pgat_jax.causes.remedies import REMEDIES
from pgat_jax.causes.results import SCHEMA, collect_results
from pgat_jax.causes.scales import FULL, SMALL
from tests.causes.conftest import FakeStore

DISCONNECTED = "petri_states_unused"


@pytest.fixture(scope="module")
def results():
    """Results of a tiny study with a fault whose program is proved, from fake trials."""
    study = load_config("tiny", f"faults=[{DISCONNECTED}]", schema=StudyConfig)
    store = FakeStore({"encoder_bypassed": 1e-3})  # the last of the faulty model
    causes = [load_causes()[number] for number in ("1.4", "3.1")]
    return collect_results(study, [FULL, SMALL], causes, False, range(2), store)


def test_results_can_be_written_as_json_and_name_what_was_studied(results):
    assert json.loads(json.dumps(results)) == results
    assert (results["schema"], results["config"], results["seeds"]) == (SCHEMA, "tiny", 2)
    assert results["faults"] == [DISCONNECTED] and results["remedies"] == []
    assert [scale["name"] for scale in results["scales"]] == ["full", "small"]


def test_measurements_are_averaged_over_seeds(results):
    start = results["bases"]["faulty"]["full"]["start"]
    assert start["projections"] == pytest.approx(dict.fromkeys(PROJECTIONS, 1.005e-3))
    assert results["bases"]["sound"]["small"]["end"]["validation"] == 0.5
    assert results["bases"]["sound"]["small"]["trials"] == 2


def test_kinds_of_gradient_are_counted_at_full_size(results):
    kinds = results["bases"]["sound"]["full"]["kinds"]
    assert kinds["disconnected"] == kinds["zero"] == [0, 0]
    leaves, parameters = kinds["gradient"]
    assert parameters == 10 * leaves  # as the fake trials say
    assert "kinds" not in results["bases"]["sound"]["small"]


def test_a_cause_has_its_texts_its_interventions_and_its_effects(results):
    cause = results["causes"][0]
    assert (
        cause["document"] == "CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md"
        and cause["section"] == "1.4"
    )
    assert cause["interventions"]["imposition"] == cause["interventions"]["present"]
    assert cause["interventions"]["remedy"] is None
    effect = cause["imposed"]["effects"]["spread of forecasts"]
    assert effect.keys() == {"share", "low", "high", "seeds"}


def test_leaves_without_a_path_are_disconnected_and_those_at_zero_for_all_seeds_zero(tiny):
    class Store(FakeStore):
        def read(self, condition, scale, seed):
            trial = super().read(condition, scale, seed)
            norms = {"petri/projection/kernel": 0.0, "head/point/kernel": 0.0, "gate/x": seed * 1.0}
            trial["start"] |= {"gradient": trial["start"]["gradient"] | norms}
            trial["start"] |= {"size": trial["start"]["size"] | dict.fromkeys(norms, 5)}
            return trial

    study = load_config("tiny", f"faults=[{DISCONNECTED}]", schema=StudyConfig)
    found = collect_results(study, [FULL], [], False, range(2), Store({}))
    assert found["bases"]["faulty"]["full"]["kinds"]["disconnected"] == [1, 5]
    assert found["bases"]["faulty"]["full"]["kinds"]["zero"] == [1, 5]
    assert found["bases"]["sound"]["full"]["kinds"]["zero"] == [2, 10]


def test_every_remedy_is_described_at_the_scales_at_which_it_is_tried():
    study = load_config("tiny", f"faults=[{DISCONNECTED}]", schema=StudyConfig)
    found = collect_results(study, [SMALL], [], True, range(2), FakeStore({}))
    assert [remedy["name"] for remedy in found["remedies"]] == [r.name for r in REMEDIES]
    assert all("end" in remedy["small"] for remedy in found["remedies"])
