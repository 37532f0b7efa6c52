"""How sure the desk was of its drafts, and how many people kept: are its words worth their face value?"""

from markupsafe import Markup

from pages.parts import office, screen, words
from pages.parts.markup import card, chip, mute, show, tag
from triage import workspace
from triage.learning import reliability
from triage.learning.metrics import Window
from triage.learning.metrics.statistics import ENOUGH
from triage.learning.reliability import Band
from triage.models import User
from triage.sla.plan import desk_hours
from triage.sureness import FEWEST, Scale

_DAYS = 90
_TONES = {"right": "o", "too sure": "b", "too modest": "w"}


def sureness(user: User) -> None:
    """The reliability diagram of the last 90 days as a table with bars."""
    hours = office.read(desk_hours)
    bands = office.read(lambda session: reliability.bands(session, Window.last(_DAYS, hours)))
    lines = [
        [
            screen.link(f"{band.low:.0%} to {band.high:.0%}", f"/metrics?days={_DAYS}&open={band.metric}"),
            _kept(band),
            f"{band.figure.numerator} of {band.figure.denominator}",
            chip(band.verdict, _TONES[band.verdict]) if band.verdict else mute(f"not enough data (under {ENOUGH})"),
        ]
        for band in bands
    ]
    scale = Scale.read(office.read(lambda session: workspace.get(session, "confidence_scale")))
    learnt = (
        f"New drafts go by a scale learnt from {words.plural(scale.decisions, 'decision')}: a score of 80% is read as {scale(0.8):.0%}, one of 50% as {scale(0.5):.0%}."
        if scale.decisions
        else f"From {FEWEST} decided replies on, the desk learns every night how its own confidence is to be read."
    )
    show(
        card(
            screen.report(["The desk was", "Kept by people", "Drafts decided", "So it is"], lines, numbers=[2]),
            title=f"How sure, how right: the last {_DAYS} days",
        ),
        mute(
            "Kept: sent word for word or with a light edit. Where a band says “too sure”, raise the confidence below which tickets "
            "escalate; “right” means that the 95% interval of what was kept meets the band. ",
            learnt,
        ),
    )


def _kept(band: Band) -> Markup:
    figure = band.figure
    if figure.value is None or figure.low is None or figure.high is None:
        return mute("–")
    said = f"{figure.value:.0%} (95% interval {figure.low:.0%} to {figure.high:.0%})"
    return tag("div", tag("progress", value=f"{figure.value:.3f}", max="1", aria_label=said), " ", said)
