import os
import subprocess
import sys

import pytest

from pgat_jax.bench import targets
from pgat_jax.bench.roofline import CHIPS
from pgat_jax.bench.targets import TARGETS, prepare_target, split_target
from pgat_jax.errors import UserError


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("h200", ("h200", "")),
        ("h200:8", ("h200", "8")),
        ("v5e:2x2", ("v5e", "2x2")),
        ("v5p:2x2x4", ("v5p", "2x2x4")),
    ],
)
def test_a_target_is_a_chip_or_a_chip_with_a_topology(text, parts):
    assert split_target(text) == parts


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("h100", "got 'h100', expected one of h200, a100, b200, v5e, v5p"),
        ("", "got '', expected one of"),
        ("h200:", "got 'h200:', expected h200 or, for several, h200:8"),
        ("h200:2x2", "expected h200 or, for several, h200:8"),
        ("h200:0", "expected h200 or, for several, h200:8"),
        ("v5e:4", "expected v5e or, for several, v5e:2x2"),
        ("v5p:2x2x0", "expected v5p or, for several, v5p:2x2x1"),
    ],
)
def test_another_target_is_refused_with_what_is_expected(text, sentence):
    with pytest.raises(UserError) as refusal:
        split_target(text)
    assert sentence in str(refusal.value)


def test_a_missing_package_is_named_with_the_extra_that_has_it(monkeypatch):
    monkeypatch.setattr(targets.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"'libtpu', which is not installed; .*'pgat_jax\[tpu\]'"):
        prepare_target("v5e")
    with pytest.raises(UserError, match=r"'jax_cuda12_plugin'.*'pgat_jax\[cuda\]'"):
        prepare_target("h200:8")


def test_the_environment_keeps_the_user_s_flags_and_takes_the_cpu(monkeypatch):
    monkeypatch.setattr(targets.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(targets.os, "environ", {"XLA_FLAGS": "--mine"})
    prepare_target("a100")
    assert targets.os.environ["XLA_FLAGS"].startswith("--mine --xla_gpu_enable_triton_gemm=false")
    assert targets.os.environ["JAX_PLATFORMS"] == "cpu"
    prepare_target("v5p")
    assert targets.os.environ["TPU_ACCELERATOR_TYPE"] == "v5p-8"


def test_every_chip_has_peaks_and_a_gpu_has_facts():
    assert {target.chip for target in TARGETS.values()} <= set(CHIPS)
    for target in TARGETS.values():
        assert (target.facts is None) == (target.platform == "tpu")


def test_the_facts_are_given_in_the_form_of_the_compiler():
    text = TARGETS["h200"].facts.as_text()
    assert "cuda_compute_capability { major: 9 minor: 0 }" in text
    assert "core_count: 132 " in text and "memory_bandwidth: 4800000000000 " in text
    assert text.count("{") == text.count("}")


def test_the_module_does_not_import_jax():
    code = "import sys; import pgat_jax.bench.targets; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=os.environ).returncode == 0
