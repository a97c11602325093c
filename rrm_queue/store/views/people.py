"""What people did in a job that they judge."""

from rrm_queue.columns import PeopleVotes
from rrm_queue.domain import JobId, MatchId
from rrm_queue.store.binary_columns import BIGINT, INTEGER, INTEGER_CODE, NUMBER, read_columns
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.rows import read_row
from rrm_queue.views.people import MatchTexts

VOTES_OF_PERSON = text("""
    SELECT count(*) FROM matches m JOIN votes v ON v.match_id = m.id
    WHERE m.job_id = :job AND v.person = :person
""")

TEXTS = text("""
    SELECT t.prompt, t.criteria, one.text AS first, two.text AS second
    FROM matches m
    JOIN tournaments t ON t.id = m.tournament_id
    JOIN candidates one ON one.tournament_id = t.id AND one.number = m.first
    JOIN candidates two ON two.tournament_id = t.id AND two.number = m.second
    WHERE m.id = :match
""")


PEOPLE = text("""
    SELECT DISTINCT v.person FROM matches m JOIN votes v ON v.match_id = m.id
    WHERE m.job_id = :job AND v.person IS NOT NULL ORDER BY v.person
""")

VOTES = """
    COPY (
        SELECT v.match_id, p.place::int - 1,
               CASE WHEN v.verdict = 'tie' THEN 0
                    WHEN (v.verdict = 'first') <> v.swapped THEN 1 ELSE 2 END,
               v.seconds
        FROM matches m
        JOIN votes v ON v.match_id = m.id
        JOIN unnest(CAST(%(people)s AS text[])) WITH ORDINALITY AS p (person, place) USING (person)
        WHERE m.job_id = %(job)s
        ORDER BY v.match_id, v.number
    ) TO STDOUT (FORMAT binary)
"""


def people_votes(tx: Connection, job: JobId) -> PeopleVotes:
    """All votes of people in the job so far; people by their names."""
    people = list(tx.scalars(PEOPLE, {"job": job}))
    cells = (BIGINT, INTEGER, INTEGER_CODE, NUMBER)
    return PeopleVotes(people, *read_columns(tx, VOTES, {"job": job, "people": people}, cells))


def votes_of_person(tx: Connection, job: JobId, person: str) -> int:
    """How many votes of the job the person has cast."""
    return int(tx.scalar(VOTES_OF_PERSON, {"job": job, "person": person}))


def match_texts(tx: Connection, match: MatchId) -> MatchTexts:
    """What a person reads of the match."""
    return read_row(MatchTexts, tx.execute(TEXTS, {"match": match}))
