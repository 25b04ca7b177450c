"""A quantum job as a folder: what to run, where it stands, what came back. Any process can read it.

job.json  blobs/                     written by `write_job`
started.json  progress.json          written by the worker
result/  (result.json files/ evidence/)  appears at once, by a rename; the first one counts
"""

import json
import os
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil

from backends.processes.guarded import alive
from backends.processes.last_word import used
from escalation.model.amounts import Amounts
from escalation.model.blob import Blob
from escalation.model.clock import boottime_s, this_process
from escalation.model.errors import MachineFault
from escalation.model.identity import digest_bytes
from escalation.model.job_state import JobState
from escalation.model.resources import Resources
from escalation.model.result import RawResult
from escalation.model.work import Work, kinds
from escalation.ports.machines import Progress

DIED = "the process that ran it was killed"
LOST = "lost: the process that submitted it is gone, and its workers with it"
NOT_HERE = "lost: its files are not here"


@dataclass(frozen=True)
class CircuitJob:
    """What a worker runs: `function(work, context, report) -> RawResult`, named `module:name`."""

    function: str
    work: Work
    context: Mapping[str, Any]


def write_job(folder: Path, job: CircuitJob) -> None:
    """Writes the job's files; `job.json` comes last."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "blobs").mkdir(exist_ok=True)
    for data in job.work.blobs():
        (folder / "blobs" / digest_bytes(data)).write_bytes(data)
    document = {"function": job.function, "context": dict(job.context), "work": job.work.to_json()}
    write_json(folder / "job.json", document)


def is_here(folder: Path) -> bool:
    """Whether the job's files can be seen from here; another machine or container has its own."""
    return (folder / "job.json").exists()


def read_job(folder: Path) -> CircuitJob:
    """Reads what `write_job` wrote."""
    data = json.loads((folder / "job.json").read_text())
    description = data["work"]
    work = kinds()[description["kind"]].from_json(
        description,
        Resources(**description["resources"]),
        lambda digest: (folder / "blobs" / digest).read_bytes(),
    )
    return CircuitJob(data["function"], work, data["context"])


def write_result(folder: Path, result: RawResult) -> bool:
    """Publishes the result at once; returns False where the job already has one, which then stays."""
    draft = folder / f"result-{uuid4().hex}"
    for part in ("files", "evidence"):
        (draft / part).mkdir(parents=True)
        for name, blob in getattr(result, part).items():
            (draft / part / name).write_bytes(blob.data)
    write_json(draft / "result.json", result.to_json())
    try:
        draft.rename(folder / "result")
    except OSError:
        shutil.rmtree(draft)
        return False
    return True


def read_result(folder: Path) -> RawResult | None:
    """Returns the published result, None where there is none yet.

    Raises:
        MachineFault: when it is torn, or stored bytes do not match their digest.
    """
    if not (folder / "result").exists():
        return None
    try:
        return _read_result(folder)
    except (OSError, ValueError, KeyError) as error:
        raise MachineFault(f"the result in {folder} is damaged: {error}") from error


def _read_result(folder: Path) -> RawResult:
    data = json.loads((folder / "result" / "result.json").read_text())
    parts: dict[str, Any] = {
        part: {
            name: Blob((folder / "result" / part / name).read_bytes(), digest)
            for name, digest in data[part].items()
        }
        for part in ("files", "evidence")
    }
    return RawResult(
        state=JobState(data["state"]),
        values=data["values"],
        error=data["error"],
        usage=Amounts(**data["usage"]),
        provenance=data["provenance"],
        **parts,
    )


def write_started(folder: Path, limits: Resources, facts: Mapping[str, Any]) -> None:
    """Notes that this process runs the job, what `last_word.began` says of it, and until when it may."""
    until = {"deadline_s": boottime_s() + limits.wall_s, "threads": limits.threads}
    write_json(folder / "started.json", this_process().to_json() | dict(facts) | until)


def used_by(folder: Path) -> Amounts:
    """What a job used that went with its worker."""
    return used(_read_json(folder / "started.json"))


def progress(folder: Path, owner: Mapping[str, Any]) -> Progress:
    """Tells where the job stands.

    A job whose worker died, or was stopped at its time limit, is given its final result here. One that went
    with the process that submitted it is lost, and gets none: it says nothing about the work.

    Args:
        folder: the job's.
        owner: the submitting process, as `escalation.model.clock.ProcessIdentity` names it.
    """
    started, owner_lives = _read_json(folder / "started.json"), alive(owner)
    runs = owner_lives if started is None else alive(started)
    final = read_result(folder)  # asked last, because a worker publishes before it ends
    if final is not None:
        return Progress(final.state, 1.0 if final.ok else None, final.error or "")
    if not is_here(folder):
        return Progress(JobState.FAULT, None, NOT_HERE)
    if runs:
        return _unfinished(folder, started is not None)
    if not owner_lives:
        return Progress(JobState.FAULT, None, LOST)
    write_result(folder, _ended(started))
    final = read_result(folder)
    return Progress(final.state if final else JobState.FAULT, None, (final and final.error) or "")


def _ended(started: Mapping[str, Any] | None) -> RawResult:
    """The result of a job whose worker has died: at its time limit, or by the machine's fault."""
    if started is None:
        return RawResult(JobState.FAULT, error=DIED)
    usage = used(started)
    if usage == Amounts():  # nobody was left to measure: a bound
        wall_s = min(boottime_s(), started["deadline_s"]) - started["since_s"]
        usage = Amounts(wall_s=wall_s, cpu_s=wall_s * started["threads"])
    if boottime_s() >= started["deadline_s"]:
        return RawResult(JobState.TIMED_OUT, error="stopped: its wall_s was used up", usage=usage)
    return RawResult(JobState.FAULT, error=DIED, usage=usage)


def _unfinished(folder: Path, started: bool) -> Progress:
    document = _read_json(folder / "progress.json") or {}
    state = JobState.RUNNING if started else JobState.QUEUED
    return Progress(state, document.get("fraction"), document.get("message", ""))


def stop_started(folder: Path) -> None:
    """Kills the process group that runs the job, from any process, and waits until the runner is gone."""
    started = _read_json(folder / "started.json")
    if started is not None and alive(started):
        try:
            runner = psutil.Process(started["pid"])
            os.killpg(os.getpgid(runner.pid), signal.SIGKILL)
            runner.wait(timeout=10)
        except (ProcessLookupError, psutil.NoSuchProcess):
            return


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Replaces the file at once."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(data))
    draft.replace(path)


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        data: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    return data
