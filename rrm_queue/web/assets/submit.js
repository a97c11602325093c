"use strict";
// Files can be dropped. A dry run is shown below the form, and comes before the submission.
(() => {
  const form = document.getElementById("submit");
  if (!form) return;
  const file = document.getElementById("file");
  const drop = document.getElementById("drop");
  const busy = document.getElementById("busy");
  const answer = document.getElementById("answer");
  const send = document.getElementById("send");
  const policy = window.trustedTypes
    ? trustedTypes.createPolicy("rrmq-submit", { createHTML: (text) => text })
    : { createHTML: (text) => text };

  const tried = (well) => { send.disabled = !well; };
  const dry = async () => {
    if (!form.reportValidity()) return;
    const data = new FormData(form);
    data.append("dry", "1");
    busy.textContent = "reading…";
    tried(false);
    try {
      const found = await fetch("/submit", { method: "POST", body: data });
      const text = await found.text();
      if (!found.ok) throw new Error(JSON.parse(text).detail);
      const body = new DOMParser().parseFromString(policy.createHTML(text), "text/html").body;
      answer.replaceChildren(...body.childNodes);
      tried(!answer.querySelector('[role="alert"]'));
      busy.textContent = "";
    } catch (fault) {
      answer.replaceChildren();
      busy.textContent = fault.message;
    }
  };
  const chosen = () => {
    const names = Array.from(file.files, (one) => one.name).join(", ");
    drop.querySelector("strong").textContent = names || "Drop files here";
    if (names) dry();
  };

  for (const name of ["dragenter", "dragover"])
    addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  addEventListener("dragleave", (event) => event.relatedTarget || drop.classList.remove("over"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (!event.dataTransfer.files.length) return;
    file.files = event.dataTransfer.files;
    chosen();
  });
  file.addEventListener("change", chosen);
  form.addEventListener("change", (event) => { if (event.target !== file) tried(false); });
  form.addEventListener("submit", (event) => {
    if (event.submitter && event.submitter.id === "dry") { event.preventDefault(); dry(); return; }
    if (send.disabled) event.preventDefault();
    else busy.textContent = "submitting…";
  });
  tried(false);
})();
