"""What the demo's plan says: invented actions, their steps and what their invented leads report.

`said` runs from the action's first quarter; each is (how it stands, what happened). With eight it
covers two years up to the last quarter that has ended. `ends` and the steps count quarters from
that last one: 0 is it, 4 is a year later.
"""

from __future__ import annotations

from dataclasses import dataclass, field

T, R, F, C, N, X = "on_track", "at_risk", "off_track", "complete", "not_started", "cancelled"


@dataclass(frozen=True)
class Plan:
    key: str
    theme: str
    title: str
    description: str
    who: str  # a directorate's key, or one of PARTNERS
    lead: str
    ends: int
    said: tuple[tuple[str, str], ...]
    steps: tuple[tuple[str, int, bool], ...] = ()
    principle: str = ""
    waits_for: tuple[str, ...] = ()
    last: str = "approved"  # what became of the last update: approved, submitted, sent_back
    silent: int = 0  # quarters at the end without an update
    is_public: bool = True
    metric_key: str = ""
    more: dict[str, str] = field(default_factory=dict)


PARTNERS = {
    "college": ("Northbank College (demo)", "school"),
    "health": ("Willowbrook Health Partnership (demo)", "public_body"),
    "partnership": ("Trafford Together Partnership (demo)", "partner"),
    "buying": ("Northern Shared Buying (demo)", "public_body"),
    "voluntary": ("Linnet Voluntary Action (demo)", "voluntary"),
}
# theme -> (what it should look like, stage, years from now)
TARGETS = {
    "IM": ("Every officer who buys or plans knows what social value asks of them, and has time for it.", "leader", 2),
    "EN": ("Hubs and businesses are asked twice a year and hear back what became of their answers.", "innovator", 3),
    "PS": ("One policy covers contracts, grants and planning, and names the threshold of each.", "mature", 1),
    "OM": ("Measures follow local priorities, and each number can be opened to its proof.", "leader", 2),
    "CO": ("Needs are known before a tender is written, and the tender says how to meet them.", "leader", 3),
    "PR": ("Bidders answer one clear question set, and winners’ promises are commitments within a month.", "innovator", 3),
    "GO": ("The Steering Group decides on evidence each quarter, and the public can read what it decided.", "leader", 2),
}  # fmt: skip
ACTIONS: tuple[Plan, ...] = (
    Plan("duty", "IM", "Write social value into job descriptions and appraisals",
         "A sentence in every job description of those who buy, plan or give grants, and one question in the yearly appraisal.",
         "strategy", "Head of people services", 2, (
            (T, "Wording agreed with people services. Unions were asked and had no objection."),
            (T, "Piloted in two teams. The appraisal question was unclear and was shortened."),
            (T, "All new job descriptions carry the sentence."),
            (R, "Existing descriptions wait for the yearly review, which starts late this year."),
            (R, "The review has begun. 40 of 130 descriptions are changed."),
            (T, "85 of 130 descriptions are changed. Managers have a one-page guide."),
            (T, "110 of 130 are changed. The rest are vacant posts."),
            (T, "All filled posts are done. Appraisals of this year ask the question."),
         ), (("Wording agreed", -7, True), ("Half of descriptions changed", -3, True), ("All descriptions changed", 1, False)),
         "learning-training-jobs"),
    Plan("training", "IM", "Train everyone who buys in what social value is for",
         "Half a day, with two real tenders to mark, repeated each spring and autumn.",
         "finance", "Learning and development lead", 3, (
            (T, "Course drafted with two contract managers."),
            (T, "First course held: 22 people. They asked for more on evidence."),
            (T, "Second course held: 31 people. A part on evidence was added."),
            (R, "One course had to be moved because the trainer was ill."),
            (T, "Third course held: 28 people."),
            (T, "81 of 95 people who buy have been. Four more dates are set."),
         ), (("First course", -4, True), ("Everybody has been once", 2, False)),
         "learning-training-jobs", ("duty",), last="submitted"),
    Plan("champions", "IM", "Name a social value contact in each directorate",
         "Somebody to ask, who meets the others once a quarter.",
         "strategy", "Social value co-ordinator", -2, (
            (T, "Four of six directorates have named a contact."),
            (T, "All six are named and have met once."),
            (T, "The contacts meet each quarter; notes go to the Steering Group."),
            (C, "The contacts are in place and meet without our help. This action is done."),
         ), (("All six named", -4, True),)),
    Plan("hubs", "EN", "Ask every community hub twice a year what it needs",
         "A short list of questions, by telephone where a hub prefers that, and an answer to each hub on what became of it.",
         "voluntary", "Hub network organiser", 4, (
            (T, "Questions agreed with three hubs. They asked us to keep it to ten minutes."),
            (T, "First round: five of six hubs answered."),
            (T, "Each hub had a call about what happened to its answers."),
            (T, "Second round: six of six. Food and travel came first."),
            (T, "Answers went to the businesses that asked where to help."),
            (T, "Third round: six of six hubs answered within two weeks."),
            (T, "Two needs were met by companies through their contracts."),
            (T, "Fourth round is open. Hubs asked for it to come before the summer."),
         ), (("First round", -6, True), ("Fourth round reported back", 1, False)),
         "happy-healthy-safe"),
    Plan("breakfast", "EN", "Meet local businesses each quarter about where help is wanted",
         "An hour in the morning, in a different town centre each time.",
         "partnership", "Business engagement officer", 5, (
            (T, "First meeting in Stretford: 14 businesses came."),
            (T, "Sale: 19 businesses. Three offered spare training places."),
            (R, "Altrincham was poorly attended; the date met a bank holiday."),
            (T, "Urmston: 23 businesses. A list of needs was handed out for the first time."),
            (T, "Partington: 11 businesses, and two new offers of lifts to appointments."),
         ), (("Five town centres visited", 0, True), ("Offers matched to needs", 3, False)),
         "business-town-centres", ("hubs",)),
    Plan("newcomers", "EN", "Bring employers and newcomers to the borough together",
         "Two events a year with advice on work, training and starting a business.",
         "college", "Community learning manager", 1, (
            (T, "Venue and date found. Six employers will come."),
            (T, "The event was held: over 90 people came, most with questions on qualifications."),
            (R, "Interpreters for the second event are not found yet."),
         ), (("First event", -1, True), ("Second event", 0, False)),
         "learning-training-jobs", silent=2),
    Plan("newsletter", "EN", "Send a needs bulletin to contractors each month",
         "Ten lines: what is wanted, where, by when, and whom to ring.",
         "place", "Communications officer", -1, (
            (T, "First bulletin went to 60 suppliers. Nine answered."),
            (R, "Two bulletins were late because nobody had checked the needs."),
            (F, "No bulletin this quarter: the officer has left and the post is vacant."),
         ), (("Twelve bulletins sent", -1, False),), silent=1),
    Plan("policy", "PS", "Adopt one social value policy for contracts, grants and planning",
         "Four pages, with the thresholds and who decides on exceptions.",
         "strategy", "Policy manager", 1, (
            (T, "Outline agreed. It has three parts."),
            (T, "Contracts and grants are drafted. Planning waits for the local plan’s timetable."),
            (R, "Legal services asked for changes to the part on grants."),
            (R, "The changes are made. A second look is booked."),
            (T, "Legal services agree. The draft goes out for comment."),
            (T, "27 comments came, most on thresholds. The second draft is with the Group."),
         ), (("Draft out for comment", -1, True), ("Adopted by the Executive", 1, False)), last="sent_back"),
    Plan("grants", "PS", "Ask about social value in every grant form",
         "Two questions that small groups can answer in their own words.",
         "voluntary", "Grants officer", 0, (
            (T, "Questions drafted with four small groups."),
            (T, "Tried in one fund: 31 of 33 applicants answered."),
            (T, "In three funds now. Answers are short and useful."),
            (T, "In five of seven funds."),
         ), (("Tried in one fund", -2, True), ("In all funds", 0, False)), "happy-healthy-safe", ("policy",)),
    Plan("localplan", "PS", "Draft a planning policy on social value above a threshold",
         "For developments above a size to be agreed: local jobs, training, and space for communities.",
         "place", "Planning policy officer", 6, (
            (T, "Examples from six other areas are collected."),
            (T, "A threshold of 20 homes is proposed for discussion."),
            (R, "Developers ask for a higher threshold. Figures on viability are needed."),
         ), (("Proposal out for comment", 2, False), ("Ready for the local plan", 6, False)),
         "business-town-centres", is_public=False),
    Plan("measures", "OM", "Choose next year’s local measures with those concerned",
         "A list of at most twenty, after asking hubs, suppliers and public bodies.",
         "strategy", "Social value co-ordinator", 1, (
            (T, "A first list of 26 measures is out."),
            (T, "41 answers came. Six measures were dropped and one was added."),
            (T, "The list of twenty is agreed by the Group."),
            (T, "The new list is in use. The next round begins."),
            (T, "Suppliers find the list shorter and clearer."),
            (T, "The list for next year is out for comment."),
            (T, "36 answers so far. Travel to work comes up often."),
         ), (("This year’s list agreed", -4, True), ("Next year’s list agreed", 1, False)),
         metric_key="measures.local_priorities"),
    Plan("evidence", "OM", "Write a guide to good evidence for suppliers",
         "Two pages with pictures: what we accept, what we send back, and why.",
         "finance", "Contract management lead", -3, (
            (T, "Draft tried with three suppliers. They wanted examples."),
            (C, "The guide is out, with six examples. Fewer returns are sent back since."),
         ), (("Guide published", -2, True),), silent=2),
    Plan("baseline", "OM", "Check a sample of delivered promises on the spot",
         "Ten visits a year to see what arrived, with the hub or school that was helped.",
         "adults", "Quality officer", 2, (
            (T, "Ten places are chosen by lot."),
            (T, "Four visits made. Three were as reported; one was half of it."),
            (R, "Two visits were put off by the places themselves."),
            (T, "Eight of ten visits are made."),
         ), (("Ten visits made", 1, False),), last="submitted"),
    Plan("needsfirst", "CO", "Look at local needs before each tender above £50,000",
         "A one-page summary of the needs of the wards a contract will serve, before the tender is written.",
         "health", "Commissioning manager", 3, (
            (T, "A form for the summary was tried on two contracts."),
            (T, "Five tenders had a summary. Two changed what they ask for."),
            (T, "It is now part of the commissioning checklist."),
            (T, "All nine tenders of the quarter had one."),
            (R, "Three of eight had one: holidays, and new people who did not know."),
            (T, "Seven of eight had one. The checklist now stops without it."),
            (T, "All six had one."),
            (T, "All seven had one. Hubs say that tenders ask better questions."),
         ), (("Part of the checklist", -5, True), ("A year in which all have one", 3, False)),
         "happy-healthy-safe", ("hubs",)),
    Plan("small", "CO", "Split large contracts so that small firms can bid",
         "For each contract above £250,000: say why it is not split, or split it.",
         "finance", "Category manager", -1, (
            (T, "Eleven contracts are looked at; four could be split."),
            (T, "Two are split. One went to two local firms."),
            (R, "The other two have to wait for the end of a framework."),
            (R, "The framework was extended. We look for other contracts."),
         ), (("Two contracts split", -2, True), ("Four contracts split", -1, False)), "business-town-centres"),
    Plan("question", "PR", "Ask every bidder the same few questions",
         "One question set with marking guide, weighted at 20% or more.",
         "buying", "Procurement lead", -2, (
            (T, "Question set drafted with four officers and two suppliers."),
            (T, "Tried on three tenders. Marks of two evaluators differ less."),
            (C, "In use for all tenders above the threshold."),
         ), (("In use for all", -2, True),), metric_key="social_value.offered"),
    Plan("month", "PR", "Turn winning promises into commitments within a month",
         "Each with an owner, a unit, a date and the proof that will be asked for.",
         "buying", "Contract mobilisation officer", 2, (
            (F, "The average is 74 days. We look at what takes so long."),
            (R, "61 days. Owners are named at the award now."),
            (R, "48 days. Two suppliers were slow to accept."),
            (T, "35 days."),
            (T, "31 days, and 9 of 11 within the month."),
         ), (("Average below 60 days", -2, True), ("Average below 31 days", 2, False)), "", ("question",)),
    Plan("debrief", "PR", "Tell each bidder what its social value answer lacked",
         "Five lines to each, with the marks and one thing that would have scored more.",
         "buying", "Procurement officer", 4, (), (("First round of letters", 2, False),), "", ("question",)),
    Plan("committee", "GO", "Put a social value paragraph into every committee report",
         "With a figure that the reader can open to its source.",
         "strategy", "Democratic services manager", 1, (
            (T, "The template has the paragraph. Authors can leave it empty."),
            (R, "A third of reports leave it empty."),
            (T, "Half are filled in since it says what to write."),
            (T, "31 of 40 reports of the quarter had it."),
            (T, "36 of 41 had it. Members ask about the figures."),
            (T, "38 of 40 had it."),
         ), (("In the template", -5, True), ("Nine in ten reports have it", 0, True))),
    Plan("scrutiny", "GO", "Have the plan looked at by scrutiny once a year",
         "A public session with the chair, a hub and a supplier.",
         "strategy", "Scrutiny officer", 3, (
            (T, "First session held. It asked for fewer, larger actions."),
            (T, "The answer to scrutiny is written: four actions were merged."),
         ), (("First session", -1, True), ("Second session", 3, False)), is_public=True, silent=1),
)  # fmt: skip
