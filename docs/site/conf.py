"""The documentation as a site: `make docs` builds it from the pages as they stand in the checkout.

The source folder of Sphinx is the checkout, so that a page may link to an example, a policy or a test: such
a file comes with the site. Nothing is fetched, neither to build it nor to read it.
"""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = "Tierwise"
author = project
release = _PROJECT["version"]
copyright = f"the authors of {project}"

extensions = ["myst_nb", "sphinx_copybutton"]
root_doc = "docs/site/index"
include_patterns = [
    "docs/*.md",
    "docs/*/*.md",
    "docs/*/*.ipynb",
    "bench/README.md",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
# The tests run the notebooks; here they are shown as they are kept, without outputs.
nb_execution_mode = "off"

myst_heading_anchors = 4
highlight_language = "none"
# Languages that the pages name and Pygments does not know are shown as they stand.
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "furo"
html_title = f"{project} {release}"
html_show_sphinx = False
html_copy_source = False

# A prompt is not part of a command, and an answer is not to be copied.
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
copybutton_remove_prompts = True
