"""What every module of the packages keeps to: its length, and no circle of imports."""

from graphlib import TopologicalSorter
from pathlib import Path
from statistics import median

import grimp

ROOT = Path(__file__).parents[2]
PACKAGES = (ROOT / "rrm_queue", ROOT / "workers" / "rrm_worker")

MOST_LINES = 300
MEDIAN_LINES = 100


def test_modules_are_short() -> None:
    lines = {
        str(module.relative_to(ROOT)): len(module.read_text().splitlines())
        for package in PACKAGES
        for module in package.rglob("*.py")
    }
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}
    assert median(lines.values()) <= MEDIAN_LINES


def test_no_module_imports_itself_through_others() -> None:
    graph = grimp.build_graph(
        "rrm_queue", "rrm_worker", exclude_type_checking_imports=True, cache_dir=None
    )
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    TopologicalSorter(imports).prepare()  # raises CycleError, which names the circle
