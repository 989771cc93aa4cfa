// What the room watches together: what plays, the list, and the buttons that one's rank allows.

import { make, safeNodes } from "./lines.js";
import { canShow, lengthOf, linkOf, recognize, secondsOf, shownFrom } from "./media.js";

const SHOWN = 200;
const OUT_OF_STEP = 3;

export class Player {
  constructor(at, socket, notice) {
    this.at = at;
    this.socket = socket;
    this.notice = notice;
    this.forget();
    this.listen();
    this.buttons();
    setInterval(() => this.tick(), 1000);
  }

  // A new connection: the server tells everything again.
  forget() {
    this.items = [];
    this.total = { count: 0, time: "00:00" };
    this.current = null; // uid
    this.media = null;
    this.rank = -1;
    this.permissions = {};
    this.locked = true;
    this.votes = true;
    this.voted = false;
    this.tally = null;
    this.leader = "";
  }

  listen() {
    const on = (event, change) => this.socket.on(event, (data) => { change(data); this.draw(); });
    this.socket.on("connect", () => { this.forget(); this.close(); this.draw(); });
    on("rank", (rank) => { this.rank = rank; });
    on("setPermissions", (permissions) => { this.permissions = permissions; });
    on("channelOpts", (options) => { this.votes = options.allow_voteskip; });
    on("setPlaylistLocked", (locked) => { this.locked = locked; });
    on("setPlaylistMeta", (total) => { this.total = total; if (!total.count) this.end(); });
    on("playlist", (items) => { this.items = items; if (!items.length) this.end(); });
    on("queue", ({ item, after }) => this.insert(item, after));
    on("delete", ({ uid }) => this.take(uid));
    on("moveVideo", ({ from, after }) => { const item = this.take(from); if (item) this.insert(item, after); });
    on("setTemp", ({ uid, temp }) => { const item = this.items.find((each) => each.uid === uid); if (item) item.temp = temp; });
    on("setCurrent", (uid) => { this.current = uid; });
    on("changeMedia", (media) => this.change(media));
    this.socket.on("mediaUpdate", (update) => this.place(update));
    on("setLeader", (name) => { this.leader = name; });
    on("voteskip", (tally) => { this.tally = tally; });
    on("clearVoteskipVote", () => { this.voted = false; });
    this.socket.on("queueFail", ({ msg }) => this.notice(`Not added: ${safeNodes(msg).textContent}`, 8_000));
  }

  buttons() {
    const press = (id, event, payload) => this.at(id).addEventListener("click", () => this.send(event, payload?.()));
    press("skip", "playNext");
    press("lock", "togglePlaylistLock");
    this.at("vote").addEventListener("click", () => {
      this.send("voteskip");
      this.voted = true;
      this.draw();
    });
    this.at("show").addEventListener("click", () => (this.shown ? this.close() : this.open()));
    this.at("add").addEventListener("submit", (event) => {
      event.preventDefault();
      this.add(event.submitter?.value === "next" ? "next" : "end");
    });
  }

  send(event, payload) {
    if (payload === undefined) this.socket.emit(event);
    else this.socket.emit(event, payload);
  }

  may(name) {
    const least = this.permissions[name];
    if (least !== undefined && this.rank >= least) return true;
    const open = this.permissions[`o${name}`];
    return name.startsWith("playlist") && !this.locked && open !== undefined && this.rank >= open;
  }

  // the list

  insert(item, after) {
    const before = this.items.findIndex((each) => each.uid === after);
    if (after === "prepend") this.items.unshift(item);
    else if (before < 0) this.items.push(item);
    else this.items.splice(before + 1, 0, item);
  }

  take(uid) {
    const found = this.items.findIndex((each) => each.uid === uid);
    return found < 0 ? null : this.items.splice(found, 1)[0];
  }

  add(pos) {
    const link = recognize(this.at("add-link").value);
    const duration = secondsOf(this.at("add-length").value);
    if (!link) {
      this.notice("That is no link that can be queued: give one that begins with https.", 8_000);
    } else if (duration === null) {
      this.notice("A length looks like 4:05 or 1:30:00. Leave it empty if you do not know it.", 8_000);
    } else {
      const title = this.at("add-title").value.trim() || false;
      this.send("queue", { ...link, pos, title, duration, temp: true });
      this.notice("");
      this.at("add").reset();
    }
  }

  // what plays

  change(media) {
    const same = this.media?.id === media.id && this.shown;
    this.media = media;
    this.voted = false;
    if (!same) this.close();
    this.place(media);
  }

  end() {
    this.media = this.current = null;
    this.close();
  }

  place({ currentTime, paused }) {
    this.from = { position: currentTime, paused, at: performance.now() };
    if (this.shown?.tagName !== "IFRAME") this.keepStep();
    this.tick();
  }

  position() {
    if (!this.from) return 0;
    const passed = (performance.now() - this.from.at) / 1000;
    // the lead-in counts down although nothing moves yet; with a leader a pause is a pause
    if (this.from.paused && this.from.position >= 0) return this.from.position;
    return Math.min(this.from.position + passed, this.from.position < 0 ? 0 : Infinity);
  }

  keepStep() {
    if (!this.shown || !this.media?.seconds) return;
    if (Math.abs(this.shown.currentTime - this.position()) > OUT_OF_STEP)
      this.shown.currentTime = Math.max(0, this.position());
  }

  open() {
    this.shown = shownFrom(this.media, this.media.seconds ? this.position() : 0);
    this.at("stage").replaceChildren(this.shown);
    this.draw();
  }

  close() {
    this.shown = null;
    this.at("stage").replaceChildren();
  }

  // what is shown

  draw() {
    const may = (name) => this.may(name);
    const media = this.media;
    this.at("player").hidden = !media && !this.items.length && !may("playlistadd");
    this.say("now-title", media ? media.title : "Nothing is playing.");
    this.at("stage").hidden = !this.shown;
    this.at("show").hidden = !media || !canShow(media);
    this.at("show").textContent = this.shown ? "Close" : "Show it here";
    this.drawLink(media);
    this.at("note").textContent = media ? this.note(media) : "";
    this.at("skip").hidden = !media || !may("playlistjump");
    this.at("vote").hidden = !media || !this.votes || !may("voteskip");
    this.at("vote").disabled = this.voted;
    this.at("vote").textContent = this.voted ? "You voted to skip" : "Vote to skip";
    this.say("tally", this.tally?.need ? `${this.tally.count} of ${this.tally.need} votes to skip` : "");
    this.at("add").hidden = !may("playlistadd");
    this.at("add-next").hidden = !may("playlistnext");
    this.at("lock").hidden = !may("playlistlock");
    this.at("lock").textContent = this.locked ? "Let everybody add" : "Lock the list";
    this.drawList();
    this.tick();
  }

  // Said again only when it changed: both are read aloud.
  say(id, text) {
    if (this.at(id).textContent !== text) this.at(id).textContent = text;
  }

  drawLink(media) {
    const link = media ? linkOf(media) : "";
    this.at("now-link").hidden = !link;
    if (link) this.at("now-link").href = link;
    else this.at("now-link").removeAttribute("href");
  }

  note(media) {
    const elsewhere = media.type === "fi" ? "loads the file from where it is" : "loads a page of another site";
    if (this.shown && media.type === "fi") return "Kept in step with the room as far as your browser can.";
    if (this.shown) return "This began where the room is, but it is not kept in step.";
    if (canShow(media)) return `Showing it here ${elsewhere}; that site then sees you.`;
    return linkOf(media) ? "This page cannot show it; the link may." : "This page cannot show this kind.";
  }

  tick() {
    const media = this.media;
    const item = this.items.find((each) => each.uid === this.current);
    const position = this.position();
    const about = [];
    if (media?.seconds)
      about.push(position < 0 ? "starts in a moment" : `${lengthOf(Math.min(position, media.seconds))} of ${lengthOf(media.seconds)}`);
    else if (media) about.push("no end known");
    if (media && this.from?.paused && position >= 0) about.push("paused");
    if (media && item?.queueby) about.push(`queued by ${item.queueby}`);
    if (media && this.leader) about.push(`${this.leader} leads`);
    this.at("now-about").textContent = about.join(" · ");
    const bar = this.at("now-bar");
    bar.hidden = !media?.seconds;
    bar.max = media?.seconds || 1;
    bar.value = Math.min(bar.max, Math.max(0, position));
  }

  drawList() {
    const count = this.total.count;
    this.at("list-summary").textContent =
      `${count === 1 ? "1 item" : `${count} items`}, ${this.total.time}${this.locked ? "" : " · open to all"}`;
    this.at("list-box").hidden = !this.items.length;
    const rights = {
      jump: this.may("playlistjump"), move: this.may("playlistmove"), remove: this.may("playlistdelete"),
    };
    const focused = document.activeElement?.dataset?.deed;
    const rows = this.items.slice(0, SHOWN).map((item, place) => this.row(item, place, rights));
    if (this.items.length > SHOWN) rows.push(make("li", "aside-note", `and ${this.items.length - SHOWN} more`));
    this.at("list").replaceChildren(...rows);
    if (focused) this.at("list").querySelector(`[data-deed="${focused}"]`)?.focus();
  }

  row(item, place, rights) {
    const by = item.queueby ? `by ${item.queueby}` : "";
    const facts = [item.media.seconds ? item.media.duration : "no end known", by, item.temp ? "" : "stays"].filter(Boolean).join(" · ");
    const row = make("li", "item",
      make("span", "item-title", item.media.title), make("span", "item-about", facts));
    const deeds = make("span", "item-deeds");
    const deed = (sign, name, event, payload) => {
      const button = make("button", "deed", sign);
      button.type = "button";
      button.dataset.deed = `${name} ${item.uid}`;
      button.setAttribute("aria-label", `${name}: ${item.media.title}`);
      button.title = name;
      button.addEventListener("click", () => this.send(event, payload));
      deeds.append(button);
    };
    if (item.uid === this.current) {
      row.classList.add("is-current");
      row.setAttribute("aria-current", "true");
    } else if (rights.jump) deed("▶", "Play now", "jumpTo", item.uid);
    if (rights.move && place > 0)
      deed("↑", "Move up", "moveMedia", { from: item.uid, after: this.items[place - 2]?.uid ?? "prepend" });
    if (rights.move && place < this.items.length - 1)
      deed("↓", "Move down", "moveMedia", { from: item.uid, after: this.items[place + 1].uid });
    if (rights.remove) deed("✕", "Remove", "delete", item.uid);
    if (deeds.children.length) row.append(deeds);
    return row;
  }
}
