"""Draws the pictures of `docs/pictures` that explain: the terms, the waves, which strategy to take.

`python docs/scripts/diagrams.py` writes them. They need no server; `make pictures` runs this too.
"""

import re
from collections.abc import Callable
from pathlib import Path

from drawing import BLUE, GREEN, RED, YELLOW, Drawing

DOCS = Path(__file__).parents[1]


def terms() -> Drawing:
    """From the file to the data, with the word for each thing."""
    picture = Drawing(
        920,
        400,
        "The terms, from the file to the data",
        "A file becomes a job. Each line becomes a tournament with its candidates. A strategy "
        "makes matches of two candidates. A judge decides a match by votes. The outcomes become "
        "standings and a leaderboard, and exports.",
    )
    tops = ("file", "tournaments", "matches", "votes", "data")
    kinds = (
        ("job", "one file, one judge,", "one strategy"),
        ("tournament", "a prompt and its", "candidates"),
        ("match", "two candidates of", "a tournament"),
        ("vote", "the judge says first,", "second or tie"),
        ("export", "best answers, pairs,", "rewards …"),
    )
    fills = (BLUE, BLUE, BLUE, YELLOW, GREEN)
    for number, (top, kind, fill) in enumerate(zip(tops, kinds, fills, strict=True)):
        x = 20 + 180 * number
        picture.text((x + 80, 36), top, anchor="middle", bold=True, size=16)
        picture.box((x, 54), (160, 92), kind, fill)
        if number:
            picture.arrow((x - 20, 100), (x - 2, 100))
    for number, (line, more) in enumerate(
        (
            ("each line becomes", "a tournament"),
            ("the strategy chooses", "the pairs"),
            ("the judge reads both", "answers, and reasons"),
            ("more votes win the match;", "matches make standings"),
        )
    ):
        x = 190 + 180 * number
        picture.text((x, 172), line, anchor="middle", muted=True, size=12.5)
        picture.text((x, 188), more, anchor="middle", muted=True, size=12.5)
    picture.box((20, 236), (160, 120), ("traps.jsonl", "12 lines"), BLUE)
    picture.box((200, 236), (160, 120), ("clock", "A: 12, B: 14", "C: 10, D: 12"), BLUE)
    for number, (match, vote) in enumerate(
        (("A against B", "second"), ("C against D", "tie: a coin"), ("B against C", "first"))
    ):
        y = 236 + 43 * number
        picture.box((380, y), (160, 34), (match,), BLUE)
        picture.box((560, y), (160, 34), (vote,), YELLOW)
        picture.arrow((540, y + 17), (558, y + 17))
    picture.box((740, 236), (160, 120), ("B is the best", "pairs for DPO:", "B > A, B > C"), GREEN)
    for x in (180, 360, 720):
        picture.arrow((x, 296), (x + 18, 296))
    picture.text(
        (20, 384),
        "Below: a knockout of examples/traps.jsonl. 14 is right; 10 and 12 are both wrong: a tie.",
        muted=True,
        size=12.5,
    )
    return picture


def waves() -> Drawing:
    """Up to five votes a match: three ways to ask for them."""
    picture = Drawing(
        960,
        460,
        "Waves of votes",
        "With up to five votes a match, the first wave asks for three votes at once. Three for A "
        "decide the match after one wave. Two for A and one for B need one more vote. One at a "
        "time needs as many votes, but more waits. All at once needs one wait, but more votes.",
    )
    rows = (
        (
            "waves, an easy match",
            ["AAA"],
            "3 votes, 1 wave: A leads 3:0, two more cannot change it",
        ),
        ("waves, one dissent", ["AAB", "A"], "4 votes, 2 waves: at 2:1 A needs one more vote"),
        ("waves, a close match", ["ABA", "B", "A"], "5 votes, 3 waves: 2:1, then 2:2, then 3:2"),
        ("one at a time", ["A", "A", "A"], "3 votes, 3 waits: the same votes, three times as long"),
        ("--launch all", ["AAAxx"], "1 wait; two votes are aborted when A has three"),
        ("--stop never", ["AAABA"], "5 votes, 1 wave: for benchmarks, where every vote counts"),
    )
    picture.text((24, 34), "--votes 5: an answer wins with three votes", bold=True, size=16)
    for number, (name, asked, told) in enumerate(rows):
        y = 84 + 62 * number
        picture.text((24, y + 5), name, bold=True)
        x = 236.0
        for turn, wave in enumerate(asked):
            for vote in wave:
                fill = {"A": BLUE, "B": YELLOW, "x": RED}[vote]
                picture.dot((x, y), fill, "\N{MULTIPLICATION SIGN}" if vote == "x" else vote)
                x += 30
            if turn < len(asked) - 1:
                picture.arrow((x - 12, y), (x + 20, y))
                x += 38
        picture.text((520, y + 5), told, muted=True, size=13)
    picture.text(
        (24, 442),
        "Discs side by side are asked for at the same time; an arrow is a wait for their answers.",
        muted=True,
        size=12.5,
    )
    return picture


def choose() -> Drawing:
    """Which strategy to take."""
    picture = Drawing(
        920,
        620,
        "Which strategy to take",
        "Pairs of your own: pairs. A benchmark of labelled pairs: pairs. Only the best answer: "
        "knockout, with more votes, or double-elimination. An order or rewards: all pairs for few "
        "answers, swiss or sampled for many.",
    )
    question, way = (260.0, 62.0), (250.0, 62.0)
    asked = (
        (40, "Does the file name the pairs", "(chosen and rejected, labels)?"),
        (150, "Do you want only the best", "answer to each prompt?"),
        (330, "Are there 16 answers or", "fewer to each prompt?"),
        (440, "Is waiting for rounds a", "problem (few prompts)?"),
    )
    for y, one, two in asked:
        picture.box((30, y), question, (one, two), YELLOW)
    for above, below in ((102, 150), (212, 330), (392, 440)):
        picture.arrow((160, above), (160, below - 2))
        picture.text((170, above + 22), "no", bold=True, size=13)
    leads = ((71, 40), (181, 120), (361, 330), (471, 440))
    for y, _ in leads:
        picture.text((300, y - 8), "yes", bold=True, size=13)
    found = (
        (40, ("pairs", "judges each pair once"), "agreement with labels, cleaned pairs"),
        (
            120,
            ("knockout --votes 5", "about 3.5 votes an answer"),
            "the usual choice for best of n",
        ),
        (
            200,
            ("double-elimination --votes 5", "about 7 votes an answer"),
            "if the best must be found",
        ),
        (330, ("elo", "every pair of answers"), "full order, rewards, DPO pairs"),
        (440, ("sampled:8", "4 matches an answer"), "order, rewards; all matches at once"),
        (520, ("swiss", "2 to 4 matches an answer"), "nearly the same order, for fewer votes"),
    )
    for y, lines, note in found:
        picture.box((350, y), way, lines, GREEN)
        picture.text((614, y + 36), note, muted=True, size=13)
    picture.arrow((290, 71), (348, 71))
    picture.arrow((290, 181), (335, 181), (335, 151), (348, 151))
    picture.arrow((335, 181), (335, 231), (348, 231))
    picture.arrow((290, 361), (348, 361))
    picture.arrow((290, 471), (348, 471))
    picture.arrow((160, 502), (160, 551), (348, 551))
    picture.text((170, 524), "no", bold=True, size=13)
    return picture


_NOTES = {
    "slot bias": "50 %: the place does not matter. 672 votes are enough to say so",
    "flip rate": "1 of 336 matches changed its winner when the answers swapped places",
    "vote agreement": "two votes on the same match say the same: the judge does not guess",
    "no verdict": "every text had a verdict that could be read",
    "coins": "none; but 12 prompts are too few to be sure: open",
    "draws": "1 of 336 matches ended 1:1",
    "cyclic triples": "no A > B > C > A was found; 12 prompts are too few: open",
    "longer wins": "look! the longer answer won 332 of 335 matches",
}


def diagnose() -> Drawing:
    """The table of `rrmq diagnose` from the page that shows it, with a note to each line."""
    page = (DOCS / "how-to/diagnostics.md").read_text(encoding="utf-8")
    found = re.search(r"^figure +%.*?\n\n", page, re.M | re.S)
    if found is None:
        raise RuntimeError("docs/how-to/diagnostics.md shows no table of figures")
    lines = found[0].rstrip().split("\n")
    picture = Drawing(
        1030,
        70 + 34 * len(lines),
        "The table of rrmq diagnose, line by line",
        " ".join(f"{name}: {note}." for name, note in _NOTES.items()),
    )
    for number, line in enumerate(lines):
        y = 40 + 34 * number
        picture.text((24, y), line, mono=True, bold=number == 0)
        note = next((note for name, note in _NOTES.items() if line.startswith(name)), None)
        if note is not None:
            picture.arrow((535, y - 5), (482, y - 5))
            picture.text((544, y), note, size=13, bold="look" in line)
    foot = 40 + 34 * len(lines)
    picture.text(
        (24, foot),
        "95 %: where the true figure lies.  of: what was counted.  "
        "Last word: fine, look, worry, or open (too few to tell).",
        muted=True,
        size=13,
    )
    return picture


DRAWINGS: dict[str, Callable[[], Drawing]] = {
    "terms": terms,
    "waves": waves,
    "choose": choose,
    "diagnose-read": diagnose,
}


def main() -> None:
    """Writes all of them."""
    for name, draw in DRAWINGS.items():
        (DOCS / "pictures" / f"{name}.svg").write_text(draw().svg(), encoding="utf-8")
        print(f"{name}.svg")


if __name__ == "__main__":
    main()
