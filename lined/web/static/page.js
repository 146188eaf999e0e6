// The page's one script: hears what happens, shows it, and carries commands. Without news for LOST_MS it covers the
// page: nothing here may look alive that is not. All text goes in as text, or as HTML that the server has escaped.
"use strict";

const LOST_MS = 2300;        // news come each second; with the watch's own step this stays below 3 s
const WATCH_MS = 200;
const HOLD_MS = 1200;        // a reject stays visible at least so long, where the next item comes at once
const CLOSE_MS = 400;        // "at once"
const SPAN_S = 600;
const AGED_MS = 10000;       // from then on a verdict says how old it is
const OLD_MS = 30000;        // from then on an accept does not shine any more: nothing is passing

const body = document.body;
const words = JSON.parse(body.dataset.words);
const at = (id) => document.getElementById(id);

// ── alive or not ────────────────────────────────────────────────────────────────────────────────────────────────────
let source = null;
let heardAt = performance.now();
let heardOnce = false;
let heardClock = "";
let askedAt = 0;

function listen() {
  if (source) source.close();
  askedAt = performance.now();
  const asked = new URLSearchParams({ lang: body.dataset.language, part: body.dataset.part });
  if (body.dataset.station) asked.set("station", body.dataset.station);
  source = new EventSource("/events?" + asked);
  source.addEventListener("hello", (event) => hello(JSON.parse(event.data)));
  source.addEventListener("verdict", (event) => verdict(JSON.parse(event.data)));
  source.addEventListener("tick", (event) => tick(JSON.parse(event.data)));
}

function heard() {
  heardAt = performance.now();
  heardOnce = true;
  if (body.classList.contains("dead") || body.classList.contains("waiting")) {
    body.classList.remove("dead", "waiting");
    at("lost").hidden = true;
    for (const button of document.querySelectorAll("form.command button")) button.disabled = false;
  }
}

function watch() {
  const now = performance.now();
  if (document.visibilityState === "hidden") return;
  if (now - heardAt > LOST_MS && !body.classList.contains("dead")) {
    body.classList.add("dead");
    const sign = at("lost");
    sign.querySelector("strong").textContent = words.lost;
    sign.querySelector("span").textContent = words.lost_text + " " + (heardClock || "–");
    sign.hidden = false;
  }
  if (source && source.readyState === EventSource.CLOSED && now - askedAt > 1500) listen();
  if (now - heardAt > 5000 && now - askedAt > 5000) listen();
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") {
    if (source) source.close();   // a page that nobody sees holds no stream
    source = null;
    body.classList.add("waiting");
  } else {
    heardAt = performance.now();
    listen();
  }
});
addEventListener("pagehide", () => source && source.close());

// ── what is heard ───────────────────────────────────────────────────────────────────────────────────────────────────
let rates = [];
let shown = { seq: -1, verdict: "none", since: 0, at: 0 };
let later = null;
let reject = null;
let version = null;
let stale = false;           // what the list shows is older than what is known

function hello(news) {
  heard();
  rates = news.rates.slice(-SPAN_S);
  drawCurve();
  verdict(news);
}

function tick(news) {
  heard();
  heardClock = news.at;
  at("clock").textContent = news.at;
  at("beat").classList.toggle("on");
  const state = at("state");
  if (state.dataset.state !== news.state) {
    state.dataset.state = news.state;
    state.textContent = words.states[news.state] || news.state;
  }
  rates.push(news.rate);
  rates = rates.slice(-SPAN_S);
  drawCurve();
  for (const [name, html] of Object.entries(news.parts)) {
    const place = at("part-" + name);
    if (place) put(place, html);
  }
  alarmed();
  const work = at("work");
  work.textContent = news.work || "";
  work.hidden = !news.work;
  showRejectAge();
  showVerdictAge();
  for (const tile of document.querySelectorAll("[data-station-tile]")) {
    const down = news.down.includes(tile.dataset.stationTile);
    tile.classList.toggle("down", down);
    tile.querySelector(".chip").hidden = !down;
  }
  if (news.guide !== undefined) showGuide(news.guide);
  if (version !== null && version !== news.version) stale = true;
  version = news.version;
  if (stale) readAgain();
}

// A new alarm that stops production is heard and seen from afar: three beeps, and the page's edge lights up until somebody
// has touched it. Only on the operator's page, and once for each alarm.
const ALARMING = ".alarm.critical:not(.seen), .alarm.serious:not(.seen)";
let alarming = null;

function alarmed() {
  if (body.dataset.part !== "operator") return;
  const now = new Set([...document.querySelectorAll(ALARMING)].map((one) => one.dataset.alarm));
  const fresh = alarming !== null && [...now].some((one) => !alarming.has(one));
  alarming = now;
  if (!now.size) body.classList.remove("alarmed");
  if (!fresh) return;
  body.classList.add("alarmed");
  beep();
}
addEventListener("pointerdown", () => body.classList.remove("alarmed"), true);
addEventListener("keydown", () => body.classList.remove("alarmed"), true);

// Browsers let a page sound once somebody has touched it.
function beep() {
  if (!navigator.userActivation || !navigator.userActivation.hasBeenActive) return;
  try {
    const context = new AudioContext();
    for (const start of [0, 0.3, 0.6]) {
      const tone = context.createOscillator();
      tone.frequency.value = 880;
      tone.connect(context.destination);
      tone.start(context.currentTime + start);
      tone.stop(context.currentTime + start + 0.15);
    }
    setTimeout(() => context.close(), 1500);
  } catch {
    // no sound here: the edge lights up all the same
  }
}

// New content takes the place of the old, and the focus stays where it was. Not under a finger: that press would be lost.
let pressed = null;
addEventListener("pointerdown", (event) => { pressed = event.target; }, true);
for (const kind of ["pointerup", "pointercancel"]) addEventListener(kind, () => setTimeout(release, 50), true);
const postponed = new Map();

function release() {
  pressed = null;
  for (const [place, html] of postponed) put(place, html);
  postponed.clear();
}

function put(place, html) {
  if (pressed && place.contains(pressed)) { postponed.set(place, html); return; }
  const sign = place.contains(document.activeElement) ? signOf(document.activeElement) : "";
  place.innerHTML = html;
  const again = sign && [...place.querySelectorAll("a, button, summary, select, input")].find((one) => signOf(one) === sign);
  if (again) again.focus({ preventScroll: true });
  reachable();
}

// What is wider than the screen can be scrolled by keyboard too; what is not is no stop on the way.
function reachable() {
  for (const wide of document.querySelectorAll(".wide")) {
    if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0; else wide.removeAttribute("tabindex");
  }
}
addEventListener("resize", reachable);
reachable();

// What makes an element the same one after its list was made anew: never its place, or a press would meet another row.
function signOf(element) {
  const form = element.closest("form[data-action]");
  const values = form ? [form.dataset.action, ...[...form.querySelectorAll("input[type=hidden]")].map((one) => one.value)] : [];
  const { open = "", fill = "" } = element.dataset;
  return JSON.stringify([element.localName, ...values, open, fill, element.getAttribute("href"), element.name]);
}

function verdict(news) {
  heard();
  for (const tile of document.querySelectorAll("[data-station-tile]")) {
    tile.dataset.verdict = news.stations[tile.dataset.stationTile] || "none";
  }
  if (!at("verdict")) return;
  showRecent(news.recent || []);
  const harmless = news.guide && news.guide.tone === "accept" && news.last;  // it lies where it belongs
  if (news.reject && (!reject || reject.seq !== news.reject.seq) && !(harmless && news.reject.seq === news.last.seq)) {
    reject = { ...news.reject, at: performance.now() - news.reject.age_ms };
    at("reject-reason").textContent = reasonOf(reject).short;
    at("reject-end").textContent = reject.end;
    at("last-reject").hidden = false;
    showRejectAge();
  }
  let next = news.last && { ...news.last, guide: news.guide };
  if (!next) { showGuide(news.guide); return; }
  if (next.seq === shown.seq) return;
  const missed = news.reject && news.reject.seq > shown.seq && next.verdict === "accept" && next.age_ms < 1000;
  if (missed && shown.seq >= 0) { showVerdict(news.reject); later = next; setTimeout(showLater, HOLD_MS); return; }
  clearTimeout(showLater.timer);
  const age = performance.now() - shown.since;
  if (shown.verdict === "reject" && next.verdict === "accept" && age < CLOSE_MS) {
    later = next;
    showLater.timer = setTimeout(showLater, HOLD_MS - age);
    return;
  }
  if (later && next.verdict === "accept") { later = next; showLater.timer = setTimeout(showLater, HOLD_MS - age); return; }
  later = null;
  showVerdict(next);
}

function showLater() {
  if (later && later.seq > shown.seq) showVerdict(later);
  later = null;
}

function reasonOf(one) {
  return words.reasons[one.reason] || words.reasons[""];
}

function showVerdict(one) {
  const now = performance.now();
  shown = { seq: one.seq, verdict: one.verdict, since: now, at: now - one.age_ms };
  const place = at("verdict");
  place.dataset.seq = one.seq;
  last = one;
  sayVerdict(one.guide);
  at("verdict-station").textContent = stationOf(one.station);
  at("verdict-end").textContent = one.end;
  showVerdictAge();
  pulse(place.querySelector(".sign"));
}

// What the last verdict means now. The guide of a pack station goes by what lies in the package, which changes without
// a read too; where it says nothing the verdict's own words stand.
let last = null;

function sayVerdict(guide) {
  const now = guide || {};
  const tone = now.tone || (last ? last.verdict : "none");
  const good = last && last.verdict === "accept";
  const reason = !last ? "" : good ? (last.reason ? words.repeat : "") : reasonOf(last).short;
  at("verdict").dataset.verdict = tone;
  at("verdict-word").textContent = now.word || (!last ? words.waiting : good ? words.accept : words.reject);
  at("verdict-reason").textContent = now.reason || reason;
  at("verdict-advice").textContent = now.advice || (!last || good ? "" : reasonOf(last).advice);
}

function showGuide(guide) {
  if (!at("verdict") || later || (last && guide && guide.station !== last.station)) return;
  sayVerdict(guide);
}

function showRecent(verdicts) {
  const place = at("recent");
  if (!place) return;
  place.replaceChildren(...verdicts.map(([verdict, reason, end]) => {
    const item = document.createElement("li");
    const good = verdict === "accept";
    item.className = good ? "good" : "bad";
    item.textContent = good ? "✓" : "✗";
    const told = (good ? words.accept : words.reject) + (good ? "" : ": " + reasonOf({ reason }).short) + " " + end;
    item.title = told;
    item.setAttribute("aria-label", told);
    return item;
  }));
}

function stationOf(id) {
  return words.stations[id] || id;
}

// A new verdict moves the sign, not the light of the whole field: many a second must not flicker.
function pulse(sign) {
  if (!sign.animate || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  sign.animate([{ transform: "scale(1.08)" }, { transform: "scale(1)" }], { duration: 180, easing: "ease-out" });
}

// A good verdict of long ago is no news: it must not look as if items were passing. A reject stays as it is: the item
// may still lie there.
function showVerdictAge() {
  const place = at("verdict");
  if (!place || shown.seq < 0) return;
  const age = performance.now() - shown.at;
  place.toggleAttribute("data-old", shown.verdict === "accept" && age >= OLD_MS);
  at("verdict-age").textContent = age < AGED_MS ? "" : "· " + ageOf(shown.at);
}

function showRejectAge() {
  if (!reject || !at("reject-age")) return;
  at("reject-age").textContent = ageOf(reject.at);
}

function ageOf(since) {
  const s = Math.max(0, Math.round((performance.now() - since) / 1000));
  return s < 60 ? s + " " + words.s : s < 3600 ? Math.floor(s / 60) + " " + words.min : Math.floor(s / 3600) + " " + words.h;
}

// ── the curve: items a minute, smoothed over ten seconds ────────────────────────────────────────────────────────────
const SMOOTH_S = 10;

function drawCurve() {
  const curve = at("curve");
  if (!curve) return;
  const good = smooth(rates.map((rate) => rate[0]));
  const bad = smooth(rates.map((rate) => rate[1]));
  const most = Math.max(10, ...good.map((n, i) => n + bad[i])) * 1.1;
  const path = (values) => values.map((n, i) =>
    (i ? "L" : "M") + (600 - (values.length - 1 - i)) + " " + (118 - 114 * n / most).toFixed(1)).join("");
  const line = path(good.map((n, i) => n + bad[i]));
  const first = 600 - (rates.length - 1);
  curve.querySelector(".area").setAttribute("d", rates.length ? line + "L600 120L" + first + " 120Z" : "");
  curve.querySelector(".good").setAttribute("d", line);
  curve.querySelector(".bad").setAttribute("d", path(bad));
  const now = rates.length ? good[good.length - 1] + bad[bad.length - 1] : 0;
  at("rate").textContent = Math.round(now);
}

function smooth(values) {
  let sum = 0;
  return values.map((n, i) => {
    sum += n - (i >= SMOOTH_S ? values[i - SMOOTH_S] : 0);
    return sum * 60 / Math.min(i + 1, SMOOTH_S);
  });
}

// ── lists: read again when something changed, unless somebody is at work in them ────────────────────────────────────
// The answer of an earlier question may come after that of a later one: only the last question counts.
let asked = 0;

async function readAgain() {
  const place = at("live");
  stale = Boolean(place && body.dataset.live);
  if (!stale || document.querySelector("dialog[open], #live details[open]")) return;
  stale = false;
  const number = ++asked;
  try {
    const answer = await fetch(location.href, { signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(answer.status);
    const found = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
    if (found && number === asked) put(place, found.innerHTML);
  } catch {
    stale = true;  // the next news asks again; the watch above says where nobody answers
  }
}

// ── commands ────────────────────────────────────────────────────────────────────────────────────────────────────────
function ask(dialog) {
  return new Promise((resolve) => {
    dialog.returnValue = "";
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "ok"), { once: true });
    dialog.showModal();
  });
}

async function credentials() {
  if (body.dataset.person) return true;
  if (body.dataset.signIn) {
    location.href = "/sign-in?to=" + encodeURIComponent(location.pathname + location.search);
    return false;
  }
  if (!sessionStorage.getItem("token")) {
    at("token").value = "";
    at("by").value = localStorage.getItem("by") || "";
    if (!await ask(at("ask-token"))) return false;
    sessionStorage.setItem("token", at("token").value.trim());
    localStorage.setItem("by", at("by").value.trim());
  }
  return true;
}

// Who has signed in is known by a cookie; else the token says that it may be.
function authorization() {
  return body.dataset.person ? {} : { "Authorization": "Bearer " + sessionStorage.getItem("token") };
}

async function signOut() {
  try {
    await fetch("/api/v1/sign-out", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: "{}", signal: AbortSignal.timeout(5000),
    });
  } finally {
    location.reload();
  }
}
if (at("sign-out")) at("sign-out").addEventListener("click", signOut);

function fieldsOf(form) {
  const fields = { by: localStorage.getItem("by") || "" };
  for (const [name, value] of new FormData(form)) if (value !== "") fields[name] = value;
  if ("changes" in form.dataset) onlyChanges(form, fields);
  for (const box of form.querySelectorAll("[data-bool]")) fields[box.name] = box.checked;
  if (form.dataset.list) fields[form.dataset.list] = [itemOf(form, fields)];
  fields.id = idOf(form, fields);
  return fields;
}

// Where no answer came, it may have been done: the same once more is the same command, and is not done twice.
const unanswered = new WeakMap();

function idOf(form, fields) {
  const said = JSON.stringify(fields);
  const before = unanswered.get(form);
  if (before && before.said === said) return before.id;
  const id = newId();
  unanswered.set(form, { said, id });
  return id;
}

// What is ordered, for the question whether that is meant.
function itemText(form) {
  return [...form.querySelectorAll("[data-item]")].map((field) => field.selectedOptions
    ? field.selectedOptions[0].textContent : field.value.replace(/\B(?=(\d{3})+$)/g, "\u202f")).join(": ");
}

// A form about one thing, where the command takes a list of them.
function itemOf(form, fields) {
  const item = {};
  for (const field of form.querySelectorAll("[data-item]")) {
    item[field.name] = field.type === "number" ? Number(field.value) : field.value;
    delete fields[field.name];
  }
  return item;
}

// A form that corrects sends what differs from what it was opened with; what was emptied is taken away.
function onlyChanges(form, fields) {
  for (const field of form.querySelectorAll("input[name]")) {
    if (field.value === field.dataset.was) delete fields[field.name];
    else if (field.value === "") fields[field.name] = null;
  }
}

function newId() {
  return "page-" + Array.from(crypto.getRandomValues(new Uint8Array(12)), (n) => n.toString(16).padStart(2, "0")).join("");
}

async function send(form) {
  const sure = form.dataset.sure;
  if (sure) {
    at("ask-sure-text").textContent = [itemText(form), sure].filter(Boolean).join(". ");
    if (!await ask(at("ask-sure"))) return;
  }
  if (!await credentials()) return;
  const button = form.querySelector("button:not([type=button])");
  if (button) button.disabled = true;
  try {
    const answer = await fetch(form.dataset.action + "?lang=" + body.dataset.language, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...authorization() },
      body: JSON.stringify(fieldsOf(form)),
      signal: AbortSignal.timeout(35000),
    });
    const found = await answer.json();
    unanswered.delete(form);
    if (answer.ok) done(form, found); else refused(form, answer.status, found.error);
  } catch {
    say(words.unreachable, "", false, form);
  } finally {
    if (button) button.disabled = false;
  }
}

function done(form, found) {
  const verdict = found.verdict ? " " + (words[found.verdict] || found.verdict) + (found.reason ? ": " + reasonOf(found).short : "") : "";
  const dialog = form.closest("dialog");
  if (dialog) dialog.close();
  if (form.dataset.answer) { open(at(form.dataset.answer), found); return; }
  const warnings = found.warnings || [];
  say((form.dataset.done || words.done) + verdict, warnings.join("; "), !warnings.length);
  readAgain();
}

function refused(form, status, error) {
  if (error.code === "job-running" && at("replaces")) at("replaces").hidden = false;  // somebody else was quicker
  if (status === 401) {
    sessionStorage.removeItem("token");
    if (body.dataset.person) { location.reload(); return; }  // the session has ended
  }
  const known = words.refusals[error.code];
  const details = error.details.map((one) => (words.fields[one.path] || one.path) + ": " + one.message).join("; ");
  say(known || words.failed, known && !details ? "" : details || error.message, false, form);
}

let quiet = 0;
function say(text, more, good, form) {
  const dialog = form && form.closest("dialog[open]");
  const place = dialog ? dialog.querySelector(".answer") || dialog.firstElementChild.appendChild(document.createElement("p")) : at("toast");
  place.className = dialog ? "answer bad" : "toast " + (good ? "good" : "bad");
  if (dialog) place.setAttribute("role", "alert");
  place.textContent = text;
  if (more) {
    const small = place.appendChild(document.createElement("small"));
    small.textContent = " " + more;
  }
  place.hidden = false;
  clearTimeout(quiet);
  if (!dialog) quiet = setTimeout(() => { place.hidden = true; }, good ? 6000 : 15000);
}

function open(dialog, fill) {
  if (dialog.id === "start-job") at("replaces").hidden = !document.querySelector("[data-open=stop-job]");
  const answer = dialog.querySelector(".answer");
  if (answer) answer.hidden = true;
  for (const field of dialog.querySelectorAll("input[name]")) {
    if (field.name in fill) field.value = field.dataset.was = fill[field.name];
  }
  for (const place of dialog.querySelectorAll("[data-shows]")) place.textContent = fill[place.dataset.shows] ?? "";
  dialog.showModal();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.action) return;
  event.preventDefault();
  send(form);
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) open(at(opener.dataset.open), JSON.parse(opener.dataset.fill || "{}"));
  const closer = event.target.closest("[data-close]");
  if (closer) closer.closest("dialog").close();
  if (event.target.closest("[data-print]")) print();
});

const here = document.querySelector(".bar nav [aria-current]");
if (here) here.parentNode.scrollLeft = here.offsetLeft - here.parentNode.clientWidth / 2;  // where the bar is scrolled

at("languages").addEventListener("change", (event) => event.target.form.submit());

if (body.dataset.part !== "none") {
  listen();
  setInterval(watch, WATCH_MS);
}
