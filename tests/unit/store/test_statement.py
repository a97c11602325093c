"""How statements reach the driver."""

from rrm_queue.store.connection import text
from rrm_queue.store.queue.submission import INSERT_JOB
from rrm_queue.store.tables import Job


def test_parameters_are_spelled_as_the_driver_wants_them() -> None:
    statement = text("SELECT :a, CAST(:b AS text[]), :a::int, '10:30', x % 2, y LIKE 'a%'")
    assert statement.names == {"a", "b"}
    assert statement.spelled == (
        b"SELECT %(a)s, CAST(%(b)s AS text[]), %(a)s::int, '10:30', x %% 2, y LIKE 'a%%'"
    )


def test_a_job_is_inserted_with_all_columns_that_a_new_one_has() -> None:
    assert INSERT_JOB.names == set(Job.model_fields) - {"deleted_at"}
