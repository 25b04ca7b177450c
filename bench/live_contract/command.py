"""The command: says the price, asks, checks, cleans up."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from backends.ibm_runtime.service import ServiceBackend
from bench.live_contract.contract import Contract
from escalation.inputs.settings import Settings
from escalation.model.errors import BadInput, TierwiseError
from escalation.ports.configuration import settings

ABOUT = "Asks a real service whether it keeps what the submission of paid work rests on."


def run(device: str, known: Settings, *, sure: bool, watch_s: float, as_json: bool) -> int:
    """Says the price, asks, checks, cleans up; returns 0 when everything holds, else 1."""
    backend = ServiceBackend(known, device)
    say = (lambda line: None) if as_json else print
    try:
        contract = Contract(backend, known.settle_s, watch_s, known.poll_s)
        if not _agreed(contract, sure, say):
            print("nothing was sent")
            return 1
        findings = []
        try:
            for finding in contract.ask():
                findings.append(finding)
                say(f"{'holds   ' if finding.holds else 'VIOLATED'} {finding.question}: {finding.said}")
        finally:
            left = contract.clean_up()
            if left:
                print(f"not final yet, told to stop: {', '.join(left)}", file=sys.stderr)
    finally:
        backend.close()
    if as_json:
        print(json.dumps({"device": device, "findings": [asdict(each) for each in findings]}))
    return 0 if all(finding.holds for finding in findings) else 1


def _agreed(contract: Contract, sure: bool, say: Callable[[str], Any]) -> bool:
    most, left = contract.most(), contract.backend.quota_left()
    say(f"{contract.backend.name}, a {contract.backend.kind}: at most {contract.posts} jobs of one shot each")
    say(f"  at most {most.cap.qpu_s:g} s = {most.cap.usd:.2f} USD; if none is cancelled in time about "
        f"{most.expected.qpu_s:.0f} s = {most.expected.usd:.2f} USD")  # fmt: skip
    say(f"  the plan leaves {'unknown' if left[0] is None else f'{left[0]:g} s'} ({left[1]})")
    if sure:
        return True
    if not sys.stdin.isatty():
        raise BadInput("expected a terminal to ask on, got none: say --yes to spend that")
    return input("spend that? [y/N] ").strip().lower() in ("y", "yes")


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.live_contract", description=ABOUT)
    parser.add_argument("device", help="as the service names it: ibm_… or practice_…")
    parser.add_argument("--yes", action="store_true", help="spend what is stated without being asked")
    parser.add_argument(
        "--watch-s", type=float, help="seconds to watch closed batches; default: settling time"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    known = settings()
    watch_s = known.settle_s if options.watch_s is None else options.watch_s
    try:
        return run(options.device, known, sure=options.yes, watch_s=watch_s, as_json=options.json)
    except TierwiseError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
