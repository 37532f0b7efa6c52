"""Every decided draft stands in exactly one band of confidence, and a band is judged only on enough cases."""

from sqlmodel import Session

from triage.learning.metrics import METRICS, Figure, Window, compute
from triage.learning.metrics.catalogue.drafts import SURENESS, kept_name
from triage.learning.reliability import Band, bands


def test_bands_cover_every_decided_draft_once(session: Session, window: Window) -> None:
    decided = compute(session, "accepted_as_is", window).denominator
    found = [compute(session, kept_name(low), window) for low, _ in SURENESS]
    assert decided > 0 and sum(figure.denominator for figure in found) == decided
    assert [high for _, high in SURENESS[:-1]] == [low for low, _ in SURENESS[1:]]
    assert {band.metric for band in bands(session, window)} <= set(METRICS)


def test_a_band_is_judged_by_its_interval() -> None:
    def band(low: float, high: float, *, enough: bool = True) -> str:
        return Band(0.6, 0.75, "kept_from_60", Figure(0.5, 50, 100, low, high, enough)).verdict

    assert band(0.4, 0.55) == "too sure"
    assert band(0.8, 0.9) == "too modest"
    assert band(0.5, 0.65) == "right"
    assert band(0.4, 0.55, enough=False) == ""
