"""Genotypes as PLINK 1 writes them: .bed with .bim and .fam beside it.

Two bits a genotype, four genotypes a byte from the lowest bits on, each variant padded to whole bytes:
00 two of allele 1, 01 missing, 10 one of each, 11 two of allele 2 (https://www.cog-genomics.org/plink/1.9/formats).
"""

from collections.abc import Collection
from pathlib import Path
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from escalation.model.errors import BadInput
from escalation.model.identity import digest_bytes
from escalation.text.wording import counted
from problems.prediction.sources.omics.measured import Matrix, distinct, not_too_large
from toolbox.tables.raw import Texts
from toolbox.tables.text_file import read_bytes, read_text

_BY_VARIANT = b"\x6c\x1b\x01"
_BY_SAMPLE = b"\x6c\x1b\x00"
_DOSAGE = np.array([2, -1, 1, 0], dtype=np.int8)
"""Copies of allele 1 by the two bits; -1 is missing."""
_BYTE = np.stack([_DOSAGE[(np.arange(256) >> shift) & 3] for shift in (0, 2, 4, 6)], axis=1)
_WIDTH = 6
_NO_FAMILY = "0"
"""What PLINK 2 and others write for people of no known family: that makes no two of them relatives."""


def read_plink(path: Path, wanted: Collection[str] = ()) -> Matrix:
    """Reads copies of allele 1 (the first allele of the .bim file) of every variant and person.

    Args:
        path: of the .bed file.
        wanted: names of columns; a variant of which the other allele was counted there is counted so too, as
            PLINK takes the rarer one of the people at hand for the first.

    Raises:
        BadInput: when one of the three files is missing or broken, or they do not fit one another.
    """
    data = read_bytes(path)
    variants, bim = _table(path.with_suffix(".bim"))
    people, fam = _table(path.with_suffix(".fam"))
    not_too_large(path, len(people), len(variants))
    names = tuple(_counting(row, row[4]) for row in variants)
    others = [_counting(row, row[5]) for row in variants]
    turned = [place for place, name in enumerate(names) if name not in wanted and others[place] in wanted]
    ids = _ids(people)
    distinct(path.with_suffix(".fam"), ids, "person")
    distinct(path.with_suffix(".bim"), names, "variant")
    files = {path.name: digest_bytes(data)} | bim | fam
    about, remarks = _about(people)
    own = tuple(row[0] if row[0] != _NO_FAMILY else f"{_NO_FAMILY} {row[1]}" for row in people)
    families = own if any(family != row[1] for family, row in zip(own, people, strict=True)) else ()
    values = _dosages(path, data, len(people), len(variants))
    if turned:
        names = tuple(others[place] if place in set(turned) else name for place, name in enumerate(names))
        values[:, turned] = np.where(values[:, turned] < 0, -1, 2 - values[:, turned])
    remark = (
        f"{path.name}: a column counts the copies of the variant's first allele, which its name ends with"
    )
    return Matrix(path.stem, ids, names, values, files, about, (remark, *remarks), families)


def _counting(variant: list[str], allele: str) -> str:
    """The name of the column that counts an allele."""
    return f"{variant[1]}_{allele}" if variant[1] != "." else f"{variant[0]}:{variant[3]}:{allele}"


def _table(path: Path) -> tuple[list[list[str]], dict[str, str]]:
    file = read_text(path, empty=f"expected {_WIDTH} columns, got an empty file")
    lines = enumerate(normalize("NFC", file.text).splitlines(), 1)  # as ids in the table of samples are
    rows = [(number, line.split()) for number, line in lines if line.strip()]
    for number, cells in rows:
        if len(cells) != _WIDTH:
            raise file.complain(number, f"expected {_WIDTH} columns, as PLINK writes, got {len(cells)}")
    return [cells for _, cells in rows], {path.name: file.sha256}


def _ids(people: list[list[str]]) -> tuple[str, ...]:
    """The person's id, with the family's before it where two families have the same."""
    own = tuple(row[1] for row in people)
    return own if len(set(own)) == len(own) else tuple(f"{row[0]} {row[1]}" for row in people)


def _dosages(path: Path, data: bytes, people: int, variants: int) -> NDArray[np.int8]:
    if data.startswith(_BY_SAMPLE):
        raise BadInput(f"{path}: expected variants one after the other, got people: run `plink --make-bed`")
    if not data.startswith(_BY_VARIANT):
        raise BadInput(f"{path}: expected a .bed file of PLINK 1, got one that does not begin with its mark")
    width = -(-people // 4)
    if len(data) != len(_BY_VARIANT) + width * variants:
        raise BadInput(
            f"{path}: expected {len(_BY_VARIANT) + width * variants} bytes for "
            f"{counted(people, 'person', 'people')} "
            f"(.fam) and {counted(variants, 'variant', 'variants')} (.bim), got {len(data)}: the "
            "files do not belong "
            "together, or one is cut off"
        )
    packed = np.frombuffer(data, dtype=np.uint8, offset=len(_BY_VARIANT)).reshape(variants, width)
    values = np.empty((people, variants), dtype=np.int8)
    for start in range(0, variants, 4096):  # unpacked a part at a time: four bytes for one
        part = _BYTE[packed[start : start + 4096]].reshape(-1, 4 * width)
        values[:, start : start + 4096] = part[:, :people].T
    return values


def _about(people: list[list[str]]) -> tuple[dict[str, Texts], tuple[str, ...]]:
    """Sex and phenotype; a phenotype of 1 and 2 alone is unaffected and affected, 0 and -9 are missing."""
    sex: Texts = [{"1": "male", "2": "female"}.get(row[4]) for row in people]
    found = [row[5] for row in people]
    codes = {"1": "unaffected", "2": "affected", "0": None, "-9": None, "NA": None}
    if set(found) <= set(codes):
        phenotype: Texts = [codes[code] for code in found]
        said = "phenotype: 2 is read as affected, 1 as unaffected, 0 and -9 as missing"
    else:
        phenotype = [None if code in ("-9", "NA") else code for code in found]
        said = "phenotype: -9 is read as missing"
    about = {"sex": sex, "phenotype": phenotype}
    kept = {name: texts for name, texts in about.items() if any(text is not None for text in texts)}
    return kept, (said,) if "phenotype" in kept else ()
