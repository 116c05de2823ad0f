// <linban-rule>: a condition by choosing. Rows of question, comparison and answer, joined by "all" or "any"; the text area below
// keeps the data and stays what is sent. What is nested deeper than rows can show stays as text, with a word about it.

let loading = null;

function known(url) {
  loading ??= fetch(url, { credentials: "same-origin" }).then((answer) => answer.json());
  return loading;
}

const NEGATED = "not_is";

/** Data as {how, rows: [{question, operator, value}]}; null when rows cannot show it. */
export function rowsOf(data) {
  if (!data || Object.keys(data).length === 0) return { how: "all", rows: [] };
  const how = "any" in data ? "any" : "all";
  const parts = data[how] ?? [data];
  const rows = parts.map(rowOf);
  return rows.includes(null) ? null : { how, rows };
}

function rowOf(part) {
  if (part?.question) {
    const operator = Object.keys(part).find((name) => name !== "question");
    return { question: part.question, operator, value: part[operator] };
  }
  const inner = part?.not;
  return inner?.question && "is" in inner ? { question: inner.question, operator: NEGATED, value: inner.is } : null;
}

/** The inverse of rowsOf; a row without an answer stays, so that the check says so instead of "always". */
export function dataOf({ how, rows }) {
  const parts = rows.map((row) => (
    row.operator === NEGATED ? { not: { question: row.question, is: row.value } } : { question: row.question, [row.operator]: row.value }
  ));
  if (parts.length === 0) return {};
  return parts.length === 1 ? parts[0] : { [how]: parts };
}

function select(options, value, label, spot, onChange) {
  const element = document.createElement("select");
  element.dataset.spot = spot;
  element.setAttribute("aria-label", label);
  for (const [key, text] of options) element.append(new Option(text, key, false, key === value));
  element.addEventListener("change", () => onChange(element.value));
  return element;
}

function button(text, spot, onClick) {
  const element = document.createElement("button");
  element.dataset.spot = spot;
  element.type = "button";
  element.className = "button button-small button-secondary";
  element.textContent = text;
  element.addEventListener("click", onClick);
  return element;
}

class Rule extends HTMLElement {
  async connectedCallback() {
    this.area = this.querySelector("textarea");
    if (!this.area || this.box) return;
    this.box = document.createElement("div");
    this.prepend(this.box);
    try {
      this.known = await known(this.dataset.questions);
      this.state = rowsOf(JSON.parse(this.area.value || "{}"));
    } catch {
      this.state = null;
    }
    if (this.state === null) { if (this.known) this.box.textContent = this.known.words.nested; return; }
    this.area.hidden = true;
    this.draw();
  }

  changed({ redraw = true, spot } = {}) {
    this.area.value = JSON.stringify(dataOf(this.state));
    this.area.dispatchEvent(new Event("change", { bubbles: true }));
    if (redraw) this.draw(spot);
  }

  /** Draws all rows; the focus comes back to the spot where it was, or to the button below where that is gone. */
  draw(spot = this.box.contains(document.activeElement) ? document.activeElement.dataset.spot : undefined) {
    const { words } = this.known;
    const parts = [];
    if (this.state.rows.length === 0) parts.push(document.createTextNode(`${words.always} `));
    if (this.state.rows.length > 1) {
      const line = document.createElement("p");
      line.className = "rule__how";
      line.append(select([["all", words.all], ["any", words.any]], this.state.how, words.how, "how", (how) => { this.state.how = how; this.changed(); }));
      parts.push(line);
    }
    for (const [number, row] of this.state.rows.entries()) parts.push(this.line(row, number));
    parts.push(button(words.add, "add", () => this.add()));
    this.box.replaceChildren(...parts);
    if (spot) (this.box.querySelector(`[data-spot="${spot}"]`) ?? this.box.querySelector("[data-spot=add]")).focus();
  }

  add() {
    const [first] = this.known.questions;
    if (!first) return;
    this.state.rows.push(this.fresh(first));
    this.changed({ spot: `question-${this.state.rows.length - 1}` });
  }

  fresh(question) {
    const operator = question.kind === "number" ? "at_least" : question.kind === "date" ? "on_or_after" : "is";
    const value = { yes_no: true, choice: question.choices[0]?.key ?? "", number: "", date: "" }[question.kind];
    return { question: question.key, operator, value };
  }

  line(row, number) {
    const { words, questions } = this.known;
    const line = document.createElement("div");
    line.className = "rule__row";
    const question = questions.find((one) => one.key === row.question);
    line.append(select(questions.map((one) => [one.key, one.name]), row.question, words.question, `question-${number}`, (key) => { this.state.rows[number] = this.fresh(questions.find((one) => one.key === key)); this.changed(); }));
    if (question) {
      const operators = Object.entries(words.operators[question.kind]);
      line.append(select(operators, row.operator, words.comparison, `comparison-${number}`, (operator) => {
        if ((operator === "in") !== (row.operator === "in")) row.value = operator === "in" ? [row.value] : row.value[0];
        row.operator = operator;
        this.changed();
      }));
      line.append(this.answer(row, question, `answer-${number}`));
    }
    line.append(button(words.remove, `remove-${number}`, () => { this.state.rows.splice(number, 1); this.changed(); }));
    return line;
  }

  answer(row, question, spot) {
    const { words } = this.known;
    if (question.kind === "yes_no") return select([["true", words.yes], ["false", words.no]], String(row.value), words.answer, spot, (value) => { row.value = value === "true"; this.changed({ redraw: false }); });
    if (question.kind === "choice") {
      const element = select(question.choices.map((one) => [one.key, one.text]), row.value, words.answer, spot, (value) => { row.value = value; this.changed({ redraw: false }); });
      if (row.operator === "in") {
        element.multiple = true;
        for (const option of element.options) option.selected = row.value.includes(option.value);
        element.addEventListener("change", () => { row.value = [...element.selectedOptions].map((option) => option.value); this.changed({ redraw: false }); });
      }
      return element;
    }
    const input = document.createElement("input");
    input.dataset.spot = spot;
    input.setAttribute("aria-label", words.answer);
    input.type = question.kind === "number" ? "number" : "text";
    if (question.kind === "date") input.placeholder = words.day;
    input.value = row.value ?? "";
    input.addEventListener("input", () => { row.value = question.kind === "number" ? (input.value === "" ? "" : Number(input.value)) : input.value.trim(); this.changed({ redraw: false }); });
    return input;
  }
}

customElements.define("linban-rule", Rule);
