"""PLINK and VCF: the examples of their specifications, and one line for each broken file."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from escalation.model.errors import BadInput
from problems.prediction.sources.omics.plink import read_plink
from problems.prediction.sources.omics.vcf import read_vcf

# https://www.cog-genomics.org/plink/1.9/formats#bed: the file that its page works through
BED = bytes.fromhex("6c1b01dc0fe70f6b01")
BIM = "1\tsnp1\t0\t1\tG\tA\n1\tsnp2\t0\t2\t1\t2\n1\tsnp3\t0\t3\tA\tC\n"
FAM = "".join(f"{family} {person} 0 0 1 {2 - family}\n" for family in (1, 2) for person in (1, 2, 3))

# https://samtools.github.io/hts-specs/VCFv4.2.pdf, section 1.1, columns as there
VCF = """\
##fileformat=VCFv4.2
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT NA00001 NA00002 NA00003
20 14370 rs6054257 G A 29 PASS NS=3 GT:GQ:DP:HQ 0|0:48:1:51,51 1|0:48:8:51,51 1/1:43:5:.,.
20 17330 . T A 3 q10 NS=3 GT:GQ:DP:HQ 0|0:49:3:58,50 0|1:3:5:65,3 0/0:41:3
20 1110696 rs6040355 A G,T 67 PASS NS=2 GT:GQ:DP:HQ 1|2:21:6:23,27 2|1:2:0:18,2 2/2:35:4
20 1230237 . T . 47 PASS NS=3 GT:GQ:DP:HQ 0|0:54:7:56,60 0|0:48:4:51,51 0/0:61:2
20 1234567 microsat1 GTC G,GTCT 50 PASS NS=3 GT:GQ:DP 0/1:35:4 0/2:17:2 1/1:40:3
""".replace(" ", "\t")


def _plink(folder: Path, bed: bytes = BED, bim: str = BIM, fam: str = FAM) -> Path:
    (folder / "toy.bed").write_bytes(bed)
    (folder / "toy.bim").write_text(bim)
    (folder / "toy.fam").write_text(fam)
    return folder / "toy.bed"


def test_a_bed_file_counts_the_first_allele_and_missing_stays_missing(tmp_path: Path) -> None:
    found = read_plink(_plink(tmp_path))
    assert found.samples == ("1 1", "1 2", "1 3", "2 1", "2 2", "2 3")
    assert found.features == ("snp1_G", "snp2_1", "snp3_A")
    # the .ped of the page: GG 22 CC, AA 00 AC, 00 12 AC, AA 22 00, AA 22 00, AA 22 AA
    assert found.values.tolist() == [[2, 0, 0], [0, -1, 1], [-1, 1, 1], [0, 0, -1], [0, 0, -1], [0, 0, 2]]
    assert found.family == ("1", "1", "1", "2", "2", "2")
    assert found.about == {"sex": ["male"] * 6, "phenotype": ["unaffected"] * 3 + [None] * 3}


def test_people_without_a_family_are_no_relatives_of_each_other(tmp_path: Path) -> None:
    # https://www.cog-genomics.org/plink/2.0/formats#fam: an FID of 0 says that there is none
    people = ("0 a", "0 b", "f c", "f d", "0 e", "g g")
    fam = "".join(f"{person} 0 0 1 1\n" for person in people)
    family = read_plink(_plink(tmp_path, fam=fam)).family
    assert len(set(family)) == 5
    assert family[2] == family[3]


@pytest.mark.parametrize(
    ("bed", "fam", "expected"),
    [
        (BED[:-1], FAM, "expected 9 bytes for 6 people"),
        (b"\x6c\x1b\x00" + BED[3:], FAM, "plink --make-bed"),
        (b"\x00" + BED[1:], FAM, "does not begin with its mark"),
        (BED, FAM + "3 1 0 0 1\n", "toy.fam, line 7: expected 6 columns"),
        (BED, FAM + FAM[:12], "'1 1' as person 1 and 7"),
    ],
)
def test_files_that_do_not_belong_together_are_one_line(
    tmp_path: Path, bed: bytes, fam: str, expected: str
) -> None:
    with pytest.raises(BadInput, match=expected) as refusal:
        read_plink(_plink(tmp_path, bed, BIM, fam))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("packed", [False, True])
def test_a_vcf_gives_a_column_for_every_alternative_allele_that_passed(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / ("calls.vcf.gz" if packed else "calls.vcf")
    path.write_bytes(gzip.compress(VCF.encode()) if packed else VCF.encode())
    found = read_vcf(path)
    assert (found.name, found.samples) == ("calls", ("NA00001", "NA00002", "NA00003"))
    assert dict(zip(found.features, found.values.T.tolist(), strict=True)) == {
        "20:14370:G>A": [0, 1, 2],
        "20:1110696:A>G": [1, 1, 0],
        "20:1110696:A>T": [1, 1, 2],
        "20:1234567:GTC>G": [1, 0, 2],
        "20:1234567:GTC>GTCT": [0, 1, 0],
    }
    assert found.remarks == (
        "calls.vcf" + ".gz" * packed + ": 1 variant that its filters did not pass is left out; 1 site "
        "without an "
        "alternative allele is left out; 2 sites of several alternative alleles are split, a column each",
    )


def test_unknown_alleles_are_missing_and_haploid_calls_count_one(tmp_path: Path) -> None:
    path = tmp_path / "x.vcf"
    path.write_text(VCF.replace("0|0:48:1:51,51", "./1:48").replace("1|0:48:8:51,51", "."))
    assert read_vcf(path).values[:, 0].tolist() == [-1, -1, 2]
    path.write_text(VCF.replace("0|0:48:1:51,51", "1"))
    assert read_vcf(path).values[:, 0].tolist() == [1, 1, 2]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("##fileformat=VCFv4.2", "##", "line 1: expected ##fileformat=VCF"),
        ("\tFORMAT\tNA00001\tNA00002\tNA00003", "", "line 3: expected #CHROM … FORMAT and the samples"),
        ("1|0:48:8:51,51\t", "", "line 4: expected 12 columns as in the header, got 11"),
        ("GT:GQ:DP:HQ\t0|0:48", "GP\t0|0:48", r"line 4: expected genotypes \(GT first in FORMAT\), got 'GP'"),
        ("0|0:48:1:51,51", "A/G", "line 4: expected a genotype as 0/1"),
        ("0|0:48:1:51,51", "0/7", "line 4: expected alleles up to 1, got the genotype '0/7'"),
        ("NA00002", "NA00001", "'NA00001' as sample 1 and 2"),
    ],
)
def test_a_broken_vcf_is_one_line_that_names_the_line(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    path = tmp_path / "x.vcf"
    path.write_text(VCF.replace(old, new, 1))
    with pytest.raises(BadInput, match=expected) as refusal:
        read_vcf(path)
    assert "\n" not in str(refusal.value)


def test_a_packed_file_that_is_cut_off_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "x.vcf.gz"
    path.write_bytes(gzip.compress(VCF.encode())[:-20])
    with pytest.raises(BadInput, match="broken or cut off"):
        read_vcf(path)


@pytest.mark.trial
def test_bed_reader_reads_the_same(tmp_path: Path) -> None:
    bed_reader = pytest.importorskip("bed_reader")
    dosages = np.random.default_rng(1).integers(-1, 3, (37, 101)).astype(np.float64)
    bed_reader.to_bed(tmp_path / "r.bed", np.where(dosages < 0, np.nan, dosages))
    assert np.array_equal(read_plink(tmp_path / "r.bed").values, dosages)
