"""What the programs compute is what they computed when the digests were recorded."""

import jax.numpy as jnp
import pytest

from tools.digests import (
    CONFIGURATIONS,
    KINDS,
    describe_platform,
    digest_tree,
    find_differences,
    read_recorded,
)

FAST = {"tiny"}
# Full sizes; one of them stands for the others in CI.
NIGHTLY = {"recovery_encoder", "recovery_mixture", "recovery_quantile", "original"}
FAULTS = [
    "attention.both_lora_factors_zero",
    "embedding.padding_row_in_use",
    "precision.float16_flush",
    "training.masked_out",
]


def compare(kind, name):
    recorded = read_recorded(kind)
    expected, found = recorded["digests"][name], KINDS[kind][0](name)
    return find_differences(expected, found, recorded["platform"] == describe_platform())


@pytest.mark.parametrize(
    "name",
    [
        name
        if name in FAST
        else pytest.param(name, marks=pytest.mark.nightly if name in NIGHTLY else pytest.mark.slow)
        for name in CONFIGURATIONS
    ],
)
def test_configuration_computes_the_recorded_parameters_loss_and_gradient(name):
    assert compare("configurations", name) == []


@pytest.mark.parametrize("name", FAULTS)
def test_fault_gets_the_recorded_verdicts(name):
    assert compare("faults", name) == []


def test_every_configuration_and_fault_is_recorded():
    for kind, (_, names) in KINDS.items():
        assert sorted(read_recorded(kind)["digests"]) == sorted(names)


def test_digest_sees_one_bit_a_name_and_a_type():
    tree = {"a": jnp.arange(3.0)}
    digests = {
        digest_tree(tree),
        digest_tree({"b": jnp.arange(3.0)}),
        digest_tree({"a": jnp.arange(3)}),
        digest_tree({"a": jnp.arange(3.0).at[0].set(1e-45)}),
        digest_tree({"a": jnp.arange(3.0)[None]}),
    }
    assert len(digests) == 5


def test_bits_count_on_the_same_platform_only_and_verdicts_everywhere():
    old = {"loss": "0x1p0", "sizes": {"loss": 1.0}, "verdicts": {"w": "alive"}}
    rounded = old | {"loss": "0x1.1p0", "sizes": {"loss": 1.0001}}
    assert find_differences(old, old, True) == find_differences(old, rounded, False) == []
    assert find_differences(old, rounded, True) == [
        "loss: expected 0x1p0, got 0x1.1p0",
        "sizes/loss: expected 1.0, got 1.0001",
    ]
    other = old | {"sizes": {"loss": 1.01}, "verdicts": {"w": "stuck"}}
    assert find_differences(old, other, False) == [
        "sizes/loss: expected 1.0, got 1.01",
        "verdicts/w: expected alive, got stuck",
    ]
