"""A drawing of boxes, arrows and lines of text, as SVG that reads well on light and dark pages."""

from collections.abc import Sequence
from html import escape

INK, MUTED, FRAME = "#1f2328", "#57606a", "#d0d7de"
BLUE, GREEN, YELLOW, RED = "#eef4fc", "#f3f7ee", "#fdf6e3", "#fdeeee"
EDGES = {BLUE: "#4078c0", GREEN: "#5a8f29", YELLOW: "#b08800", RED: "#c0392b"}
SANS = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"
MONO = "'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace"
LINE = 19
"""Pixels from one line of text to the next."""

_TIP = (
    '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
    f'orient="auto-start-reverse"><path d="M0 0 10 5 0 10z" fill="{MUTED}"/></marker></defs>'
)


class Drawing:
    """Shapes on a white page; `title` and `description` are what a screen reader says."""

    def __init__(self, width: int, height: int, title: str, description: str) -> None:
        self._size = f"0 0 {width} {height}"
        self._head = f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
        page = f'x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="10"'
        self._shapes = [f'<rect {page} fill="#ffffff" stroke="{FRAME}"/>']

    def box(
        self,
        place: tuple[float, float],
        size: tuple[float, float],
        lines: Sequence[str],
        fill: str = BLUE,
    ) -> None:
        """A box with its lines in the middle, the first of them bold."""
        (x, y), (width, height) = place, size
        frame = f'x="{x}" y="{y}" width="{width}" height="{height}" rx="8"'
        self._shapes.append(f'<rect {frame} fill="{fill}" stroke="{EDGES[fill]}"/>')
        top = y + height / 2 - (len(lines) - 1) * LINE / 2 + 5
        for number, line in enumerate(lines):
            middle = (x + width / 2, top + number * LINE)
            self.text(middle, line, anchor="middle", bold=number == 0, muted=number > 0)

    def text(
        self,
        place: tuple[float, float],
        line: str,
        *,
        anchor: str = "start",
        bold: bool = False,
        muted: bool = False,
        mono: bool = False,
        size: float = 14,
    ) -> None:
        """A line of text; y is its base line."""
        x, y = place
        look = f'fill="{MUTED if muted else INK}" font-size="{size}" text-anchor="{anchor}"'
        weight = ' font-weight="600"' if bold else ""
        family = f' font-family="{MONO}" xml:space="preserve"' if mono else ""
        self._shapes.append(
            f'<text x="{x:g}" y="{y:g}" {look}{weight}{family}>{escape(line)}</text>'
        )

    def arrow(self, *points: tuple[float, float], tip: bool = True) -> None:
        """A line through the points, with a tip at the last one."""
        path = " L".join(f"{x:g} {y:g}" for x, y in points)
        end = ' marker-end="url(#tip)"' if tip else ""
        self._shapes.append(f'<path d="M{path}" fill="none" stroke="{MUTED}"{end}/>')

    def dot(self, place: tuple[float, float], fill: str, line: str = "") -> None:
        """A disc with a letter in it."""
        x, y = place
        self._shapes.append(
            f'<circle cx="{x:g}" cy="{y:g}" r="13" fill="{fill}" stroke="{EDGES[fill]}"/>'
        )
        self.text((x, y + 5), line, anchor="middle", bold=True)

    def svg(self) -> str:
        """The whole picture."""
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{self._size}" role="img"'
        body = "\n".join([self._head, _TIP, *self._shapes])
        return f'{head} font-family="{SANS}">\n{body}\n</svg>\n'
