"""The browser modules: the live line finds gaps and comes back; idle question, toasts and the kiosk's tools."""

import pytest

pytestmark = pytest.mark.e2e

FAKE_SOCKET = """
window.sockets = [];
window.WebSocket = class extends EventTarget {
  static OPEN = 1;
  constructor(url) { super(); this.url = url; this.readyState = 0; this.sent = []; window.sockets.push(this); }
  open() { this.readyState = 1; this.dispatchEvent(new Event("open")); }
  take(message) { this.dispatchEvent(new MessageEvent("message", {data: JSON.stringify(message)})); }
  send(text) { this.sent.push(JSON.parse(text)); }
  close() { this.readyState = 3; this.dispatchEvent(new Event("close")); }
};
"""


@pytest.fixture
def on_page(in_browser, theme_server, draw):
    """Run a script on a drawn page, after an optional script before everything else; gives what the script returns."""

    def run(template: str, script: str, *, before: str = "", **context):
        address = theme_server.put("/modules", draw(template, **context))

        def work(browser):
            tab = browser.new_page()
            if before:
                tab.add_init_script(before)
            tab.goto(address)
            answer = tab.evaluate(script)
            tab.close()
            return answer

        return in_browser(work)

    return run


def test_a_gap_asks_for_a_new_snapshot_and_nothing_comes_twice(on_page):
    heard, sent = on_page(
        "samples/board.html",
        """async () => {
          const {LiveStream} = await import("/static/linban/js/live.js");
          const heard = [];
          new LiveStream("/live/board/", {
            onSnapshot: (data, seq) => heard.push(["snapshot", data.n, seq]),
            onMessage: (message) => heard.push(["message", message.seq]),
          });
          const socket = window.sockets[0];
          socket.open();
          socket.take({type: "snapshot", seq: 4, data: {n: 1}});
          socket.take({type: "called", seq: 5});
          socket.take({type: "called", seq: 5});
          socket.take({type: "heartbeat", seq: 5});
          socket.take({type: "called", seq: 7});
          socket.take({type: "called", seq: 8});
          socket.take({type: "snapshot", seq: 8, data: {n: 2}});
          socket.take({type: "heartbeat", seq: 9});
          return [heard, socket.sent];
        }""",
        before=FAKE_SOCKET,
    )
    assert heard == [["snapshot", 1, 4], ["message", 5], ["snapshot", 2, 8]]
    assert sent == [{"type": "reload"}, {"type": "reload"}]


def test_a_lost_line_comes_back_and_sends_what_waited(on_page):
    states, count, sent, scheme = on_page(
        "samples/board.html",
        """async () => {
          const {LiveStream} = await import("/static/linban/js/live.js");
          const states = [];
          const stream = new LiveStream("/live/board/", {onState: (state) => states.push(state)});
          window.sockets[0].open();
          window.sockets[0].close();
          const later = stream.send({type: "ack"});
          await new Promise((resolve) => window.setTimeout(resolve, 900));
          window.sockets[1].open();
          return [[...states, later], window.sockets.length, window.sockets[1].sent, window.sockets[0].url];
        }""",
        before=FAKE_SOCKET,
    )
    assert states == ["connecting", "open", "lost", "connecting", "open", False]
    assert count == 2
    assert sent == [{"type": "ack"}]
    assert scheme.startswith("ws://")


def test_an_idle_kiosk_asks_and_somebody_who_stays_is_left_alone(on_page):
    asked, after = on_page(
        "samples/kiosk-home.html",
        """async () => {
          const wait = (ms) => new Promise((resolve) => window.setTimeout(resolve, ms));
          await import("/static/linban/js/idle.js");
          const dialog = document.querySelector("[data-idle]");
          await wait(1400);
          const asked = dialog.open;
          dialog.querySelector("[data-idle-stay]").click();
          return [asked, dialog.open];
        }""",
        idle_url="/kiosk/",
        idle_after=1,
    )
    assert asked is True
    assert after is False


def test_a_toast_is_heard_and_can_be_taken_back(on_page):
    role, text, undone, left = on_page(
        "samples/home.html",
        """async () => {
          const {showToast} = await import("/static/linban/js/toast.js");
          let undone = false;
          const toast = showToast("存好了。", {undo: () => { undone = true; }});
          const found = [toast.getAttribute("role"), toast.querySelector("span").textContent];
          toast.querySelector(".toast__action").click();
          return [...found, undone, document.querySelectorAll(".toast").length];
        }""",
    )
    assert (role, text, undone, left) == ("status", "存好了。", True, 0)


def test_the_kiosks_tools_change_the_page_at_once(on_page):
    found = on_page(
        "samples/kiosk-home.html",
        """async () => {
          await import("/static/linban/js/display.js");
          const asked = [];
          window.fetch = async (address) => { asked.push(String(address)); };
          const press = (selector) => document.querySelector(selector).click();
          press("[data-toggle-size]"); press("[data-toggle-contrast]"); press("[data-toggle-reach]");
          const {size, contrast, reach} = document.documentElement.dataset;
          return {size, contrast, reach, asked: asked.at(-1)};
        }""",
    )
    assert (found["size"], found["contrast"], found["reach"]) == ("elder", "high", "low")
    assert "size=elder" in found["asked"] and "contrast=high" in found["asked"]


def test_what_is_read_aloud_leaves_out_what_is_hidden(on_page):
    text = on_page(
        "samples/kiosk-ticket.html",
        """async () => (await import("/static/linban/js/speak.js")).readableText()""",
    )
    assert "号取好了" in text and "Y017" in text
    assert "要结束吗" not in text, "a closed dialog is not read"


def test_without_a_voice_nobody_is_offered_to_be_read_to(on_page):
    shown = on_page(
        "samples/guide.html",
        """() => [...document.querySelectorAll("[data-speak]")]
          .filter((one) => one.getClientRects().length).length""",
        before="speechSynthesis.getVoices = () => [];",
        size="elder",
    )
    assert shown == 0


REGION = """
const draw = (html, subject) => drawRegions({work: html}, subject);
const {drawRegions} = await import("/static/linban/js/regions.js");
document.body.innerHTML = '<div data-region="work"></div>';
const $ = (selector) => document.querySelector(selector);
const page = ({papers = "", state = "open", more = ""} = {}) => `
  <section data-part="state"><b>${state}</b></section>
  <section data-part="papers"><form data-command="leave"><textarea name="papers">${papers}</textarea></form></section>
  <section data-part="pad"><canvas></canvas><button data-command="sign" data-field-handover="7">Sign</button></section>${more}`;
"""


def test_a_redraw_leaves_what_was_typed_and_where_one_stands(on_page):
    answer = on_page(
        "samples/board.html",
        f"""async () => {{ {REGION}
          draw(page(), "N1");
          $("textarea").value = "户口簿";
          $("canvas").width = 640;
          const button = $("[data-command=sign]");
          button.focus();
          draw(page({{state: "accepted"}}), "N1");
          const kept = [$("b").textContent, $("textarea").value, $("canvas").width, button.isConnected];
          draw(page({{more: '<section data-part="jobs">A4</section>'}}), "N1");
          const whole = [$("textarea").value, document.activeElement.dataset.fieldHandover, button.isConnected];
          $("textarea").focus();
          $("textarea").setSelectionRange(1, 2);
          draw(page(), "N1");
          const caret = [document.activeElement.name, $("textarea").selectionStart, $("textarea").selectionEnd];
          draw(page({{papers: "户口簿 1 本"}}), "N1");
          const told = $("textarea").value;
          $("textarea").value = "别人的";
          draw(page({{state: "called"}}), "N2");
          return [kept, whole, caret, told, $("textarea").value];
        }}""",
    )
    assert answer[0] == ["accepted", "户口簿", 640, True]
    assert answer[1] == ["户口簿", "7", False]
    assert answer[2] == ["papers", 1, 2]
    assert answer[3] == "户口簿 1 本", "the portal's own word, once it has one"
    assert answer[4] == "", "nothing of one resident's comes over to the next"


def test_half_a_word_is_not_taken_away_by_a_redraw(on_page):
    answer = on_page(
        "samples/board.html",
        f"""async () => {{ {REGION}
          draw(page(), "N1");
          const field = $("textarea");
          field.focus();
          field.dispatchEvent(new CompositionEvent("compositionstart", {{bubbles: true}}));
          draw(page({{state: "accepted", papers: "x"}}), "N1");
          const during = [$("b").textContent, field.isConnected];
          field.dispatchEvent(new CompositionEvent("compositionend", {{bubbles: true}}));
          await new Promise((resolve) => window.setTimeout(resolve, 50));
          return [during, $("textarea").value];
        }}""",
    )
    assert answer == [["accepted", True], "x"]
