"""Files come from a folder for uploads and from addresses that a site allows, and from nowhere else."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random

import pytest

from escalation.engine.opening import parse_problem, prepare, read_problem_anywhere
from escalation.inputs.places import Places
from escalation.inputs.settings import Settings, read
from escalation.model.errors import BadInput
from escalation.model.identity import digest_bytes
from escalation.ports.configuration import settings

_CHANCE = Random(1)
TABLE = "age,ill\n" + "".join(f"{_CHANCE.uniform(20, 90):.3f},{row % 2}\n" for row in range(120))

PROBLEM = (
    "family: toy\ninstance: {numbers: [3, 1]}\ntarget: {metric: number, at_least: 3}\npolicy: mine.yaml\n"
)


class _Store(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = self.path in {"/cohorts/t.csv", "/cohorts/p.yaml", "/elsewhere/t.csv"}
        moved = self.path == "/cohorts/moved.csv"
        self.send_response(200 if found else 302 if moved else 404)
        self.send_header("Location", "/elsewhere/t.csv")
        self.end_headers()
        if self.path == "/cohorts/p.yaml":
            self.wfile.write(PROBLEM.encode())
        elif found:
            self.wfile.write(TABLE.encode())

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def store() -> Iterator[str]:
    """A store's address; only what is below `cohorts/` is allowed."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Store)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def set_to(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Sets a setting."""

    def change(name: str, value: str) -> None:
        monkeypatch.setenv(name, value)
        settings.cache_clear()

    yield change
    monkeypatch.undo()
    settings.cache_clear()


def opened(file: str, folder: Path) -> dict[str, str]:
    """The files of a case of a table, by name; opened as every case is."""
    stated = {
        "family": "prediction",
        "instance": {"csv": file, "target": "ill"},
        "target": {"metric": "roc_auc", "at_least": 0.6},
    }
    return prepare(parse_problem(stated), folder=folder).info.files


def test_a_table_at_an_allowed_address_is_read_and_its_digest_recorded(
    store: str, set_to: Callable[[str, str], None], tmp_path: Path
) -> None:
    set_to("TIERWISE_FILE_ADDRESSES", f"https://other.example/,{store}/cohorts/")
    ((name, digest),) = opened(f"{store}/cohorts/t.csv", tmp_path).items()
    assert name.endswith("/cohorts/t.csv")
    assert digest == digest_bytes(TABLE.encode())


def test_a_name_in_the_folder_for_uploads_is_read_unless_the_problems_folder_has_it(
    set_to: Callable[[str, str], None], tmp_path: Path
) -> None:
    uploads, folder = tmp_path / "uploads", tmp_path / "here"
    uploads.mkdir()
    folder.mkdir()
    (uploads / "t.csv").write_text(TABLE)
    set_to("TIERWISE_UPLOADS", str(uploads))
    assert opened("t.csv", folder) == {"t.csv": digest_bytes(TABLE.encode())}
    nearer = TABLE + "91.5,1\n"
    (folder / "t.csv").write_text(nearer)
    assert opened("t.csv", folder) == {"t.csv": digest_bytes(nearer.encode())}
    with pytest.raises(BadInput, match=r"^none\.csv: no such file|none\.csv.*no such file"):
        opened("none.csv", folder)


def test_nothing_outside_the_folder_for_uploads_is_read(
    set_to: Callable[[str, str], None], tmp_path: Path
) -> None:
    uploads, folder = tmp_path / "uploads", tmp_path / "deep" / "here"
    uploads.mkdir()
    folder.mkdir(parents=True)
    (tmp_path / "secret.csv").write_text(TABLE)
    (uploads / "link.csv").symlink_to(tmp_path / "secret.csv")
    set_to("TIERWISE_UPLOADS", str(uploads))
    for name in ("../secret.csv", "link.csv"):
        with pytest.raises(BadInput, match="expected a file within the folder for uploads"):
            opened(name, folder)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("/elsewhere/t.csv", "expected an address that begins with "),
        ("/cohorts/../elsewhere/t.csv", "expected a plain address"),
        ("/cohorts/%2e%2e/elsewhere/t.csv", "expected a plain address"),
        ("/cohorts/t.csv?token=secret", "expected a plain address"),
        ("/cohorts/moved.csv", "what is there answers 302"),
        ("/cohorts/none.csv", "what is there answers 404"),
    ],
)
def test_what_is_not_allowed_is_refused_in_one_line(
    file: str, message: str, store: str, set_to: Callable[[str, str], None], tmp_path: Path
) -> None:
    set_to("TIERWISE_FILE_ADDRESSES", f"{store}/cohorts/")
    with pytest.raises(BadInput, match=message) as refused:
        opened(f"{store}{file}", tmp_path)
    assert "\n" not in str(refused.value)


def test_without_the_setting_no_address_is_read(store: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no address is allowed here; see the setting TIERWISE_FILE_ADDRESSES"):
        opened(f"{store}/cohorts/t.csv", tmp_path)


def test_a_file_that_is_too_large_is_not_read_to_its_end(store: str) -> None:
    places = Places(addresses=(f"{store}/cohorts/",), most_bytes=100)
    with pytest.raises(BadInput, match="expected at most 100 bytes, got more"):
        places.read(f"{store}/cohorts/t.csv", Path("t.csv"), Path.read_bytes)


def _drip(said: Callable[[bytes], None], first: bytes) -> None:
    """A server that sends a byte at a time, for ten seconds or until somebody hangs up."""
    said(first)
    with suppress(OSError):
        for _ in range(500):
            time.sleep(0.02)
            said(b"x")


ANSWER = b"HTTP/1.0 200 OK\r\n"


HANDSHAKE = b"\x16\x03\x03\x3f\xff"
"""Begins a TLS record of 16,383 bytes (RFC 8446, 5.1)."""


@pytest.mark.parametrize(
    ("scheme", "first"),
    [
        ("https", HANDSHAKE),
        ("http", b""),  # of a status line
        ("http", ANSWER + b"x"),  # of a header
        ("http", ANSWER + b"\r\n"),  # of a body until the end
        ("http", ANSWER + b"content-length: 501\r\n\r\n"),
        ("http", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1"),  # of the length of a chunk
    ],
)
def test_a_server_that_sends_a_byte_at_a_time_is_hung_up_in_time(scheme: str, first: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            line, _ = server.accept()
            with line:
                line.recv(4096)
                _drip(line.sendall, first)

        thread = threading.Thread(target=answer)
        thread.start()
        address = f"{scheme}://127.0.0.1:{server.getsockname()[1]}/"
        with pytest.raises(BadInput, match=r"/t\.csv: expected within 0\.2 s, it took longer$"):
            Places(addresses=(address,), most_s=0.2).read(f"{address}t.csv", Path("t.csv"), Path.read_bytes)
        thread.join(30)
        assert not thread.is_alive()


def test_a_file_of_which_a_part_is_missing_is_not_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            line, _ = server.accept()
            with line:
                line.recv(4096)
                line.sendall(ANSWER + b"content-length: 20\r\n\r\nage,ill\n41,0\n")

        threading.Thread(target=answer).start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}/"
        with pytest.raises(BadInput, match="cannot be read: the connection ended 7 bytes early"):
            Places(addresses=(address,)).read(f"{address}t.csv", Path("t.csv"), Path.read_bytes)


@pytest.mark.parametrize(
    "address", ["https://store.example", "ftp://store.example/", "http://store.example/"]
)
def test_an_address_is_encrypted_unless_it_is_this_machines_and_ends_with_a_slash(
    address: str, set_to: Callable[[str, str], None]
) -> None:
    set_to("TIERWISE_FILE_ADDRESSES", address)
    with pytest.raises(BadInput, match=r"file_addresses|FILE_ADDRESSES"):
        read(Settings)


def test_a_problem_file_is_found_where_its_files_may_be_and_its_paths_start_beside_it(
    store: str, tmp_path: Path, set_to: Callable[[str, str], None]
) -> None:
    place, folder = tmp_path / "uploads", tmp_path / "checkout"
    (place / "ward").mkdir(parents=True)
    folder.mkdir()
    (place / "ward" / "p.yaml").write_text(PROBLEM, encoding="utf-8")
    set_to("TIERWISE_UPLOADS", str(place))
    set_to("TIERWISE_FILE_ADDRESSES", f"{store}/cohorts/")
    problem, policy, start = read_problem_anywhere("ward/p.yaml", folder)
    assert (problem.family, policy, start) == ("toy", "mine.yaml", place / "ward")
    assert read_problem_anywhere(f"{store}/cohorts/p.yaml", folder) == (problem, "mine.yaml", folder)
    (folder / "ward").mkdir()
    (folder / "ward" / "p.yaml").write_text(PROBLEM.replace("toy", "mine"), encoding="utf-8")
    assert read_problem_anywhere("ward/p.yaml", folder)[0].family == "mine"
    with pytest.raises(BadInput, match="within the folder for uploads"):
        read_problem_anywhere("../secret.yaml", folder)
    with pytest.raises(BadInput, match="expected an address that begins with"):
        read_problem_anywhere("https://evil.example/p.yaml", folder)
