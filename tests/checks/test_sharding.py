"""Parameters spread over eight (virtual) devices get the verdicts that they get on one."""

import json
import os
import subprocess
import sys


def test_sharded_parameters_are_proved_measured_and_asserted():
    command = [sys.executable, "-m", "tests.checks.sharded_programs"]
    environment = os.environ | {"JAX_NUM_CPU_DEVICES": "8", "JAX_PLATFORMS": "cpu"}
    run = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert run.returncode == 0, run.stderr[-2000:]
    alive = {"reach": "reachable", "diagnose": "alive"}
    assert json.loads(run.stdout) == {
        f"{where} {check}": {"stopped": "blocked", "v": word, "w": word}
        for where in ("Auto mapped", "Auto plain", "Explicit mapped")
        for check, word in alive.items()
    }
