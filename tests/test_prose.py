"""The words of the chapters: no statistic typed by hand, humane terms, one sentence a line."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"

# Figures that are no statistics: each pattern with what it is
ALLOWED = (
    (rf"\b\d{{1,2}} (?:{MONTHS})(?: \d{{4}})?\b", "a date"),
    (rf"\b(?:{MONTHS}) \d{{4}}\b", "a month"),
    (r"\b(?:19|20)\d\d/\d\d\b", "a financial year"),
    (r"\b(?:18|19|20|21)\d\ds?\b(?!,\d)", "a year or decade"),
    (r"\b(?:95|99\.8)%(?= (?:\w+ )?(?:interval|confidence|limit|Poisson|credible|prediction|range))", "the level of an interval"),
    (r"\bper (?:100,000|10,000|1,000|million|100)\b", "the unit of a rate"),
    (r"\b[A-Z]\d\d(?:\.\d)?\b", "a code of the classification of diseases"),
    (r"\bICD-\d+\b|\bCOVID-19\b|\bHIV-1\b|\bH17\b|\bPDF/UA-1\b|\bWCAG 2\.2\b|\bUTF-8\b|\bISO \d+(?:-\d+)?\b", "a name"),
    (
        r"\b(?:[Ss]ections?|[Aa]rticles?|[Ss]chedule|[Cc]hapter|[Pp]art|[Pp]aragraphs?|[Cc]lause) \d+[A-Z]?(?:\(\d+\))?(?: (?:and|to) \d+[A-Z]?)?",
        "a reference",
    ),
    (
        r"\baged? \d+(?: to |–)\d+\b|\bages? \d+(?: to |–)\d+\b|\bunder[ -]\d+s?\b|\baged \d+ and over\b",
        "the limits of an age group",
    ),
    (r"\b(?:CC BY|Licence v|version|Edition|Python|Debian) ?\d+(?:\.\d+)*\b", "a version"),
)

# Words that say what a number did: they are computed, not typed
DEPENDENT = (
    r"\b(?:rose|fell|risen|fallen|increased|decreased|doubled|trebled|tripled|quadrupled|halved|dropped|climbed|soared|plunged"
    r"|twice|thrice|\w+fold)\b"
)


def chapters():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"]] + [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]


def prose(text: str) -> list[tuple[int, str]]:
    """Return the lines of prose with their numbers: no front matter, code, directives' options, roles, links or addresses."""
    text = re.sub(r"\A---\n.*?\n---\n", lambda match: "\n" * match[0].count("\n"), text, flags=re.DOTALL)
    text = re.sub(r"^(```+|:::+)\{(code-cell|bibliography|catalogue|changes|register|ledger|downloads)\}.*?^\1$",
                  lambda match: "\n" * match[0].count("\n"), text, flags=re.DOTALL | re.MULTILINE)  # fmt: skip
    text = re.sub(r"^:[\w-]+:.*$|^(```+|:::+).*$|^\([\w-]+\)=$", "", text, flags=re.MULTILINE)
    text = re.sub(r"\{[\w:]+\}`[^`]*`|`[^`]*`|\]\([^)]*\)|https?://\S+", "", text)
    return list(enumerate(text.split("\n"), 1))


def bare_figures(line: str) -> list[str]:
    """Return the figures of a line that are typed by hand and are not of an allowed kind."""
    line = re.sub(r"^\s*\d+\. ", "", line)
    for pattern, _ in ALLOWED:
        line = re.sub(pattern, "", line)
    return re.findall(r"[£€$]?\d[\d,.]*%?", line)


@pytest.mark.parametrize("chapter", chapters())
def test_no_statistic_is_typed(chapter):
    text = (ROOT / f"{chapter}.md").read_text(encoding="utf-8")
    found = [f"{chapter}.md, line {number}: {figure}" for number, line in prose(text) for figure in bare_figures(line)]
    assert not found, "Compute these with number() and print them with {n}:\n" + "\n".join(found)


@pytest.mark.parametrize("chapter", chapters())
def test_words_that_depend_on_numbers_are_computed(chapter):
    text = (ROOT / f"{chapter}.md").read_text(encoding="utf-8")
    lines = [(number, re.sub(r"“[^”]*”", "", line)) for number, line in prose(text)]
    found = [f"{chapter}.md, line {number}: {word}" for number, line in lines for word in re.findall(DEPENDENT, line)]
    assert not found, "These words follow from numbers: compute them with dcr.words:\n" + "\n".join(found)


@pytest.mark.parametrize("chapter", chapters())
def test_humane_terms(chapter):
    text = (ROOT / f"{chapter}.md").read_text(encoding="utf-8")
    found = re.findall(r"(?i)\b(?:addicts?|abusers?|junkies|druggies?|substance abuse|drug users?|getting clean)\b", text)
    assert not found, f"Say “people who use drugs”: {found}"


@pytest.mark.parametrize(
    ("line", "figures"),
    [
        ("In 2024, 1,017 people died.", ["1,017"]),
        ("Deaths fell by 13%.", ["13%"]),
        ("It cost £28 million.", ["£28"]),
        ("A rate of 19.1 per 100,000 people.", ["19.1"]),
        ("On 2 July 2019, under section 8 of the 1971 Act.", []),
        ("The 95% confidence interval, per 100,000 people aged 15 to 64.", []),
        ("Codes F11 to F16 of ICD-10.", []),
        ("1. First.", []),
    ],
)
def test_the_test_of_prose_sees_statistics(line, figures):
    assert [figure.rstrip(".") for figure in bare_figures(line)] == figures


def test_the_test_of_prose_reads_prose_only():
    text = "---\nx: 12\n---\nText 7 {n}`a_1` and `12`.\n```{code-cell} ipython3\n99\n```\n[a](b-55)\n"
    assert [figure.rstrip(".") for _, line in prose(text) for figure in bare_figures(line)] == ["7"]


# A sentence may be long where it must; a chapter may not be long-winded
LONGEST_AVERAGE = 22


def sentences(text: str) -> list[int]:
    """Return the words of each sentence: a number counts as two words, a reference as one, a citation as none."""
    text = re.sub(r"\{cite:p\}`[^`]*`", "", re.sub(r"\{n\}`[^`]*`", "number printed", text))
    lines = [
        line for _, line in prose(re.sub(r"\{(?:doc|numref|term)\}`[^`]*`", "chapter", text)) if not line.startswith(("#", "|"))
    ]
    found = [re.findall(r"\w[\w’'-]*", part) for line in lines for part in re.split(r"(?<=[.!?])\W+(?=[A-Z“])", line)]
    return [len(words) for words in found if len(words) > 2]


@pytest.mark.parametrize("chapter", chapters())
def test_sentences_are_short_on_average(chapter):
    lengths = sentences((ROOT / f"{chapter}.md").read_text(encoding="utf-8"))
    assert sum(lengths) / len(lengths) < LONGEST_AVERAGE, f"{chapter}.md: {sorted(lengths)[-5:]} words in its longest sentences"


def test_the_test_of_sentences_counts_words():
    text = "# A title of a page\n\n{n}`a` people died {cite:p}`b`. They were {n}`c` more than before ({doc}`deaths`).\n| a | table |\n"
    assert sentences(text) == [4, 8]


# Terms that a reader may not know: whatever chapter uses one, the glossary explains it
TERMS = (
    "adverse event", "agonist treatment", "age-standardised", "amendment", "before-and-after", "benzodiazepine", "birth cohort", "break-even",
    "buprenorphine", "certainty", "cohort", "confidence interval", "confound", "controlled drug", "council area", "crossbench",
    "crude rate", "decile", "deflator", "deprivation", "devolved", "diamorphine", "discount", "division", "drug checking",
    "drug misuse death", "drug poisoning", "drug-induced", "early day motion", "ecological", "European Standard Population",
    "forensic", "funnel", "gabapentin", "GRADE", "harm reduction", "health board", "hepatitis C", "heroin-assisted",
    "Holyrood", "honeypot", "implicated", "inhalation", "Integration Joint Board", "interrupted time series",
    "Lord Advocate", "meta-analysis", "methadone", "Misuse of Drugs Act", "Monte Carlo", "naloxone",
    "National Records of Scotland", "nitazene", "odds", "operator survey", "over-dispersion", "Poisson", "pregabalin", "preprint",
    "private member", "prosecution policy", "Public Health Scotland", "quality-adjusted", "quintile", "randomised", "rate ratio",
    "referral", "regression", "relative index", "reserved", "residential rehabilitation", "retract", "risk ratio", "select committee",
    "sensitivity", "slope index", "standard deviation", "statutory instrument", "suspected", "synthetic control",
    "syringe programme", "systematic review", "ten-minute", "threshold", "Westminster",
)  # fmt: skip

# Capitals that are no term: licences, a code of letters, a journal, a country
NO_TERMS = {"BMJ", "BY", "CC", "MIT", "US", "UTF"}


def test_terms_of_the_chapters_are_in_the_glossary():
    glossary = (ROOT / "book" / "glossary.md").read_text(encoding="utf-8")
    missing = {}
    for chapter in chapters():
        text = "\n".join(line for _, line in prose((ROOT / f"{chapter}.md").read_text(encoding="utf-8")))
        used = {term for term in TERMS if term.lower() in text.lower()}
        short = set(re.findall(r"\b[A-Z]{2,}\b", text)) - NO_TERMS
        for term in used | short:
            known = term in glossary if term in short else term.lower() in glossary.lower()
            if not known:
                missing.setdefault(term, []).append(chapter)
    assert not missing, f"Explain in book/glossary.md: {missing}"
