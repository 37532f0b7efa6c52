"""Sentences with personal data in them, made from templates of our own and Faker's lists of names, for fitting the tagger."""

import importlib
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np
from faker import Faker
from faker.config import AVAILABLE_LOCALES

from triage.guardrails.personal import kinds
from triage.guardrails.personal.names import CITY, COMMON, COUNTRY, FIRM, FIRST, LAST, NATION, ROAD, Gazetteer

TEMPLATES = Path(__file__).with_name("personal_templates.txt")
_HOLE = re.compile(r"\{(\w+)\}")
_WORD = re.compile(r"[^\W\d_]{2,}")

LOCALES = {
    "en": ["en_US", "en_GB", "en_CA", "en_AU", "en_IE", "en_IN"], "de": ["de_DE", "de_AT", "de_CH"], "fr": ["fr_FR", "fr_CA", "fr_CH", "fr_BE"],
    "es": ["es_ES", "es_MX", "es_AR", "es_CO"], "it": ["it_IT"], "nl": ["nl_NL", "nl_BE"], "pt": ["pt_PT", "pt_BR"],
}  # fmt: skip
_ABROAD = [
    "da_DK",
    "sv_SE",
    "no_NO",
    "fi_FI",
    "pl_PL",
    "cs_CZ",
    "sk_SK",
    "hu_HU",
    "hr_HR",
    "sl_SI",
    "ro_RO",
    "et_EE",
    "lt_LT",
    "lv_LV",
    "tr_TR",
    "id_ID",
    "is_IS",
    "sq_AL",
    "az_AZ",
    "zu_ZA",
    "yo_NG",
    "tw_GH",
    "ig_NG",
    "ha_NG",
    "vi_VN",
    "ga_IE",
    "lb_LU",
    "fil_PH",
    "en_NG",
    "en_KE",
    "en_TH",
]
_NATIONS = [
    "American",
    "British",
    "English",
    "Scottish",
    "Welsh",
    "Irish",
    "Canadian",
    "Australian",
    "German",
    "Austrian",
    "Swiss",
    "French",
    "Belgian",
    "Dutch",
    "Spanish",
    "Portuguese",
    "Italian",
    "Greek",
    "Turkish",
    "Polish",
    "Czech",
    "Slovak",
    "Hungarian",
    "Romanian",
    "Bulgarian",
    "Croatian",
    "Serbian",
    "Slovenian",
    "Bosnian",
    "Albanian",
    "Macedonian",
    "Ukrainian",
    "Russian",
    "Belarusian",
    "Estonian",
    "Latvian",
    "Lithuanian",
    "Finnish",
    "Swedish",
    "Norwegian",
    "Danish",
    "Icelandic",
    "Chinese",
    "Japanese",
    "Korean",
    "Vietnamese",
    "Thai",
    "Indian",
    "Pakistani",
    "Bangladeshi",
    "Nepali",
    "Indonesian",
    "Malaysian",
    "Filipino",
    "Iranian",
    "Iraqi",
    "Israeli",
    "Lebanese",
    "Syrian",
    "Jordanian",
    "Egyptian",
    "Moroccan",
    "Tunisian",
    "Algerian",
    "Libyan",
    "Nigerian",
    "Ghanaian",
    "Kenyan",
    "Ethiopian",
    "Somali",
    "Tanzanian",
    "Zambian",
    "African",
    "Asian",
    "European",
    "Brazilian",
    "Argentinian",
    "Chilean",
    "Peruvian",
    "Colombian",
    "Venezuelan",
    "Mexican",
    "Cuban",
    "Jamaican",
    "Haitian",
    "Bolivian",
    "Christian",
    "Muslim",
    "Jewish",
    "Catholic",
    "Buddhist",
    "Hindu",
    "Maltese",
    "Cypriot",
    "Armenian",
    "Georgian",
    "Kazakh",
    "Uzbek",
    "Mongolian",
    "Afghan",
    "Saudi",
    "Kuwaiti",
    "Yemeni",
    "Sudanese",
    "Angolan",
    "Namibian",
    "Zimbabwean",
    "Ugandan",
    "Rwandan",
    "Congolese",
    "Greenlandic",
]
_ROADS = [
    "street",
    "st",
    "road",
    "rd",
    "avenue",
    "ave",
    "lane",
    "ln",
    "drive",
    "dr",
    "boulevard",
    "blvd",
    "court",
    "ct",
    "place",
    "pl",
    "square",
    "terrace",
    "way",
    "close",
    "crescent",
    "parkway",
    "highway",
    "alley",
    "gardens",
    "hill",
    "grove",
    "mews",
    "row",
    "walk",
    "straße",
    "strasse",
    "str",
    "weg",
    "allee",
    "platz",
    "gasse",
    "ring",
    "damm",
    "ufer",
    "chaussee",
    "rue",
    "chemin",
    "impasse",
    "cours",
    "quai",
    "route",
    "allée",
    "calle",
    "avenida",
    "paseo",
    "plaza",
    "camino",
    "carretera",
    "ronda",
    "glorieta",
    "via",
    "viale",
    "piazza",
    "corso",
    "largo",
    "vicolo",
    "contrada",
    "borgo",
    "strada",
    "rotonda",
    "straat",
    "laan",
    "plein",
    "gracht",
    "kade",
    "dijk",
    "singel",
    "hof",
    "steeg",
    "rua",
    "travessa",
    "praça",
    "alameda",
    "estrada",
    "beco",
    "utca",
    "út",
    "u",
    "tér",
    "ulica",
    "ul",
    "ulice",
    "katu",
    "tie",
    "gatan",
    "vägen",
    "gata",
    "vei",
    "vej",
    "gade",
    "allé",
    "apt",
    "apartment",
    "suite",
    "unit",
    "flat",
    "floor",
    "box",
    "po",
    "studio",
    "apartamento",
    "interno",
    "piso",
    "appartamento",
    "appartement",
    "bus",
    "wohnung",
    "etage",
    "room",
    "building",
    "block",
]
_FIRMS = [
    "inc",
    "ltd",
    "llc",
    "llp",
    "plc",
    "gmbh",
    "ag",
    "kg",
    "ohg",
    "mbh",
    "sa",
    "sarl",
    "sas",
    "srl",
    "spa",
    "bv",
    "nv",
    "ab",
    "as",
    "oy",
    "group",
    "partners",
    "holdings",
    "sons",
    "company",
    "co",
    "corp",
    "corporation",
    "industries",
    "solutions",
    "systems",
    "labs",
    "services",
    "bank",
    "investments",
    "verein",
    "e.v",
]
_TITLES = ["Mr.", "Mrs.", "Ms.", "Dr.", "Prof.", "Miss", "Sir"]
_CIVIL = {
    "en": ["Dr", "Mr", "Mrs", "Ms", "Miss"], "de": ["Dr.", "Prof.", "Herr", "Frau", "Dipl.-Ing.", "Univ.Prof."], "fr": ["M.", "Mme", "Dr"], "es": ["Sr.", "Sra.", "Don", "Doña"],
    "it": ["Sig.", "Sig.ra", "Dott."], "nl": ["dhr.", "mevr.", "drs."], "pt": ["Sr.", "Sra.", "Dr.", "Dra."],
}  # fmt: skip
_DEGREES = ["Jr.", "MD", "PhD", "B.Sc.", "M.A.", "B.A.", "MBA.", "II", "III"]
_PRODUCTS = [
    "Kettle Pro 3",
    "Model X200",
    "AirPump 2",
    "the Grinder",
    "Duo Plus",
    "HX-300",
    "Smart Scale",
    "Filter Kit",
    "the Starter Set",
    "EB-4400-21",
]


_HOLES = {
    "P": ("person", kinds.PERSON), "X": ("formal", kinds.PERSON), "F": ("first", kinds.PERSON), "L": ("last", kinds.PERSON), "T": ("title", kinds.TITLE),
    "J": ("job", kinds.TITLE), "C": ("city", kinds.PLACE), "K": ("country", kinds.PLACE), "N": ("nation", kinds.GROUP), "O": ("firm", kinds.ORGANIZATION),
    "S": ("street", kinds.STREET), "R": ("road", kinds.STREET), "Z": ("code", kinds.ZIP), "B": ("block", kinds.STREET), "Y": ("year", kinds.DATE),
    "A": ("age", kinds.AGE),
}  # fmt: skip


@dataclass(frozen=True)
class Example:
    """A text with the places of what it holds; `group` names the template, so that folds keep it together."""

    text: str
    spans: list[tuple[int, int, str]]
    group: str


def made(count: int, seed: int = 0) -> Iterator[Example]:
    """`count` fillings of each template, some with plain sentences of the same language around them, as in a letter."""
    writer = Writer(random.Random(seed))
    lines = [line.partition("|") for line in TEMPLATES.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    plain = [(language, template) for language, _, template in lines if not re.search(r"\{[A-Z]\}", template)]
    for number, (language, _, template) in enumerate(lines):
        about = [sentence for own, text in plain if own == language for sentence in re.split(r"(?<=[.!?]) ", text)]
        for _ in range(count):
            letter = writer.around(template, about).replace("\\n", "\n")
            yield careless(writer.fill(language, letter, f"made {number}"), writer.dice)


def careless(example: Example, dice: random.Random, share: float = 0.1) -> Example:
    """Now and then the text as people write who use no capitals, or nothing else."""
    text = example.text.lower() if dice.random() < share else example.text.upper() if dice.random() < share / 4 else example.text
    return replace(example, text=text) if len(text) == len(example.text) else example


class Writer:
    """Fills holes; a fifth of the names are altered so that no list knows them."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice

    def around(self, template: str, about: list[str]) -> str:
        """A third of the time with sentences before it, sometimes after it."""
        if self.dice.random() > 0.4:
            return template
        apart = self.dice.choice(["\n\n", "\n\n", "\n", " "])
        before = self.dice.choice(["\n", " ", " "]).join(self.dice.choices(about, k=self.dice.randrange(1, 4)))
        after = f"{apart}{self.dice.choice(about)}" if self.dice.random() < 0.3 else ""
        return f"{before}{apart}{template}{after}"

    def fill(self, language: str, template: str, group: str) -> Example:
        text, spans, at = "", [], 0
        for hole in _HOLE.finditer(template):
            text += template[at : hole.start()]
            said, kind = self._said(language, hole.group(1))
            if kind:
                spans.append((len(text), len(text) + len(said), kind))
            text += said
            at = hole.end()
        text += template[at:]
        return Example(text, spans, group)

    def _said(self, language: str, hole: str) -> tuple[str, str]:
        """What fills the hole, and its kind when it is something to find."""
        where = self._locale(language)
        name, kind = _HOLES.get(hole, (hole, ""))
        return str(getattr(self, f"_{name}")(language, where)), kind

    def _locale(self, language: str) -> str:
        return self.dice.choice(LOCALES[language] if self.dice.random() < 0.55 else _ABROAD + LOCALES["en"])

    def _faker(self, where: str) -> Faker:
        fake = _faker(where)
        fake.seed_instance(self.dice.getrandbits(40))
        return fake

    def _pick(self, said: str) -> str:
        """The name as it is, or one in five with another half."""
        if self.dice.random() > 0.2 or len(said) < 4 or " " in said:
            return said
        other = self._faker(self.dice.choice(_ABROAD)).last_name()
        return (said[: len(said) // 2] + other[len(other) // 2 :].lower()) or said

    def _first(self, language: str, where: str) -> str:
        name = self._pick(self._faker(where).first_name())
        return name.lower() if self.dice.random() < 0.04 else name

    def _last(self, language: str, where: str) -> str:
        name = self._pick(self._faker(where).last_name())
        return f"{name}-{self._faker(where).last_name()}" if self.dice.random() < 0.1 else name

    def _person(self, language: str, where: str) -> str:
        first, last = self._first(language, where), self._last(language, where)
        if language in ("es", "pt") and self.dice.random() < 0.5:
            last += " " + self._last(language, where)
        middle = f" {chr(65 + self.dice.randrange(26))}{self.dice.choice(['', '.'])}" if self.dice.random() < 0.15 else ""
        between = (
            self.dice.choice([" van", " de", " del", " von", " van der", " da", " le", " bin"])
            if self.dice.random() < 0.08
            else ""
        )
        return f"{first}{middle}{between} {last}" + (" II" if self.dice.random() < 0.02 else "")

    def _formal(self, language: str, where: str) -> str:
        name = self._person(language, where)
        return (
            f"{self.dice.choice(_CIVIL[language])} {name}" if self.dice.random() < 0.6 else f"{name} {self.dice.choice(_DEGREES)}"
        )

    def _title(self, language: str, where: str) -> str:
        return self.dice.choice(_TITLES)

    def _job(self, language: str, where: str) -> str:
        job = self._faker("en_US").job()
        return job if self.dice.random() < 0.5 else job.replace(", ", " ").capitalize()

    def _city(self, language: str, where: str) -> str:
        city = self._faker(where).city()
        return city.upper() if self.dice.random() < 0.12 else self._pick(city)

    def _country(self, language: str, where: str) -> str:
        return self.dice.choice(_countries(language))

    def _nation(self, language: str, where: str) -> str:
        return self.dice.choice(_NATIONS)

    def _firm(self, language: str, where: str) -> str:
        names = [self._last("en", self._locale("en")) for _ in range(3)]
        forms = [
            f"{names[0]} {self.dice.choice(_FIRMS).title()}", f"{names[0]}, {names[1]} and {names[2]}", f"{names[0]}-{names[1]}", f"{names[0]} & {names[1]}",
            f"{names[0]} Group", self._invented(), self._invented(), self._invented(), f"{self._invented()} {self.dice.choice(_FIRMS).upper()}",
        ]  # fmt: skip
        return self.dice.choice(forms)

    def _invented(self) -> str:
        parts = [
            self.dice.choice(
                [
                    "Ver",
                    "Lum",
                    "Nex",
                    "Qua",
                    "Tri",
                    "Omni",
                    "Data",
                    "Cyber",
                    "Alti",
                    "Zen",
                    "Bio",
                    "Med",
                    "Fin",
                    "Agri",
                    "Solar",
                    "Opti",
                    "Core",
                ]
            )
        ]
        parts += [
            self.dice.choice(
                [
                    "ia",
                    "ara",
                    "on",
                    "tek",
                    "ware",
                    "soft",
                    "lytics",
                    "ix",
                    "ora",
                    "set",
                    "graph",
                    "vox",
                    "net",
                    "labs",
                    "corp",
                    "ity",
                ]
            )
        ]
        return "".join(parts)

    def _street(self, language: str, where: str) -> str:
        road, house = (
            self._road(language, where),
            str(self.dice.choice([self.dice.randrange(1, 400), self.dice.randrange(1, 9999)])),
        )
        if self.dice.random() < 0.2:
            house += self.dice.choice(["a", "b", "/4", "-12", " B", "t"])
        forms = {
            "en": [f"{house} {road}"] * 4 + [f"{road} {house}"],
            "fr": [f"{house}, {road}", f"{house} {road}"],
            "it": [f"{road}, {house}", f"{road} {house}"],
        }
        said = self.dice.choice(forms.get(language, [f"{road} {house}"] * 3 + [f"{road}, {house}"]))
        if self.dice.random() < 0.2:
            said = self.dice.choice([f"{said} {self._within()}", f"{self._within()}, {said}", f"{said}, {self._within()}"])
        return said

    def _road(self, language: str, where: str) -> str:
        road = self._faker(where).street_name()
        if not re.search(r"[A-Za-z]", road) or (where in _ABROAD and self.dice.random() < 0.4):
            road = f"{self._last(language, where)} {self.dice.choice(_ROADS[:70]).title()}"
        return road

    def _within(self) -> str:
        what = self.dice.choice(
            ["Apt.", "Apt.", "Suite", "Suite", "Unit", "Flat", "Studio", "Appartamento", "Wohnung", "Piso", "App."]
        )
        return f"{what} {self.dice.randrange(1, 999)}"

    def _code(self, language: str, where: str) -> str:
        code = str(self._faker(where if where in LOCALES[language] else LOCALES[language][0]).postcode())
        return code if self.dice.random() < 0.8 else str(self.dice.randrange(1000, 99999))

    def _block(self, language: str, where: str) -> str:
        """A whole address over several lines, or in one without commas, as systems print it."""
        road, house, code = self._road(language, where), self.dice.randrange(1, 9999), self.dice.randrange(1000, 99999)
        first = self.dice.choice(
            [
                f"{house} {road}",
                f"{road} {house}",
                f"{house} {road} {self.dice.randrange(1, 99)}",
                f"{house} {road} {self._last('en', where)} Street",
            ]
        )
        city, land = self._city(language, where), self.dice.choice(["", self._country(language, where), "nan"])
        state = self.dice.choice(
            ["", "", f", {chr(65 + self.dice.randrange(26))}{chr(65 + self.dice.randrange(26))}", " NO", ", QC"]
        )
        if self.dice.random() < 0.12:
            first = self.dice.choice(
                [
                    f"PSC {self.dice.randrange(99, 9999)}, Box {self.dice.randrange(99, 9999)}",
                    f"Unit {self.dice.randrange(99, 9999)} Box {self.dice.randrange(99, 9999)}",
                ]
            )
            return f"{first}\n{self.dice.choice(['APO AA', 'DPO AE', 'FPO AP'])} {code}"
        inner = self._within() if self.dice.random() < 0.6 else ""
        space = self.dice.choice(["\n", "\n", "\n ", " "])
        tail = self.dice.choice([f"{land} {code}".strip(), f"{code}", land or f"{code}"])
        lines = self.dice.choice(
            [
                [f"{first} {inner}".strip(), f"{city}{state}", tail],
                [first, inner, city, tail],
                [first, f"{inner} {city}".strip(), f"{state.strip(', ')} {tail}"],
            ]
        )
        return space.join(line.strip() for line in lines if line.strip())

    def _year(self, language: str, where: str) -> str:
        return str(self.dice.randrange(1900, 2027))

    def _age(self, language: str, where: str) -> str:
        return str(self.dice.randrange(16, 99))

    def _ord(self, language: str, where: str) -> str:
        number = self.dice.randrange(10**4, 10**10)
        return self.dice.choice(
            [
                f"ORD-{number}",
                f"#{number}",
                f"#W{number}",
                f"A-{number}",
                f"2024-{number}",
                f"KT-{number % 100000}",
                f"JD{number:014d}",
                str(number),
            ]
        )

    def _ver(self, language: str, where: str) -> str:
        return ".".join(str(self.dice.randrange(30)) for _ in range(self.dice.randrange(2, 5)))

    def _err(self, language: str, where: str) -> str:
        return self.dice.choice(
            [
                f"E{self.dice.randrange(1, 99)}",
                f"0x{self.dice.getrandbits(32):08X}",
                f"Error {self.dice.randrange(100, 999)}",
                "ERR_TIMEOUT",
                f"Code {self.dice.randrange(10, 9999)}",
            ]
        )

    def _amt(self, language: str, where: str) -> str:
        amount = f"{self.dice.randrange(1, 999)}.{self.dice.randrange(100):02d}"
        return self.dice.choice([f"€{amount}", f"${amount}", f"{amount} EUR", f"£{amount}"])

    def _prod(self, language: str, where: str) -> str:
        return self.dice.choice(_PRODUCTS)

    def _mail(self, language: str, where: str) -> str:
        return self._faker("en_US").email()

    def _phone(self, language: str, where: str) -> str:
        return self._faker(self.dice.choice(LOCALES[language])).phone_number()

    def _card(self, language: str, where: str) -> str:
        return self._faker("en_US").credit_card_number()

    def _url(self, language: str, where: str) -> str:
        return self._faker("en_US").url()

    def _ts(self, language: str, where: str) -> str:
        day = f"20{self.dice.randrange(10, 27)}-{self.dice.randrange(1, 13):02d}-{self.dice.randrange(1, 29):02d}"
        return self.dice.choice([day, f"{day}T22:20:50Z", "3 May", "12/08"])

    def _num(self, language: str, where: str) -> str:
        return str(self.dice.randrange(100, 10**7))


@cache
def _faker(where: str) -> Faker:
    return Faker(where)


@cache
def _countries(language: str) -> list[str]:
    fake = Faker(LOCALES[language][0])
    fake.seed_instance(0)
    return sorted(name for name in {fake.country() for _ in range(3_000)} if len(name) < 30)


def gazetteer(common: dict[str, int]) -> Gazetteer:
    """Faker's lists of names and places of every language in Latin letters, and the words that are common in plain texts."""
    marks: dict[str, int] = {}

    def add(names: object, mark: int) -> None:
        for name in names if isinstance(names, (list, tuple, dict)) else ():
            for word in _WORD.findall(str(name[0] if isinstance(name, tuple) else name)):
                marks[word.lower()] = marks.get(word.lower(), 0) | mark

    for where in AVAILABLE_LOCALES:
        for topic, wanted in (
            ("person", (("first_name", FIRST), ("last_name", LAST), ("romanized", FIRST | LAST))),
            (
                "address",
                (
                    ("cit", CITY),
                    ("countries", COUNTRY),
                    ("localities", CITY),
                    ("states", CITY),
                    ("provinces", CITY),
                    ("municipalities", CITY),
                    ("concelhos", CITY),
                ),
            ),
        ):
            try:
                provider = importlib.import_module(f"faker.providers.{topic}.{where}").Provider
            except ImportError:
                continue
            for name in dir(provider):
                for part, mark in wanted:
                    if (
                        part in name
                        and not name.startswith("_")
                        and not any(other in name for other in ("format", "suffix", "prefix", "abbr", "postcode"))
                    ):
                        add(getattr(provider, name), mark)
    for words, mark in ((_NATIONS, NATION), (_ROADS, ROAD), (_FIRMS, FIRM), ([w for w, n in common.items() if n > 2], COMMON)):
        add(words, mark)
    latin = {word: mark for word, mark in marks.items() if word[0] < "ɐ"}
    keys = {crc32(word.encode()): mark for word, mark in latin.items()}
    order = sorted(keys)
    return Gazetteer(np.array(order, np.uint32), np.array([keys[key] for key in order], np.uint8))
