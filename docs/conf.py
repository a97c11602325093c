"""Sphinx's configuration: the repository's Markdown as it is, README and all.

The source folder is the repository, so that every link holds here as it does on the pages' own:
`sphinx-build -c docs . build/docs`.
"""

import re

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

project = "rrmq"
author = "the rrmq authors"
root_doc = "docs/index"
extensions = ["myst_parser"]
include_patterns = ["docs/**", "*.md", "benchmarks/README.md"]
exclude_patterns = [".*", "build", "dist", "node_modules", "rrm_queue", "tests", "workers"]

myst_heading_anchors = 4
myst_linkify_fuzzy_links = False

html_theme = "furo"
html_title = "rrmq"
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {"navigation_with_keys": True}
nitpicky = True
smartquotes = False


def setup(app: Sphinx) -> None:
    """Names what Pygments has no lexer for, and turns the index into the table of contents."""
    app.add_lexer("mermaid", TextLexer)
    app.connect("source-read", _with_contents)


def _with_contents(_app: Sphinx, name: str, source: list[str]) -> None:
    """The index with a hidden table of contents for each of its lists of pages.

    So the pages are listed once, in Markdown that reads as well where there is no Sphinx.
    """
    if name == root_doc:
        for section in source[0].split("\n## ")[1:]:
            caption, _, text = section.partition("\n")
            pages = re.findall(r"^- \[([^]]+)\]\(([^)]+)\.md\)", text, flags=re.M)
            entries = "\n".join(f"{title} <{page}>" for title, page in pages)
            source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{entries}\n```\n"
