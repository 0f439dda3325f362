import json

from pgat_jax.storage.versions import LIBRARIES, collect_versions


def test_devices_and_libraries_are_named():
    versions = collect_versions()
    assert versions["devices"][0].startswith("cpu")
    assert versions["libraries"].keys() == set(LIBRARIES)
    assert versions["cpu_count"] >= 1
    assert json.loads(json.dumps(versions)) == versions
