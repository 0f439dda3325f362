"""Incidents that may happen to a run besides a kill; after each the run can be resumed."""

import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.chaos.campaign import Campaign

# Bytes that are left on a full disk: some fail at once, others in the middle of a save.
ROOM = (4_000, 40_000, 400_000, 2_000_000, 4_000_000)
BLOCK = 4096


def full_disk(campaign: Campaign) -> None:
    """Starts the run on a disk that is full, at once or after some files.

    Args:
        campaign: the run and its processes.

    Raises:
        AssertionError: the run neither ends well nor says that the disk is full.
    """
    room = campaign.rng.choice(ROOM)
    with limit_room(campaign.place, room) as through:
        expect_refusal(campaign, "No space left", "File too large", through=through)


def read_only(campaign: Campaign) -> None:
    """Starts the run while its folder cannot be written.

    Nothing is done before the run has a checkpoint.

    Args:
        campaign: the run and its processes.

    Raises:
        AssertionError: the run neither ends well nor says that it may not write.
    """
    if campaign.run is None or not campaign.steps():
        return
    with write_protect(campaign.run) as through:
        expect_refusal(campaign, "Permission denied", through=through)


def damage(campaign: Campaign) -> None:
    """Truncates, changes or deletes a file of the newest checkpoint, and starts the run.

    The run must name the file and continue from the checkpoint before. If there is none, the run
    must refuse, and its files are restored. Nothing is done before the run has a checkpoint.

    Args:
        campaign: the run and its processes.

    Raises:
        AssertionError: the run does not behave so.
    """
    steps = campaign.steps()
    if campaign.run is None or not steps:
        return
    newest = campaign.run / "checkpoints" / str(steps[-1])
    copy = shutil.copytree(newest, campaign.place / "copy")
    change = damage_file(newest, campaign.rng)
    command = campaign.resume()
    text = "no checkpoint is usable" if len(steps) == 1 else f"going on from step {steps[-2]},"
    if len(steps) > 1:
        command.until(f"checkpoint {steps[-1]} is damaged")
    command.until(text)
    command.process.kill()
    campaign.end(command, change)
    if len(steps) == 1:
        shutil.rmtree(newest)
        shutil.copytree(copy, newest)
    shutil.rmtree(copy)


def damage_file(checkpoint: Path, rng: random.Random) -> str:
    """Truncates, changes or deletes one file at random and returns a sentence about it.

    Args:
        checkpoint: the folder of a checkpoint; it must contain a file that is not empty.
        rng: draws the file and the damage.
    """
    files = [p for p in sorted(checkpoint.rglob("*")) if p.is_file() and p.stat().st_size]
    path, kind = rng.choice(files), rng.choice(("truncated", "changed", "deleted"))
    content = bytearray(path.read_bytes())
    place = rng.randrange(len(content))
    content[place] ^= rng.randrange(1, 256)
    if kind == "deleted":
        path.unlink()
    else:
        path.write_bytes(content[:place] if kind == "truncated" else content)
    return f"{path} {kind} at {place}"


def second_run(campaign: Campaign) -> None:
    """Starts a second process that tries to train the same run and must be refused.

    Args:
        campaign: the run and its processes.

    Raises:
        AssertionError: the second process is not refused, or does not name the first one.
    """
    first = campaign.start()
    campaign.follow(first)
    second = campaign.resume()
    assert second.end() == 2, second.text
    assert f"(number {first.process.pid}) is training this run" in second.text, second.text
    first.process.kill()
    campaign.end(first)


def changed_table(campaign: Campaign) -> None:
    """Changes a price of the table; the run says so and goes on with its own copy, and is killed.

    Nothing is done before the run has a checkpoint.

    Args:
        campaign: the run and its processes.

    Raises:
        AssertionError: the run does not say so, or does not go on.
    """
    if not campaign.steps():
        return
    path = campaign.place / "days.csv"
    before = path.read_text()
    lines = before.splitlines()
    place = campaign.rng.randrange(1, len(lines))
    day, *_, low, close = lines[place].split(",")
    lines[place] = ",".join([day, low, close, low, close])
    path.write_text("\n".join(lines) + "\n")
    command = campaign.resume()
    command.until("on with its own copy")
    campaign.follow(command, "going on from step")
    command.process.kill()
    campaign.end(command)
    path.write_text(before)


def changed_key(campaign: Campaign) -> None:
    """Changes a key of the configuration, and checks that the run refuses to resume.

    The change is on the command line or in the run's own file. Nothing is done before the run has a
    checkpoint.

    Args:
        campaign: the run and its processes.

    Raises:
        AssertionError: the run does not refuse.
    """
    if campaign.run is None or not campaign.steps():
        return
    sentence = "model.dropout is 0.3 but the run was started with 0.05"
    if campaign.rng.random() < 0.5:
        expect_refusal(campaign, sentence, words=["model.dropout=0.3"])
        return
    path = campaign.run / "config.yaml"
    before = path.read_text()
    path.write_text(before.replace("dropout: 0.05", "dropout: 0.3"))
    expect_refusal(campaign, sentence)
    path.write_text(before)


def expect_refusal(
    campaign: Campaign, *sentences: str, words: Sequence[str] = (), through: Sequence[str] = ()
) -> None:
    """Starts a process and checks that it ends well, or refuses with status 2 and a reason.

    Args:
        campaign: the run and its processes.
        *sentences: the reasons, of which it must print one.
        words: words to add to the command; ignored if the run has no checkpoint yet.
        through: words of a program that starts the command; ignored likewise.

    Raises:
        AssertionError: the status is another one, or the reason is none of the sentences.
    """
    command = campaign.resume(*words, through=through) if campaign.steps() else campaign.start()
    status = campaign.end(command)
    assert status in (0, 2), f"status {status}:\n{command.text}"
    assert status == 0 or any(one in command.text for one in sentences), command.text


@contextmanager
def limit_room(place: Path, room: int) -> Iterator[Sequence[str]]:
    """Puts `runs/` on a disk with `room` bytes left, inside the context.

    Without the right to mount, it limits the size of files instead.

    Args:
        place: the folder that contains `runs/`.
        room: bytes that are left; without the right to mount, the largest size of a file.

    Yields:
        Words of a program that must start the command; none where the disk is mounted.
    """
    runs, aside = place / "runs", place / "aside"
    if os.geteuid() or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        yield ("prlimit", f"--fsize={room}")
        return
    runs.mkdir(exist_ok=True)
    runs.rename(aside)
    runs.mkdir()
    used = sum(-(-p.stat().st_size // BLOCK) * BLOCK + BLOCK for p in aside.rglob("*"))
    size = f"size={used + room}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "none", str(runs)], check=True)
    try:
        shutil.copytree(aside, runs, dirs_exist_ok=True)
        yield ()
        shutil.rmtree(aside)
        shutil.copytree(runs, aside)
    finally:
        subprocess.run(["umount", str(runs)], check=True)
        runs.rmdir()
        aside.rename(runs)


@contextmanager
def write_protect(folder: Path) -> Iterator[Sequence[str]]:
    """Removes the right to write from a folder and everything in it, inside the context.

    Args:
        folder: the folder.

    Yields:
        Words of a program that must start the command: for root, one that drops the capability to
        write nevertheless.
    """
    modes = {path: path.stat().st_mode for path in [folder, *folder.rglob("*")]}
    for path, mode in modes.items():
        path.chmod(mode & 0o555)
    try:
        yield () if os.geteuid() else ("setpriv", "--bounding-set=-dac_override")
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


INCIDENTS: dict[str, Callable[[Campaign], None]] = {
    incident.__name__: incident
    for incident in (full_disk, read_only, damage, second_run, changed_table, changed_key)
}
