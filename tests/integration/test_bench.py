"""The benchmarks run, on small sizes; what they measure is for people to read."""

from bench.flows import PARTS, ROOT, compare_chain
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
