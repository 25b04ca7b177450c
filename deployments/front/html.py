"""A small page of our own, which needs no network."""


def page(title: str, body: str, style: str, head: str = "") -> bytes:
    """The page as UTF-8.

    Args:
        title: plain text.
        body: HTML.
        style: CSS.
        head: more of the head, as HTML.
    """
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
{head}<title>{title} · Tierwise</title><style>{style}</style></head>
<body><main><h1>{title}</h1>
{body}
</main></body></html>
""".encode()
