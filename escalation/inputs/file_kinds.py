"""What a file is that is no text, by its first bytes, and how its table becomes a CSV file."""

import io
import zipfile

_SHEET = "open it and save the sheet as 'CSV UTF-8 (comma delimited)', each sheet by itself"
_EXPORT = "write the table as CSV (UTF-8) there"
_UNPACK = "unpack it first"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PARQUET = b"PAR1"

_BEGINNINGS: tuple[tuple[bytes, str, str], ...] = (
    (_OLE, "an Excel workbook of the old kind (.xls)", _SHEET),
    (PARQUET, "a Parquet file", "name it under `parquet`, not `csv`"),
    (b"ARROW1", "an Arrow (Feather) file", "write it as Parquet or CSV (UTF-8)"),
    (b"\x1f\x8b", "a file packed with gzip", _UNPACK),
    (b"BZh", "a file packed with bzip2", _UNPACK),
    (b"\xfd7zXZ\0", "a file packed with xz", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a file packed with zstd", _UNPACK),
    (b"7z\xbc\xaf", "a 7-Zip archive", _UNPACK),
    (b"$FL2", "an SPSS file (.sav)", _EXPORT),
    (b"$FL3", "an SPSS file (.zsav)", _EXPORT),
    (b"<stata_dta>", "a Stata file (.dta)", _EXPORT),
    (b"\0" * 12 + b"\xc2\xea\x81\x60", "a SAS file (.sas7bdat)", _EXPORT),
    (b"RDX2", "an R file", _EXPORT),
    (b"RDX3", "an R file", _EXPORT),
    (b"SQLite format 3", "an SQLite database", _EXPORT),
    (b"\x89HDF", "an HDF5 file", _EXPORT),
    (b"%PDF", "a PDF document", "ask for the table itself, as CSV (UTF-8)"),
)


def known_kind(data: bytes) -> str:
    """Says what a file is and what to do, `an Excel workbook (.xlsx): open it and …`; empty where unknown."""
    for beginning, what, advice in _BEGINNINGS:
        if data.startswith(beginning):
            return f"{what}: {advice}"
    if data.startswith(b"PK\x03\x04"):
        return _of_zip(data)
    if data[:1] in (b"\x71", b"\x72", b"\x73") and data[1:3] in (b"\x01\x01", b"\x02\x01"):
        return f"a Stata file (.dta): {_EXPORT}"
    return ""


def _of_zip(data: bytes) -> str:
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    except (zipfile.BadZipFile, ValueError, OSError):
        names = []
    if any(name.startswith("xl/") for name in names):
        return f"an Excel workbook (.xlsx): {_SHEET}"
    if "content.xml" in names:
        return f"a spreadsheet of LibreOffice (.ods): {_SHEET}"
    return f"a ZIP archive: {_UNPACK}"


def how_to_convert(data: bytes, name: str) -> str:
    """What makes UTF-8 of text that is in another encoding, as far as its bytes tell which."""
    encoding = "WINDOWS-1252"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or data[1:200:2].count(0) > len(data[1:200:2]) // 2:
        encoding = "UTF-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "UTF-16LE"
    elif any(byte in data for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D)):  # undefined in Windows-1252
        return "save it as UTF-8 (in a spreadsheet: CSV UTF-8)"
    return (
        "save it as UTF-8 (in a spreadsheet: CSV UTF-8), or convert it, perhaps with: "
        f"iconv -f {encoding} -t UTF-8 {name}"
    )
