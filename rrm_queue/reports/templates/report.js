"use strict";
// All data is put on the page as text, so no text of a candidate or judge can become markup.
(() => {
  document.getElementById("unscripted").remove();

  const LONG = 1500; // characters of a text that are shown before "show all"
  const WAIT = 120; // ms after the last key before a search begins
  const ROWS = 50; // matches that are listed at first

  const make = (tag, about, ...children) => {
    const { dataset, ...attributes } = about || {};
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element[name] = value;
    Object.assign(element.dataset, dataset);
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };
  const name = (text) => make("bdi", {}, text);
  const count = (number, noun, plural) =>
    `${number.toLocaleString("en")} ${number === 1 ? noun : plural || noun + "s"}`;

  const tournaments = Array.from(document.querySelectorAll("details.tournament"), (element) => ({
    element,
    marks: element.dataset.marks.split("|"),
    words: null,
    filled: false,
  }));
  const read = (one) =>
    JSON.parse(one.element.querySelector('script[type="application/json"]').textContent);

  // A long text is cut at its end. Reasoning is cut at its beginning: its end holds the verdict.
  const prose = (text, whole, end = false) => {
    const box = make("div", { className: "text", dir: "auto" });
    const cut = text.length > LONG * 1.3;
    box.textContent = !cut ? text : end ? "… " + text.slice(-LONG) : text.slice(0, LONG) + " …";
    const parts = [box];
    if (cut) {
      const button = make("button", { type: "button" }, `show all ${count(text.length, "character")}`);
      button.addEventListener("click", () => {
        box.textContent = text;
        box.tabIndex = -1;
        box.focus();
        button.remove();
      });
      parts.push(button);
    }
    if (whole > text.length)
      parts.push(make("p", { className: "note" }, `this file holds ${text.length.toLocaleString("en")} of its ${count(whole, "character")}`));
    return make("div", { className: "prose" }, ...parts);
  };
  const missing = (length) =>
    make("p", { className: "note" }, `${count(length, "character")}, not in this file`);

  const answerLine = (data, answer) => {
    const standing = answer.standing;
    const summary = make("summary", { className: "row" },
      make("span", { className: "rank" }, standing ? String(standing.rank) : ""),
      make("span", { className: "who" }, name(data.names[answer.number]),
        answer.key !== data.names[answer.number]
          ? make("span", { className: "by" }, " ", name(answer.key))
          : answer.generator && answer.generator !== answer.key
            ? make("span", { className: "by" }, " by ", name(answer.generator)) : null),
      make("span", { className: "figures" },
        [standing && `${standing.record}`, standing && `BT ${standing.bt}`,
          answer.gold === null ? null : `gold ${answer.gold}`].filter(Boolean).join(" · ")));
    const line = make("details", { className: "answer" }, summary);
    if (answer.number === data.champion) line.classList.add("champion");
    lazily(line, () => [answer.text === null ? missing(answer.length) : prose(answer.text, answer.length)]);
    return line;
  };

  const voteView = (data, vote) => {
    const says = vote.chosen === null
      ? make("strong", { className: "open" }, vote.says)
      : make("strong", {}, "for ", name(data.names[vote.chosen]));
    return make("article", { className: "vote" },
      make("p", { className: "voteline" }, `vote ${vote.number} `, says, " ",
        make("span", { className: "note" }, name(data.names[vote.shownFirst]), " shown first",
          vote.notes ? ", " + vote.notes : "")),
      vote.text ? prose(vote.text, vote.text.length, true) : vote.text === null
        ? make("p", { className: "note" }, "its reasoning is not in this file") : null);
  };

  const sides = (data, match) => {
    const pane = (number) => {
      const answer = data.answers.find((one) => one.number === number);
      return make("div", { className: "pane" }, make("h5", {}, name(data.names[number])),
        answer && answer.text !== null ? prose(answer.text, answer.length)
          : make("p", { className: "note" }, "its text is not in this file"));
    };
    const both = make("details", { className: "both" }, make("summary", {}, "the two answers"));
    lazily(both, () => [make("div", { className: "panes" }, pane(match.first), pane(match.second))]);
    return both;
  };

  const matchLine = (data, match, id) => {
    const side = (number) => {
      const who = name(data.names[number]);
      return match.winner === number ? make("strong", {}, who) : make("span", {}, who);
    };
    const [one, two] = match.score;
    const line = make("details", { className: "match", id },
      make("summary", { className: "row" },
        make("span", { className: "rank" }, match.name),
        make("span", { className: "who" }, side(match.first), make("span", { className: "by" }, " against "), side(match.second)),
        make("span", { className: "figures" + (match.failed ? " bad" : "") },
          match.winner === null ? match.state : match.votes > 1 ? `${one} : ${two}` : "",
          match.coin ? " by a coin" : "")));
    lazily(line, () => [
      match.state && match.failed ? make("p", { className: "warning", dir: "auto" }, match.state) : null,
      sides(data, match),
      ...match.cast.map((vote) => voteView(data, vote)),
      match.cast.length < match.votes
        ? make("p", { className: "note" }, `${count(match.votes - match.cast.length, "vote")} not in this file: rrmq votes shows them`) : null,
      match.votes ? null : make("p", { className: "note" }, "no vote yet"),
    ]);
    return line;
  };

  const lazily = (details, fill) => {
    const once = () => {
      if (!details.open) return;
      details.removeEventListener("toggle", once);
      if (!details.dataset.filled) {
        details.dataset.filled = "yes";
        details.append(make("div", { className: "inside" }, ...fill().filter(Boolean)));
      }
    };
    details.addEventListener("toggle", once);
    details.fill = () => { details.open = true; once(); };
  };

  // A heading and its rows. A long list has a button that shows more of it.
  const listed = (heading, note, items, view) => {
    const list = make("div", { className: "rows" });
    const more = make("button", { type: "button" });
    let shown = 0;
    const show = (most) => {
      list.append(...items.slice(shown, most).map(view));
      shown = Math.min(Math.max(shown, most), items.length);
      more.hidden = shown >= items.length;
      more.textContent = `show ${items.length - shown} more`;
    };
    more.addEventListener("click", () => {
      const before = shown;
      show(shown + 10 * ROWS);
      const next = list.children[before];
      if (next) next.querySelector("summary").focus();
    });
    show(ROWS);
    return { parts: [make("h4", {}, heading), note ? make("p", { className: "note" }, note) : null, list, more], show };
  };

  const fill = (one) => {
    if (one.filled) return;
    one.filled = true;
    const data = read(one);
    const into = (place, parts) =>
      one.element.querySelector(`.body > .${place}`).append(...parts.filter(Boolean));
    if (data.prompt !== null) {
      into("prompt", [make("h4", {}, "Prompt"), prose(data.prompt, data.promptLength)]);
      if (data.reference) into("prompt", [make("h4", {}, "Reference"), prose(data.reference, data.reference.length)]);
    }
    const answers = listed("Answers",
      data.answers.length < data.size ? `the best ${data.answers.length} of ${data.size}` : "",
      data.answers, (answer) => answerLine(data, answer));
    into("answers", answers.parts);
    if (!data.matches.length) return;
    const matches = listed("Matches",
      data.matches.length < data.played ? `${data.matches.length} of ${data.played.toLocaleString("en")}: the closest ones` : "",
      data.matches, (match) => matchLine(data, match, `${one.element.id}-${match.name}`));
    one.showAll = () => matches.show(data.matches.length);
    into("matches", matches.parts);
  };

  for (const one of tournaments)
    one.element.addEventListener("toggle", () => one.element.open && fill(one));

  // A link to a tournament or match opens it.
  const follow = () => {
    const [, tournament, match] = /^#(t\d+)(?:-(.+))?$/.exec(location.hash) || [];
    const one = tournaments.find(({ element }) => element.id === tournament);
    if (!one) return;
    one.element.hidden = false;
    one.element.open = true;
    fill(one);
    if (match && one.showAll) one.showAll();
    const target = match && document.getElementById(`${tournament}-${match}`);
    if (target) target.fill();
    const shown = target || one.element;
    shown.scrollIntoView({ block: "start" });
    shown.querySelector("summary").focus({ preventScroll: true });
  };
  addEventListener("hashchange", follow);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    const hash = link && link.getAttribute("href");
    if (hash && hash === location.hash) follow(); // the same link again: no hashchange event comes
  });

  // Search: every word must be somewhere in the tournament. The first search reads the texts.
  const form = document.getElementById("search");
  const query = document.getElementById("query");
  const mark = document.getElementById("mark");
  const output = document.getElementById("count");
  const words = (one) => {
    if (one.words === null) {
      const data = read(one);
      one.words = [data.key, data.prompt, data.reference, ...data.names,
        ...data.answers.flatMap((answer) => [answer.key, answer.generator, answer.text]),
        ...data.matches.flatMap((match) => [match.state, ...match.cast.flatMap((vote) => [vote.says, vote.text])]),
      ].filter(Boolean).join("\n").toLowerCase();
    }
    return one.words;
  };
  const search = () => {
    const wanted = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const one of tournaments) {
      const fits = (!mark.value || one.marks.includes(mark.value)) &&
        (!wanted.length || wanted.every((word) => words(one).includes(word)));
      one.element.hidden = !fits;
      found += fits;
    }
    output.textContent = `${found.toLocaleString("en")} of ${count(tournaments.length, "tournament")}`;
    document.getElementById("nothing").hidden = found > 0;
  };
  // The page comes with the closest first; another order moves what is there.
  const list = document.getElementById("list");
  const sort = document.getElementById("sort");
  const closest = tournaments.slice();
  const orders = {
    "": () => closest,
    line: () => closest.slice().sort((one, other) => one.element.dataset.line - other.element.dataset.line),
    tokens: () => closest.slice().sort((one, other) => other.element.dataset.tokens - one.element.dataset.tokens),
  };
  sort.addEventListener("change", () => list.append(...orders[sort.value]().map((one) => one.element)));

  const marks = new Set(tournaments.flatMap((one) => one.marks).filter(Boolean));
  for (const each of marks) mark.append(make("option", { value: each }, each));
  let timer = 0;
  query.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, WAIT); });
  mark.addEventListener("change", search);
  form.addEventListener("submit", (event) => { event.preventDefault(); search(); });
  form.hidden = tournaments.length < 2;
  search();
  if (tournaments.length === 1) { tournaments[0].element.open = true; fill(tournaments[0]); }
  follow();
})();
