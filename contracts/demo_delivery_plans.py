"""What the demo's suppliers promised, and how each of them is getting on. Data only, all invented."""

from __future__ import annotations

from dataclasses import dataclass

# Schools and hubs that exist nowhere: nothing invented may be tied to a real one.
PARTNERS: dict[str, tuple[str, str]] = {
    "hub": ("Brookside Invented Hub (demo)", "hub"),
    "school": ("Millfield Invented Primary School (demo)", "school"),
    "college": ("Copse Lane Invented College (demo)", "school"),
}
DIFFERENT = "Different people and different hours: each is counted under one measure only."


@dataclass(frozen=True)
class Promise:
    """`pace`: delivered as a share of what each quarter's profile asks."""

    code: str
    quantity: str
    title: str
    pace: str = ""
    partner: str = ""


@dataclass(frozen=True)
class Deal:
    """One supplier's promises in one agreement.

    `told`: quarters back from the last ended one (0 is that one) that the stories write step by
    step; `missing`: how many of the last returns never came; `waiting`: the last is not looked
    at yet; `zero`: the last says that nothing was done.
    """

    reference: str
    supplier: str
    promises: tuple[Promise, ...]
    pace: str = "1.02"
    told: tuple[int, ...] = ()
    missing: int = 0
    waiting: bool = False
    zero: bool = False


@dataclass(frozen=True)
class NewAgreement:
    """A grant, planning obligation or pledge. It began two years and a half ago."""

    reference: str
    kind: str
    title: str
    directorate: str
    supplier: str
    pounds: int | None


NEW_AGREEMENTS = (
    NewAgreement("DEMO-G01", "grant", "Grant for food and advice sessions", "strategy", "hollowmere", 96_000),
    NewAgreement("DEMO-G02", "grant", "Grant for youth work on Friday evenings", "children", "tallow-street", 64_000),
    NewAgreement("DEMO-G03", "grant", "Grant for a community food store", "strategy", "hedgerow", 48_000),
    NewAgreement("DEMO-P01", "planning", "Obligation for homes at Invented Wharf", "place", "old-forge", None),
    NewAgreement("DEMO-P02", "planning", "Obligation for workshops at Makebelieve Lane", "place", "stonebridge", None),
    NewAgreement("DEMO-L01", "pledge", "Pledge of second-hand laptops", "strategy", "nightjar", None),
    NewAgreement("DEMO-L02", "pledge", "Pledge of survey days for community halls", "place", "wrenbury", None),
    NewAgreement("DEMO-L03", "pledge", "Pledge of free legal clinics", "strategy", "quillfield", None),
)  # fmt: skip

_P = Promise
DEALS = (
    # The supplier whose account a visitor uses: verified quarters, and the last one sent back.
    Deal("DEMO-001", "bramblewick", (
        _P("TSV-J1", "18", "Six full-time jobs for residents, for three years"),
        _P("TSV-J2", "6", "Two people a year from long unemployment, kept for a year"),
        _P("TSV-S1", "312", "Two apprentices who live in the borough"),
        _P("TSV-C1", "576", "Volunteer hours at the hub and in parks", partner="hub"),
        _P("TSV-F1", "100", "Everybody on the contract earns the real Living Wage"),
    ), told=(0,)),
    Deal("DEMO-037", "bramblewick", (_P("TSV-C1", "64", "Windows of community halls, cleaned free"),), missing=1),
    # The good one: everything came in time and is verified.
    Deal("DEMO-002", "sycamore", (
        _P("TSV-C1", "1200", "Volunteer days with friends of parks groups"),
        _P("TSV-C3", "30000", "Surplus plants and tools for schools", partner="school"),
        _P("TSV-E6", "800", "Trees planted and alive after a year"),
        _P("TSV-S8", "200", "Work experience with the grounds teams"),
    ), pace="1.06"),
    Deal("DEMO-003", "harrow-vale", (
        _P("TSV-S1", "1872", "Twelve apprenticeships over three years", "0.92"),
        _P("TSV-L2", "2400000", "Spend with firms in Greater Manchester", "0.97"),
        _P("TSV-S8", "240", "Work experience for college students", "0.85", "college"),
        _P("TSV-E4", "3600", "Planings used again in place of quarried stone", "0.94"),
    )),
    # The late one: it began well, and its last two returns never came.
    Deal("DEMO-006", "larkfield", (
        _P("TSV-J2", "8", "Care work for people who were unemployed"),
        _P("TSV-C2", "384", "Training for family carers", partner="hub"),
        _P("TSV-L5", "95", "Invoices of small firms paid within 30 days"),
    ), missing=2),
    Deal("DEMO-007", "larkfield", (_P("TSV-C7", "1600", "Tea afternoons for people who live alone"),), told=(1,), missing=1),
    Deal("DEMO-007", "oakapple", (_P("TSV-C7", "1600", "Games afternoons in sheltered homes"),), told=(1,), zero=True),
    # The disputed one: the hub counted fewer hours than the supplier.
    Deal("DEMO-008", "oakapple", (
        _P("TSV-C1", "800", "Volunteer hours at the hub", partner="hub"),
        _P("TSV-J1", "25", "Five full-time jobs for residents"),
    ), told=(0,)),
    Deal("DEMO-012", "thistledown", (_P("TSV-S6", "160", "Careers talks by play workers", partner="school"),), told=(0,)),
    Deal("DEMO-055", "thistledown", (_P("TSV-S6", "96", "Careers talks by therapists", partner="school"),), told=(0,)),
    Deal("DEMO-013", "moorhen", (
        _P("TSV-C4", "12000", "Lifts for community groups at weekends"),
        _P("TSV-J1", "3", "Two drivers who live in the borough"),
    ), waiting=True),
    Deal("DEMO-013", "ferryman", (_P("TSV-C4", "6000", "Lifts for school trips"),), pace="0.88", waiting=True),
    Deal("DEMO-014", "penny-lantern", (
        _P("TSV-C2", "288", "Cookery sessions for parents", partner="school"),
        _P("TSV-E5", "12", "Surplus food passed on"),
    ), told=(0,)),
    Deal("DEMO-022", "hollowmere", (
        _P("TSV-C6", "1200", "People helped at the weekly drop-in"),
        _P("TSV-C2", "180", "Advice training for volunteers"),
    ), told=(0,)),
    # Its last return but one came after the quarter had been closed.
    Deal("DEMO-025", "marigold", (
        _P("TSV-C7", "2400", "Walks and talks in the parks"),
        _P("TSV-J4", "3", "A first job for one young person a year"),
    ), told=(1,)),
    # The short one: far behind its profile, with a recovery action.
    Deal("DEMO-028", "old-forge", (
        _P("TSV-S1", "520", "Five apprentices on site", "0.35"),
        _P("TSV-L1", "640000", "Spend with firms in Trafford", "0.55"),
        _P("TSV-S8", "80", "Site visits and work experience", "0.9", "college"),
    )),
    Deal("DEMO-031", "greenfinch", (_P("TSV-E6", "160", "Street trees given and planted"),), pace="1.1"),
    Deal("DEMO-043", "glasshouse", (_P("TSV-J1", "4", "Jobs for residents to the contract’s end"),), pace="0.95"),
    Deal("DEMO-044", "sycamore", (_P("TSV-C1", "160", "Volunteer hours to the contract’s end"),)),
    Deal("DEMO-045", "oakapple", (_P("TSV-C1", "160", "Volunteer hours to the contract’s end"),), pace="0.9"),
    Deal("DEMO-056", "sandpiper", (
        _P("TSV-C7", "12000", "Free swimming for people who rarely get out"),
        _P("TSV-J4", "5", "Lifeguard jobs for school leavers"),
        _P("TSV-S4", "40", "Lifeguard qualifications"),
    ), waiting=True),
    Deal("DEMO-059", "redgate", (
        _P("TSV-J1", "9", "Three full-time jobs for residents"),
        _P("TSV-E3", "60000", "Electricity saved by new handsets and lights", "0.86"),
    )),
    Deal("DEMO-G01", "hollowmere", (_P("TSV-C6", "960", "People helped with debt and benefits"),)),
    Deal("DEMO-G02", "tallow-street", (_P("TSV-C1", "640", "Volunteer hours at the youth nights", partner="hub"),), pace="1.05", told=(1,)),
    Deal("DEMO-G03", "hedgerow", (
        _P("TSV-E5", "32", "Surplus food passed on"),
        _P("TSV-C1", "480", "Volunteer hours at the store"),
    ), pace="0.8"),
    Deal("DEMO-P01", "old-forge", (
        _P("TSV-L1", "800000", "Spend with firms in Trafford during building"),
        _P("TSV-S1", "416", "Apprentices on site"),
    ), pace="0.97"),
    Deal("DEMO-P02", "stonebridge", (_P("TSV-J1", "8", "Jobs for residents during building"),), pace="0.7"),
    Deal("DEMO-L01", "nightjar", (_P("TSV-C3", "16000", "Laptops, made ready and given"),)),
    Deal("DEMO-L02", "wrenbury", (_P("TSV-C3", "12800", "Surveys of community halls, at cost"),), pace="1.0"),
    Deal("DEMO-L03", "quillfield", (_P("TSV-C2", "192", "Free legal clinics", partner="hub"),), missing=1),
)  # fmt: skip

# Weight and reason of the measures that matter this year; the year before by a little less.
PRIORITIES = (
    ("TSV-J4", "2.0", "Young people came first in every one of the invented workshops."),
    ("TSV-J2", "1.8", "Steady work was named most often in the invented survey."),
    ("TSV-C6", "1.5", "The invented hubs asked for help with debt and food."),
    ("TSV-C7", "1.3", "Loneliness was named by the invented carers’ group."),
    ("TSV-E1", "1.2", "The invented climate panel asked for lower emissions."),
    ("TSV-S1", "1.2", "The invented college asked for more apprenticeships."),
)
VIEWS = (
    ("hub", "Workers of an invented hub", "Help with debt and food is needed before anything else."),
    ("school", "Governors of an invented school", "Pupils should meet people at work before they choose."),
    ("college", "Tutors of an invented college", "Apprenticeships, and employers who stay to the end of them."),
    ("", "An invented residents’ workshop in the north", "First jobs for young people, close to home."),
)  # fmt: skip
