import contextlib
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax.errors import UserError
from pgat_jax.output import write_atomically
from pgat_jax.storage import manifest
from pgat_jax.storage.checkpoint import ITEMS, Checkpoints
from pgat_jax.storage.manifest import find_damage


def items_at(step: int) -> dict:
    params = {
        "head": {"kernel": jnp.full((4, 3), step, jnp.float32), "half": jnp.ones(2, "bfloat16")}
    }
    return {"params": params, "training": {"step": jnp.int32(step), "moments": (jnp.ones(3),)}}


def templates(_meta=None, step: int = 0) -> dict:
    return jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype), items_at(step))


@pytest.fixture
def saved(tmp_path):
    """A folder with checkpoints of steps 10, 20 and 30; the validation loss is best at 20."""
    with Checkpoints(tmp_path / "checkpoints", create=True) as checkpoints:
        for step, loss in ((10, 0.3), (20, 0.1), (30, 0.2)):
            checkpoints.save(step, items_at(step), {"validation_loss": loss}, keep_every=10)
    return tmp_path / "checkpoints"


def restore(folder, order=None):
    said = []
    with Checkpoints(folder) as checkpoints:
        order = checkpoints.best_first() if order == "best" else order
        return *checkpoints.restore(templates, said.append, order), said


def flip_a_bit(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def array_files(folder, step, item="params"):
    return [p for p in sorted((folder / str(step) / item).rglob("*")) if p.is_file()]


def test_what_was_saved_comes_back_bit_for_bit_on_the_device(saved):
    step, items, meta, said = restore(saved)
    assert (step, meta["validation_loss"], said) == (30, 0.2, [])
    assert jax.tree.structure(items) == jax.tree.structure(items_at(30))
    jax.tree.map(np.testing.assert_array_equal, items, items_at(30))
    assert items["params"]["head"]["half"].dtype == jnp.bfloat16


def test_saving_does_not_see_buffers_donated_by_the_next_step(tmp_path):
    advance = jax.jit(lambda items: jax.tree.map(lambda x: x + 1, items), donate_argnums=0)
    items = items_at(10)
    with Checkpoints(tmp_path / "c", create=True) as checkpoints:
        checkpoints.save(10, items, {}, keep_every=10)
        for _ in range(20):
            items = advance(items)
    jax.tree.map(np.testing.assert_array_equal, restore(tmp_path / "c")[1], items_at(10))


def test_the_best_is_the_one_of_lowest_validation_loss(saved):
    assert restore(saved, "best")[0] == 20


@pytest.mark.parametrize("item", [*ITEMS, "meta"])
def test_one_flipped_bit_in_any_file_is_named_and_the_one_before_is_taken(saved, item):
    for path in array_files(saved, 30, item):
        before = path.read_bytes()
        if not before:
            continue
        flip_a_bit(path)
        step, items, _, said = restore(saved)
        assert step == 20
        assert said[0].startswith("checkpoint 30 is damaged (")
        assert path.name in said[0]
        assert (items["params"]["head"]["kernel"] == 20).all()
        path.write_bytes(before)
    assert restore(saved)[0] == 30


@pytest.mark.parametrize("ruin", ["missing file", "no manifest", "bad manifest", "empty folder"])
def test_other_damage_is_named_too(saved, ruin):
    if ruin == "missing file":
        array_files(saved, 30)[0].unlink()
    elif ruin == "no manifest":
        (saved / "30" / "manifest.json").unlink()
    elif ruin == "bad manifest":
        (saved / "30" / "manifest.json").write_text("{")
    else:
        (saved / "40").mkdir()
    step, _, _, said = restore(saved)
    assert step == (30 if ruin == "empty folder" else 20)
    assert len(said) == 1


def test_a_damaged_best_falls_back_to_the_next_best(saved):
    flip_a_bit(array_files(saved, 20)[-1])
    step, _, _, said = restore(saved, "best")
    assert step == 30
    assert "checkpoint 20 is damaged" in said[0]


def test_a_folder_of_damaged_checkpoints_is_refused_and_each_is_named_once(saved):
    for step in (10, 20, 30):
        (saved / str(step) / "manifest.json").unlink()
    said = []
    with Checkpoints(saved) as checkpoints, pytest.raises(UserError) as caught:
        checkpoints.restore(lambda meta: templates(), said.append)
    assert [line.split(" (")[0] for line in said] == [
        "checkpoint 30 is damaged",
        "checkpoint 20 is damaged",
    ]
    assert "no checkpoint is usable: checkpoint 10 is damaged (it has no" in str(caught.value)


def test_a_folder_without_checkpoints_is_refused(tmp_path):
    refusal = pytest.raises(UserError, match="no checkpoint is usable: there is none; nothing can")
    with Checkpoints(tmp_path / "new", create=True) as checkpoints, refusal:
        checkpoints.restore(lambda meta: templates(), print)


@pytest.mark.parametrize(
    ("template", "named"),
    [
        (jax.ShapeDtypeStruct((4, 4), jnp.float32), r"float32\[4, 3\], expected float32\[4, 4\]"),
        (jax.ShapeDtypeStruct((4, 3), jnp.float16), r"float32\[4, 3\], expected float16\[4, 3\]"),
    ],
)
def test_another_shape_or_type_is_refused_by_the_name_of_the_leaf(saved, template, named):
    wrong = templates()
    wrong["params"]["head"]["kernel"] = template
    with Checkpoints(saved) as checkpoints, pytest.raises(UserError, match=named) as caught:
        checkpoints.restore(lambda meta: wrong, print)
    assert "params/head/kernel" in str(caught.value)


def test_damaged_checkpoints_are_set_aside_and_their_step_can_be_saved_again(saved):
    (saved / "30" / "manifest.json").unlink()
    with Checkpoints(saved, create=True) as checkpoints:
        step, _, _ = checkpoints.restore(templates, lambda line: None)
        checkpoints.set_aside_after(step)
        assert checkpoints.steps() == [10, 20]
        checkpoints.save(30, items_at(31), {}, keep_every=10)
    assert (saved / "30.damaged").is_dir()
    assert (restore(saved)[1]["params"]["head"]["kernel"] == 31).all()


def test_a_sound_checkpoint_is_not_saved_twice(saved):
    before = (saved / "30" / "manifest.json").stat().st_mtime_ns
    with Checkpoints(saved, create=True) as checkpoints:
        checkpoints.save(30, items_at(30), {"validation_loss": 0.2}, keep_every=10)
    assert (saved / "30" / "manifest.json").stat().st_mtime_ns == before


def test_a_checkpoint_that_is_validated_later_takes_its_loss(saved):
    """A run that was stopped before its epoch was validated goes on at the same step."""
    with Checkpoints(saved, create=True) as checkpoints:
        checkpoints.save(30, items_at(30), {"validation_loss": 0.05, "validated": 3}, keep_every=10)
    step, items, meta, said = restore(saved, "best")
    assert (step, meta["validation_loss"], meta["validated"], said) == (30, 0.05, 3, [])
    jax.tree.map(np.testing.assert_array_equal, items, items_at(30))


def test_a_save_without_a_loss_keeps_the_loss_of_before(saved):
    with Checkpoints(saved, create=True) as checkpoints:
        checkpoints.save(20, items_at(20), {"validation_loss": None}, keep_every=10)
    assert restore(saved, "best")[0] == 20


@pytest.mark.parametrize("writes", [0, 1, 2, 3])
def test_a_kill_while_the_meta_is_replaced_leaves_the_old_or_the_new_one(
    saved, monkeypatch, writes
):
    """The process ends before the n-th of the three files is in its place."""
    done, folder = [], saved / "30"

    def write(path, content):
        if len(done) == writes:
            raise KeyboardInterrupt
        done.append(path.name)
        write_atomically(path, content)

    meta = {**restore(saved)[2], "validation_loss": 0.05}
    monkeypatch.setattr(manifest, "write_atomically", write)
    with contextlib.suppress(KeyboardInterrupt):
        manifest.replace_meta(folder, meta)
    assert find_damage(folder) is None
    assert restore(saved)[2]["validation_loss"] == (0.05 if writes > 1 else 0.2)


def test_a_checkpoint_under_another_number_is_damaged(saved):
    (saved / "30").rename(saved / "35")
    step, _, _, said = restore(saved)
    assert step == 20
    assert "checkpoint 35 is damaged (it cannot be read: it says that it is of step 30)" in said[0]


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"null", b"{}", b'{"crc32": [], "coming": {}}', b"[" * 100_000, b"\xff", None],
)
def test_any_other_content_of_manifest_or_meta_is_damage(saved, content):
    for name in ("manifest.json", "meta/metadata"):
        path = saved / "30" / name
        before = path.read_bytes()
        path.write_bytes(before.replace(b" ", b"\t", 1) if content is None else content)
        for order in ("best", None):
            step, _, _, said = restore(saved, order)
            assert step == 20
            assert not said or "checkpoint 30 is damaged" in said[0]
        assert said
        path.write_bytes(before)


def test_old_checkpoints_leave_the_disk(tmp_path):
    with Checkpoints(tmp_path, create=True) as checkpoints:
        for step in (10, 20, 30, 40):
            meta = {"validation_loss": float(step)}
            checkpoints.save(step, items_at(step), meta, keep_every=1000)
    assert {p.name for p in tmp_path.iterdir() if p.name.isdigit()} == {"10", "30", "40"}


def test_what_an_interrupted_save_left_is_removed_at_once_and_no_thread_stays(tmp_path):
    left = tmp_path / "20.orbax-checkpoint-tmp" / "params"
    left.mkdir(parents=True)
    with Checkpoints(tmp_path):
        assert left.exists()  # a reader changes nothing
    threads = threading.active_count()
    with Checkpoints(tmp_path, create=True) as checkpoints:
        assert not left.parent.exists() and checkpoints.steps() == []
        assert threading.active_count() == threads


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UserError, match="no such folder of checkpoints"):
        Checkpoints(tmp_path / "none")


def test_a_failed_save_is_not_silent(tmp_path):
    with Checkpoints(tmp_path / "c", create=True) as checkpoints:
        (tmp_path / "c").rmdir()
        (tmp_path / "c").write_text("a file in its place")
        checkpoints.save(1, items_at(1), {}, keep_every=1)
        with pytest.raises(UserError, match="could not be saved"):
            checkpoints.wait()
