"use strict";
// Keeps a page up to date: by a stream of its revisions or, where none comes through, by requests
// that are held until the page changes. Every revision is made by the server.
(() => {
  const PATIENCE = 4000; // ms until a stream that says nothing is given up
  const AGAIN = 5000; // ms until the next try after a fault

  const policy = window.trustedTypes
    ? trustedTypes.createPolicy("rrmq", { createHTML: (text) => text })
    : { createHTML: (text) => text };
  const parsed = (text) =>
    new DOMParser().parseFromString(policy.createHTML(text), "text/html").body;

  // What a reader has opened, chosen or typed stays as it is.
  const callbacks = {
    beforeNodeMorphed: (old) => !(old instanceof Element && old.matches("input, select, textarea, [data-keep]")),
    beforeAttributeUpdated: (name, node) => !(name === "open" && node.matches("details, dialog")),
  };

  const link = document.getElementById("link");
  const say = (text) => {
    if (!link) return;
    link.hidden = !text;
    if (link.textContent !== text) link.textContent = text;
  };

  let path = document.body.dataset.live;
  let seen = "";
  const show = (text, revision) => {
    seen = revision;
    const page = document.getElementById("page");
    Idiomorph.morph(page, Array.from(parsed(text).childNodes), { morphStyle: "innerHTML", callbacks });
    dress();
    say("");
  };

  const address = (extra) => path + (path.includes("?") ? "&" : "?") + extra;
  let stop = () => {};
  const stream = () => {
    const source = new EventSource(address(`seen=${seen}`));
    const timer = setTimeout(() => { source.close(); hold(); }, PATIENCE);
    stop = () => { clearTimeout(timer); source.close(); };
    source.addEventListener("hello", () => { clearTimeout(timer); say(""); });
    source.addEventListener("page", (event) => show(event.data, event.lastEventId));
    source.addEventListener("error", () => {
      say("connecting again");
      if (source.readyState !== EventSource.CLOSED) return;
      clearTimeout(timer);
      later(stream);
    });
  };
  const later = (again) => {
    const timer = setTimeout(again, AGAIN);
    stop = () => clearTimeout(timer);
  };
  const hold = async () => {
    const control = new AbortController();
    stop = () => control.abort();
    try {
      const answer = await fetch(path, { headers: { "X-Seen": seen || "none" }, signal: control.signal });
      if (answer.status === 200) show(await answer.text(), answer.headers.get("X-Seen"));
      else if (answer.status !== 204) throw new Error(answer.statusText);
      hold();
    } catch {
      if (control.signal.aborted) return;
      say("connecting again");
      later(hold);
    }
  };

  // Times are counted here, so that nothing has to be asked for.
  const length = (seconds) => {
    const [s, m, h] = [Math.floor(seconds), Math.floor(seconds / 60), Math.floor(seconds / 3600)];
    if (s < 60) return `${Math.max(0, s)} s`;
    if (m < 60) return `${m} min`;
    if (h < 24) return m % 60 ? `${h} h ${m % 60} min` : `${h} h`;
    return `${Math.floor(h / 24)} d`;
  };
  const tick = () => {
    for (const time of document.querySelectorAll("time[data-shown]")) {
      const when = new Date(time.dateTime);
      const passed = (Date.now() - when) / 1000;
      if (!time.title) time.title = when.toLocaleString();
      const text = time.dataset.shown === "since" ? length(passed)
        : passed < 60 ? "just now" : `${length(passed)} ago`;
      if (time.textContent !== text) time.textContent = text;
    }
  };

  // The verbs for several jobs can be pressed when some are chosen.
  const chosen = () => {
    const bar = document.querySelector("[data-bulk]");
    if (!bar) return;
    const picks = Array.from(document.querySelectorAll('input[name="job"][type="checkbox"]'));
    const some = picks.filter((one) => one.checked).length;
    const all = bar.querySelector("[data-all]");
    all.checked = some > 0 && some === picks.length;
    all.indeterminate = some > 0 && some < picks.length;
    for (const button of bar.querySelectorAll("button")) button.disabled = !some;
    bar.toggleAttribute("data-none", !some);
    bar.querySelector("output").textContent = some ? `${some} selected` : "none selected";
  };
  const dress = () => { tick(); chosen(); };

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-all]"))
      for (const one of document.querySelectorAll('input[name="job"][type="checkbox"]')) one.checked = event.target.checked;
    chosen();
  });

  // What cannot be undone is asked for twice.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-confirm]");
    if (!button || button.dataset.sure) return;
    event.preventDefault();
    const dialog = document.createElement("dialog");
    const text = document.createElement("p");
    text.textContent = button.dataset.confirm;
    const form = document.createElement("form");
    form.method = "dialog";
    const [no, yes] = ["Keep it", button.textContent].map((name) => {
      const made = document.createElement("button");
      made.textContent = made.value = name;
      form.append(made);
      return made;
    });
    yes.className = "danger";
    dialog.append(text, form);
    document.body.append(dialog);
    dialog.addEventListener("close", () => {
      const sure = dialog.returnValue === yes.value;
      dialog.remove();
      button.focus();
      if (!sure) return;
      button.dataset.sure = "yes";
      button.click();
      delete button.dataset.sure;
    });
    dialog.showModal();
    no.focus();
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input:not([type=checkbox]), textarea, select");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!target) return;
    event.preventDefault();
    target.focus();
  });

  // What was done is told once: not again when the page is loaded again.
  const here = new URL(location.href);
  if (here.searchParams.has("verb")) {
    for (const name of ["verb", "done", "left"]) here.searchParams.delete(name);
    history.replaceState(null, "", here);
  }

  dress();
  setInterval(tick, 1000);
  if (!path) return;
  document.addEventListener("visibilitychange", () => {
    stop();
    if (!document.hidden) stream();
  });
  addEventListener("pagehide", () => stop());
  addEventListener("pageshow", (event) => event.persisted && stream());
  stream();
})();
