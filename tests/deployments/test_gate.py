"""The gate as a browser and a program meet it: signing in, the cookie, what is refused on the way."""

import asyncio
import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import httpx
import pytest

from deployments.address import Address
from deployments.front.users import Users
from deployments.gate import AccessGate
from flows.credential import make_credential

GOOD = "correct horse battery"
OWN = "http://127.0.0.1:4200"
PUBLIC = "https://tierwise.site.example"
ADDRESS = Address(4200, public=PUBLIC)
PAGE = {"accept": "text/html", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Door:
    """A gate before an application that answers with what it was asked."""

    def __init__(self, home: Path) -> None:
        self.uid, self.client = "1000", ("127.0.0.1", 123)
        self.sent: list[tuple[bytes, bytes]] = []
        self.gate = AccessGate(self.behind, ADDRESS, home, lambda client, server: self.uid)

    async def behind(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive()).get("body", b"")
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        seen = json.dumps(
            {"path": scope["path"], "headers": headers, "body": body.decode("latin-1")}
        ).encode()
        await send({"type": "http.response.start", "status": 200, "headers": self.sent})
        await send({"type": "http.response.body", "body": seen})

    def ask(self, method: str, url: str, **more: Any) -> httpx.Response:
        async def asked() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(self.gate, client=self.client)
            ) as client:
                return await client.request(method, url if "://" in url else OWN + url, **more)

        return asyncio.run(asked())

    def sign_in(
        self, name: str, password: str, base: str = OWN, query: str = "", **headers: str
    ) -> httpx.Response:
        given = {"origin": base, **FORM, **headers}
        return self.ask(
            "POST", f"{base}/signin{query}", headers=given, data={"name": name, "password": password}
        )

    def cookie(self, base: str = OWN) -> dict[str, str]:
        """Of Ada, signed in."""
        return {"cookie": self.sign_in("ada", GOOD, base).headers["set-cookie"].partition(";")[0]}


@pytest.fixture
def door(tmp_path: Path) -> Door:
    make_credential(tmp_path, f"ada:{GOOD}")
    return Door(tmp_path)


def test_a_cookie_is_out_of_scripts_reach_and_stays_on_this_site(door: Door) -> None:
    plain, encrypted = (door.sign_in("ada", GOOD, base).headers["set-cookie"] for base in (OWN, PUBLIC))
    for cookie in (plain, encrypted):
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert "Domain" not in cookie
    assert plain.startswith("tierwise-4200=")
    assert encrypted.startswith("__Host-tierwise-4200=")
    assert ("Secure" in plain, "Secure" in encrypted) == (False, True)


def test_who_is_signed_in_reaches_prefect_which_is_shown_the_credential(door: Door, tmp_path: Path) -> None:
    shown = "Basic " + b64encode(make_credential(tmp_path).encode()).decode()
    answer = door.ask("GET", "/api/flows", headers={**door.cookie(), "authorization": "Basic b2xk"})
    assert answer.json()["headers"]["authorization"] == shown
    assert door.ask("GET", "/api/flows", headers={"authorization": shown}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"cookie": "tierwise-4200="},
        {"cookie": "tierwise-4200=x; tierwise-4200=y"},
        {"authorization": "Basic OjpA"},
        {"authorization": "Basic /w=="},
        {"authorization": "Bearer x"},
    ],
)
def test_whoever_is_nobody_gets_nothing_but_the_form(door: Door, headers: dict[str, str]) -> None:
    for path in ("/api/flows", "/api/health/", "/api//health", "/ui-settings", "/assets/x.js", "/signin/x"):
        assert door.ask("GET", path, headers=headers).status_code == 401
    for path in ("/", "/v2/runs", "/reports/", "/mlflow/", "/mlflow"):
        answer = door.ask("GET", path, headers={**headers, **PAGE})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/signin?next={path}")


def test_a_stolen_cookie_counts_for_nobody_else(door: Door) -> None:
    cookie = door.cookie()
    assert door.ask("GET", "/api/flows", headers=cookie).status_code == 200
    door.uid = "1001"
    assert door.ask("GET", "/api/flows", headers=cookie).status_code == 401


def test_a_cookie_alone_changes_nothing(door: Door) -> None:
    """A page of another port is the same site to a browser, which sends it the cookie all the same."""
    cookie = door.cookie()
    for origin in (
        {},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "null"},
        {"origin": "http://evil.example"},
    ):
        for path in ("/api/flows/filter", "/signout", "/signin", "/mlflow/graphql"):
            assert door.ask("POST", path, headers={**cookie, **origin}, content=b"{}").status_code == 403
    site = {**cookie, "origin": OWN, "sec-fetch-site": "same-site"}
    assert door.ask("POST", "/api/flows/filter", headers=site, content=b"{}").status_code == 403
    assert (
        door.ask("POST", "/api/flows/filter", headers={**cookie, "origin": OWN}, content=b"{}").status_code
        == 200
    )


def test_no_form_of_another_page_signs_anybody_in(door: Door) -> None:
    for origin in ("http://127.0.0.1:9999", "http://evil.example", "null"):
        answer = door.sign_in("ada", GOOD, origin=origin)
        assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)


def test_a_cookie_that_was_there_before_is_not_the_one_that_counts(door: Door) -> None:
    planted = "A" * 43
    answer = door.sign_in("ada", GOOD, cookie=f"tierwise-4200={planted}")
    assert planted not in answer.headers["set-cookie"]
    assert door.ask("GET", "/api/flows", headers={"cookie": f"tierwise-4200={planted}"}).status_code == 401


def test_who_signs_out_is_out(door: Door) -> None:
    cookie = door.cookie()
    assert door.ask("GET", "/signout", headers=cookie).status_code == 303  # a link changes nothing
    assert door.ask("GET", "/api/flows", headers=cookie).status_code == 200
    answer = door.ask("POST", "/signout", headers={**cookie, "origin": OWN})
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert door.ask("GET", "/api/flows", headers=cookie).status_code == 401


@pytest.mark.parametrize(
    ("asked", "goes_to"),
    [
        ("/reports/toy-1", "/reports/toy-1"),
        ("/v2/runs?page=2&limit=5", "/v2/runs?page=2&limit=5"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nset-cookie: x=y", "/"),
        ("/signout", "/"),
        ("", "/"),
    ],
)
def test_after_signing_in_it_goes_on_here_and_nowhere_else(door: Door, asked: str, goes_to: str) -> None:
    query = str(httpx.QueryParams({"next": asked}))
    assert door.sign_in("ada", GOOD, query=f"?{query}").headers["location"] == goes_to


def test_a_link_of_another_site_is_followed_once_more_so_that_the_cookie_comes_along(door: Door) -> None:
    linked = door.ask("GET", "/reports/toy-1", headers={**PAGE, "sec-fetch-site": "cross-site"})
    assert (linked.status_code, "location" in linked.headers) == (200, False)
    assert 'http-equiv="refresh"' in linked.text
    again = door.ask("GET", "/reports/toy-1", headers={**PAGE, "sec-fetch-site": "same-origin"})
    assert again.headers["location"] == "/signin?next=/reports/toy-1"


@pytest.mark.parametrize(
    ("opened", "leads_to"),
    [
        ("/deployments", "/v2/deployments"),
        ("/runs/flow-run/5?tab=Artifacts", "/v2/runs/flow-run/5?tab=Artifacts"),
        ("/work-pools/work-pool/a%20b", "/v2/work-pools/work-pool/a%20b"),
        ("/v2/runs", None),
        ("/", None),  # Prefect's own answer leads to the newer pages
        ("/api/flows", None),
        ("/assets/runs", None),
    ],
)
def test_a_page_of_prefects_older_set_leads_to_the_same_one_of_the_newer(
    door: Door, opened: str, leads_to: str | None
) -> None:
    signed_in = door.cookie()
    answer = door.ask("GET", opened, headers={**signed_in, **PAGE})
    assert answer.headers.get("location") == leads_to
    chosen = {**PAGE, "cookie": f"{signed_in['cookie']}; prefect_ui_version=v1"}
    assert door.ask("GET", opened, headers=chosen).status_code == 200
    assert door.ask("GET", opened, headers=signed_in).status_code == 200  # by a script of the page


@pytest.mark.parametrize(
    ("people", "filled", "wrong"),
    [
        (["ada"], {"answer": "choose", "name": ""}, "choose approve or deny"),
        ([], {"answer": "choose", "name": " "}, "choose approve or deny and type your name"),
        ([], {"answer": "deny", "name": ""}, "type your name"),
        ([], {"answer": "deny", "name": "Grace"}, None),
    ],
)
def test_an_answer_that_says_nothing_comes_back_while_its_dialog_is_open(
    door: Door, tmp_path: Path, people: list[str], filled: dict[str, str], wrong: str | None
) -> None:
    for name in people:
        Users(tmp_path).add(name, GOOD)
    resume = f"/api/flow_runs/{'0' * 8}-0000-4000-8000-{'0' * 12}/resume"
    sent = {"run_input": {**filled, "reason": ""}}
    came = door.ask("POST", resume, headers={**door.cookie(), "origin": OWN}, json=sent)
    assert came.status_code == (403 if wrong else 200)
    assert came.json().get("detail") == (f"refused: {wrong}" if wrong else None)


def test_wrong_passwords_are_slowed_down_for_who_tries_and_for_nobody_else(door: Door) -> None:
    answers = [door.sign_in("ada", f"{GOOD}{number}").status_code for number in range(7)]
    assert answers == [401] * 5 + [429] * 2
    assert door.sign_in("ada", GOOD).status_code == 429
    door.uid = "1001"
    assert door.sign_in("ada", GOOD).status_code == 303


@pytest.mark.parametrize(
    ("uid", "address"),
    [("1000", "127.0.{}.2"), (None, "127.0.0.{}"), ("elsewhere", "2001:db8:0:1::{}")],
)
def test_many_addresses_of_one_who_tries_are_one(door: Door, uid: Any, address: str) -> None:
    door.uid, answers = uid, []
    for number in range(7):
        door.client = (address.format(number), 123)
        answers.append(door.sign_in("ada", f"{GOOD}{number}").status_code)
    assert answers == [401] * 5 + [429] * 2


@pytest.mark.parametrize("others", [("192.0.2.1", "192.0.2.2"), ("2001:db8:0:1::1", "2001:db8:0:2::1")])
def test_who_tries_elsewhere_slows_nobody_down_at_another_address(
    door: Door, others: tuple[str, str]
) -> None:
    door.uid, door.client = "elsewhere", (others[0], 123)
    for number in range(6):
        door.sign_in("ada", f"{GOOD}{number}")
    assert door.sign_in("ada", GOOD).status_code == 429
    door.client = (others[1], 123)
    assert door.sign_in("ada", GOOD).status_code == 303


def test_cookies_that_another_port_set_lock_nobody_out(door: Door) -> None:
    tossed = "; ".join(f"tierwise-4200={number}" for number in range(50))
    for before, after in ((f"{tossed}; ", ""), ("", f"; {tossed}")):
        cookie = f"{before}{door.cookie()['cookie']}{after}"
        assert door.ask("GET", "/api/flows", headers={"cookie": cookie}).status_code == 200
        out = door.ask("POST", "/signout", headers={"cookie": cookie, "origin": OWN})
        assert out.status_code == 303
        assert door.ask("GET", "/api/flows", headers={"cookie": cookie}).status_code == 401


def test_the_session_of_the_shortest_path_counts_before_one_that_was_set_beside_it(
    door: Door, tmp_path: Path
) -> None:
    for name in ("ada", "eve"):
        Users(tmp_path).add(name, GOOD)
    ada, eve = (door.sign_in(name, GOOD).headers["set-cookie"].partition(";")[0] for name in ("ada", "eve"))
    asker = door.gate._desk.asker(
        {"scheme": "http", "headers": [(b"cookie", f"{eve}; {ada}".encode())], "client": None, "server": None}
    )
    assert asker is not None
    assert asker.name == "ada"


def test_a_file_of_names_that_others_can_write_lets_nobody_in(door: Door, tmp_path: Path) -> None:
    cookie = door.cookie()
    (tmp_path / "users.json").write_text("{}")
    (tmp_path / "users.json").chmod(0o666)
    answers = [door.ask("GET", "/api/flows", headers=cookie), door.sign_in("ada", GOOD)]
    assert [(answer.status_code, "set-cookie" in answer.headers) for answer in answers] == [(503, False)] * 2


def test_what_is_too_long_is_refused(door: Door) -> None:
    assert door.sign_in("ada", "x" * 10_000).status_code == 400
    much = {**door.cookie(), "origin": OWN}
    assert door.ask("POST", "/mlflow/graphql", headers=much, content=b"x" * 1_100_000).status_code == 413


def test_no_browser_keeps_a_page_for_whoever_signed_out(door: Door) -> None:
    kept = (b"cache-control", b"max-age=600")
    for sent, expected in (
        ([(b"content-type", b"text/html; charset=utf-8"), (b"last-modified", b"a year ago")], "no-store"),
        ([(b"content-type", b"text/html"), kept], "no-store"),
        ([(b"content-type", b"text/javascript"), kept], "max-age=600"),
    ):
        door.sent = sent
        answer = door.ask("GET", "/v2/deployments", headers={**PAGE, **door.cookie()})
        assert answer.headers.get_list("cache-control") == [expected]


@pytest.mark.parametrize(
    ("path", "kind", "expected"),
    [
        ("/v2/assets/vendor-pixi-B0SZCBJh.js", b"text/javascript", ["private, max-age=31536000, immutable"]),
        ("/assets/index-BD_kIOMy-DbSivZUD.js", b"text/javascript", ["private, max-age=31536000, immutable"]),
        ("/v2/assets/vendor-gone-B0SZCBJh.js", b"text/html; charset=utf-8", ["no-store"]),  # the page instead
        ("/v2/mockServiceWorker.js", b"text/javascript", []),
        ("/v2/assets/index.js", b"text/javascript", []),
        ("/api/assets/vendor-pixi-B0SZCBJh.js", b"text/javascript", []),
    ],
)
def test_a_browser_keeps_what_is_named_by_its_content(
    door: Door, path: str, kind: bytes, expected: list[str]
) -> None:
    door.sent = [(b"content-type", kind)]
    answer = door.ask("GET", path, headers={**PAGE, **door.cookie()})
    assert answer.headers.get_list("cache-control") == expected


def test_the_form_shows_what_was_typed_as_text(door: Door) -> None:
    answer = door.sign_in('"><script>x</script>', GOOD)
    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_prefects_pages_ask_where_they_were_opened_and_for_no_second_sign_in(tmp_path: Path) -> None:
    async def settings(scope: Any, receive: Any, send: Any) -> None:
        body = json.dumps({"api_url": "http://elsewhere/api", "auth": "BASIC", "csrf_enabled": True}).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
        await send({"type": "http.response.body", "body": body})

    make_credential(tmp_path, f"ada:{GOOD}")
    door = Door(tmp_path)
    door.gate = AccessGate(settings, ADDRESS, tmp_path, lambda client, server: "1000")
    for base in (OWN, "http://localhost:4200", PUBLIC):
        got = door.ask("GET", f"{base}/ui-settings", headers=door.cookie(base)).json()
        assert got == {"api_url": f"{base}/api", "auth": None, "csrf_enabled": True}


def test_no_page_loads_or_runs_what_a_problem_says(door: Door) -> None:
    def policy(path: str) -> dict[str, str]:
        said = door.ask("GET", path, headers=cookie).headers["content-security-policy"]
        return {name: rest for name, _, rest in (each.strip().partition(" ") for each in said.split(";"))}

    cookie = door.cookie()
    for path in ("/", "/v2/artifacts/x", "/mlflow/"):
        for what in ("img-src", "media-src", "font-src", "style-src"):
            allowed = policy(path)[what].split()
            assert set(allowed) <= {"'self'", "data:", "blob:", "'unsafe-inline'"}
            assert "'self'" in allowed
        assert policy(path)["object-src"] == "'none'"
    assert "'unsafe-inline'" not in policy("/")["script-src"]
    assert {"http://127.0.0.1:4200", "ws://127.0.0.1:4200"} <= set(policy("/")["connect-src"].split())
