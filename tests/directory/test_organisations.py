"""Organisations are recorded, found, merged and unmerged."""

import datetime

import pytest
from django.core.exceptions import ValidationError

from contracts.models import AwardSupplier, Contract
from tests.factories import make_contract, make_organisation, make_user
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.services.records import Collision
from trafford_sv.directory.models import Identifier, Organisation
from trafford_sv.directory.services.merging import pointing_at_organisations, preview_merge
from trafford_sv.directory.services.organisations import (
    MergeRefused,
    NewOrganisation,
    OrganisationIndex,
    create_organisation,
    create_organisations,
    find_organisation,
    merge_organisations,
    undo_merge,
    update_organisation,
)

NOW = datetime.datetime(2026, 5, 3, 12, tzinfo=datetime.UTC)


def create(name, **more):
    values = {"name": name, **more.pop("values", {})}
    return create_organisation(values=values, by=None, now=NOW, **more)


def test_recording_places_it_and_leaves_one_event(places):
    made = create(
        "Invented Care Ltd",
        values={"postcode": "bl40nn"},
        kinds=["supplier", "voluntary"],
        identifiers=[("GB-COH", " 1234567 "), ("GB-COH", "01234567")],
        aliases=["INVENTED CARE LIMITED", "Invented Homecare"],
    )
    assert (made.postcode, made.locality, made.location_precision) == (
        "BL4 0NN",
        "greater_manchester",
        "exact",
    )
    assert [str(item) for item in made.identifiers.all()] == ["Company number 01234567"]
    assert [item.name for item in made.aliases.all()] == ["Invented Homecare"]
    event = AuditEvent.objects.get()
    assert event.verb == "organisation recorded"
    assert event.after["kinds"] == ["supplier", "voluntary"]
    assert made.history.count() == 1


def test_a_malformed_or_taken_number_is_refused_in_words(places):
    create("First", identifiers=[("GB-COH", "01234567")])
    with pytest.raises(ValidationError, match="belongs to First already"):
        create("Second", identifiers=[("GB-COH", "01234567")])
    with pytest.raises(ValidationError, match="8 characters"):
        create("Second", identifiers=[("GB-COH", "12")])
    assert Organisation.objects.count() == 1


def test_an_officer_states_a_locality_only_where_the_postcode_says_nothing(places):
    stated = create("No postcode", stated_locality="elsewhere")
    assert (stated.locality, stated.location_precision) == ("elsewhere", "stated")
    known = create("Known", values={"postcode": "WA14 2SZ"}, stated_locality="elsewhere")
    assert (known.locality, known.location_precision) == ("trafford", "exact")
    later = update_organisation(
        organisation=stated,
        changes={"note": "A word"},
        expected_version=1,
        by=None,
        now=NOW,
    )
    assert (later.locality, later.location_precision) == ("elsewhere", "stated")


def test_editing_checks_the_version_and_writes_nothing_for_nothing(places):
    made = create("Invented Care", kinds=["supplier"])
    same = update_organisation(
        organisation=made,
        changes={"name": "Invented Care"},
        kinds=["supplier"],
        expected_version=1,
        by=None,
        now=NOW,
    )
    assert same.version == 1
    assert AuditEvent.objects.count() == 1
    changed = update_organisation(
        organisation=made,
        changes={},
        kinds=["supplier", "hub"],
        expected_version=1,
        by=None,
        now=NOW,
    )
    assert changed.version == 2
    with pytest.raises(Collision):
        update_organisation(
            organisation=made, changes={"note": "x"}, expected_version=1, by=None, now=NOW
        )


# Finding


def test_a_number_finds_before_a_name(places):
    first = create("Alpha Ltd", identifiers=[("GB-COH", "01234567")])
    create("Beta Ltd")
    match = find_organisation(name="Beta Limited", identifiers=[("GB-COH", "1234567")])
    assert (match.organisation_id, match.by) == (first.pk, "identifier")


def test_a_name_finds_where_only_one_bears_it(places):
    alpha = create("Alpha & Sons Ltd", aliases=["Alpha Brothers"])
    assert find_organisation(name="ALPHA AND SONS LIMITED ").organisation_id == alpha.pk
    assert find_organisation(name="alpha brothers").organisation_id == alpha.pk
    assert find_organisation(name="Alpha") is None
    assert find_organisation(name="") is None
    twin = create("Alpha and Sons Limited", values={"postcode": "BL4 0NN"})
    assert find_organisation(name="Alpha & Sons Ltd") is None
    assert find_organisation(name="Alpha & Sons Ltd", postcode="bl4 0nn").organisation_id == twin.pk


def test_the_same_name_under_another_company_number_is_another_company(places):
    create("Alpha Ltd", identifiers=[("GB-COH", "01234567")])
    assert find_organisation(name="Alpha Ltd", identifiers=[("GB-COH", "07654321")]) is None


def test_two_companies_with_one_vat_number_are_not_one_company(places):
    create("Group North Ltd", identifiers=[("GB-VAT", "123456789")])
    create("Group South Ltd", identifiers=[("GB-VAT", "123456789")])
    assert find_organisation(name="Group West Ltd", identifiers=[("GB-VAT", "123456789")]) is None


def test_an_index_asks_a_constant_number_of_queries(places, django_assert_num_queries):
    def load_and_find():
        with django_assert_num_queries(4):
            index = OrganisationIndex()
            return [index.find(f"Supplier {number} LIMITED") for number in range(50)]

    assert not any(load_and_find())
    rows = [NewOrganisation(f"Supplier {number} Ltd") for number in range(50)]
    create_organisations(rows=rows, by=None, now=NOW)
    assert all(load_and_find())


def test_many_are_recorded_with_history_and_one_event(places, django_assert_max_num_queries):
    create("Holder", identifiers=[("GB-COH", "01234567")])
    rows = [
        NewOrganisation(
            f"Supplier {number}",
            kinds=("supplier",),
            # One held already, one malformed, one good.
            identifiers=(
                ("GB-COH", "01234567"),
                ("GB-COH", "x"),
                ("GB-CHC", f"{1000000 + number}"),
            ),
            postcode="BL4 0NN" if number % 2 else "not one",
        )
        for number in range(100)
    ]
    with django_assert_max_num_queries(20):
        made = create_organisations(rows=rows, by=None, now=NOW, reason="import")
    assert [item.name for item in made] == [row.name for row in rows]
    assert Organisation.objects.filter(locality="greater_manchester").count() == 50
    assert Identifier.objects.filter(scheme="GB-CHC").count() == 100
    assert Identifier.objects.filter(scheme="GB-COH").count() == 1
    assert Organisation.history.filter(history_change_reason="import").count() == 100
    assert AuditEvent.objects.filter(verb="organisations recorded").count() == 1


# Merging


def state_of_everything():
    """Every row that points at an organisation, and the organisations, without versions."""
    own = [f.attname for f in Organisation._meta.concrete_fields if f.name != "version"]
    state = {"organisations": list(Organisation.objects.order_by("pk").values_list(*own))}
    for pointing in pointing_at_organisations():
        columns = [f.attname for f in pointing.model._meta.concrete_fields if f.name != "version"]
        state[pointing.label] = list(
            pointing.model._base_manager.order_by("pk").values_list(*columns)
        )
    return state


@pytest.fixture
def two(places):
    keep = create("Alpha Ltd", kinds=["supplier"], aliases=["Alpha Bros"])
    absorb = create(
        "Alfa Ltd",
        kinds=["supplier", "partner"],
        identifiers=[("GB-COH", "01234567")],
        aliases=["Alpha Bros", "Alfa Co"],
        values={"postcode": "WA14 2SZ", "size": "small", "note": "From the register"},
    )
    make_user("supplier", absorb)
    shared = make_contract(value="1000", suppliers=[keep, absorb])
    make_contract(value="2000", suppliers=[absorb])
    Contract.objects.filter(pk=shared.pk).update(directorate=absorb)
    return keep, absorb


def test_a_merge_moves_what_points_at_it_and_its_undoing_restores_everything(two):
    keep, absorb = two
    before = state_of_everything()
    merge = merge_organisations(keep=keep, absorb=absorb, by=None, now=NOW, reason="Same company")
    absorb.refresh_from_db()
    assert absorb.merged_into == keep
    assert AwardSupplier.objects.filter(organisation=absorb).count() == 0
    assert AwardSupplier.objects.filter(organisation=keep).count() == 2  # the shared award once
    assert Contract.objects.get(directorate=keep).version == 2  # a form open on it will collide
    assert find_organisation(name="Alfa Ltd").organisation_id == keep.pk
    assert (
        find_organisation(name="x", identifiers=[("GB-COH", "01234567")]).organisation_id == keep.pk
    )
    undo_merge(merge=merge, by=None, now=NOW)
    assert state_of_everything() == before
    verbs = set(AuditEvent.objects.values_list("verb", flat=True))
    assert {"organisations merged", "merge undone"} <= verbs


def test_a_merge_needs_two_current_organisations_and_a_reason(two):
    keep, absorb = two
    third = make_organisation("Third")
    with pytest.raises(MergeRefused, match="same one"):
        merge_organisations(keep=keep, absorb=keep, by=None, now=NOW, reason="x")
    with pytest.raises(MergeRefused, match="how you know"):
        merge_organisations(keep=keep, absorb=absorb, by=None, now=NOW, reason=" ")
    first = merge_organisations(keep=keep, absorb=absorb, by=None, now=NOW, reason="Same")
    with pytest.raises(MergeRefused, match="already"):
        merge_organisations(keep=third, absorb=absorb, by=None, now=NOW, reason="Same")
    second = merge_organisations(keep=third, absorb=keep, by=None, now=NOW, reason="Same")
    with pytest.raises(MergeRefused, match="Undo that merge first"):
        undo_merge(merge=first, by=None, now=NOW)
    undo_merge(merge=second, by=None, now=NOW)
    undo_merge(merge=first, by=None, now=NOW)
    with pytest.raises(MergeRefused, match="undone already"):
        undo_merge(merge=first, by=None, now=NOW)


def test_two_merges_in_a_row_come_apart_again(two):
    keep, absorb = two
    third = create("Third", kinds=["hub"])
    before = state_of_everything()
    first = merge_organisations(keep=keep, absorb=absorb, by=None, now=NOW, reason="Same")
    second = merge_organisations(keep=third, absorb=keep, by=None, now=NOW, reason="Same")
    assert (
        find_organisation(name="y", identifiers=[("GB-COH", "01234567")]).organisation_id
        == third.pk
    )
    undo_merge(merge=second, by=None, now=NOW)
    undo_merge(merge=first, by=None, now=NOW)
    assert state_of_everything() == before


def test_the_kept_record_takes_the_facts_it_lacks_and_gives_them_back(two):
    keep, absorb = two
    Organisation.objects.filter(pk=keep.pk).update(note="Ours")
    merge = merge_organisations(keep=keep, absorb=absorb, by=None, now=NOW, reason="Same")
    keep.refresh_from_db()
    assert (keep.postcode, keep.locality, keep.size, keep.note) == (
        "WA14 2SZ",
        "trafford",
        "small",
        "Ours",
    )
    changed = update_organisation(
        organisation=keep,
        changes={"size": "large"},
        expected_version=keep.version,
        by=None,
        now=NOW,
    )
    undo_merge(merge=merge, by=None, now=NOW)
    changed.refresh_from_db()
    # The size was decided since and stays; the location goes back to where it came from.
    assert (changed.postcode, changed.locality, changed.ward_id, changed.size) == (
        "",
        "unknown",
        None,
        "large",
    )


def test_what_was_put_elsewhere_since_stays_there(two):
    keep, absorb = two
    other = make_organisation("Other")
    contract = Contract.objects.get(directorate=absorb)
    merge = merge_organisations(keep=keep, absorb=absorb, by=None, now=NOW, reason="Same")
    Contract.objects.filter(pk=contract.pk).update(directorate=other)
    undo_merge(merge=merge, by=None, now=NOW)
    assert Contract.objects.get(pk=contract.pk).directorate == other


def test_the_preview_counts_what_would_move(two):
    _, absorb = two
    counts = {(item.name, item.field): item.rows for item in preview_merge(absorb=absorb)}
    assert counts[("parts in awards", "organisation")] == 2


def test_a_dirty_postcode_is_refused_with_a_proposal(places):
    with pytest.raises(ValidationError, match="It could be WA14 2SZ"):
        create("Invented", values={"postcode": "WAI4 2SZ"})
    assert not Organisation.objects.exists()
