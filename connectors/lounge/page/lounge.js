// The page of the lounge: one Socket.IO connection, in CyTube's protocol.

import { io } from "./vendor/socket.io.esm.min.js";
import { Log, safeNodes } from "./lines.js";
import { People } from "./people.js";
import { Composer } from "./composer.js";
import { Player } from "./player.js";

const NAME_KEY = "lounge-name";
const RETRY_NAME_MS = 5_000;

const at = (id) => document.getElementById(id);
const room = decodeURIComponent(location.pathname.split("/")[2] || "lobby");
const state = { me: "", wanted: "", password: "", entered: false, backlog: [], kicked: false, hidden: 0 };
const title = { text: room };

const socket = io({
  transports: ["websocket", "polling"],
  reconnectionDelay: 300,
  reconnectionDelayMax: 3_000,
});
const composer = new Composer(
  { form: at("say"), input: at("line"), hints: at("hints"), answers: at("answers"), to: at("to") },
  send,
);
const log = new Log(at("log"), at("scroller"), at("pill"), writeTo);
const people = new People(at("people-list"), at("count"), at("unnamed"), writeTo);
new Player(at, socket, notice);

// the connection

socket.on("connect", () => {
  state.entered = false;
  state.backlog = [];
  state.kicked = false;
  state.me = "";
  showLink(true);
  banner("");
  socket.emit("joinChannel", { name: room });
  if (state.wanted) logIn();
});

socket.on("disconnect", (reason) => {
  showLink(false);
  showForm();
  if (state.kicked) return;
  if (reason === "io server disconnect") banner("The room closed the connection.", "Come back");
  else banner("The room is out of reach. Trying to come back …");
});

socket.on("connect_error", (error) => {
  showLink(false);
  const why = error.message === "Rate limit exceeded" ? "Too many visits at once" : "The room is out of reach";
  banner(`${why}. Trying to come back …`);
  if (!socket.active) setTimeout(() => socket.connect(), 3_000);
});

socket.on("kick", (data) => {
  state.kicked = true;
  const reason = data?.reason ? `: ${data.reason}` : ".";
  banner(`You were put out of the room${reason}`, "Come back");
});

// coming in

socket.on("login", (answer) => {
  if (answer.success) {
    state.me = state.wanted = answer.name;
    remember(answer.name);
    notice("");
    showForm();
    at("line").focus({ preventScroll: true });
  } else if (state.returning && /in use/.test(answer.error)) {
    notice("Your old connection is still open. It ends by itself; trying again …");
    setTimeout(() => state.wanted && !state.me && logIn(), RETRY_NAME_MS);
  } else {
    state.wanted = "";
    notice(answer.error);
    if (/registered/.test(answer.error)) showPassword(true);
  }
});

socket.on("needPassword", (wrong) => {
  const given = prompt(wrong ? "That was not it. The room's password:" : "The room's password:");
  if (given) socket.emit("channelPassword", given);
  else notice("This room has a password. Reload the page to try again.");
});

socket.on("userlist", (users) => {
  people.reset(users);
  if (state.entered) return;
  for (const line of state.backlog) show(line, true);
  state.backlog = [];
  state.entered = true;
  state.returning = true;
});

function logIn() {
  const login = { name: state.wanted };
  if (state.password) login.pw = state.password;
  socket.emit("login", login);
}

// talk

// Until the user list comes, lines are old ones, and nobody's rank is known yet.
socket.on("chatMsg", (line) => {
  if (state.entered) show(line, false);
  else state.backlog.push(line);
});

function show(line, old) {
  const mine = state.me && line.username.toLowerCase() === state.me.toLowerCase();
  const rank = people.rank(line.username);
  const fresh = log.chat(line, { rank, mine, me: state.me, old });
  if (!fresh || old) return;
  if (rank >= 2 && !mine) composer.offerAnswers(safeNodes(line.msg).textContent);
  if (document.hidden) showUnread(state.hidden + 1);
}

socket.on("pm", (line) => {
  log.pm(line, state.me);
  if (document.hidden) showUnread(state.hidden + 1);
});
socket.on("clearchat", () => log.clear());
socket.on("cooldown", () => notice("A little slower, please: that line was not taken.", 4_000));
socket.on("noflood", (data) => notice(data.msg, 6_000));
socket.on("errorMsg", (data) => notice(data.msg, 8_000));
socket.on("spamFiltered", () => notice("This room does not take lines from newcomers yet.", 8_000));
socket.on("setMotd", (html) => {
  at("motd").hidden = !html;
  at("motd-text").replaceChildren(safeNodes(html));
});
socket.on("channelOpts", (options) => {
  title.text = options.pagetitle || room;
  at("title").textContent = title.text;
  showUnread(state.hidden);
});

// people

socket.on("addUser", (user) => {
  people.add(user);
  if (state.entered && user.name !== state.me) log.note(`${user.name} came in`);
});
socket.on("userLeave", ({ name }) => {
  people.remove(name);
  log.note(`${name} left`);
});
socket.on("setUserRank", ({ name, rank }) => people.change(name, { rank }));
socket.on("setUserMeta", ({ name, meta }) => people.change(name, { meta }));
socket.on("usercount", (total) => people.setTotal(total));

// what is pressed

function send(text, receiver) {
  if (!socket.connected || !state.me) {
    notice("Not connected just now. Your line is kept; send it again in a moment.", 5_000);
    return false;
  }
  if (receiver) socket.emit("pm", { to: receiver, msg: text, meta: {} });
  else socket.emit("chatMsg", { msg: text, meta: {} });
  notice("");
  return true;
}

function writeTo(name) {
  closePeople();
  if (!state.me) notice("Pick a name first.");
  else if (name.toLowerCase() !== state.me.toLowerCase() && !name.startsWith("[")) composer.talkTo(name);
}

at("join").addEventListener("submit", (event) => {
  event.preventDefault();
  state.wanted = at("name").value.trim();
  state.password = at("password").hidden ? "" : at("password").value;
  state.returning = false;
  if (state.wanted && socket.connected) logIn();
});
at("with-account").addEventListener("click", () => showPassword(at("password").hidden));
at("banner-action").addEventListener("click", () => socket.connect());
at("people-toggle").addEventListener("click", () => togglePeople());
document.addEventListener("keydown", (event) => event.key === "Escape" && closePeople());
document.addEventListener("visibilitychange", () => !document.hidden && showUnread(0));

// what is shown

function showForm() {
  at("join").hidden = Boolean(state.me) || Boolean(state.wanted && !socket.connected);
  at("say").hidden = !at("join").hidden;
}

function showPassword(shown) {
  at("password").hidden = !shown;
  at("with-account").setAttribute("aria-pressed", String(shown));
  if (shown) at("password").focus();
}

function showLink(up) {
  at("link").className = up ? "link is-up" : "link";
  at("link").textContent = up ? "connected" : "away";
}

function banner(text, action = "") {
  at("banner").hidden = !text;
  at("banner-text").textContent = text;
  at("banner-action").hidden = !action;
}

let noticeEnd;
function notice(text, ms = 0) {
  clearTimeout(noticeEnd);
  at("notice").hidden = !text;
  at("notice").textContent = text;
  if (ms) noticeEnd = setTimeout(() => notice(""), ms);
}

function showUnread(unread) {
  state.hidden = unread;
  document.title = unread ? `(${unread}) ${title.text}` : title.text;
}

function togglePeople() {
  const open = document.body.classList.toggle("people-open");
  at("people-toggle").setAttribute("aria-expanded", String(open));
}

function closePeople() {
  if (document.body.classList.contains("people-open")) togglePeople();
}

function remember(name) {
  try { localStorage.setItem(NAME_KEY, name); } catch { /* private windows may forbid it */ }
}

try { at("name").value = localStorage.getItem(NAME_KEY) || ""; } catch { /* as above */ }
at("title").textContent = room;
at("motd").open = at("list-box").open = matchMedia("(min-width: 761px)").matches;
showUnread(0);
showForm();
