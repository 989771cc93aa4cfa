// Chat lines: HTML from the server made into elements that it is allowed to make, and no others.

const TAGS = new Set(("A B BLOCKQUOTE BR CENTER CODE DIV EM H1 H2 H3 H4 H5 H6 HR I LI OL P PRE S " +
  "SMALL SPAN STRONG TABLE TBODY TD TH THEAD TR U UL").split(" "));
const CLASSES = new Set(["spoiler"]);
const ADDRESS = /^(?:https?|ftp|mailto):/i;
const MAX_LINES = 500;
const SAME_SPEAKER_MS = 180_000;

export function safeNodes(html) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const made = document.createDocumentFragment();
  copyInto(made, parsed.body);
  return made;
}

function copyInto(target, source) {
  for (const node of source.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) {
      target.append(node.data);
    } else if (node.nodeType === Node.ELEMENT_NODE && TAGS.has(node.tagName)) {
      const copy = document.createElement(node.tagName);
      for (const name of node.classList) if (CLASSES.has(name)) copy.classList.add(name);
      if (node.tagName === "A" && ADDRESS.test(node.getAttribute("href") || "")) {
        copy.href = node.getAttribute("href");
        copy.target = "_blank";
        copy.rel = "noopener noreferrer";
      }
      copyInto(copy, node);
      target.append(copy);
    }
  }
}

export function make(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

export function hueOf(name) {
  let hash = 2166136261;
  for (const char of name.toLowerCase()) hash = Math.imul(hash ^ char.codePointAt(0), 16777619);
  return ((hash >>> 0) % 36) * 10;
}

export function badgeFor(rank) {
  const badge = make("span", "badge", rank >= 255 ? "site" : rank >= 3 ? "host" : "mod");
  badge.title = "has a say in this room";
  return badge;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

export class Log {
  constructor(list, scroller, pill, onName) {
    this.list = list;
    this.scroller = scroller;
    this.pill = pill;
    this.onName = onName;
    this.unread = 0;
    this.last = null; // who spoke last, and when
    this.seen = new Set(); // lines shown, so that replayed ones are not shown twice
    this.following = true;
    this.top = 0;
    scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => this.following && this.toEnd()).observe(scroller);
    pill.addEventListener("click", () => this.toEnd());
    list.addEventListener("click", (event) => reveal(event));
    list.addEventListener("keydown", (event) => event.key === "Enter" && reveal(event));
  }

  // Returns whether the line is new.
  chat(line, { rank, mine, me, old }) {
    const key = `${line.time}|${line.username}|${line.msg}`;
    if (this.seen.has(key)) return false;
    this.seen.add(key);
    const meta = line.meta || {};
    const whisper = meta.addClass === "server-whisper";
    const item = make("li", "line");
    for (const name of ["action", "greentext", "spoiler", "shout", "drink", "server-whisper"])
      if (meta.addClass === name) item.classList.add(`is-${name}`);
    if (meta.shadow) item.classList.add("is-shadow");
    if (mine) item.classList.add("is-mine");
    if (old) item.classList.add("is-old");
    if (rank >= 3 && !whisper) item.classList.add("is-host");
    const text = make("span", "text", safeNodes(line.msg));
    if (meta.addClass === "spoiler") text.classList.add("spoiler");
    for (const hidden of item.classList.contains("is-spoiler") ? [text] : text.querySelectorAll(".spoiler")) {
      hidden.tabIndex = 0;
      hidden.setAttribute("role", "button");
      hidden.setAttribute("aria-label", "Spoiler: press to read");
    }
    if (me && !mine && mentions(text.textContent, me)) item.classList.add("is-for-me");
    if (whisper) item.append(text, this.time(line.time));
    else this.spoken(item, line, rank, text, meta.addClass === "action");
    this.add(item);
    return true;
  }

  spoken(item, line, rank, text, action) {
    const same = this.last && this.last.name === line.username && !action &&
      line.time - this.last.time < SAME_SPEAKER_MS;
    if (same) item.classList.add("is-more");
    this.last = action ? null : { name: line.username, time: line.time };
    item.append(this.nameButton(line.username, rank), text, this.time(line.time));
  }

  pm(line, me) {
    const mine = line.username.toLowerCase() === me.toLowerCase();
    const other = mine ? line.to : line.username;
    const item = make("li", "line is-pm",
      make("span", "lock", mine ? "to " : "from "), this.nameButton(other, 0),
      make("span", "text", safeNodes(line.msg)), this.time(line.time));
    this.last = null;
    this.add(item);
  }

  note(text) {
    this.last = null;
    this.add(make("li", "line is-note", make("span", "text", text)));
  }

  clear() {
    this.list.replaceChildren();
    this.last = null;
  }

  nameButton(name, rank) {
    const button = make("button", "who", name);
    button.type = "button";
    button.style.setProperty("--hue", hueOf(name));
    button.addEventListener("click", () => this.onName(name));
    const who = make("span", "who-with-badge", button);
    if (rank >= 2) who.append(badgeFor(rank));
    return who;
  }

  time(ms) {
    const time = make("time", "", clock.format(ms));
    time.dateTime = new Date(ms).toISOString();
    return time;
  }

  add(item) {
    const follow = this.following;
    this.list.append(item);
    while (this.list.children.length > MAX_LINES) this.list.firstElementChild.remove();
    if (this.seen.size > 4 * MAX_LINES) this.seen = new Set([...this.seen].slice(-MAX_LINES));
    if (follow) this.toEnd();
    else this.showPill(this.unread + 1);
  }

  scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    const atEnd = scrollHeight - scrollTop - clientHeight < 48;
    // when the room for lines shrinks the end moves away, but nobody scrolled up
    if (atEnd) this.following = true;
    else if (scrollTop < this.top) this.following = false;
    this.top = scrollTop;
    if (this.following) this.showPill(0);
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.following = true;
    this.showPill(0);
  }

  showPill(unread) {
    this.unread = unread;
    this.pill.hidden = !unread;
    this.pill.textContent = unread === 1 ? "1 new line ↓" : `${unread} new lines ↓`;
  }
}

function reveal(event) {
  const hidden = event.target.closest(".spoiler");
  if (hidden) hidden.classList.add("is-open");
}

function mentions(text, name) {
  return text.toLowerCase().split(/[^a-z0-9_-]+/).includes(name.toLowerCase());
}
