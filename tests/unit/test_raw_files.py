"""Formula 1's files: every row is read as it is written, or told with its line."""

import gzip
from datetime import date, time
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formula1.raw_files import (
    LOOKED_FOR,
    TOLD,
    TYPES,
    MalformedFileError,
    Problem,
    find_file,
    read_table,
    snake_case,
)

FILE = Path("data/drivers.csv")
HEADER = "driverId,fullName,dob,startTime,points"
COLUMNS = {
    "driver_id": TYPES["integer"],
    "full_name": TYPES["varchar"],
    "dob": TYPES["date"],
    "start_time": TYPES["time"],
    "points": TYPES["double"],
}
GOOD = '1,"Kimi Räikkönen","1979-10-17","13:10:00",12.5'


def read(*rows: str, header: str = HEADER, end: str = "\n") -> list[dict[str, object]]:
    data = end.join([header, *rows, ""]).encode()
    rows_read: list[dict[str, object]] = read_table(FILE, data, COLUMNS).to_pylist()
    return rows_read


def problems(*rows: str, header: str = HEADER) -> list[str]:
    with pytest.raises(MalformedFileError) as raised:
        read(*rows, header=header)
    return [f"{problem.line}: {problem.what}" for problem in raised.value.problems]


KIMI = {
    "driver_id": 1,
    "full_name": "Kimi Räikkönen",
    "dob": date(1979, 10, 17),
    "start_time": time(13, 10),
    "points": 12.5,
}
NOBODY = dict.fromkeys(COLUMNS)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (GOOD, KIMI),
        ("1,Kimi Räikkönen,1979-10-17,13:10:00,12.5", KIMI),
        (r"\N,\N,\N,\N,\N", NOBODY),
        ('"","","","",""', NOBODY),
        (",,,,", NOBODY),
        (r'7,"\N"', NOBODY | {"driver_id": 7}),
        ("7", NOBODY | {"driver_id": 7}),
        ('7,"a ""b"", c"', NOBODY | {"driver_id": 7, "full_name": 'a "b", c'}),
        ('7," x "', NOBODY | {"driver_id": 7, "full_name": " x "}),
        ("7,NA,", NOBODY | {"driver_id": 7, "full_name": "NA"}),
    ],
)
def test_a_row_is_read_as_it_is_written(row: str, expected: dict[str, object], end: str) -> None:
    assert read(row, end=end) == [expected]
    # ... beside a row that Arrow can't read, too, and without an end of the last line.
    assert read(row, "8", row, end=end)[::2] == [expected, expected]


def test_columns_come_in_the_declared_order_whatever_the_files() -> None:
    table = read_table(FILE, b"points,dob,driverId,startTime,fullName\n1,,2,,x\n", COLUMNS)
    assert table.column_names == list(COLUMNS)
    assert table.schema.types == list(COLUMNS.values())
    assert table.to_pylist() == [NOBODY | {"points": 1.0, "driver_id": 2, "full_name": "x"}]


def test_empty_lines_are_no_rows_and_a_file_may_have_none() -> None:
    assert read("", GOOD, "", "2", "") == [KIMI, NOBODY | {"driver_id": 2}]
    assert read() == []
    assert read_table(FILE, HEADER.encode(), COLUMNS).schema.types == list(COLUMNS.values())


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (GOOD + ",6", "has 6 fields, and the header 5"),
        (GOOD + ",", "has 6 fields, and the header 5"),
        ("one", 'driver_id is "one", which is no integer'),
        ("1.5", 'driver_id is "1.5", which is no integer'),
        ("99999999999", 'driver_id is "99999999999", which is no integer'),
        ("1,x,17.10.1979", 'dob is "17.10.1979", which is no date'),
        ("1,x,1979-02-30", 'dob is "1979-02-30", which is no date'),
        (r"1,x,\N,25:00:00", 'start_time is "25:00:00", which is no time'),
        (r"1,x,\N,\N,many", 'points is "many", which is no double'),
        (r"1,x,\N,\N,nan", 'points is "nan", which is no double'),
        (r"1,x,\N,\N,inf", 'points is "inf", which is no double'),
        ('1,"x', "has a quote or a carriage return out of place"),
        ('1,"x"y,1', "has a quote or a carriage return out of place"),
        ('1,x"y",1', "has a quote or a carriage return out of place"),
        ("1,x\ry", "has a quote or a carriage return out of place"),
    ],
)
def test_a_malformed_row_is_told_with_its_line(row: str, told: str) -> None:
    assert problems(GOOD, row, GOOD) == [f"3: {told}"]
    # ... also where another row lacks fields.
    assert problems("5", GOOD, row) == [f"4: {told}"]


def test_all_malformed_rows_are_told_in_the_order_of_their_lines() -> None:
    told = problems("a", GOOD, '"', "3,x,y,z", "", GOOD + ",,")
    assert [line.partition(":")[0] for line in told] == ["2", "4", "5", "5", "7"]


def test_a_message_names_the_file_and_ends_somewhere() -> None:
    with pytest.raises(MalformedFileError) as raised:
        read(*["x"] * 3000)
    lines = str(raised.value).splitlines()
    assert len(raised.value.problems) == LOOKED_FOR
    assert lines[0] == f'{FILE}:2: driver_id is "x", which is no integer'
    assert lines[-1] == f"... and {LOOKED_FOR - TOLD} more"
    assert len(lines) == TOLD + 1


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("driverId,fullName,dob,startTime", ["1: the header lacks points"]),
        (HEADER + ",car", ["1: the header has car, which is not declared"]),
        (HEADER + ",dob", ["1: the header has dob twice"]),
        (HEADER + ',"', ["1: the header has a quote or a carriage return out of place"]),
        ("", [f"1: the header lacks {name}" for name in COLUMNS]),
    ],
)
def test_a_header_has_the_declared_columns(header: str, told: list[str]) -> None:
    assert sorted(problems(GOOD, header=header)) == sorted(told)


def test_text_that_is_no_utf8_is_told_with_its_line() -> None:
    data = f"{HEADER}\n{GOOD}\n".encode() + "2,Pérez".encode("latin-1")
    with pytest.raises(MalformedFileError, match=r"drivers.csv:3: is not text in UTF-8"):
        read_table(FILE, data, COLUMNS)


def test_a_byte_order_mark_is_no_part_of_the_first_column() -> None:
    data = f"{HEADER}\n{GOOD}\n".encode("utf-8-sig")
    assert read_table(FILE, data, COLUMNS).to_pylist() == [KIMI]


def test_compressed_files_are_read_and_cut_ones_refused() -> None:
    path = FILE.with_suffix(".csv.gz")
    data = gzip.compress(f"{HEADER}\n{GOOD}\n".encode())
    assert read_table(path, data, COLUMNS).to_pylist() == [KIMI]
    for damaged in (data[:-12], data[:4], b"", f"{HEADER}\n{GOOD}\n".encode()):
        with pytest.raises(MalformedFileError, match=r"drivers.csv.gz"):
            read_table(path, damaged, COLUMNS)


def test_a_table_has_one_file(tmp_path: Path) -> None:
    with pytest.raises(MalformedFileError, match=r"races.csv: is not there, nor is races.csv.gz"):
        find_file(tmp_path, "races")
    (tmp_path / "races.csv.gz").touch()
    assert find_file(tmp_path, "races") == tmp_path / "races.csv.gz"
    (tmp_path / "races.csv").touch()
    with pytest.raises(MalformedFileError, match=r"races.csv: is there beside races.csv.gz"):
        find_file(tmp_path, "races")


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("raceId", "race_id"), ("positionText", "position_text"), ("q1", "q1"),
        ("fp1_date", "fp1_date"), ("fastestLapSpeed", "fastest_lap_speed"), ("lat", "lat"),
        ("constructorResultsId", "constructor_results_id"), ("year", "year"),
    ],
)  # fmt: skip
def test_columns_are_in_snake_case(name: str, column: str) -> None:
    assert snake_case(name) == column


def test_a_problem_of_a_whole_file_has_no_line() -> None:
    assert str(Problem(FILE, 0, "is not there")) == f"{FILE}: is not there"


TWO = {"a": pa.int32(), "b": pa.string()}


@given(st.text(alphabet='1,"\\N\r\n x-.é', max_size=40))
def test_no_line_is_ever_lost(text: str) -> None:
    """Whatever a file holds, each of its lines is a row, empty, or told as malformed."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    told: list[int] = []
    read = 0
    try:
        read = read_table(FILE, f"a,b\n{text}".encode(), TWO).num_rows
    except MalformedFileError as error:
        told = [problem.line for problem in error.problems]
    if told:
        assert all(lines[line - 2] for line in told)
    else:
        assert read == sum(line != "" for line in lines)


texts = st.text(alphabet='abc,"é\\N ', max_size=8)


@given(st.lists(st.tuples(st.none() | st.integers(-(2**31), 2**31 - 1), st.none() | texts)))
def test_what_is_written_is_read(rows: list[tuple[int | None, str | None]]) -> None:
    def field(value: object) -> str:
        quoted = str(value).replace('"', '""')
        return r"\N" if value is None else f'"{quoted}"'

    data = "".join(f"{field(a)},{field(b)}\n" for a, b in rows)
    known = [(a, None if b in ("", r"\N") else b) for a, b in rows]
    table = read_table(FILE, f"a,b\n{data}".encode(), TWO)
    assert [tuple(row.values()) for row in table.to_pylist()] == known


def test_a_message_has_the_value_as_the_file_has_it() -> None:
    assert problems('"1 2","x"') == ['2: driver_id is "1 2", which is no integer']
