// The line being written: hints, earlier lines, private talk, letters for answers.

import { make } from "./lines.js";

const HINTS = ["!help", "!roll 2d6+3", "!trivia start 5", "!trivia hint", "!trivia scores", "!flip"];
const OPTION = /(?:^|[\s(])([A-F])[).:]\s/g;
const ANSWER_MS = 90_000;

export class Composer {
  constructor(elements, onSend) {
    Object.assign(this, elements); // form, input, hints, answers, to
    this.onSend = onSend;
    this.sent = [];
    this.at = 0;
    this.receiver = null;
    this.form.addEventListener("submit", (event) => this.submit(event));
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.to.addEventListener("click", () => this.talkTo(null));
    this.hints.append(...HINTS.map((hint) => this.chip(hint, () => this.fill(hint))));
  }

  chip(text, onClick) {
    const chip = make("button", "chip", text);
    chip.type = "button";
    chip.addEventListener("click", onClick);
    return chip;
  }

  fill(text) {
    this.input.value = text;
    this.input.focus();
  }

  submit(event) {
    event.preventDefault();
    const text = this.input.value;
    if (!text.trim() || !this.onSend(text, this.receiver)) return;
    if (this.sent.at(-1) !== text) this.sent.push(text);
    this.at = this.sent.length;
    this.input.value = "";
  }

  key(event) {
    if (event.key === "Escape") this.talkTo(null);
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step) return;
    const at = this.at + step;
    if (at < 0 || at > this.sent.length) return;
    event.preventDefault();
    this.at = at;
    this.input.value = this.sent[at] ?? "";
  }

  talkTo(name) {
    this.receiver = name;
    this.to.hidden = !name;
    this.to.textContent = name ? `to ${name} ✕` : "";
    this.to.setAttribute("aria-label", name ? `Private, to ${name}. Press to talk to all.` : "");
    this.input.placeholder = name ? `Only ${name} will read this` : "Say something";
    this.input.focus();
  }

  // A question with lettered options gets buttons: on a phone one tap is an answer.
  offerAnswers(text) {
    const letters = [...new Set([...text.matchAll(OPTION)].map((found) => found[1]))].sort();
    if (letters.length < 2 || letters[0] !== "A") return;
    this.answers.replaceChildren(...letters.map((letter) =>
      this.chip(letter, () => this.onSend(letter.toLowerCase(), null))));
    this.answers.hidden = false;
    clearTimeout(this.answersEnd);
    this.answersEnd = setTimeout(() => { this.answers.hidden = true; }, ANSWER_MS);
  }
}
