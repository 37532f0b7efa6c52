"""The words of questions: what they are split by, which cases they name, and what says nothing."""

import re

SPLIT = r"\b(?:by|per|each|every|(?:in|at|on|of|for|with) which|which|what|across|among|(?:most|least) \w+|busiest)\s+(?:the\s+|each\s+|every\s+)?"
TIMES: tuple[tuple[str, str], ...] = (
    (rf"{SPLIT}(?:day of the week|weekday)s?\b|\bweekdays?\b", "weekday"),
    (rf"{SPLIT}(?:hour|time of (?:the )?day)s?\b|\bhourly\b|\btime of day\b", "hour"),
    (rf"{SPLIT}days?\b|\bdaily\b|\bday by day\b", "day"),
    (rf"{SPLIT}weeks?\b|\bweekly\b|\bweek by week\b", "week"),
    (rf"{SPLIT}months?\b|\bmonthly\b|\bmonth by month\b", "month"),
    (r"\bover time\b|\btrends?\b|\bdevelop\w*\b|\bevol\w+\b|\bchanged? over\b", ""),
)
LANGUAGES = {
    "english": "en",
    "german": "de",
    "french": "fr",
    "spanish": "es",
    "dutch": "nl",
    "italian": "it",
    "portuguese": "pt",
}
VALUES: tuple[tuple[str, str, str], ...] = (
    *((rf"\b{word}\b", "language", code) for word, code in LANGUAGES.items()),
    (r"\b(?:by|from|via|through) (?:e-?)?mails?\b|\be-?mail tickets\b", "channel", "email"), (r"\b(?:by|from|via|through) (?:the )?api\b", "channel", "api"),
    (r"\b(?:by|from|via|through) (?:the |a )?(?:web ?)?forms?\b", "channel", "form"), (r"\burgent\b", "priority", "urgent"),
    (r"\bhigh[- ]priority\b", "priority", "high"), (r"\blow[- ]priority\b", "priority", "low"),
    (r"\b(?:angry|upset|unhappy|negative|annoyed)\b", "sentiment", "negative"), (r"\b(?:positive|friendly|pleased)\b", "sentiment", "positive"),
)  # fmt: skip
COMMON = frozenset(["and", "other", "general", "the", "for", "with", "new", "use", "your", "how", "what"])
_SAY_NOTHING = """
a about ago all am an and any are as asked at be been before being by came can come comes could currently day days
desk did do does done each ever for from get give gave given had has have hour i in into is it its just last list made
make makes many me more much my need now of often on only or our out over overall past per please rate sent share
should show since so some take takes tell than that the their them then there these they this to total up us use used
was we week were what when where which while who will with within would write written wrote year month you your how
percent percentage number average mean were during far not no until end beginning between compare compared split
broken down group grouped sorted display see know want like people first sending called cited wait waits waiting model
models arrive arrived receive received happen happened count handle handled went goes go spent one two
"""
FILLERS = frozenset(_SAY_NOTHING.split())
WORD = re.compile(r"[a-z0-9_'’]{2,}")
