"""Formula 1 from its files to a forecast, on both warehouses, and with the model trained last."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.reference import copy_reference
from tests.e2e.test_real_data import data_of
from tests.support.broken_data import unnoticed
from tests.support.project import Project
from tests.support.snowflake.server import StandIn

KEYS = {
    "agg_lap_times_moving_avg": "race_year",
    "agg_fastest_pit_stops_by_constructor": "mean_rank",
    "ml_data_prep": "result_id",
    "label_mapping": "column_name, code",
    "covariate_encoding": "result_id",
    "training_dataset": "result_id",
    "hold_out_dataset": "result_id",
    "train_driver_position": "candidate",
    "predict_driver_position": "result_id",
}
"""The script models, and what tells their rows apart."""
FORECAST = "fct_driver_position_forecast"
BREAKS = {
    "drivers_are_of_a_plausible_age": "update mart_results set driver_age_years = 12",
    "fct_results_are_those_of_the_files": "update fct_results set points = 1 where result_id = 1",
    "forecast_covers_the_hold_out": f"delete from {FORECAST} where rowid = 0",
    "forecast_probabilities_are_plausible": """
        update predict_driver_position set probability_none = probability_none + 0.01
    """,
    "lap_times_agree_with_their_milliseconds": """
        update fct_lap_times set lap_time_milliseconds = lap_time_milliseconds + 1000 where lap = 3
    """,
    "one_candidate_is_chosen": "update train_driver_position set is_chosen = true",
    "pit_stops_are_all_in_their_mart": "delete from mart_pit_stops where stop_number = 1",
    "pit_stops_of_a_driver_come_in_order": "update fct_pit_stops set lap = -stop_number",
    "places_and_their_text_agree": "update fct_results set position_text = 'R'",
    "results_are_all_in_their_marts": "delete from mart_results_circuits where result_id = 1",
    "rounds_of_a_season_are_numbered_through": "delete from dim_races where race_round = 2",
    "training_and_hold_out_share_no_race": """
        update hold_out_dataset set race_id = (select min(race_id) from training_dataset)
    """,
}
"""What each singular test has to notice."""


def formula1(root: Path, standin: StandIn | None = None) -> Project:
    """The domain of the reference project, on DuckDB or on the stand-in."""
    copy_reference(root, "formula1")
    settings = (root / "dbt_project.yml").read_text()
    project = Project(root, name="fal_reference", threads=4, standin=standin)
    return project.file("dbt_project.yml", settings)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The domain, built with its tests on DuckDB."""
    project = formula1(tmp_path_factory.mktemp("formula1") / "project")
    done = project.flow("build").ok()
    assert set(done.statuses.values()) == {"success", "pass", "no-op"}  # exposures
    return project


@pytest.fixture(scope="module")
def on_snowflake(tmp_path_factory: pytest.TempPathFactory, standin: StandIn) -> Project:
    """The domain, built with its tests on the stand-in."""
    project = formula1(tmp_path_factory.mktemp("formula1_snowflake") / "project", standin)
    done = project.flow("build").ok()
    assert set(done.statuses.values()) == {"success", "pass", "no-op"}
    return project


def test_the_shipped_set_is_trained_on_and_forecast(built: Project) -> None:
    (counts,) = built.sql(
        f"""
        select
            (select count(*) from training_dataset),
            (select count(*) from hold_out_dataset),
            (select count(*) from predict_driver_position),
            (select count(*) from {FORECAST})
        """
    )
    training, hold_out, predicted, compared = counts
    assert training > hold_out == predicted == compared > 0
    (chosen,) = built.sql("select candidate, log_loss from train_driver_position where is_chosen")
    assert chosen[1] == min(built.sql("select log_loss from train_driver_position"))[0]
    # ... which is the model that was saved.
    (saved,) = built.sql(
        "select params->>'candidate', metrics->>'log_loss', model from fal_model_versions"
    )
    assert (saved[0], float(saved[1])) == chosen
    assert saved[2] == "model.fal_reference.train_driver_position"


def test_the_forecast_is_compared_with_what_came_of_it(built: Project) -> None:
    rows = built.sql(
        f"""
        select position, actual_label, predicted_label, is_correct,
            probability_podium, probability_points, probability_none, log_loss
        from {FORECAST}
        """
    )
    for place, actual, predicted, correct, podium, points, none, loss in rows:
        expected = "points" if place is None or 4 <= place <= 10 else None
        assert actual == (expected or ("podium" if place < 4 else "none"))
        told = {"podium": podium, "points": points, "none": none}
        assert sum(told.values()) == pytest.approx(1)
        assert told[predicted] == max(told.values())
        assert correct is (actual == predicted)
        assert loss == pytest.approx(-math.log(told[actual]))


def test_each_data_test_notices_broken_data(built: Project) -> None:
    manifest = json.loads((built.root / "target" / "manifest.json").read_text())
    assert unnoticed(manifest, built.root, BREAKS) == {}


def test_the_tables_are_the_same_on_snowflake(built: Project, on_snowflake: Project) -> None:
    for table, key in KEYS.items():
        columns = ", ".join(str(row[0]) for row in built.sql(f"describe {table}"))
        query = f"select {columns} from {table} order by {key}"
        duckdb, snowflake = built.sql(query), on_snowflake.sql(query)
        assert len(duckdb) > 0
        assert _plain(snowflake) == _plain(duckdb), table  # to the last bit
    compared = f"select count(*), avg(log_loss), sum(position) from {FORECAST}"
    ours, theirs = (_plain(project.sql(compared))[0] for project in (built, on_snowflake))
    assert theirs == pytest.approx(ours)


def test_the_relations_of_sql_are_the_same_on_snowflake(
    built: Project, on_snowflake: Project, standin: StandIn
) -> None:
    relations = built.sql(
        """
        select table_schema, table_name from information_schema.tables
        where (table_schema = 'raw' or regexp_matches(table_name, '^(stg_|dim_|fct_|mart_)'))
            and table_name not in ('loaded_files', 'fct_driver_position_forecast')
            -- the laps are compared in the mart that is made of these
            and table_name not in ('lap_times', 'stg_formula1__lap_times', 'fct_lap_times')
        """
    )
    assert len(relations) == 13 + 13 + 6 + 7 + 4
    database = on_snowflake.snowflake_database
    with standin.connect(database) as connection, connection.cursor() as cursor:
        for schema, table in relations:
            columns = [str(row[0]) for row in built.sql(f"describe {schema}.{table}")]
            if schema == "raw":
                assert columns.pop() == "loaded_at"
            theirs = table if schema == "main" else f"{schema}.{table}"
            described = cursor.execute(f"describe table {theirs}").fetchall()
            found = [str(row[0]).lower() for row in described]
            assert [name for name in found if name != "loaded_at"] == columns, table
            # The first three columns of every relation are a key, or hold one.
            select = f"select {', '.join(columns)} from {{}} order by {', '.join(columns[:3])}"
            ours = built.sql(select.format(f"{schema}.{table}"))
            others = cursor.execute(select.format(theirs)).fetchall()
            assert len(ours) > 0, table
            assert _plain(others) == ours, table


def test_what_was_loaded_is_fresh(built: Project) -> None:
    done = built.dbt("source", "freshness").ok()
    told = json.loads((built.root / "target" / "sources.json").read_text())["results"]
    assert len(told) == 15
    assert {result["status"] for result in told} == {"pass"}, done.output


def test_a_run_without_training_predicts_with_the_model_trained_last(built: Project) -> None:
    command = ("build", "--exclude", "train_driver_position", "--select")
    forecast = "select * from predict_driver_position order by result_id"
    before = built.sql(forecast)
    done = built.flow(*command, "hold_out_dataset+").ok()
    ran = {name.split(".")[-1]: status for name, status in done.statuses.items()}
    assert "train_driver_position" not in ran
    assert ran[FORECAST] == "success"
    assert built.sql(forecast) == before
    assert built.sql("select version from fal_model_versions") == [(1,)]

    with _renamed(built, "fal_model_versions", "hidden_versions"):
        done = built.flow(*command, "predict_driver_position+").ended(1)
    assert "there is no trained model driver_position" in done.output
    assert "run the training first: train_driver_position saves it" in done.output
    assert done.statuses[FORECAST] == "skipped"


def test_the_figures_of_the_real_data(tmp_path: Path) -> None:
    project = formula1(tmp_path / "project")
    folder = json.dumps({"formula1_data_path": str(data_of("formula1"))})
    project.flow("run", "--vars", folder).ok()

    assert project.sql("select count(*), sum(dnf_flag) from mart_results") == [(26759, 10953)]
    assert project.sql("select count(*) from mart_results_circuits") == [(26759,)]
    stops_of_results = "select count(*), count(stop_number) from mart_pit_stops"
    assert project.sql(stops_of_results) == [(32555, 11371)]
    assert project.sql("select count(*) from mart_lap_times_years") == [(538121,)]

    laps = project.sql("select * from agg_lap_times_moving_avg order by race_year")
    assert len(laps) == 27
    assert (2000, 92.0, 93.0) in laps
    assert (2022, 98.2, 95.4) in laps

    stops = project.sql(
        """
        select race_year, constructor, pit_stops, mean_seconds
        from agg_fastest_pit_stops_by_constructor
        order by mean_rank
        """
    )
    assert len(stops) == 10
    assert stops[0] == (2021, "Red Bull", 86, 159.19)

    (prepared,) = project.sql(
        "select count(*), min(race_year), max(race_year), count(total_pit_stops_per_race), "
        "sum(dnf_flag) from ml_data_prep"
    )
    assert prepared == (4637, 2010, 2020, 4637, 821)
    confidence = dict(project.sql("select distinct driver, driver_confidence from ml_data_prep"))
    assert round(confidence["Lewis Hamilton"], 6) == 0.911215
    assert round(confidence["Max Verstappen"], 6) == 0.789916
    reliability = dict(
        project.sql("select distinct constructor, constructor_reliability from ml_data_prep")
    )
    assert round(reliability["Mercedes"], 6) == 0.902326
    assert round(reliability["Haas F1 Team"], 6) == 0.78
    assert not {"Force India", "Sauber", "Lotus F1", "Toro Rosso"} & set(reliability)
    active = project.sql(
        "select count(distinct driver) filter (active_driver = 1), "
        "count(distinct constructor) filter (active_constructor = 1) from ml_data_prep"
    )
    assert active == [(20, 10)]

    assert _labels(project, "covariate_encoding") == (467, 1182, 556, 2205)
    assert _labels(project, "hold_out_dataset") == (51, 169, 114, 334)
    assert _labels(project, "training_dataset") == (416, 1013, 442, 1871)
    assert project.sql("select distinct race_year from hold_out_dataset") == [(2020,)]
    assert _labels(project, FORECAST, "actual_label") == (51, 169, 114, 334)

    # The forecast is better than how often each class occurs and than the grid, on both.
    losses = dict(project.sql("select candidate, log_loss from train_driver_position"))
    (best,) = project.sql("select candidate from train_driver_position where is_chosen")
    assert losses[best[0]] < min(losses["grid_only"], losses["class_shares"] - 0.2)
    (forecast,) = project.sql(f"select avg(log_loss), avg(cast(is_correct as int)) from {FORECAST}")
    assert forecast[0] < losses["class_shares"] - 0.2
    assert forecast[1] > 0.6


def _labels(project: Project, table: str, column: str = "position_label") -> tuple[int, ...]:
    (counts,) = project.sql(
        f"""
        select
            count(*) filter ({column} = 'podium'), count(*) filter ({column} = 'points'),
            count(*) filter ({column} = 'none'), count(*)
        from {table}
        """
    )
    return counts


@contextmanager
def _renamed(project: Project, table: str, other: str) -> Iterator[None]:
    project.sql(f"alter table {table} rename to {other}")
    try:
        yield
    finally:
        project.sql(f"alter table {other} rename to {table}")


def _plain(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Decimals, which Snowflake has for whole numbers, as what they are worth."""
    return [
        tuple(int(v) if isinstance(v, Decimal) and v == int(v) else v for v in row) for row in rows
    ]
