"""The decisions about a return and its lines. Each is one form, and each works without scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.queueing import hand_over
from trafford_sv.core.services.quarters import QuarterClosed
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..counting import quantity_words
from ..forms.verification import (
    AddressForm,
    AskForm,
    BackForm,
    DuplicateForm,
    PartForm,
    ReopenForm,
    WithdrawForm,
)
from ..models import ConfirmationRequest, DeliveryReturn, DuplicateFlag, ReturnLine
from ..selectors.verification import flags_of_lines
from ..services import confirmations, verification
from ..services.verification import ceiling_of
from ..tasks import send_confirmation
from .verification_lists import officers_only
from .verification_page import line_address

NO_QUEUE = (
    "The request is recorded, but its e-mail could not be sent: the background service cannot be "
    "reached. Send it again in a while."
)


def changed_words(stored: Any) -> str:
    """What somebody else did meanwhile, for the second of two."""
    if isinstance(stored, ReturnLine) and stored.decided_by_name:
        return (
            f"{stored.decided_by_name} decided line {stored.number} while you had it open: "
            f"{stored.get_state_display().lower()}. Nothing of yours was saved. Look at the line "
            "before you do anything."
        )
    if isinstance(stored, DuplicateFlag):
        return (
            f"{stored.decided_by_name or 'Somebody'} decided this while you had it open: "
            f"{stored.get_state_display().lower()}. Nothing of yours was saved."
        )
    return (
        "This return was changed while you had it open. Nothing of yours was saved. Look at it "
        "again before you decide."
    )


class Decision(PermissionView):
    """Finds the record, shows one form, and says every refusal in its own words."""

    permission = "verify_delivery"
    template = "contracts/line_decision.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if can(request.user, self.permission):
            officers_only(request.user)
        return super().dispatch(request, *args, **kwargs)

    def line(self, pk: int) -> ReturnLine:
        rows = ReturnLine.objects.visible_to(self.request.user).select_related(  # type: ignore[attr-defined]
            "delivery_return__contract",
            "delivery_return__supplier",
            "commitment__measure",
            "commitment__partner",
            "partner",
        )
        return self.found(rows, pk)  # type: ignore[no-any-return]

    def delivery_return(self, pk: int) -> DeliveryReturn:
        rows = DeliveryReturn.objects.visible_to(self.request.user).select_related(  # type: ignore[attr-defined]
            "contract", "supplier"
        )
        return self.found(rows, pk)  # type: ignore[no-any-return]

    def found(self, rows: Any, pk: int) -> Any:
        try:
            record = get_object_or_404(rows, pk=pk)
        except OverflowError:
            raise Http404 from None
        self.check(record)
        return record

    def try_it(self, form: forms.Form, work: Callable[[], Any]) -> tuple[bool, int]:
        """Whether it worked, and the page's status if not; the form then says why."""
        try:
            work()
        except Collision as collision:
            form.add_error(None, changed_words(collision.stored))
            return False, 409
        except QuarterClosed as refused:
            form.add_error(None, str(refused))
            return False, 409
        except ValidationError as error:
            EditMixin.add_errors(form, error)
            return False, 200
        return True, 200

    def show(
        self,
        form: forms.Form,
        held: Any,
        *,
        title: str,
        button: str,
        status: int = 200,
        **more: Any,
    ) -> HttpResponse:
        back = held if isinstance(held, DeliveryReturn) else held.delivery_return
        context = {
            "title": title,
            "form": form,
            "button": button,
            "held": back,
            "line": held if isinstance(held, ReturnLine) else None,
            "cancel": line_address(held) if isinstance(held, ReturnLine) else back.get_absolute_url(),
            "breadcrumbs": [
                ("Delivery returns", reverse("return-list")),
                (f"{back.contract.reference}, {back.period.short}", back.get_absolute_url()),
                (title, None),
            ],
            **more,
        }  # fmt: skip
        return render(self.request, self.template, context, status=status)


class LineAccept(Decision):
    """One press on the return's page."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        return redirect(line_address(self.line(pk)))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        line = self.line(pk)
        try:
            version = int(request.POST.get("version", ""))
        except ValueError:
            version = 0
        try:
            done = verification.accept_line(
                line=line, expected_version=version, by=request.user, now=self.now
            )
        except Collision as collision:
            messages.error(request, changed_words(collision.stored))
        except QuarterClosed as refused:
            messages.error(request, str(refused))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(
                request,
                f"Line {line.number} is accepted: {quantity_words(done.verified_quantity or 0)}.",  # type: ignore[arg-type]
            )
        return redirect(line_address(line))


class LineForm(Decision):
    """A form about one line. Set the words, and `decide`."""

    form_class: type[forms.Form]
    words = ""
    button = ""
    done = ""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        line = self.line(pk)
        return self.answer(line, self.form(line, None))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        line = self.line(pk)
        form = self.form(line, request.POST)
        if not form.is_valid():
            return self.answer(line, form)
        worked, status = self.try_it(form, lambda: self.decide(line, form.cleaned_data))
        if not worked:
            return self.answer(line, form, status)
        messages.success(request, self.done.format(number=line.number))
        return redirect(line_address(line))

    def form(self, line: ReturnLine, data: Any) -> forms.Form:
        return self.form_class(data, initial={"version": line.version})

    def decide(self, line: ReturnLine, said: dict[str, Any]) -> Any:
        raise NotImplementedError

    def answer(self, line: ReturnLine, form: forms.Form, status: int = 200) -> HttpResponse:
        return self.show(
            form,
            line,
            title=self.words.format(number=line.number),
            button=self.button,
            status=status,
            ceiling=ceiling_of(line=line),
        )


class LineVerify(LineForm):
    form_class = PartForm
    words = "Accept a part of line {number}"
    button = "Accept this part"
    done = "A part of line {number} is accepted. The supplier sees how much, and why."

    def form(self, line: ReturnLine, data: Any) -> forms.Form:
        form = super().form(line, data)
        form.fields["quantity"].help_text = f"In {line.commitment.measure.unit}"
        return form

    def decide(self, line: ReturnLine, said: dict[str, Any]) -> Any:
        return verification.accept_part(
            line=line,
            quantity=said["quantity"],
            reason=said["reason"],
            expected_version=said["version"],
            by=self.request.user,
            now=self.now,
        )


class LineSendBack(LineForm):
    form_class = BackForm
    words = "Send line {number} back to the supplier"
    button = "Send back to supplier"
    done = (
        "Line {number} is sent back. It comes to the inbox again when the supplier has changed it."
    )

    def decide(self, line: ReturnLine, said: dict[str, Any]) -> Any:
        return verification.send_back_line(
            line=line,
            reason=said["reason"],
            expected_version=said["version"],
            by=self.request.user,
            now=self.now,
        )


class LineReopen(LineForm):
    """For the co-ordinator: those who may close quarters may also take a decision back."""

    permission = "close_quarters"
    form_class = ReopenForm
    words = "Open line {number} again"
    button = "Open it again"
    done = "Line {number} is open again. What was verified on it no longer counts."

    def decide(self, line: ReturnLine, said: dict[str, Any]) -> Any:
        return verification.reopen_line(
            line=line,
            reason=said["reason"],
            expected_version=said["version"],
            by=self.request.user,
            now=self.now,
        )


class Sending:
    """Handing a request's e-mail to the background."""

    request: HttpRequest
    now: Any

    def send(self, asked: ConfirmationRequest) -> None:
        if hand_over(send_confirmation, asked.pk):
            messages.success(
                self.request, f"{asked.organisation.name} is asked. The answer appears on the line."
            )
        else:
            confirmations.note_unsent(request=asked, by=self.request.user, now=self.now)
            messages.error(self.request, NO_QUEUE)


class LineAskConfirmation(Sending, LineForm):
    template = "contracts/line_ask.html"
    words = "Ask who was helped by line {number}"
    button = "Send the question"

    def form(self, line: ReturnLine, data: Any) -> forms.Form:
        named = line.partner_id or line.commitment.partner_id
        return AskForm(
            data,
            initial={"version": line.version, "organisation": named},
            supplier_id=line.delivery_return.supplier_id,
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        line = self.line(pk)
        form = self.form(line, request.POST)
        if not form.is_valid():
            return self.answer(line, form)
        asked: list[ConfirmationRequest] = []

        def ask() -> None:
            said = form.cleaned_data
            asked.append(
                confirmations.ask_confirmation(
                    line=line,
                    organisation=said["organisation"],
                    email=said["email"],
                    expected_version=said["version"],
                    by=request.user,
                    now=self.now,
                )
            )

        worked, status = self.try_it(form, ask)
        if not worked:
            return self.answer(line, form, status)
        self.send(asked[0])
        return redirect(line_address(line))


class RequestForm(Sending, Decision):
    """A form about a request that is out."""

    template = "contracts/line_decision.html"

    def asked(self, pk: int) -> ConfirmationRequest:
        lines = ReturnLine.objects.visible_to(self.request.user)  # type: ignore[attr-defined]
        try:
            found = get_object_or_404(
                ConfirmationRequest.objects.filter(line__in=lines).select_related(
                    "organisation",
                    "line__delivery_return__contract",
                    "line__delivery_return__supplier",
                    "line__commitment__measure",
                ),
                pk=pk,
            )
        except OverflowError:
            raise Http404 from None
        self.check(found.line)
        return found


class ConfirmationAgain(RequestForm):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        asked = self.asked(pk)
        return self.answer(asked, AddressForm(initial={"email": asked.sent_to}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        asked = self.asked(pk)
        form = AddressForm(request.POST)
        if not form.is_valid():
            return self.answer(asked, form)
        worked, status = self.try_it(
            form,
            lambda: confirmations.send_again(
                request=asked, email=form.cleaned_data["email"], by=request.user, now=self.now
            ),
        )
        if not worked:
            return self.answer(asked, form, status)
        self.send(asked)
        return redirect(line_address(asked.line))

    def answer(self, asked: ConfirmationRequest, form: forms.Form, status: int = 200) -> Any:
        title = f"Send the question to {asked.organisation.name} again"
        return self.show(form, asked.line, title=title, button="Send it again", status=status)


class ConfirmationWithdraw(RequestForm):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.answer(self.asked(pk), WithdrawForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        asked = self.asked(pk)
        form = WithdrawForm(request.POST)
        if not form.is_valid():
            return self.answer(asked, form)
        worked, status = self.try_it(
            form,
            lambda: confirmations.withdraw_confirmation(
                request=asked, reason=form.cleaned_data["reason"], by=request.user, now=self.now
            ),
        )
        if not worked:
            return self.answer(asked, form, status)
        messages.success(request, "The question is withdrawn. Its link no longer works.")
        return redirect(line_address(asked.line))

    def answer(self, asked: ConfirmationRequest, form: forms.Form, status: int = 200) -> Any:
        title = f"Withdraw the question to {asked.organisation.name}"
        return self.show(form, asked.line, title=title, button="Withdraw it", status=status)


class ReturnVerify(Decision):
    """Accept every line that can be accepted, after looking once more at which these are."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.answer(self.delivery_return(pk), forms.Form())

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        held = self.delivery_return(pk)
        form = forms.Form(request.POST)
        form.is_valid()
        done: list[verification.Verified] = []

        def verify() -> None:
            done.append(
                verification.verify_return(
                    delivery_return=held,
                    expected_version=_whole(request.POST.get("version", "")),
                    versions={
                        _whole(name.removeprefix("line-")): _whole(value)
                        for name, value in request.POST.items()
                        if name.startswith("line-") and len(name) < 20 and isinstance(value, str)
                    },
                    by=request.user,
                    now=self.now,
                )
            )

        worked, status = self.try_it(form, verify)
        if not worked:
            return self.answer(held, form, status)
        self.say(done[0])
        return redirect(held.get_absolute_url())

    def say(self, done: verification.Verified) -> None:
        if done.accepted:
            number = len(done.accepted)
            messages.success(
                self.request, f"{number} {'line is' if number == 1 else 'lines are'} accepted."
            )
        elif not done.left:
            messages.success(self.request, "The return is marked as seen.")
        for _, why in done.left:
            messages.info(self.request, why)

    def answer(self, held: DeliveryReturn, form: forms.Form, status: int = 200) -> HttpResponse:
        self.template = "contracts/return_verify.html"
        lines = held.lines.filter(
            is_counted=True, state=ReturnLine.State.OPEN, reported_quantity__isnull=False
        ).select_related("commitment__measure")
        return self.show(
            form,
            held,
            title="Accept everything that is open",
            button="Accept these lines",
            status=status,
            lines=lines,
        )


class ReturnSendBack(Decision):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        held = self.delivery_return(pk)
        return self.answer(held, BackForm(initial={"version": held.version}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        held = self.delivery_return(pk)
        form = BackForm(request.POST)
        if not form.is_valid():
            return self.answer(held, form)
        worked, status = self.try_it(
            form,
            lambda: verification.send_back_return(
                delivery_return=held,
                reason=form.cleaned_data["reason"],
                expected_version=form.cleaned_data["version"],
                by=request.user,
                now=self.now,
            ),
        )
        if not worked:
            return self.answer(held, form, status)
        messages.success(
            request, "The return is sent back. What was accepted before stays accepted."
        )
        return redirect(held.get_absolute_url())

    def answer(self, held: DeliveryReturn, form: forms.Form, status: int = 200) -> HttpResponse:
        return self.show(
            form,
            held,
            title="Send the whole return back",
            button="Send back to supplier",
            status=status,
        )


class DuplicateDecide(Decision):
    """Both places side by side, and what they are."""

    template = "contracts/duplicate_decide.html"

    def flag(self, pk: int) -> DuplicateFlag:
        seen = ReturnLine.objects.visible_to(self.request.user).values("pk")  # type: ignore[attr-defined]
        try:
            flag = get_object_or_404(
                DuplicateFlag.objects.filter(Q(first__in=seen) | Q(second__in=seen)).select_related(
                    "first__delivery_return__contract",
                    "first__delivery_return__supplier",
                    "second__delivery_return__contract",
                    "second__delivery_return__supplier",
                ),
                pk=pk,
            )
        except OverflowError:
            raise Http404 from None
        if not any(
            can(self.request.user, self.permission, on=line) for line in (flag.first, flag.second)
        ):
            raise Http404
        return flag

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        flag = self.flag(pk)
        return self.answer(flag, DuplicateForm(initial={"expected_state": flag.state}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        flag = self.flag(pk)
        form = DuplicateForm(request.POST)
        if not form.is_valid():
            return self.answer(flag, form)
        worked, status = self.try_it(
            form,
            lambda: verification.decide_duplicate(
                flag=flag,
                state=form.cleaned_data["state"],
                reason=form.cleaned_data["reason"],
                expected_state=form.cleaned_data["expected_state"],
                by=request.user,
                now=self.now,
            ),
        )
        if not worked:
            return self.answer(flag, form, status)
        messages.success(request, "Your decision is recorded. Now decide the line.")
        return redirect(line_address(self.mine(flag)))

    def mine(self, flag: DuplicateFlag) -> ReturnLine:
        """The side from which this person came, or the first that they may reach."""
        wanted = self.request.GET.get("line", "")
        for line in (flag.first, flag.second):
            if str(line.pk) == wanted and can(self.request.user, self.permission, on=line):
                return line
        own = can(self.request.user, self.permission, on=flag.first)
        return flag.first if own else flag.second

    def answer(self, flag: DuplicateFlag, form: forms.Form, status: int = 200) -> HttpResponse:
        mine = self.mine(flag)
        (shown,) = (each for each in flags_of_lines(self.request.user, [mine.pk])[mine.pk] if each.pk == flag.pk)  # fmt: skip
        return self.show(
            form,
            mine,
            title=f"Is line {mine.number} claimed twice?",
            button="Record my decision",
            status=status,
            flag=shown,
        )


def _whole(text: Any) -> int:
    try:
        return int(str(text))
    except ValueError:
        return 0
