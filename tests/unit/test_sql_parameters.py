"""SQL is written by us alone: whatever varies reaches the server as a parameter."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import rrm_queue

ROOT = Path(rrm_queue.__file__).parent
TAKES_SQL = {
    "text",
    "Statement",
    "execute",
    "executemany",
    "exec_driver_sql",
    "copy",
    "scalar",
    "scalars",
    "stream",
}
BUILDS_TEXT = {"format", "replace", "join", "format_map", "substitute"}


SPEAKS_SQL = ("sqlalchemy", "sqlmodel", "psycopg", "alembic", "rrm_queue.store.connection")


def speaks_sql(tree: ast.Module) -> bool:
    """Whether the module can send SQL; elsewhere `text` and `execute` mean other things."""
    imported = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [a.name for a in node.names]
        )
    }
    return any(f"{name}.".startswith(f"{room}.") for name in imported for room in SPEAKS_SQL)


def built(tree: ast.Module) -> Iterator[ast.Call]:
    """Arguments of calls that take SQL which are put together out of parts that vary."""
    named = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AugAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in TAKES_SQL and node.args:
            sql = node.args[0]
            if isinstance(sql, ast.Name):
                sql = named.get(sql.id, sql)
            if _varies(sql):
                yield node


def _varies(sql: ast.expr) -> bool:
    match sql:
        case ast.JoinedStr(values=parts):
            return any(
                isinstance(part, ast.FormattedValue) and not _is_fixed(part) for part in parts
            )
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return not (isinstance(left, ast.Constant) and isinstance(right, ast.Constant))
        case ast.BinOp(op=ast.Mod()):
            return True
        case ast.Call(func=ast.Attribute(attr=attr)):
            return attr in BUILDS_TEXT
    return False


def _is_fixed(part: ast.FormattedValue) -> bool:
    """A number, since SET has no parameters, or a list of columns from `COLUMN_LISTS`."""
    match part.value:
        case ast.Call(func=ast.Name(id="int")):
            return True
        case ast.Name(id=name):
            return name in COLUMN_LISTS
    return False


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def literals(tree: ast.Module) -> Iterator[str]:
    """Names in capitals which the module binds to a literal text, and never to anything else."""
    times = Counter(
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str())):
                if name.isupper() and times[name] == 1:
                    yield name


# The store's lists of columns that several statements share.
COLUMN_LISTS = {
    name
    for path in (ROOT / "store" / "views").glob("*.py")
    for name in literals(ast.parse(path.read_text()))
}

SPEAKERS = [path for path in sorted(ROOT.rglob("*.py")) if speaks_sql(ast.parse(path.read_text()))]


@pytest.mark.parametrize("path", SPEAKERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_statement_is_built_from_what_varies(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert [f"{path}:{call.lineno}" for call in built(tree)] == []


@pytest.mark.parametrize(
    "code",
    [
        'tx.execute(text(f"SELECT {x}"))',
        'tx.execute("SELECT %s" % x)',
        'tx.execute(text("SELECT " + x))',
        'sa.text("SELECT {}".format(x))',
        's = f"SELECT {x}"\ntx.execute(s)',
        'cursor.copy("COPY {} FROM STDIN".format(x))',
        'cursor.execute(f"SET a = {x}")',
    ],
)
def test_each_way_to_build_one_is_found(code: str) -> None:
    assert list(built(ast.parse(code)))


def test_only_a_text_that_never_changes_is_a_column_list() -> None:
    code = 'FIXED = "a, b"\nREAD = input()\nTWICE = "a"\nTWICE = input()\nsmall = "a"'
    assert list(literals(ast.parse(code))) == ["FIXED"]


@pytest.mark.parametrize(
    "code",
    [
        'tx.execute(text("SELECT :x"), {"x": x})',
        'tx.execute(text("SELECT " "1"))',
        'cursor.execute(f"SET a = {int(x)}")',
    ],
)
def test_parameters_are_fine(code: str) -> None:
    assert not list(built(ast.parse(code)))
