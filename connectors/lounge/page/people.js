// Who is here, by rank and name.

import { badgeFor, hueOf, make } from "./lines.js";

export class People {
  constructor(list, count, unnamed, onName) {
    this.list = list;
    this.count = count;
    this.unnamed = unnamed;
    this.onName = onName;
    this.users = new Map();
    this.total = 0;
  }

  reset(users) {
    this.users = new Map(users.map((user) => [user.name.toLowerCase(), user]));
    this.draw();
  }

  add(user) {
    this.users.set(user.name.toLowerCase(), user);
    this.draw();
  }

  remove(name) {
    this.users.delete(name.toLowerCase());
    this.draw();
  }

  change(name, changes) {
    const user = this.users.get(name.toLowerCase());
    if (user) this.add({ ...user, ...changes });
  }

  rank(name) {
    return this.users.get(name.toLowerCase())?.rank ?? 0;
  }

  setTotal(total) {
    this.total = total;
    this.draw();
  }

  draw() {
    const users = [...this.users.values()].sort(
      (a, b) => b.rank - a.rank || a.name.localeCompare(b.name));
    this.list.replaceChildren(...users.map((user) => this.entry(user)));
    this.count.textContent = users.length;
    const others = Math.max(0, this.total - users.length);
    this.unnamed.textContent = others ? `and ${others} looking on` : "";
  }

  entry(user) {
    const button = make("button", "person", make("span", "dot"), make("span", "who", user.name));
    button.type = "button";
    button.style.setProperty("--hue", hueOf(user.name));
    button.title = `Write to ${user.name} in private`;
    if (user.rank >= 2) button.append(badgeFor(user.rank));
    if (user.meta?.afk) {
      button.classList.add("is-afk");
      button.append(make("span", "state", "away"));
    }
    if (user.meta?.muted) button.append(make("span", "state", "muted"));
    button.addEventListener("click", () => this.onName(user.name));
    return make("li", "", button);
  }
}
