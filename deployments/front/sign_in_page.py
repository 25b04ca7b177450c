"""The page that a person signs in and out at: plain HTML that needs neither script nor network."""

import base64
import hashlib
from html import escape

from deployments.front.html import page

_STYLE = """
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:22rem;margin:12vh auto;padding:0 1rem}
h1{font-size:1.4rem}
label{display:block;margin:1rem 0 .25rem}
input{box-sizing:border-box;width:100%;font:inherit;padding:.5rem}
button{margin-top:1.5rem;font:inherit;padding:.5rem 1.25rem}
.wrong{border-left:.25rem solid #c0392b;padding-left:.75rem}
small{opacity:.8}
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Content security policy of the page."""


def form(wrong: str = "", name: str = "", *, credential: bool = False) -> bytes:
    """The page that asks.

    Args:
        wrong: why it is asked again.
        name: that was typed.
        credential: whether nobody was added, so that the credential's file says what to type.
    """
    said = f'<p class="wrong" role="alert" id="wrong">{escape(wrong)}</p>' if wrong else ""
    about = ' aria-describedby="wrong"' if wrong else ""
    help_ = (
        "<p><small>Name and password are the two parts of the line in the file <code>credential</code> that "
        "<code>tierwise serve</code> names; <code>tierwise users add NAME</code> makes others.</small></p>"
        if credential
        else ""
    )
    return page(
        "Sign in",
        f"""{said}<form method="post" action="">
<label for="name">Name</label>
<input id="name" name="name" autocomplete="username" autocapitalize="none" spellcheck="false" required \
value="{escape(name)}"{"" if name else " autofocus"}{about}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required\
{" autofocus" if name else ""}{about}>
<button>Sign in</button>
</form>{help_}""",
        _STYLE,
    )


def signed_in(name: str) -> bytes:
    """The page for who is in."""
    return page(
        "Signed in",
        f"""<p>You are signed in as <b>{escape(name)}</b>.</p>
<ul><li><a href="/">Runs, forms, approvals</a> (Prefect)</li>
<li><a href="/reports/">Reports</a></li>
<li><a href="/mlflow/">Parameters, metrics, files</a> (MLflow)</li></ul>
<form method="post" action="/signout"><button>Sign out</button></form>""",
        _STYLE,
    )


def once_more() -> bytes:
    """Asks for the same page again, from here: a browser keeps the cookie back where another site's link led
    here (`SameSite=Strict`)."""
    return page("Go on", '<p><a href="">Go on</a></p>', _STYLE, '<meta http-equiv="refresh" content="0">')
