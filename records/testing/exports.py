"""What every family gets for nothing: its sample's case is reported, exported, verified, and replayed.

No family says anything for this, wherever it is installed from; `escalation.testing.family` runs it.
"""

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from escalation.engine.drive import solve
from escalation.engine.runtime import Runtime
from escalation.inputs.settings import Settings
from escalation.model.work import kinds
from escalation.ports.registry import FamilyDescriptor
from escalation.replay.replay import replay
from escalation.testing.contract import expect
from escalation.testing.replaying import SEED, case_of, free_machines, rungs
from records.export.exporting import bag
from records.export.opening import open_export
from records.export.verifying import findings
from records.export.writing import write
from records.ledger.ledger import SqlLedger
from records.scratch import scratch_runtime
from records.signing.keys import make_key
from records.testing.accessible import faults
from records.testing.mutations import Files, mutated

MUTATIONS = 40


def check_exports(descriptor: FamilyDescriptor) -> None:
    """Solves the family's sample with its first method on records that are thrown away, and exports it.

    Raises:
        ContractBroken: where the report cannot be read by everybody, the export does not fit, a change of it
            is not found, or it does not say what the records say, or is replayed to something else.
    """
    with scratch_runtime() as runtime, tempfile.TemporaryDirectory(prefix="tierwise-contract-") as folder:
        case_id = _solved(runtime, descriptor)
        files = _checked(runtime, case_id, descriptor.name, Path(folder))
        _replayed(runtime, case_id, files, Path(folder) / "out.zip")


def _solved(runtime: Runtime, descriptor: FamilyDescriptor) -> str:
    method, tier, _ = next(iter(rungs(descriptor)))
    places = {each: free_machines(each)[0] for each in kinds() if free_machines(each)}
    case = case_of(descriptor, method, tier, places)
    outcome = solve(runtime, case)
    wrong = next(iter(faults(runtime.store.get(str(outcome.report)).decode())), "")
    expect(not wrong, f"{descriptor.name}: its report cannot be read by everybody: {wrong}")
    return case.case_id


def _checked(runtime: Runtime, case_id: str, name: str, folder: Path) -> Files:
    """The files of the export: they fit as they are, and not after any change by somebody without the key."""
    key, other = make_key(runtime.settings), make_key(Settings(home=folder / "other"))
    ledger, chance = runtime.ledger, Random(SEED)
    assert isinstance(ledger, SqlLedger)
    ledger.make_checkpoint()
    _, files = bag(ledger, runtime.store, runtime.settings, case_id, key=key, now=datetime.now(UTC))
    wrong = next(findings(files, key.public), "")
    expect(not wrong, f"{name}: the export of its sample does not fit: {wrong}")
    for _ in range(MUTATIONS):
        what, changed = mutated(files, chance, other)
        expect(next(findings(changed, key.public), None) is not None, f"{name}: not found: {what}")
    return files


def _replayed(runtime: Runtime, case_id: str, files: Files, path: Path) -> None:
    write(files, path)
    with open_export(path) as (opened, store):
        same = opened.attempts(case_id) == runtime.ledger.attempts(case_id)
        expect(same, f"{case_id}: the export has other attempts than the ledger")
        expect(opened.digests() == frozenset(store.digests()), f"{case_id}: files are missing in the export")
        report = replay(opened, store, case_id, alone=True)
    first = next(iter(report.differences), None)
    expect(first is None, f"{case_id}: replayed from its export, it differs: {first}")
