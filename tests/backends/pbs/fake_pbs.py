"""A batch system of executables that answers as OpenPBS does, written from its manual pages alone.

Each command is a link to this file, which is run by its name. Jobs are files in FAKE_PBS_HOME; each has a
process of its own that waits for cores, runs the script, and writes down how it ended. Two virtual nodes of
this host have two cores each. `wrong/COMMAND` there holds what a command says, with exit code 1, instead.
"""

import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HOME = Path(os.environ["FAKE_PBS_HOME"])
SERVER, HOST = "fake", socket.gethostname()
NODES, CORES, MEMORY_MB = ("vn1", "vn2"), 2, 4000
QUEUES = {"workq": "24:00:00", "short": "00:02:00"}
KILL_S = 2.0


@contextmanager
def locked() -> Iterator[None]:
    with (HOME / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def jobs() -> dict[str, dict[str, Any]]:
    found = {path.stem: json.loads(path.read_text()) for path in HOME.glob("*.job")}
    return {f"{name}.{SERVER}": found[name] for name in sorted(found, key=int)}


def write(number: str, job: dict[str, Any]) -> None:
    fresh = HOME / f"{number}.new"
    fresh.write_text(json.dumps(job))
    fresh.rename(HOME / f"{number}.job")


def change(number: str, **what: Any) -> None:
    path = HOME / f"{number}.job"
    if path.exists():  # or it was purged
        write(number, json.loads(path.read_text()) | what)


def fail(text: str, code: int) -> None:
    sys.stderr.write(text + "\n")
    sys.exit(code)


def chunks(select: str) -> list[dict[str, int]]:
    found = []
    for chunk in select.split("+"):
        count, *parts = chunk.split(":")
        values = dict(part.split("=") for part in parts)
        one = {name: int(re.sub(r"\D", "", value)) for name, value in values.items()}
        found += [{"ncpus": 1, "mpiprocs": 1, **one}] * int(count)
    return found


def qsub(arguments: list[str]) -> None:
    options: dict[str, str] = {}
    resources: dict[str, str] = {}
    while len(arguments) > 1:
        option = arguments.pop(0)
        if option == "-V":
            continue
        value = arguments.pop(0)
        if option == "-l":
            name, _, wanted = value.partition("=")
            resources[name] = wanted
        elif option in ("-N", "-o", "-j", "-k", "-r", "-S", "-q", "-A"):
            options[option] = value
        else:
            fail(f"qsub: invalid option -- '{option}'", 2)
    queue = options.get("-q", "workq")
    if queue not in QUEUES:
        fail("qsub: Unknown queue", 170)
    if resources["walltime"] > QUEUES[queue]:
        fail("qsub: Job violates queue and/or server resource limits", 188)
    with locked():
        number = str(1 + max((int(path.stem) for path in HOME.glob("*.job")), default=0))
        shutil.copy(arguments[0], HOME / f"{number}.script")
        (HOME / f"{number}.env").write_text(json.dumps(dict(os.environ)))
        job = {
            "Job_Name": options["-N"],
            "Job_Owner": f"root@{HOST}",
            "job_state": "Q",
            "queue": queue,
            "server": SERVER,
            "Output_Path": f"{HOST}:{options['-o']}",
            "Keep_Files": options.get("-k", "n"),
            "Rerunable": "False" if options.get("-r") == "n" else "True",
            "Resource_List": resources,
            "substate": 10,
            "Variable_List": {"PBS_O_WORKDIR": os.getcwd()},
            "comment": "Not Running: Job is waiting for its turn",
        }
        write(number, job)
    subprocess.Popen(
        [sys.executable, "-I", "-S", os.path.realpath(__file__), "run", number],
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    sys.stdout.write(f"{number}.{SERVER}\n")


def placed(wanted: list[dict[str, int]], number: str) -> list[str] | None:
    """A node for each chunk; None while there is no room. Called under the lock."""
    free = dict.fromkeys(NODES, CORES)
    for name, job in jobs().items():
        if job["job_state"] == "R" and name != f"{number}.{SERVER}":
            for node, cores in re.findall(r"\((\w+):ncpus=(\d+)\)", job["exec_vnode"]):
                free[node] -= int(cores)
    found = []
    for chunk in wanted:
        node = next((name for name in NODES if free[name] >= chunk["ncpus"]), None)
        if node is None:
            return None
        free[node] -= chunk["ncpus"]
        found.append(node)
    return found


def run(number: str) -> None:
    job = json.loads((HOME / f"{number}.job").read_text())
    wanted = chunks(job["Resource_List"]["select"])
    if any(chunk["ncpus"] > CORES for chunk in wanted) or len(wanted) > len(NODES) * CORES:
        change(number, comment="Can Never Run: Insufficient amount of resource: ncpus (R: 9 A: 4 T: 4)")
    while True:
        if (HOME / f"{number}.deleted").exists():
            change(number, job_state="F", substate=91, comment="Not Running and terminated")
            return
        with locked():
            nodes = placed(wanted, number)
            if nodes is not None:
                where = "+".join(
                    f"({node}:ncpus={each['ncpus']})" for node, each in zip(nodes, wanted, strict=True)
                )
                hosts = "+".join(f"{HOST}/0*{each['ncpus']}" for each in wanted)
                comment = f"Job run at Fri Nov 27 at 06:00 on {where}"
                change(number, job_state="R", substate=42, exec_vnode=where, exec_host=hosts, comment=comment)
                break
        time.sleep(0.05)
    execute(number, wanted)


def execute(number: str, wanted: list[dict[str, int]]) -> None:
    job = json.loads((HOME / f"{number}.job").read_text())
    nodefile = HOME / f"{number}.nodes"
    nodefile.write_text("".join(f"{HOST}\n" * each["mpiprocs"] for each in wanted))
    environment = json.loads((HOME / f"{number}.env").read_text()) | {
        "PBS_JOBID": f"{number}.{SERVER}",
        "PBS_JOBNAME": job["Job_Name"],
        "PBS_QUEUE": job["queue"],
        "PBS_NODEFILE": str(nodefile),
        "PBS_ENVIRONMENT": "PBS_BATCH",
        "PBS_O_WORKDIR": job["Variable_List"]["PBS_O_WORKDIR"],
        "NCPUS": str(wanted[0]["ncpus"]),
    }
    spool, path = HOME / f"{number}.OU", Path(job["Output_Path"].partition(":")[2])
    direct = "d" in job["Keep_Files"]
    since = time.monotonic()
    with (path if direct else spool).open("ab") as output:
        process = subprocess.Popen(
            ["/bin/bash", HOME / f"{number}.script"],
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    hours, minutes, seconds = map(int, job["Resource_List"]["walltime"].split(":"))
    until, why = since + hours * 3600 + minutes * 60 + seconds, ""
    while process.poll() is None:
        if (HOME / f"{number}.deleted").exists():
            why = "deleted"
        elif time.monotonic() > until:
            why = "exceeded resource walltime"
        if why:
            end(process)
        time.sleep(0.05)
    if not direct and path.parent.exists():
        with path.open("ab") as output:
            output.write(spool.read_bytes())
    used = os.times()
    elapsed = int(time.monotonic() - since)
    code = process.returncode
    change(
        number,
        job_state="F",
        substate=91 if why == "deleted" else 92 if code == 0 else 93,
        Exit_status=-29 if why.startswith("exceeded") else code if code >= 0 else 256 - code,
        comment=f"Job run at Fri Nov 27 at 06:00 and {why or ('finished' if code == 0 else 'failed')}",
        resources_used={
            "cput": f"00:00:{int(used.children_user + used.children_system):02}",
            "walltime": f"00:{elapsed // 60:02}:{elapsed % 60:02}",
            "mem": "4096kb",
        },
    )


def end(process: "subprocess.Popen[bytes]") -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(KILL_S)
            return
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def qstat(arguments: list[str]) -> None:
    if "--version" in arguments:
        sys.stdout.write("pbs_version = 22.05.11\n")
        return
    document: dict[str, Any] = {
        "timestamp": int(time.time()),
        "pbs_version": "22.05.11",
        "pbs_server": SERVER,
    }
    if "-B" in arguments:
        document["Server"] = {SERVER: {"server_state": "Active", "default_queue": "workq"}}
    elif "-Q" in arguments:
        usual = {"queue_type": "Execution", "enabled": "True", "started": "True"}
        document["Queue"] = {
            name: {**usual, "resources_max": {"walltime": most}} for name, most in QUEUES.items()
        }
    else:
        asked = [each for each in arguments if each[0].isdigit()]
        found = {
            name: job
            for name, job in jobs().items()
            if "-x" in arguments or job["job_state"] not in ("F", "X")
        }
        for each in asked:
            if each not in found:
                fail(f"qstat: Unknown Job Id {each}", 153)
        shown = {name: job for name, job in found.items() if not asked or name in asked}
        if shown:
            document["Jobs"] = shown
    sys.stdout.write(json.dumps(document, indent=4) + "\n")


def qselect(arguments: list[str]) -> None:
    name = arguments[arguments.index("-N") + 1]
    for job_id, job in jobs().items():
        if job["Job_Name"] == name and job["job_state"] != "F":
            sys.stdout.write(f"{job_id}\n")


def qdel(arguments: list[str]) -> None:
    for each in arguments:
        (HOME / f"{each.partition('.')[0]}.deleted").touch()


def pbsnodes(arguments: list[str]) -> None:
    has = {"arch": "linux", "host": HOST, "mem": f"{MEMORY_MB * 1024}kb", "ncpus": CORES}
    node = {"state": "free", "ntype": "PBS", "resources_available": has, "resources_assigned": {}}
    sys.stdout.write(json.dumps({"timestamp": 0, "nodes": dict.fromkeys(NODES, node)}) + "\n")


COMMANDS: dict[str, Callable[[list[str]], None]] = {
    "qsub": qsub,
    "qstat": qstat,
    "qselect": qselect,
    "qdel": qdel,
    "pbsnodes": pbsnodes,
}


def main() -> None:
    name = Path(sys.argv[0]).name
    if name not in COMMANDS:
        run(sys.argv[2])
        return
    wrong = HOME / "wrong" / name
    if wrong.exists():
        fail(wrong.read_text(), 1)
    COMMANDS[name](sys.argv[1:])


if __name__ == "__main__":
    main()
