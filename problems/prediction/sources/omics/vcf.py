"""Genotypes from VCF (4.x text, or packed with gzip or bgzip): how often each alternative allele is carried.

A site of several alternative alleles becomes one column for each of them (other alternatives count as not
it). A genotype of which an allele is unknown is missing. Haploid calls count 0 or 1.
"""

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from escalation.inputs.user_files import decoded
from escalation.model.errors import BadInput
from escalation.model.identity import digest_bytes
from escalation.text.wording import counted
from problems.prediction.sources.omics.measured import MOST_CELLS, Matrix, distinct, not_too_large
from toolbox.tables.text_file import read_bytes

MOST_TEXT = 2 * 2**30
"""Bytes of unpacked text: a file of a megabyte may unpack to a terabyte."""
_GZIP = b"\x1f\x8b"
_FIXED = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT")
_NO_ALLELE = ("*", ".", "<NON_REF>", "<*>")
_PASSED = ("PASS", ".")


@dataclass
class _Counted:
    """What was met on the way.

    Attributes:
        path: of the file.
        samples: how many it has.
        known: alleles of the genotypes met, by their text.
    """

    path: Path
    samples: int
    known: dict[str, tuple[int, ...]] = field(default_factory=dict)
    filtered: int = 0
    several: int = 0
    without: int = 0
    half: int = 0
    haploid: int = 0
    names: list[str] = field(default_factory=list)
    columns: list[NDArray[np.int8]] = field(default_factory=list)


def read_vcf(path: Path) -> Matrix:
    """Reads copies of each alternative allele of the variants that passed the file's filters.

    Raises:
        BadInput: when the file is no VCF, has no samples or no genotypes, or a line is broken: with its line.
    """
    data = read_bytes(path)
    lines = _lines(path, data)
    number, samples = _header(path, lines)
    distinct(path, samples, "sample")
    met = _Counted(path, len(samples))
    for number, line in lines:
        if line:
            _variant(number, line, met)
        if len(met.names) * len(samples) > MOST_CELLS:
            not_too_large(path, len(samples), len(met.names))
    if not met.columns:
        raise BadInput(
            f"{path}: expected variants that passed its filters, got none ({_said(met) or 'no lines'})"
        )
    features = _named(met.names)
    name = path.name.split(".vcf")[0]
    remarks = (f"{path.name}: {_said(met)}",) if _said(met) else ()
    return Matrix(
        name,
        samples,
        features,
        np.stack(met.columns, axis=1),
        {path.name: digest_bytes(data)},
        remarks=remarks,
    )


def _lines(path: Path, data: bytes) -> Iterator[tuple[int, str]]:
    """Numbers and texts of the lines, without their ends; unpacked as they are needed."""
    file: io.BufferedIOBase = io.BytesIO(data)
    if data.startswith(_GZIP):
        file = gzip.GzipFile(fileobj=file)
    read = 0
    try:
        for number, line in enumerate(iter(lambda: file.readline(MOST_TEXT + 1), b""), 1):
            read += len(line)
            if read > MOST_TEXT:
                raise BadInput(
                    f"{path}: expected at most {MOST_TEXT // 2**30} GiB of text, got more when unpacked"
                )
            yield number, decoded(line, path).rstrip("\r\n")
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(
            f"{path}: expected a file packed with gzip, got a broken or cut off one: {error}"
        ) from None


def _header(path: Path, lines: Iterator[tuple[int, str]]) -> tuple[int, tuple[str, ...]]:
    number, line = next(lines, (1, ""))
    if not line.startswith("##fileformat=VCF"):
        raise BadInput(f"{path}, line {number}: expected ##fileformat=VCFv4.2 or so, got {line[:40]!r}")
    for number, line in lines:
        if line.startswith("##"):
            continue
        cells = line.split("\t")
        if tuple(cells[:9]) != _FIXED or len(cells) < 10:
            raise BadInput(
                f"{path}, line {number}: expected #CHROM … FORMAT and the samples, got {line[:60]!r}"
            )
        return number, tuple(normalize("NFC", name.strip()) for name in cells[9:])
    raise BadInput(f"{path}: expected a line #CHROM … with the samples, got none")


def _variant(number: int, line: str, met: _Counted) -> None:
    cells = line.split("\t")
    if len(cells) != 9 + met.samples:
        raise BadInput(
            f"{met.path}, line {number}: expected {9 + met.samples} columns as in the header, got "
            f"{len(cells)}"
        )
    if cells[6] not in _PASSED:
        met.filtered += 1
        return
    if cells[8] != "GT" and not cells[8].startswith("GT:"):
        raise BadInput(
            f"{met.path}, line {number}: expected genotypes (GT first in FORMAT), got {cells[8]!r}"
        )
    alternatives = cells[4].split(",")
    kept = [place for place, allele in enumerate(alternatives, 1) if allele not in _NO_ALLELE]
    met.without += not kept
    met.several += len(kept) > 1
    called = [_alleles(number, cell, len(alternatives), met) for cell in cells[9:]]
    met.half += sum(-1 in alleles and max(alleles) >= 0 for alleles in called)
    met.haploid += sum(len(alleles) == 1 and alleles[0] >= 0 for alleles in called)
    for place in kept:
        met.names.append(f"{cells[0]}:{cells[1]}:{cells[3]}>{alternatives[place - 1]}")
        met.columns.append(
            np.array([-1 if -1 in alleles else alleles.count(place) for alleles in called], dtype=np.int8)
        )


def _alleles(number: int, cell: str, most: int, met: _Counted) -> tuple[int, ...]:
    """The alleles of a genotype, -1 unknown: `0/1` is (0, 1)."""
    text = cell.partition(":")[0]
    if text not in met.known:
        parts = text.replace("|", "/").split("/")
        if not all(part == "." or (part.isascii() and part.isdigit()) for part in parts) or len(parts) > 2:
            raise BadInput(
                f"{met.path}, line {number}: expected a genotype as 0/1 of one or two alleles, got {text!r}"
            )
        met.known[text] = tuple(-1 if part == "." else int(part) for part in parts)
    if max(met.known[text]) > most:
        raise BadInput(f"{met.path}, line {number}: expected alleles up to {most}, got the genotype {text!r}")
    return met.known[text]


def _named(names: list[str]) -> tuple[str, ...]:
    """Names by chromosome, place and alleles; what is called twice at one place is numbered."""
    seen: dict[str, int] = {}
    named = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        named.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return tuple(named)


def _said(met: _Counted) -> str:
    counts = (
        (
            met.filtered,
            "variant that its filters did not pass is",
            "variants that its filters did not pass are",
            "left out",
        ),
        (
            met.without,
            "site without an alternative allele is",
            "sites without an alternative allele are",
            "left out",
        ),
        (
            met.several,
            "site of several alternative alleles is",
            "sites of several alternative alleles are",
            "split, a column each",
        ),
        (
            met.half,
            "genotype with one unknown allele is",
            "genotypes with one unknown allele are",
            "taken as missing",
        ),
        (met.haploid, "haploid genotype counts", "haploid genotypes count", "0 or 1"),
    )
    return "; ".join(f"{counted(count, one, many)} {what}" for count, one, many, what in counts if count)
