"""A seeded sample of a job's decided pairs, with all that judging them again needs."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice

from rrm_queue.domain import Candidate, CandidateNumber, JobId, Label, LabelledPair, Tournament
from rrm_queue.store.connection import Connection, Row, text
from rrm_queue.store.rows import row_reader

Pair = tuple[int, int]
"""Two candidates by their numbers, the lower first."""

SLICE = 64
"""Tournaments whose answers are in memory at once."""

COUNT_PAIRS = text("""
    SELECT count(DISTINCT (m.tournament_id, least(m.first, m.second), greatest(m.first, m.second)))
    FROM matches m JOIN tournaments t ON t.id = m.tournament_id
    WHERE t.job_id = :job AND m.state = 'done' AND m.decided_by IN ('votes', 'coin')
""")

# The order is by names and not by ids: so the same answers give the same sample in any job.
SAMPLE_PAIRS = text("""
    WITH pairs AS (
        SELECT DISTINCT m.tournament_id, least(m.first, m.second) AS low,
               greatest(m.first, m.second) AS high
        FROM matches m JOIN tournaments t ON t.id = m.tournament_id
        WHERE t.job_id = :job AND m.state = 'done' AND m.decided_by IN ('votes', 'coin')
    )
    SELECT p.tournament_id, p.low, p.high
    FROM pairs p
    JOIN tournaments t ON t.id = p.tournament_id
    JOIN candidates one ON one.tournament_id = p.tournament_id AND one.number = p.low
    JOIN candidates two ON two.tournament_id = p.tournament_id AND two.number = p.high
    ORDER BY md5(concat_ws(chr(31), CAST(:seed AS text), t.key, one.key, two.key)),
             p.tournament_id, p.low, p.high
    LIMIT :most
""")

TOURNAMENTS = text("""
    SELECT id, key, prompt, reference, criteria, subset, pairs
    FROM tournaments WHERE id = ANY(CAST(:tournaments AS bigint[])) ORDER BY id
""")

CANDIDATES = text("""
    SELECT c.tournament_id, c.number, c.key, c.text, c.generator, c.gold
    FROM unnest(CAST(:tournament AS bigint[]), CAST(:number AS int[])) AS w (tournament_id, number)
    JOIN candidates c USING (tournament_id, number)
    ORDER BY c.tournament_id, c.number
""")


def count_pairs(tx: Connection, job: JobId) -> int:
    """How many pairs of the job its judge has decided."""
    return int(tx.scalar(COUNT_PAIRS, {"job": job}))


def sampled_tournaments(
    tx: Connection, job: JobId, *, seed: int, most: int
) -> Iterator[Tournament]:
    """At most `most` pairs that the job's judge has decided, drawn by the seed.

    By tournament, with the answers that are in a drawn pair, and with the file's labels.
    """
    drawn: dict[int, list[Pair]] = defaultdict(list)
    for row in tx.execute(SAMPLE_PAIRS, {"job": job, "seed": str(seed), "most": most}):
        drawn[row.tournament_id].append((row.low, row.high))
    ids = iter(sorted(drawn))
    while part := list(islice(ids, SLICE)):
        answers = _answers(tx, [(id_, pair) for id_ in part for pair in drawn[id_]])
        for row in tx.execute(TOURNAMENTS, {"tournaments": part}):
            yield _tournament(row, sorted(drawn[row.id]), answers[row.id])


def _answers(tx: Connection, pairs: Sequence[tuple[int, Pair]]) -> dict[int, dict[int, Candidate]]:
    """The candidates of these pairs, by tournament and number."""
    wanted = sorted({(id_, number) for id_, pair in pairs for number in pair})
    bind = {"tournament": [one[0] for one in wanted], "number": [one[1] for one in wanted]}
    rows = tx.execute(CANDIDATES, bind)
    read = row_reader(Candidate, rows)
    found: dict[int, dict[int, Candidate]] = defaultdict(dict)
    for row in rows:
        found[row.tournament_id][row.number] = read(row)
    return found


def _tournament(row: Row, pairs: Sequence[Pair], candidates: dict[int, Candidate]) -> Tournament:
    labels = {(pair["first"], pair["second"]): pair.get("label") for pair in row.pairs or ()}
    places = {number: CandidateNumber(place) for place, number in enumerate(candidates)}
    drawn = []
    for low, high in pairs:
        one, two = (high, low) if (high, low) in labels else (low, high)
        label = labels.get((one, two))
        drawn.append(
            LabelledPair(places[one], places[two], None if label is None else Label(label))
        )
    return Tournament(
        key=row.key,
        prompt=row.prompt,
        candidates=tuple(candidates.values()),
        line=1,
        reference=row.reference,
        pairs=tuple(drawn),
        subset=row.subset,
        criteria=row.criteria,
    )
