// What a link is, where a person finds it, and how it may be shown. Nothing is loaded by itself.

import { make } from "./lines.js";

const YOUTUBE_FRAME = "https://www.youtube-nocookie.com/embed/";
const YOUTUBE_ID = /^[A-Za-z0-9_-]{11}$/;
const SOUND = /\.(?:mp3|ogg|oga|opus|flac|wav|m4a)$/i;

// A typed link as the id and type of a request, or null.
export function recognize(text) {
  const typed = text.trim();
  if (/^<iframe\s/i.test(typed)) return { id: typed, type: "cu" };
  const url = address(typed);
  if (!url) return null;
  const youtube = youtubeId(url);
  if (youtube) return { id: youtube, type: "yt" };
  if (url.pathname.endsWith(".json")) return { id: typed, type: "cm" };
  return url.protocol === "https:" ? { id: typed, type: "fi" } : null;
}

function youtubeId(url) {
  const host = url.hostname.replace(/^(?:www|m|music)\./, "");
  const parts = url.pathname.split("/");
  let id = "";
  if (host === "youtu.be") id = parts[1];
  else if (host === "youtube.com" || host === "youtube-nocookie.com")
    id = url.searchParams.get("v") || (["embed", "shorts", "live"].includes(parts[1]) ? parts[2] : "");
  return YOUTUBE_ID.test(id) ? id : "";
}

function address(text) {
  try {
    const url = new URL(text);
    return url.protocol === "https:" || url.protocol === "http:" ? url : null;
  } catch {
    return null;
  }
}

// Where it can be opened in a tab of its own.
export function linkOf(media) {
  if (media.type === "yt") return `https://youtu.be/${encodeURIComponent(media.id)}`;
  if (media.type === "tw") return `https://www.twitch.tv/${encodeURIComponent(media.id)}`;
  const url = address(media.type === "cu" ? media.meta?.embed?.src ?? "" : media.id);
  return url ? url.href : "";
}

export function canShow(media) {
  if (media.type === "yt") return YOUTUBE_ID.test(media.id);
  const url = ["fi", "cu"].includes(media.type) ? address(linkOf(media)) : null;
  // a frame of this page's own origin could leave its box
  return Boolean(url && url.protocol === "https:" && url.origin !== location.origin);
}

// The element that shows it, from a position in seconds. Only made when a viewer asked for it.
export function shownFrom(media, seconds) {
  if (media.type === "fi") {
    const element = make(SOUND.test(address(media.id).pathname) ? "audio" : "video");
    element.controls = element.autoplay = element.playsInline = true;
    element.src = media.id;
    element.currentTime = Math.max(0, seconds);
    return element;
  }
  const frame = make("iframe");
  const start = Math.max(0, Math.floor(seconds));
  frame.title = media.title;
  frame.allow = "autoplay; fullscreen; encrypted-media; picture-in-picture";
  frame.referrerPolicy = "strict-origin";
  frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-presentation allow-popups");
  frame.src = media.type === "yt" ? `${YOUTUBE_FRAME}${media.id}?autoplay=1&start=${start}` : linkOf(media);
  return frame;
}

// "1:02:03", "4:05" or "90" in seconds, 0 for nothing, null for what is no length.
export function secondsOf(text) {
  const typed = text.trim();
  if (!typed) return 0;
  if (!/^\d{1,3}(?::[0-5]?\d){0,2}$/.test(typed)) return null;
  return typed.split(":").reduce((total, part) => total * 60 + Number(part), 0);
}

export function lengthOf(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
