"""How statements reach the driver."""

from rrm_queue.store.connection import text
from rrm_queue.store.queue.submission import INSERT_JOB, NewJob
from rrm_queue.store.tables import Job


def test_parameters_are_spelled_as_the_driver_wants_them() -> None:
    statement = text("SELECT :a, CAST(:b AS text[]), :a::int, '10:30', x % 2, y LIKE 'a%'")
    assert statement.names == {"a", "b"}
    assert statement.spelled == (
        b"SELECT %(a)s, CAST(%(b)s AS text[]), %(a)s::int, '10:30', x %% 2, y LIKE 'a%%'"
    )


def test_a_job_is_inserted_with_all_columns_that_a_new_one_needs() -> None:
    columns = Job.metadata.tables["jobs"].columns
    needed = {c.name for c in columns if not c.nullable and c.server_default is None}
    inserted = set(INSERT_JOB.text.partition("(")[2].partition(")")[0].replace(",", " ").split())
    assert INSERT_JOB.names == set(NewJob.__struct_fields__)
    assert needed | INSERT_JOB.names <= inserted <= {c.name for c in columns}
