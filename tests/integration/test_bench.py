"""The benchmarks run, on small sizes; what they measure is for people to read."""

from bench.flows import PARTS, ROOT, compare_chain
from bench.formula1 import Build, Node
from bench.frames import compare_frames


def test_frames_are_timed_inside_a_flow() -> None:
    ref, write = compare_frames(rows=1000, runs=1)
    assert ref.what.startswith("ref() of 1,000 rows")
    assert write.what.startswith("write_to_model() of 1,000 rows")
    assert min(ref.ours, ref.base, write.ours, write.base) > 0


def test_a_chain_with_scripts_is_timed_against_sql() -> None:
    result, _per_node = compare_chain(runs=1)
    assert result.ours > 0
    assert result.base > 0


def test_the_reference_project_has_all_parts_that_are_copied() -> None:
    assert [part for part in PARTS if not (ROOT / part).exists()] == []


def test_a_build_tells_where_its_time_went() -> None:
    nodes = (Node("load_raw.py", "loading", 1.5), Node("a", "core", 2.0), Node("b", "core", 0.5))
    told = list(Build(seconds=10.0, running=3.0, threads=4, nodes=nodes).rows())
    assert told[0].split()[-5:] == ["10.000", "s", "under", "60", "s"]
    assert told[1].split()[-2:] == ["7.000", "s"]
    parts = [row.split()[:3] + row.split()[-2:] for row in told if "of their own" in row]
    assert parts[0] == ["core:", "2", "nodes,", "2.500", "s"]
    assert parts[1][0] == "loading:"
    slowest = [row.split()[3] for row in told if "among the slowest" in row]
    assert slowest == ["a", "load_raw.py", "b"]
