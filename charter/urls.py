"""Addresses of the charter's pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .views import (
    adopting,
    adoptions,
    case_studies,
    drafts,
    letters,
    pledge_answer,
    pledges,
    public,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", public.CharterPage.as_view(), name="charter"),
    path("charter.pdf", public.CharterPdf.as_view(), name="charter-pdf"),
    path("versions/", public.VersionList.as_view(), name="charter-version-list"),
    path("compare/", public.Compare.as_view(), name="charter-compare"),
    path("versions/new/", drafts.DraftStart.as_view(), name="charter-draft-start"),
    path("versions/<int:number>/", public.VersionPage.as_view(), name="charter-version-detail"),
    path(
        "versions/<int:number>/charter.pdf",
        public.VersionPdf.as_view(),
        name="charter-version-pdf",
    ),
    path("versions/<int:number>/draft/", drafts.DraftPage.as_view(), name="charter-draft"),
    path("versions/<int:number>/edit/", drafts.DraftEdit.as_view(), name="charter-draft-edit"),
    path(
        "versions/<int:number>/discard/",
        drafts.DraftDiscard.as_view(),
        name="charter-draft-discard",
    ),
    path("versions/<int:number>/approve/", drafts.DraftApprove.as_view(), name="charter-approve"),
    path(
        "versions/<int:number>/decision/",
        drafts.ApprovalCorrect.as_view(),
        name="charter-approval-correct",
    ),
    path(
        "versions/<int:number>/take-back/",
        drafts.ApprovalTakeBack.as_view(),
        name="charter-approval-take-back",
    ),
    path(
        "versions/<int:number>/principles/new/",
        drafts.PrincipleCreate.as_view(),
        name="charter-principle-create",
    ),
    path(
        "versions/<int:number>/principles/<int:pk>/areas/new/",
        drafts.FocusAreaCreate.as_view(),
        name="charter-area-create",
    ),
    path(
        "versions/<int:number>/areas/<int:pk>/initiatives/new/",
        drafts.InitiativeCreate.as_view(),
        name="charter-initiative-create",
    ),
    path(
        "principles/<int:pk>/edit/", drafts.PrincipleEdit.as_view(), name="charter-principle-edit"
    ),
    path(
        "principles/<int:pk>/remove/",
        drafts.PrincipleRemove.as_view(),
        name="charter-principle-remove",
    ),
    path("areas/<int:pk>/edit/", drafts.FocusAreaEdit.as_view(), name="charter-area-edit"),
    path("areas/<int:pk>/remove/", drafts.FocusAreaRemove.as_view(), name="charter-area-remove"),
    path(
        "initiatives/<int:pk>/edit/",
        drafts.InitiativeEdit.as_view(),
        name="charter-initiative-edit",
    ),
    path(
        "initiatives/<int:pk>/remove/",
        drafts.InitiativeRemove.as_view(),
        name="charter-initiative-remove",
    ),
    # Adoption
    path("adopt/", adopting.AdoptionAsk.as_view(), name="adoption-ask"),
    path("adopt/thank-you/", adopting.AdoptionAsked.as_view(), name="adoption-asked"),
    path("adopters/", adoptions.AdoptionList.as_view(), name="adoption-list"),
    path("adopters/new/", adopting.AdoptionCreate.as_view(), name="adoption-create"),
    path("adopters/<int:pk>/", adoptions.AdoptionPage.as_view(), name="adoption-detail"),
    path("adopters/<int:pk>/badge.svg", adoptions.AdoptionBadge.as_view(), name="adoption-badge"),
    path(
        "adopters/<int:pk>/certificate.pdf",
        adoptions.AdoptionCertificate.as_view(),
        name="adoption-certificate",
    ),
    path("adopters/<int:pk>/edit/", adopting.AdoptionEdit.as_view(), name="adoption-edit"),
    path(
        "adopters/<int:pk>/withdraw/", adopting.AdoptionWithdraw.as_view(), name="adoption-withdraw"
    ),
    path(
        "adopters/<int:pk>/affirm/", adopting.AdoptionReaffirm.as_view(), name="adoption-reaffirm"
    ),
    path("requests/", adoptions.RequestList.as_view(), name="adoption-request-list"),
    path("requests/<int:pk>/", adopting.RequestPage.as_view(), name="adoption-request-detail"),
    path(
        "requests/<int:pk>/answer/",
        letters.RequestLetterSettle.as_view(),
        name="request-letter-settle",
    ),
    path(
        "reminders/<int:pk>/settle/",
        letters.ReminderSettle.as_view(),
        name="adoption-reminder-settle",
    ),
    path("stand-by/<str:token>/", adopting.AdoptionAffirm.as_view(), name="adoption-affirm"),
    # Pledges
    path("pledges/", pledges.PledgeList.as_view(), name="pledge-list"),
    path("pledges/new/", pledges.PledgeCreate.as_view(), name="pledge-create"),
    path("pledges/<int:pk>/", pledges.PledgePage.as_view(), name="pledge-detail"),
    path("pledges/<int:pk>/edit/", pledges.PledgeEdit.as_view(), name="pledge-edit"),
    path("pledges/<int:pk>/report/", pledges.PledgeReport.as_view(), name="pledge-report"),
    path("pledges/<int:pk>/ask/", pledges.PledgeAsk.as_view(), name="pledge-ask"),
    path("pledges/<int:pk>/withdraw/", pledges.PledgeWithdraw.as_view(), name="pledge-withdraw"),
    path("confirm/thank-you/", pledge_answer.PledgeThanks.as_view(), name="pledge-thanks"),
    path("confirm/<str:token>/", pledge_answer.PledgeAnswer.as_view(), name="pledge-answer"),
    # Case studies
    path("case-studies/", case_studies.CaseStudyList.as_view(), name="case-study-list"),
    path("case-studies/new/", case_studies.CaseStudyCreate.as_view(), name="case-study-create"),
    path(
        "case-studies/<slug:key>/", case_studies.CaseStudyPage.as_view(), name="case-study-detail"
    ),
    path(
        "case-studies/<slug:key>/picture/",
        case_studies.CaseStudyPicture.as_view(),
        name="case-study-picture",
    ),
    path(
        "case-studies/<slug:key>/edit/",
        case_studies.CaseStudyEdit.as_view(),
        name="case-study-edit",
    ),
    path(
        "case-studies/<slug:key>/picture/set/",
        case_studies.CaseStudyPictureSet.as_view(),
        name="case-study-picture-set",
    ),
    path(
        "case-studies/<slug:key>/publish/",
        case_studies.CaseStudyPublish.as_view(),
        name="case-study-publish",
    ),
    path(
        "case-studies/<slug:key>/withdraw/",
        case_studies.CaseStudyWithdraw.as_view(),
        name="case-study-withdraw",
    ),
]
