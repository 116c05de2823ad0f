"""A case done at the neighbourhood window, end to end, in real Chromium, in both shapes of the product.

It asserts on what happened: frames that were decoded, bytes that were printed, the journal's chain, the sealed dossier.
"""

import base64
import io
import json
import os
import shutil
import subprocess

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pypdf import PdfReader
from reportlab.pdfgen.canvas import Canvas

from tests.e2e.stack import CENTRE, KioskEquipment, Stack, wait_for
from tests.equipment.escpos_decoder import decode_escpos

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.timeout(600)]
ITEM_NAME = "婚姻登记档案查询"


def sign_in(browser: Browser, stack: Stack, username: str, **options) -> BrowserContext:
    """A context signed in through the demo's page, as a person would."""
    context = browser.new_context(base_url=stack.url, **options)
    page = context.new_page()
    page.goto("/accounts/demo/")
    row = page.locator("tr", has=page.get_by_text(username, exact=True))
    row.first.locator("button").click()
    page.wait_for_load_state()
    page.close()
    return context


def clerk_of_centre(stack: Stack, role: str = "clerk") -> str:
    return stack.ask(
        "from portal.base.rights.models import RoleAssignment\n"
        f"found = RoleAssignment.objects.filter(role='{role}', place__code='{CENTRE}', user__is_service=False)\n"
        "answer = found.order_by('user__username')"
        ".values_list('user__username', flat=True).first()"
    )


def frames_decoded(page: Page, kind: str) -> int:
    return page.evaluate("kind => window.linbanCall?.stats().then(s => s.framesDecoded[kind] ?? 0) ?? 0", kind)


def assert_frames_rise(page: Page, kind: str, *, within_s: float = 40) -> None:
    """Ten more pictures come; a side that came back has a new connection, which counts from nothing."""
    seen = wait_for(lambda: frames_decoded(page, kind), timeout_s=within_s, what=f"the first {kind} frame")

    def has_risen() -> bool:
        nonlocal seen
        now = frames_decoded(page, kind)
        seen = min(seen, now)
        return now >= seen + 10

    wait_for(has_risen, timeout_s=within_s, what=f"more {kind} frames")


def draw_signature(page: Page, selector: str) -> None:
    box = page.locator(selector).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.3)
    page.mouse.down()
    for step in range(1, 12):
        page.mouse.move(
            box["x"] + box["width"] * (0.2 + step * 0.05), box["y"] + box["height"] * (0.3 + 0.4 * (step % 2))
        )
    page.mouse.up()


def result_document() -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.drawString(100, 700, "RESULT-OF-ARCHIVE-SEARCH")
    canvas.save()
    return out.getvalue()


def printed_pdfs(equipment: KioskEquipment) -> list[str]:
    return ["".join(page.extract_text() for page in PdfReader(path).pages) for path in equipment.a4.documents()]


def test_a_case_is_done_from_card_to_sealed_dossier(stack: Stack, browser: Browser, tmp_path) -> None:
    with stack.kiosk() as equipment:
        Journey(stack, browser, equipment, tmp_path).run()


class Journey:
    """The people, their screens, and the steps in order."""

    def __init__(self, stack: Stack, browser: Browser, equipment: KioskEquipment, folder) -> None:
        self.stack, self.browser, self.equipment, self.folder = stack, browser, equipment, folder
        self.errors: list[str] = []

    def watch(self, page: Page, name: str) -> Page:
        page.on("pageerror", lambda error: self.errors.append(f"{name}: {error}"))
        return page

    def shot(self, name: str, page: Page) -> None:
        """The screen passes axe here (the other shape shows the same); a picture, where E2E_SHOTS names a folder."""
        found = Axe().run(page).response["violations"] if self.stack.shape == "embedded" else []
        self.errors += [f"{name}: axe {one['id']} {[node['target'] for node in one['nodes'][:3]]}" for one in found]
        if folder := os.environ.get("E2E_SHOTS"):
            page.screenshot(path=f"{folder}/{name}.png")

    def run(self) -> None:
        try:
            self.find_the_guide()
            self.open_screens()
            self.draw_a_number()
            self.call_and_meet()
            self.confirm_and_open_case()
            self.capture_a_page()
            self.fill_sign_and_print()
            self.leave_papers()
            self.print_the_result()
            self.finish_and_rate()
            self.track()
            self.check_what_is_kept()
            self.check_the_dossier()
            self.audit()
        except Exception:
            for name in ("kiosk", "second", "clerk", "board"):
                if hasattr(self, name):
                    getattr(self, name).screenshot(path=str(self.folder / f"{name}.png"))
            print(f"screenshots are in {self.folder}\n{self.stack.logs()}\n{self.equipment.bridge.log[-3000:]}")  # noqa: T201
            raise
        assert self.errors == []

    # --- the steps ------------------------------------------------------------------------------------------------
    def find_the_guide(self) -> None:
        page = self.watch(self.browser.new_context(base_url=self.stack.url).new_page(), "visitor")
        page.goto("/")
        self.shot("home", page)
        page.locator("input[name=q]").first.fill("结婚证找不到了")
        page.keyboard.press("Enter")
        page.locator("main a", has_text=ITEM_NAME).first.click()
        expect(page.locator("h1")).to_have_text(ITEM_NAME)
        expect(page.locator("main")).to_contain_text("居民身份证")
        self.shot("guide", page)
        page.goto("/points/")
        expect(page.locator("main")).to_contain_text("居委会")
        self.shot("points", page)

    def open_screens(self) -> None:
        bridge = self.equipment.bridge.page_port
        size = {"width": 1080, "height": 1920}
        at_kiosk = self.browser.new_context(
            base_url=self.stack.url, viewport=size, permissions=["camera", "microphone"]
        )
        self.kiosk = self.watch(at_kiosk.new_page(), "kiosk")
        self.kiosk.goto(f"/kiosk/?bridge={bridge}")
        expect(self.kiosk.locator("[data-card-panel]")).to_be_visible(timeout=30_000)
        # The second camera of this browser is a depth camera: the keeper chooses the one that looks at papers.
        self.kiosk.goto("/kiosk/setup/")
        self.kiosk.locator("label.option", has_text="fake_device_2").click()
        self.kiosk.locator(".kiosk-foot button").click()
        expect(self.kiosk.locator("input[value^=fake_device_2]")).to_be_checked()
        self.kiosk.goto("/kiosk/")
        expect(self.kiosk.locator("[data-card-panel]")).to_be_visible(timeout=30_000)
        self.second = self.watch(at_kiosk.new_page(), "second")
        self.second.goto("/kiosk/second/")
        self.clerk_name = clerk_of_centre(self.stack)
        at_desk = sign_in(
            self.browser,
            self.stack,
            self.clerk_name,
            viewport={"width": 1440, "height": 900},
            permissions=["camera", "microphone"],
        )
        self.clerk = self.watch(at_desk.new_page(), "clerk")
        self.clerk.goto("/desk/")
        self.clerk.locator("form[action$='/sit/'] button").first.click()
        expect(self.clerk.locator("[data-region=queue] .queue__top")).to_be_visible()
        hall = self.browser.new_context(base_url=self.stack.url, viewport={"width": 1920, "height": 1080})
        self.board = self.watch(hall.new_page(), "board")
        self.board.goto(f"/board/{CENTRE}/")

    def draw_a_number(self) -> None:
        self.shot("kiosk", self.kiosk)
        # No session of an earlier person shows; a wrong typed number is told in place and stays.
        self.kiosk.locator("[data-field-screen=number]").click()
        self.kiosk.locator("#id-number").fill("110105194912310021")
        self.kiosk.locator("form[data-command=number] button.button--wide").click()
        expect(self.kiosk.locator(".field__error")).to_be_visible()
        assert self.kiosk.locator("#id-number").input_value() == "110105194912310021"
        self.kiosk.locator("[data-field-screen=home]").click()
        self.equipment.reader.place(1)
        expect(self.kiosk.locator("[data-field-screen=search]")).to_be_visible(timeout=20_000)
        text = self.kiosk.locator("[data-region=screen]").inner_text()
        assert "周**" in text and "周秀英" not in text, "the kiosk greets with a masked name"
        assert self.kiosk.locator(".kiosk-item").count() == 8
        self.kiosk.locator("[data-field-screen=search]").click()
        self.kiosk.locator("#kiosk-query").fill("婚姻档案")
        self.kiosk.locator(".kiosk-item", has_text=ITEM_NAME).first.click()
        number = self.kiosk.locator("[data-ticket-number]")
        expect(number).to_be_visible()
        self.number = number.inner_text().replace("\n", "").replace(" ", "")
        assert self.number.startswith("Y")
        self.shot("kiosk-ticket", self.kiosk)
        slip = wait_for(lambda: self.equipment.receipt.slips(), what="the printed slip")[0]
        decoded = decode_escpos(slip)[0]
        self.ticket_url = decoded.qr_codes[0]
        assert self.ticket_url.startswith(f"{self.stack.url}/track/t/") and decoded.ink > 0.02 and decoded.was_cut
        # Another swipe of the same card is the same ticket.
        self.kiosk.locator("[data-command=leave]").click()
        expect(self.kiosk.locator("[data-card-panel]")).to_be_visible()
        self.equipment.reader.remove()
        self.equipment.reader.place(1)
        expect(self.kiosk.locator("[data-ticket-number]")).to_be_visible(timeout=20_000)
        assert self.kiosk.locator("[data-ticket-number]").inner_text().replace("\n", "").replace(" ", "") == self.number
        self.equipment.reader.remove()
        self.kiosk.locator("[data-command=leave]").click()

    def call_and_meet(self) -> None:
        expect(self.clerk.locator(".queue__row", has_text=self.number)).to_be_visible()
        self.clerk.locator("[data-command=next]").click()
        expect(self.kiosk.locator("[data-command=agree]")).to_be_visible(timeout=15_000)
        expect(self.board.get_by_text(self.number[-3:]).first).to_be_visible(timeout=15_000)
        self.kiosk.locator("[data-command=agree]").click()
        assert_frames_rise(self.clerk, "face")
        assert_frames_rise(self.clerk, "document")
        assert_frames_rise(self.kiosk, "face")
        expect(self.kiosk.locator(".call-stage .recording")).to_be_visible()
        self.shot("kiosk-call", self.kiosk)
        self.shot("board", self.board)

    def confirm_and_open_case(self) -> None:
        person = self.clerk.locator("[data-region=person]")
        assert "周秀英" not in person.inner_text(), "closed until face and card agree"
        self.clerk.locator("[data-command=confirm_face]").click()
        expect(person).to_contain_text("周秀英")
        person.locator("form[data-command=open_case] button").click()
        expect(self.clerk.locator("#external-number")).to_be_visible()
        self.clerk.locator("#external-number").fill("SH-2026-000123")
        self.clerk.locator("form[data-command=external] button").click()

    def capture_a_page(self) -> None:
        self.clerk.locator("#capture-material").fill("居民身份证")
        self.clerk.locator("form[data-command=capture] button").click()
        expect(self.clerk.locator(".page-strip img")).to_have_count(1, timeout=20_000)
        wait_for(
            lambda: self.clerk.locator(".page-strip img").evaluate("i => i.naturalWidth") > 100,
            what="the page's picture",
        )

    def fill_sign_and_print(self) -> None:
        self.clerk.locator("[data-field-form=archive_use]").click()
        form = self.clerk.locator("form[data-paper-form]")
        expect(form).to_be_visible()
        form.locator("[name=archive]").select_option("结婚登记档案")
        form.locator("[name=purpose]").select_option("房屋过户公证")
        form.locator("[name=year]").fill("75")
        form.locator("[name=registered_at]").fill("闸北区（现静安区）")
        expect(form.locator(".field__error").first).to_be_visible()
        assert form.locator("[name=year]").input_value() == "75", "nothing typed is lost"
        form.locator("[name=year]").fill("1975")
        form.locator("[name=collect]").select_option("在服务点打印")
        form.locator("[name=copies]").fill("1")
        form.locator("[name=copies]").blur()
        expect(self.second.locator(".paper")).to_contain_text("1975")
        assert "周秀英" in self.second.locator(".paper").inner_text()
        form.locator("button.button", has_text="签名").last.click()
        pad = self.second.locator("[data-signature] canvas")
        expect(pad).to_be_visible()
        pad.scroll_into_view_if_needed()
        draw_signature(self.second, "[data-signature] canvas")
        self.shot("kiosk-second", self.second)
        self.shot("desk", self.clerk)
        self.second.locator("[data-sign]").click()
        self.clerk.locator("[data-command=print_form]").click(timeout=15_000)
        text = wait_for(lambda: printed_pdfs(self.equipment), what="the printed form")[0]
        for part in ("利用档案申请表", "周秀英", "结婚登记档案", "1975", "闸北区（现静安区）", "房屋过户公证"):
            assert part in text, part
        expect(self.clerk.locator(".job-list .badge--ok").last).to_be_visible(timeout=20_000)

    def leave_papers(self) -> None:
        self.clerk.locator("#papers").fill("结婚证\n户口簿")
        self.clerk.locator("form[data-command=leave_papers] button").click()
        pad = self.second.locator("[data-paper=handover] [data-signature] canvas")
        expect(pad).to_be_visible()
        pad.scroll_into_view_if_needed()
        draw_signature(self.second, "[data-paper=handover] [data-signature] canvas")
        self.second.locator("[data-paper=handover] [data-sign]").click()
        desk_pad = self.clerk.locator(".sign-pad--desk canvas")
        desk_pad.scroll_into_view_if_needed()
        draw_signature(self.clerk, ".sign-pad--desk canvas")
        self.clerk.locator("[data-sign-handover]").click()
        wait_for(self._handover_is_signed, what="both signatures on the receipt")
        self.clerk.locator("[data-command=print_handover]").click()
        wait_for(
            lambda: any("收件凭证" in text and "户口簿" in text for text in printed_pdfs(self.equipment)),
            what="the receipt",
        )

    def _handover_is_signed(self) -> bool:
        return (
            self.stack.ask(
                "from servicedesk.cases.models import Signature\n"
                "answer = Signature.objects.filter(handover__isnull=False).count()"
            )
            == 2
        )

    def print_the_result(self) -> None:
        upload = {"name": "result.pdf", "mimeType": "application/pdf", "buffer": result_document()}
        self.clerk.locator("#result-title").fill("婚姻登记档案证明")
        self.clerk.locator("#result-pdf").set_input_files(files=[upload])
        self.clerk.locator("form[data-upload] button").click()
        self.clerk.locator("[data-command=print_result][data-field-as=original]").click()
        wait_for(
            lambda: any("RESULT-OF" in text and "原件" in text for text in printed_pdfs(self.equipment)),
            what="the original",
        )
        self.clerk.locator("[data-command=print_result][data-field-as=copy]").click()
        wait_for(
            lambda: any("RESULT-OF" in text and "副本" in text for text in printed_pdfs(self.equipment)),
            what="the copy",
        )
        # The original comes out once.
        self.clerk.locator("[data-command=print_result][data-field-as=original]").click()
        expect(self.clerk.locator("[data-region=paper] > [data-refusal], [data-refusal]:visible").first).to_be_visible()
        self.clerk.locator("[data-command=accept][data-field-action=accept]").click()
        self.clerk.locator("[data-command=accept][data-field-action=finish]").click()

    def finish_and_rate(self) -> None:
        self.clerk.locator(".queue__finish button").click()
        self.clerk.locator("[data-confirm-dialog] [data-yes]").click()
        levels = self.kiosk.locator(".rate__level")
        expect(levels).to_have_count(5, timeout=15_000)
        assert self.kiosk.evaluate("window.linbanCall") is None, "camera and call are off"
        self.shot("kiosk-rate", self.kiosk)
        levels.first.click()
        self.kiosk.locator("[data-command=leave]").click()
        expect(self.kiosk.locator("[data-card-panel]")).to_be_visible()
        assert self.kiosk.evaluate("Object.keys(localStorage).length") == 0
        assert "周**" not in self.kiosk.locator("body").inner_text()
        assert "满意" not in self.clerk.locator("body").inner_text()

    def track(self) -> None:
        phone = self.browser.new_context(base_url=self.stack.url, viewport={"width": 390, "height": 844}).new_page()
        phone.goto(self.ticket_url)
        expect(phone.locator("body")).to_contain_text(ITEM_NAME)
        assert "周秀英" not in phone.content()
        self.shot("track", phone)
        # At the kiosk, by card.
        self.kiosk.locator("[data-field-screen=ask_card]").click()
        self.equipment.reader.place(1)
        expect(self.kiosk.locator(".track__case, .progress").first).to_be_visible(timeout=20_000)
        self.equipment.reader.remove()
        self.kiosk.locator("[data-command=leave]").click()

    def check_what_is_kept(self) -> None:
        kept = self.stack.ask(
            "from portal.base.journal.models import JournalEntry\n"
            "from portal.base.journal import services as j\n"
            "from servicedesk.ratings.models import Rating\n"
            "from servicedesk.cases.models import Case\n"
            "subjects = set(JournalEntry.objects.values_list('subject_type', 'subject_id'))\n"
            "faults = [f for s in subjects for f in j.chain_faults(s)]\n"
            "case = Case.objects.get()\n"
            "answer = {'faults': faults, 'subjects': len(subjects), 'level': Rating.objects.get().level,"
            " 'case': case.state, 'external': case.external_number}"
        )
        assert kept["faults"] == [] and kept["subjects"] >= 5
        assert (kept["level"], kept["case"], kept["external"]) == (5, "finished", "SH-2026-000123")
        database = (self.stack.folder / "data/linban.sqlite3").read_bytes() if self.stack.shape == "embedded" else b""
        assert "周秀英".encode() not in database

    def check_the_dossier(self) -> None:
        found = wait_for(self._dossier, timeout_s=120, what="the sealed dossier")
        folder = self.stack.folder / "data/recordings" / found["session"]
        assert self.stack.manage("verify_dossier", str(folder), "--key", found["key"]).returncode == 0
        tracks = {track["name"]: track for track in found["tracks"]}
        kinds = sorted((track["kind"], track["side"]) for track in found["tracks"])
        assert {
            ("voice", "kiosk"),
            ("voice", "clerk"),
            ("face", "kiosk"),
            ("face", "clerk"),
            ("document", "kiosk"),
        } <= set(kinds)
        self._decode(folder, tracks, base64.b64decode(found["recording_key"]))
        self._tamper(folder, sorted(tracks)[0], found["key"])

    def _dossier(self):
        return self.stack.ask(
            "import base64\n"
            "from servicedesk.remote.models import Dossier\n"
            "from servicedesk.remote import services\n"
            "d = Dossier.objects.select_related('session', 'key').first()\n"
            "answer = d and {'session': str(d.pk), 'key': base64.b64encode(bytes(d.key.public)).decode(),"
            " 'tracks': list(d.session.tracks.values('name', 'kind', 'side', 'segments')),"
            " 'recording_key': base64.b64encode(services.recording_key(d.session)).decode()}"
        )

    def _decode(self, folder, tracks, key: bytes) -> None:
        from servicedesk.remote.media.sealing import open_track

        for name, track in tracks.items():
            plain = self.folder / f"{name}.mkv"
            plain.write_bytes(open_track(folder / f"{name}.seg", key))
            probe = [
                "ffprobe",
                "-v",
                "error",
                "-count_frames",
                "-show_entries",
                "stream=codec_name,nb_read_frames",
                "-of",
                "json",
                str(plain),
            ]
            done = subprocess.run(probe, capture_output=True, text=True, check=True, timeout=120)
            stream = json.loads(done.stdout)["streams"][0]
            assert stream["codec_name"] == ("opus" if track["kind"] == "voice" else "vp8")
            assert int(stream["nb_read_frames"]) > 20, name
            assert done.stderr == "", f"{name} decodes without errors"

    def _tamper(self, folder, track: str, key: str) -> None:
        """After one byte is changed, or the last segment removed, the dossier does not hold, and says what is wrong."""
        for kind in ("byte", "cut"):
            copy = self.folder / kind / folder.name
            shutil.copytree(folder, copy)
            path = copy / f"{track}.seg"
            content = bytearray(path.read_bytes())
            if kind == "byte":
                content[len(content) // 2] ^= 1
            else:
                content = content[: content.rindex(b"SEGM")]
            path.write_bytes(content)
            done = self.stack.manage("verify_dossier", str(copy), "--key", key, check=False)
            assert done.returncode != 0 and f"{track}.seg" in done.stderr, done.stderr

    def audit(self) -> None:
        auditor = self.stack.ask(
            "from portal.base.rights.models import RoleAssignment\n"
            "found = RoleAssignment.objects.filter(role='auditor').order_by('place__path')\n"
            "answer = found.values_list('user__username', flat=True).first()"
        )
        page = sign_in(self.browser, self.stack, auditor).new_page()
        page.goto("/desk/dossiers/")
        page.locator("td a").first.click()
        expect(page.locator(".banner--ok")).to_be_visible()
        page.locator("#id_reference").fill("12345-0001")
        page.locator("form.panel button").click()
        video = page.locator("video[data-leads]")
        expect(video).to_be_visible()
        wait_for(
            lambda: video.evaluate("v => v.readyState >= 1 && v.videoWidth > 0"),
            timeout_s=60,
            what="the recording to load",
        )
        viewed = self.stack.ask(
            "from portal.base.journal.models import JournalEntry\n"
            "answer = list(JournalEntry.objects.filter(action='view_recording').values_list('reason', flat=True))"
        )
        assert viewed == ["complaint"]
