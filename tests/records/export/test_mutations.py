"""Whoever changes an export without the site's key is found out, however thoroughly he goes about it."""

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from escalation.inputs.settings import Settings
from records.export.verifying import findings, verify_export
from records.export.writing import packed
from records.signing.keys import SigningKey, make_key
from records.testing.mutations import CRUDE, FORGED, mutated
from tests.records.export.conftest import CASES, Site

SEED = 20261127


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return make_key(Settings(home=tmp_path_factory.mktemp("other")))


def _undetected(site: Site, other: SigningKey, many: int, chance: Random) -> tuple[list[str], Counter[str]]:
    bags = {case_id: site.bag(case_id) for case_id in CASES}
    missed, made = list[str](), Counter[str]()
    for number in range(many):
        case_id = CASES[number % len(CASES)]
        what, files = mutated(bags[case_id], chance, other)
        made[what] += 1
        if next(findings(files, site.key.public), None) is None:
            missed.append(f"{number}: {what} of {case_id}")
    return missed, made


def test_mutations_are_detected(site: Site, other: SigningKey) -> None:
    missed, made = _undetected(site, other, 250, Random(SEED))
    assert missed == []
    assert {name.split()[0] for name in made} == {each.__name__ for each in (*CRUDE, *FORGED)}


@pytest.mark.trial
@pytest.mark.timeout(3600)
def test_ten_thousand_mutations_are_detected(site: Site, other: SigningKey) -> None:
    missed, made = _undetected(site, other, 10_000, Random(SEED + 1))
    assert missed == []
    assert len(made) > 30


def test_every_changed_bit_of_a_zip_file_is_detected(site: Site, tmp_path: Path) -> None:
    data, chance = packed(site.bag("refused"), "out"), Random(SEED)
    (tmp_path / "out.zip").write_bytes(data)
    assert verify_export(tmp_path / "out.zip", site.key.public).findings == ()
    for _ in range(100):
        changed = bytearray(data)
        changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        (tmp_path / "out.zip").write_bytes(changed)
        assert _found(tmp_path / "out.zip", site)


def _found(path: Path, site: Site) -> bool:
    from escalation.model.errors import BadInput

    try:
        return bool(verify_export(path, site.key.public).findings)
    except BadInput:
        return True
