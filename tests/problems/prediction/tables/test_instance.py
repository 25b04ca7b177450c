"""Tables as instances: types, labels, groups, splits."""

import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from unicodedata import normalize

import numpy as np
import pandas as pd
import pytest

from escalation.model.errors import BadInput
from problems.prediction.loading import load_rows
from problems.prediction.tables.instance import solver_view
from problems.prediction.tables.suspicions import suspicions
from problems.prediction.verify.leakage import split_faults, training_faults
from tests.problems.prediction.tables.conftest import TARGET, Load


def test_it_says_what_it_is_about_in_a_line(load: Load, table: pd.DataFrame) -> None:
    assert load(table).about() == "t.csv: ill (yes against no), 120 rows, 3 features"
    bundled = load_rows({"dataset": "breast_cancer"}, 1, Path())
    assert bundled.about() == "breast_cancer: malignant against benign, 569 rows, 30 features"


def test_types_labels_and_stratified_parts(load: Load, table: pd.DataFrame) -> None:
    instance = load(table)
    assert [(c.name, c.kind, c.levels) for c in instance.columns] == [
        ("age", "number", ()),
        ("dose", "number", ()),
        ("ward", "category", ("a", "b", "c")),
    ]
    assert (instance.positive, instance.negative) == ("yes", "no")
    assert (len(instance.open_index), len(instance.sealed_index)) == (72, 48)  # 0.4 of 120
    assert (instance.open_labels.sum(), instance.sealed_labels.sum()) == (24, 16)  # 0.4 of 40
    assert instance.frame["__label__"].tolist() == [1, 0, 0] * 40


def test_the_view_holds_no_sealed_label(load: Load, table: pd.DataFrame) -> None:
    instance = load(table)
    view = solver_view(instance, TARGET)
    sealed = pd.read_parquet(io.BytesIO(view.sealed_rows.data))
    opened = pd.read_parquet(io.BytesIO(view.open_rows.data))
    assert list(sealed.columns) == ["age", "dose", "ward", "__group__", "__row__"]
    assert set(sealed["__row__"]) | set(opened["__row__"]) == set(instance.frame["__row__"])
    assert opened["__label__"].to_list() == instance.open_labels.tolist()
    assert (view.n_open, view.n_sealed, view.n_rarest, view.metric) == (72, 48, 24, "roc_auc")


def test_the_digest_knows_labels_seed_and_subgroups(load: Load, table: pd.DataFrame) -> None:
    flipped = table.assign(ill=table["ill"].replace({"yes": "no", "no": "yes"}))
    digests = [load(table).digest, load(table, seed=2).digest, load(flipped).digest]
    digests.append(load(table, subgroups=["ward"]).digest)
    assert len(set(digests)) == 4
    assert load(table).digest == digests[0]


def test_identity_is_the_same_in_another_process(load: Load, table: pd.DataFrame, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from escalation.model.problem import Target;"
        "from problems.prediction.tables.instance import solver_view;"
        "from problems.prediction.loading import load_rows;"
        "spec = {'csv': 't.csv', 'target': 'ill', 'positive': 'yes'};"
        "i = load_rows(spec, 3, Path(sys.argv[1]));"
        "print(i.digest, solver_view(i, Target(metric='roc_auc', at_least=0.8)).digest)"
    )
    instance = load(table, seed=3)
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == [instance.digest, solver_view(instance, TARGET).digest]


def test_breast_cancer_predicts_malignant_tumours() -> None:
    instance = load_rows({"dataset": "breast_cancer"}, 7, Path())
    assert (instance.positive, len(instance.frame), len(instance.columns)) == ("malignant", 569, 30)
    assert instance.frame["__label__"].sum() == 212  # UCI: 212 malignant, 357 benign


def test_whas500_has_every_one_year_label_and_no_length_of_stay() -> None:
    instance = load_rows({"dataset": "whas500"}, 7, Path())
    assert instance.frame["__label__"].sum() == 138  # counted by hand: fstat and lenfol <= 365
    assert instance.describe()["source"]["censored_before_365_d"] == 0
    assert "los" not in [column.name for column in instance.columns]
    assert any("los" in remark for remark in instance.remarks)


def test_rows_of_equal_features_share_a_group_and_contradictions_are_told(
    load: Load, table: pd.DataFrame
) -> None:
    again = table.iloc[:6].assign(ill="no")
    instance = load(pd.concat([table, again], ignore_index=True))
    groups, part = instance.frame["__group__"], set(instance.sealed_index.tolist())
    for row in range(6):
        assert groups[row] == groups[120 + row]
        assert (row in part) == (120 + row in part)
    assert "12 rows have features that occur more than once: kept together" in instance.remarks
    both = len({0, 3} & set(instance.open_index.tolist()))  # of the rows repeated, those that were yes
    said = f"{both} sets of open rows with equal features have both labels"
    assert (said in instance.remarks) == (both > 0)


def test_groups_never_straddle(load: Load, table: pd.DataFrame) -> None:
    instance = load(table.assign(patient=np.arange(120) // 2), group="patient")
    groups = instance.frame["__group__"].to_numpy()
    assert not set(groups[instance.open_index]) & set(groups[instance.sealed_index])
    assert len(set(groups)) == 60
    assert "patient" not in [column.name for column in instance.columns]


def test_long_whole_numbers_that_would_fall_together_are_refused(load: Load, table: pd.DataFrame) -> None:
    codes = [str(2**60 + row % 3) for row in range(120)]
    with pytest.raises(BadInput, match=r"holds whole numbers beyond 2\^53 \(1152921504606846976\)"):
        load(table.assign(code=codes))
    assert len(load(table.assign(code=codes), categorical=["code"]).columns[-1].levels) == 3


def test_numbers_with_leading_zeros_are_remarked_on(load: Load, table: pd.DataFrame) -> None:
    zips = np.random.default_rng(3).choice(["01234", "12345", "00501"], 120)
    said = [remark for remark in load(table.assign(zip=zips)).remarks if "'zip'" in remark]
    assert len(said) == 1
    assert "name it in `categorical`" in said[0]


def test_missing_values_stay_missing(load: Load, table: pd.DataFrame) -> None:
    frame = table.astype({"age": float})
    frame.loc[3, "age"], frame.loc[5, "ward"] = np.nan, None
    instance = load(frame)
    assert np.isnan(instance.frame["age"][3])
    assert pd.isna(instance.frame["ward"][5])
    assert instance.describe()["missing_values"] == 2


def test_constant_columns_are_left_out_and_said_so(load: Load, table: pd.DataFrame) -> None:
    instance = load(table.assign(site="x", empty=np.nan))
    assert [column.name for column in instance.columns] == ["age", "dose", "ward"]
    assert sum("left out" in remark for remark in instance.remarks) == 2


@pytest.mark.parametrize("column", ["age", "dose"])
def test_subgroups_name_every_sealed_row_and_share_no_value(
    load: Load, table: pd.DataFrame, column: str
) -> None:
    instance = load(table, subgroups=["ward", column])
    rows = instance.frame.iloc[instance.sealed_index]
    assert instance.subgroups["ward"] == tuple(rows["ward"])
    opened = sorted(table[column].to_numpy()[instance.open_index])
    edges = [
        opened[place] for place in (17, 35, 53)
    ]  # of 72 the smallest value that 18, 36, 54 do not exceed
    names = [f"≤ {edges[0]}", f"> {edges[0]}, ≤ {edges[1]}", f"> {edges[1]}, ≤ {edges[2]}", f"> {edges[2]}"]
    expected = [names[sum(value > edge for edge in edges)] for value in rows[column]]
    assert list(instance.subgroups[column]) == expected


def test_what_was_measured_is_one_whatever_is_asked_of_it(
    load: Load, table: pd.DataFrame, tmp_path: Path
) -> None:
    def measured(frame: pd.DataFrame = table, **asked: Any) -> str:
        return str(load(frame, **asked).describe()["data"])

    same = {measured(), measured(seed=2), measured(sealed_fraction=0.5), measured(drop=["dose"])}
    assert same == {measured(positive="no", subgroups=["ward"])}
    assert measured(table.iloc[1:]) not in same
    measured()
    for half, rows in (("a.csv", table[:60]), ("b.csv", table[60:])):
        rows.to_csv(tmp_path / half, index=False)
    stacked = {"csv": ["a.csv", "b.csv"], "target": "ill", "positive": "yes"}
    dropped = [load_rows(stacked | {"drop": drop}, 1, tmp_path) for drop in ([], ["dose"])]
    assert len({each.describe()["data"] for each in dropped} - same) == 1
    assert measured(target="ward", positive="a", drop=["ill"], frame=table[table["ward"] != "c"]) not in same
    named = {load_rows({"dataset": "breast_cancer"}, seed, Path()).describe()["data"] for seed in (1, 2)}
    assert len(named) == 1


def test_equal_quartiles_make_no_empty_subgroup(load: Load, table: pd.DataFrame) -> None:
    mostly_none = np.where(np.arange(120) % 10 == 0, np.arange(120), 0)
    instance = load(table.assign(drinks=mostly_none), subgroups=["drinks"])
    assert set(instance.subgroups["drinks"]) == {"≤ 0", "> 0"}


def test_codes_can_be_declared_categories(load: Load, table: pd.DataFrame) -> None:
    instance = load(table.assign(unit=np.arange(120) % 4), categorical=["unit"])
    assert instance.columns[-1].levels == ("0", "1", "2", "3")


def test_ids_are_compared_as_they_are_written(load: Load, table: pd.DataFrame) -> None:
    spelt = [f"{10**17 + row // 2}" for row in range(114)] + ["1E2", "100", "0100"] * 2
    assert load(table.assign(patient=spelt), group="patient").frame["__group__"].nunique() == 57 + 3


@pytest.mark.parametrize(
    "spellings",
    [("{}", "{}.0", "{}.00"), ("P {}", "P\u00a0{}", "P  {}"), ("P{}", "\u200bP{}", "P\u00ad{}\u200d")],
)
def test_an_id_that_looks_the_same_is_the_same_id(
    load: Load, table: pd.DataFrame, spellings: tuple[str, str, str]
) -> None:
    spelt = [spellings[row % 3].format(row // 3) for row in range(120)]
    instance = load(table.assign(patient=spelt), group="patient")
    assert instance.frame["__group__"].nunique() == 40
    assert split_faults(instance) == []


def test_long_integer_ids_are_exact_in_parquet(tmp_path: Path, table: pd.DataFrame) -> None:
    spec = {"parquet": "t.parquet", "target": "ill", "positive": "yes", "group": "patient"}
    frame = table.assign(patient=10**17 + np.arange(120) // 2)
    frame.to_parquet(tmp_path / "t.parquet")
    assert load_rows(spec, 1, tmp_path).frame["__group__"].nunique() == 60
    frame.astype({"patient": float}).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(BadInput, match="group column 'patient', row 1: expected ids, got floating-point"):
        load_rows(spec, 1, tmp_path)


def test_a_class_is_one_whatever_its_spelling(load: Load, table: pd.DataFrame) -> None:
    spelt = np.tile(["1.0", "0", "0.0"], 40)
    assert load(table.assign(ill=spelt), positive=1).open_labels.sum() == 24
    assert load(table.assign(ill=spelt), positive="1e0").positive == "1"


@pytest.mark.parametrize("positive", [True, "true", 1, "1.0", None])
def test_a_flag_is_positive_as_true_or_as_1(tmp_path: Path, table: pd.DataFrame, positive: Any) -> None:
    table.assign(ill=table["ill"] == "yes").to_parquet(tmp_path / "t.parquet")
    spec = {"parquet": "t.parquet", "target": "ill", **({} if positive is None else {"positive": positive})}
    instance = load_rows(spec, 1, tmp_path)
    assert (instance.positive, instance.frame["__label__"].sum()) == ("true", 40)


def test_letters_composed_and_decomposed_are_the_same(load: Load, table: pd.DataFrame) -> None:
    ward = np.where(np.arange(120) % 2, "große Station", "Müller")
    mixed = [normalize("NFD", each) if row % 3 else each for row, each in enumerate(ward)]
    frame = table.assign(ward=mixed, ill=np.tile([normalize("NFD", "né"), "no", "no"], 40))
    instance = load(
        frame.rename(columns={"age": "Größe"}), positive="né", subgroups=[normalize("NFD", "Größe")]
    )
    assert instance.positive == "né"
    assert [column.levels for column in instance.columns] == [(), (), ("Müller", "große Station")]
    assert set(instance.subgroups) == {"Größe"}


def test_patients_alike_by_chance_stay_apart_and_it_is_said(load: Load) -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "sex": rng.choice(["m", "f"], 240),
            "ward": rng.choice(list("abcdef"), 240),
            "patient": [f"p{row // 2}" for row in range(240)],
            "ill": np.tile(["yes", "no"], 120),
        }
    )
    instance = load(frame, group="patient")
    assert instance.frame["__group__"].nunique() == 120
    assert instance.frame["__row__"].nunique() >= 120
    assert "240 rows have the features of rows of other groups" in instance.remarks[0]
    assert split_faults(instance) == []
    view = solver_view(instance, TARGET)
    used = bytes.fromhex("".join(pd.read_parquet(io.BytesIO(view.open_rows.data))["__row__"]))
    assert training_faults(instance, used) == []
    # without groups nothing tells copies from patients who are alike: 12 different rows are too few
    with pytest.raises(BadInput, match="240 rows have features that occur more than once"):
        load(frame, drop=["patient"])


def test_a_copy_under_another_id_is_on_the_same_side(load: Load, table: pd.DataFrame) -> None:
    frame = pd.concat([table, table.iloc[:20]], ignore_index=True)
    instance = load(frame.assign(patient=[f"p{row}" for row in range(140)]), group="patient")
    groups = instance.frame["__group__"]
    assert groups[:20].tolist() == groups[120:].tolist()
    assert any(
        "40 rows have the features of rows of other groups, too many" in remark for remark in instance.remarks
    )
    torn = replace(instance, open_index=np.arange(20, 80), sealed_index=np.r_[0:20, 80:140])
    assert split_faults(torn) == []
    torn = replace(instance, open_index=np.arange(80), sealed_index=np.arange(80, 140))
    assert any("duplicates across the split: 20 rows kept aside" in fault for fault in split_faults(torn))


def test_what_is_assumed_about_a_column_is_said(load: Load, table: pd.DataFrame) -> None:
    rng = np.random.default_rng(5)
    frame = table.assign(
        price=[f"1'{row % 7:03}" for row in range(120)],
        stage=rng.choice(["1", "2", "a", "b", "c", "d"], 120),
        band=rng.choice(["<5", "5-9", ">9"], 120),
        smoker=rng.choice(["yes", "no", "?"], 120),
        chart=rng.choice(10**6, 120, replace=False),
        copy=np.tile([1, 2, 2], 40),
        bmi=np.where(np.arange(120) % 10, rng.integers(20, 40, 120), 999),
        steps=np.where(np.arange(120) % 10, rng.integers(2000, 4000, 120), 9_999_999),
    )
    said = "\n".join(load(frame, na_values=["-99"]).describe()["remarks"])
    for remark in (
        "column 'price': \"'\" marks thousands",
        "column 'stage' is a category of 6 texts, though 2 of them are numbers",
        "column 'band' is a category of 3 texts, though most begin with a number",
        "column 'smoker': '?' is a level like any other",
        "column 'chart' is taken as an amount; if its whole numbers name somebody",
        "column 'copy' alone tells the classes apart",
        "column 'bmi': 999 occurs",
        "column 'steps': 9999999 occurs",  # rounded it would match no value
        "na_values: '-99' occurs nowhere",
    ):
        assert remark in said


def test_remarks_do_not_depend_on_sealed_labels(load: Load, table: pd.DataFrame) -> None:
    instance = load(table.assign(copy=np.tile([1, 2, 2], 40)))
    frame = instance.frame.copy()
    sealed = frame.index.isin(instance.sealed_index)
    frame.loc[sealed, "__label__"] = 1 - frame.loc[sealed, "__label__"]
    opened = frame.iloc[instance.open_index]
    assert suspicions(instance.columns, opened) == instance.remarks[-1:]
