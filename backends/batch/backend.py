"""Base of machines whose work is jobs of a batch system. Its input and output are done here, and only here.

A job bears the tag of its work as its name, so that it is found again whoever submitted it and whatever came
of the submission; it is never submitted a second time while somebody may still know of the first. The folder
of the work, on a file system that the nodes share, says more than the batch system: see `jobfiles`.
"""

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from backends.batch import fits
from backends.batch.accounts import Accounts, complete, measured, price, price_at_most, used
from backends.batch.commands import run
from backends.batch.evidence import Evidence
from backends.batch.jobfiles import JobFiles
from backends.batch.joblist import JobList
from backends.batch.jobs import JobSeen, JobWanted, Partition
from backends.batch.script import script
from backends.batch.system import BatchSystem
from backends.batch.verdict import Asked, End, Verdict, Void, verdict
from backends.processes.jobfolder import FAILURE
from escalation.model.amounts import Bounds
from escalation.model.attempt import JOB_NOTES
from escalation.model.calibration import Calibration, DeviceKind
from escalation.model.errors import BackendError, WrongWorld
from escalation.model.job_state import JobState
from escalation.model.kinds.call import Call
from escalation.model.kinds.local_call import LocalCall
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.quote import Quote
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.ports.machines import Progress, planned

LOOK_S = 0.25
CANCEL_S = 10.0


@dataclass
class _Track:
    """When something of a job was last seen, by this process's own clock."""

    touched: float = -1.0
    touched_s: float = 0.0
    missing_since_s: float | None = None


class BatchBackend:
    """A place where work runs as jobs. Construct it with a batch system and a partition, None its default."""

    kind = DeviceKind.CLASSICAL

    def __init__(self, system: BatchSystem, partition: str | None) -> None:
        """Raises `BadInput` when there is no such partition, where that can be asked."""
        self.name = f"{system.name}:{partition}" if partition else system.name
        self._system, self._place = system, partition
        self._partitions, self._list, self._accounts = (
            fits.Partitions(system),
            JobList(system),
            Accounts(system),
        )
        self._tracks: dict[str, _Track] = {}
        self._lock = threading.Lock()
        self._version: str | None = None
        if partition is not None:
            with suppress(BackendError):
                self._partitions.of(partition)

    @property
    def scratch(self) -> Path | None:
        """Where work's files are kept, if not in the home."""
        return self._system.site.scratch

    @property
    def system(self) -> BatchSystem:
        """Whose jobs it sends."""
        return self._system

    @property
    def place(self) -> str | None:
        """Partition or queue; None is the default one."""
        return self._place

    def calibration(self) -> Calibration | None:
        """Returns None: processors are not calibrated."""
        return None

    def partition(self) -> Partition:
        """Its partition as it is; raises `BackendError` where nobody tells."""
        return self._partitions.of(self._place)

    def available(self) -> bool | None:
        """Whether the partition starts jobs; None where nobody tells."""
        try:
            found = self.partition()
        except BackendError:
            return None
        return bool(found.up) and any(each.usable for each in found.nodes)

    def queue_s(self) -> float | None:
        """Returns 0 where a node is idle; otherwise nobody can say."""
        try:
            return 0.0 if any(each.idle for each in self.partition().nodes) else None
        except BackendError:
            return None

    def estimate(self, work: Work) -> Quote:
        """Bounds the work by its own time limit, and prices that.

        Raises:
            BackendError: when it asks for what the partition cannot give.
        """
        self._check(work)
        wall_s, site = work.resources.wall_s, self._system.site
        usd = price(site, work.resources, wall_s + site.start_s)
        return Quote(amounts=Bounds.of(used(site, work.resources, wall_s).but(usd=usd)))

    @property
    def charges(self) -> bool:
        """Whether its nodes or cores have a price."""
        return self._system.site.node_h_usd > 0 or self._system.site.cpu_h_usd > 0

    def price_usd(self, needs: Bounds) -> float | None:
        """US dollars at most for so much; None where that cannot be known."""
        return price_at_most(self._system.site, needs)

    def _check(self, work: Work) -> Call:
        if not isinstance(work, LocalCall | MpiProgram):
            raise BackendError(f"backend {self.name!r} runs local_call and mpi_program, got {work.kind}")
        ranks = 1 if isinstance(work, LocalCall) else None
        if (partition := self._told()) is not None:
            fits.check(self.name, partition, work.resources, ranks)
        return work

    def _told(self) -> Partition | None:
        """Its partition; None while the batch system does not answer: the job itself finds out, waited for.

        Raises:
            BackendError: where it is not here, or there is no such partition.
        """
        try:
            return self.partition()
        except BackendError as error:
            if not error.retry:
                raise
            return None

    def submit(self, work: Work, folder: Path, tag: str) -> dict[str, Any]:
        """Submits a job that does the work; where that is left in doubt, `wait` finds out.

        Raises:
            BackendError: when it was surely not taken, or asks for what the partition cannot give.
        """
        call, files, site = self._check(work), JobFiles(folder), self._system.site
        handle = planned(files.path, tag)
        if files.sent_mark.exists():
            return handle
        files.create(call)
        wanted = self._wanted(call, files, tag)
        files.script.write_text(script(self._system, files, wanted, call))
        files.sent_mark.touch()
        reply = run(self._system.submit(wanted, files.script), site.command_s)
        if reply.ok:
            job_id = self._system.job_id(reply.out)
            files.note_sent(job_id)
            return {**handle, "job": job_id}
        refusal = self._system.refused(reply)
        if refusal is not None and self._surely_unknown(tag, files) and files.void():
            error = f"{self.name} refused the job: {refusal}"
            files.publish(RawResult(JobState.FAULT, error=error))
            raise BackendError(error)
        return handle

    def _wanted(self, call: Call, files: JobFiles, tag: str) -> JobWanted:
        start_s, partition = self._system.site.start_s, self._told()
        if partition is not None and partition.limit_s is not None:
            start_s = min(start_s, max(0.0, partition.limit_s - call.resources.wall_s))
        comment = f"tierwise {files.path.parent.name}/{files.path.name}"
        return JobWanted(tag, files.path, call.resources, start_s, self._place, files.log, comment)

    def _surely_unknown(self, tag: str, files: JobFiles) -> bool:
        """Whether the batch system, asked now, knows of no such job."""
        try:
            return self._list.find(tag, files.path, after=self._list.number) is None
        except BackendError:
            return False

    def find(self, tag: str) -> dict[str, Any] | None:
        """The handle of the newest job of that name; raises `BackendError` when it cannot be asked for."""
        known = [each for each in self._list.named(tag) if each.folder is not None]
        if not known:
            return None
        return {**planned(Path(str(known[-1].folder)), tag), "job": known[-1].job_id}

    def wait(self, handle: Mapping[str, Any], timeout_s: float) -> Progress:
        """Waits until the work is final or the time is up; 0 only asks."""
        until_s = time.monotonic() + timeout_s
        while True:
            progress = self._look(handle)
            left_s = until_s - time.monotonic()
            if progress.state.final or left_s <= 0:
                return progress
            time.sleep(min(LOOK_S, left_s))

    def _look(self, handle: Mapping[str, Any]) -> Progress:
        """Where the work stands; an end that the job itself could not publish is published from here."""
        files, tag = JobFiles(Path(handle["folder"])), handle["tag"]
        files.refresh()
        state = files.finished()
        if state is None:
            progress = self._follow(files, tag, self._evidence(files, tag))
            if not progress.state.final:
                return progress
            state = files.finished() or progress.state
        with self._lock:
            self._tracks.pop(tag, None)
        return Progress(state, 1.0 if state is JobState.DONE else None, files.error())

    def _follow(self, files: JobFiles, tag: str, known: Evidence) -> Progress:
        found: Verdict = verdict(known)
        match found:
            case Void(result):
                if not files.void():
                    return Progress(JobState.RUNNING, None, "starting")
                self._end(files, tag)
                self._publish(files, result)
                return Progress(result.state)
            case End(result):
                if known.guard is None:
                    files.over.touch()
                self._publish(files, result)
                return Progress(result.state)
            case Asked(progress):
                files.over.touch()
                return progress
        fraction, message = files.progress()
        return Progress(found.state, fraction, found.message or message)

    def _publish(self, files: JobFiles, result: RawResult) -> None:
        files.publish(replace(result, usage=measured(files, files.resources())))

    def _evidence(self, files: JobFiles, tag: str) -> Evidence:
        resources, ranked = files.resources(), files.ranked()
        quiet_s, seen, word, missing_s = self._seen(files, tag)
        # read after the list: what had ended by then has said so
        guard, claimed, site = files.ended(), files.is_claimed(), self._system.site
        asks = seen is None and quiet_s >= site.lag_s and claimed
        return Evidence(
            sent=files.sent_mark.exists(),
            claimed=claimed,
            begun=files.running() is not None,
            cancelled=files.cancel_file.exists(),
            guard=guard,
            ranks=files.ranks_ended(),
            failure=files.read(FAILURE),
            output=files.said(),
            answered=not word,
            seen=seen,
            accounted=self._accounts.of(tag, files.sent_as()) if asks else None,
            missing_s=missing_s,
            quiet_s=quiet_s,
            settle_s=site.settle_s,
            lag_s=site.lag_s,
            limit_s=resources.wall_s,
            start_s=site.start_s,
            memory_mb=resources.memory_mb,
            ranked=ranked,
            word=word,
        )

    def _seen(self, files: JobFiles, tag: str) -> tuple[float, JobSeen | None, str, float]:
        """Seconds since a sign of life; the job as listed, or why there is no list; seconds it is missing."""
        seen, word, touched = None, "", files.touched()
        try:
            seen = self._list.find(tag, files.path)
        except BackendError as error:
            word = str(error)
        now_s = time.monotonic()
        with self._lock:
            track = self._tracks.setdefault(tag, _Track())
            if track.touched != touched:
                track.touched, track.touched_s = touched, now_s
            if seen is not None or word:
                track.missing_since_s = None
            elif track.missing_since_s is None:
                track.missing_since_s = now_s
            missing_s = now_s - track.missing_since_s if track.missing_since_s is not None else 0.0
            return now_s - track.touched_s, seen, word, missing_s

    def result(self, handle: Mapping[str, Any]) -> RawResult:
        """Returns the result of final work, with what it cost and the job that it was.

        Raises:
            BackendError: when it is not final.
            WrongWorld: when MPI yielded fewer ranks than asked.
        """
        self.wait(handle, 0)
        files = JobFiles(Path(handle["folder"]))
        result = files.result()
        if "expected_ranks" in result.values and not result.ok:
            raise WrongWorld(result.error or "too few ranks")
        resources = files.resources()
        kept = self._accounts.kept(files, handle["tag"], files.sent_as())
        job = replace(result, provenance={**result.provenance, "batch": self._job(files)})
        return complete(self._system.site, job, resources, kept)

    def _job(self, files: JobFiles) -> dict[str, Any]:
        """What is kept of the job: the batch system, its variables, and how its ranks were laid out."""
        wanted, system = files.resources(), self._system
        layout = {"ranks": wanted.ranks, "threads": wanted.threads, "nodes": wanted.nodes}
        notes = {name: value for name, value in files.notes().items() if value != name}
        named = zip(JOB_NOTES, (system.notes[0], system.place_note, system.nodes_note), strict=True)
        job = {key: notes[name] for key, name in named if notes.get(name)}
        own = {name.lower(): value for name, value in notes.items()}
        return {"system": system.name, "version": self.version(), "layout": layout, **own, **job}

    def version(self) -> str:
        """The batch system's version; empty where nobody tells."""
        if self._version is None:
            reply = run(self._system.version(), self._system.site.command_s)
            self._version = " ".join(reply.out.split())[:100] if reply.ok else ""
        return self._version

    def cancel(self, handle: Mapping[str, Any]) -> None:
        """Stops the work and everything it started; does nothing when it is final."""
        files, tag = JobFiles(Path(handle["folder"])), handle["tag"]
        if files.finished() is not None:
            return
        files.ask_to_stop()
        if files.path.exists() and files.void():
            self._publish(files, RawResult(JobState.CANCELLED, error="cancelled before it started"))
        self._end(files, tag)
        self.wait(handle, CANCEL_S)

    def _end(self, files: JobFiles, tag: str) -> None:
        """Has the batch system end the job; where it cannot be reached, the job ends by its folder."""
        with suppress(BackendError):
            run(self._system.cancel(tag, files.sent_as()), min(CANCEL_S, self._system.site.command_s))

    def close(self) -> None:
        """Lets go of nothing: jobs live on."""
