"""24 accelerated failure time fits against R's survreg (tests/data/survival/README)."""

import json
from pathlib import Path

import numpy as np
import pytest

from interpretations.survival.data import lung, read_csv, survival_data
from interpretations.survival.fit import fit

DATA = Path(__file__).parents[1] / "data" / "survival"
EXPECTED = json.loads((DATA / "survreg.json").read_text())["fits"]
LUNG = Path(__file__).parents[2] / "interpretations" / "survival" / "lung.csv"

FORMULAS = {
    # name in survreg.json: (time, (status, value of a death), terms)
    "lung_age_sex": ("time", ("status", 2.0), ["age", "sex"]),
    "lung_age_sex_ecog": ("time", ("status", 2.0), ["age", "sex", "ph.ecog"]),
    "ovarian_ecog_rx": ("futime", ("fustat", 1.0), ["ecog.ps", "rx"]),
    "veteran_trt_karno_celltype": ("time", ("status", 1.0), ["trt", "karno", "celltype"]),
    "kidney_age_sex": ("time", ("status", 1.0), ["age", ("sex", 2.0)]),
    "aml_x": ("time", ("status", 1.0), ["x"]),
}


def test_all_fits_are_covered():
    assert len(EXPECTED) == 24 == len({name for name in EXPECTED if name.rpartition("__")[0] in FORMULAS})


@pytest.mark.parametrize("name", EXPECTED)
def test_fit_agrees_with_survreg(name):
    expected = EXPECTED[name]
    formula, _, distribution = name.rpartition("__")
    table = read_csv(LUNG if expected["data"] == "lung" else DATA / f"{expected['data']}.csv")
    data = survival_data(table, *FORMULAS[formula])
    assert len(data.time) == expected["n"] and data.event.sum() == expected["events"]
    found = fit(data, distribution)
    p = len(expected["coef"])
    np.testing.assert_allclose(found.parameters[:p], expected["coef"], rtol=1e-6, atol=1e-9)
    if distribution != "exponential":
        assert np.exp(found.parameters[p]) == pytest.approx(expected["scale"], rel=1e-6)
    assert found.log_likelihood == pytest.approx(expected["loglik"], rel=1e-6 / abs(expected["loglik"]))
    np.testing.assert_allclose(found.standard_errors, expected["se"], rtol=1e-5)


def test_embedded_data_are_the_228_patients():
    data = lung()
    assert data.design.shape == (228, 3) and data.event.sum() == 165
