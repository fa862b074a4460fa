/* Comments on a chapter: isso's thread at its foot, and comments on passages.

The server of `make review` adds this script, with its settings, to each chapter; a book that is opened or hosted without
that server never loads it. Selecting, serialising and highlighting passages is Recogito's text-annotator; keeping,
showing and editing comments is isso. This script joins the two. */
(() => {
  "use strict";

  const { isso: service, page, title } = document.currentScript.dataset;
  const article = document.querySelector("article.bd-article");
  const UNSAVED = "This was not saved: the server did not answer. Keep your text and try again.";
  const UNREAD = "The comments could not be read: the server did not answer. Load the page again.";

  /* ---- small helpers ---- */

  /** Return a new element with attributes and children; text is text, never HTML. */
  function make(name, attributes = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  /** Ask the comment service; throw its sentence if it refuses. */
  async function ask(path, options) {
    const fault = options ? UNSAVED : UNREAD;
    let answer;
    try {
      answer = await fetch(`${service}/${path}`, options);
    } catch {
      throw new Error(fault);
    }
    if (!answer.ok) throw new Error(await answer.json().then((told) => told.message, () => fault));
    // isso hands its authors the right to edit as a cookie for the page
    const cookie = answer.headers.get("X-Set-Cookie");
    if (cookie?.startsWith("isso-")) document.cookie = cookie;
    return answer.json();
  }

  const inPage = `uri=${encodeURIComponent(page)}`;
  const plain = (escaped) => new DOMParser().parseFromString(escaped || "", "text/html").body.textContent;
  const remembered = () => JSON.parse(localStorage.getItem("isso-author")) || "";

  /* ---- the parts of the page ---- */

  const notice = make("p", { class: "review-notice", role: "status" });
  const offer = make("button", { class: "review-offer", type: "button", hidden: "" }, "Comment on this");
  const dialog = make("dialog", { class: "review-dialog", "aria-labelledby": "review-heading" });
  const foot = make(
    "section",
    { class: "review-foot d-print-none", id: "comments", "aria-labelledby": "comments-heading" },
    make("h2", { id: "comments-heading" }, "Comments"),
    make("p", {}, "To comment on a passage, select it. To comment on the chapter, write here."),
    make("div", { id: "isso-thread", "data-isso-id": page, "data-title": title }),
  );
  article.after(foot);
  document.body.append(offer, dialog, notice);

  /** Say something to the reader for a while; faults stay until the next message. */
  function say(text, fault = false) {
    notice.textContent = text;
    notice.classList.toggle("fault", fault);
    clearTimeout(say.timer);
    if (!fault) say.timer = setTimeout(() => { notice.textContent = ""; }, 6000);
  }

  // isso's own form tells of a refusal in the console only
  const { open, send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (method, address, ...more) {
    this.asks = String(address).startsWith(service) ? method : null;
    return open.call(this, method, address, ...more);
  };
  XMLHttpRequest.prototype.send = function (body) {
    if (this.asks) this.addEventListener("loadend", () => {
      if (this.status >= 200 && this.status < 400) return;
      let told = this.asks === "GET" ? UNREAD : UNSAVED;
      try { told = JSON.parse(this.responseText).message; } catch { /* no sentence came */ }
      say(told, true);
    });
    return send.call(this, body);
  };

  /* ---- passages: from selectors to places in the text ---- */

  // What is no text of the chapter: signs after headings, buttons, drawings, and code, which is folded between the sentences
  const APART = "a.headerlink, button, summary, svg, script, style, .cell_input";

  // Numbers are links, and browsers begin no selection in a link: while the button is down, it is none
  article.addEventListener("pointerdown", ({ target, button, pointerType }) => {
    const link = target.closest("a[href]");
    if (!link || button !== 0 || pointerType !== "mouse") return;
    const href = link.getAttribute("href");
    const restore = () => link.setAttribute("href", href);
    link.removeAttribute("href");
    for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, restore, { once: true, capture: true });
  });
  article.addEventListener("click", (event) => {
    if (event.target.closest("a") && !document.getSelection().isCollapsed) event.preventDefault();
  });

  /** Return the text of the chapter, white space as spaces, and where each piece of it is. */
  function chapterText() {
    article.querySelectorAll(APART).forEach((element) => element.classList.add("not-annotatable"));
    const pieces = [];
    let text = "";
    const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.parentElement.closest(".not-annotatable")) continue;
      pieces.push({ node, start: text.length });
      text += node.data;
    }
    return { text: text.replace(/\s/g, " "), pieces };
  }

  /** Return where a quotation begins now, or -1: the same words, best with the same surroundings, nearest to before. */
  function locate([quote, position], text) {
    const [exact, prefix, suffix] = [quote.exact, quote.prefix, quote.suffix].map((part) => part.replace(/\s/g, " "));
    let best = { at: -1, score: exact.length < 30 ? 0 : -1, distance: Infinity };
    for (let at = text.indexOf(exact); at >= 0; at = text.indexOf(exact, at + 1)) {
      const end = at + exact.length;
      const score = (prefix.trim() && text.slice(0, at).endsWith(prefix) ? 1 : 0) + (suffix.trim() && text.startsWith(suffix, end) ? 1 : 0);
      const distance = Math.abs(at - position.start);
      if (score > best.score || (score === best.score && best.at >= 0 && distance < best.distance)) best = { at, score, distance };
    }
    return best.at;
  }

  /** Set the passage's selectors to where its words are now; a passage whose words are gone is orphaned. */
  function anchor(passage, text) {
    passage.orphaned = false;
    for (const target of passage.targets) {
      const at = locate(target.selector, text);
      if (at < 0) { passage.orphaned = true; continue; }
      Object.assign(target.selector[1], { start: at, end: at + target.selector[0].exact.length });
    }
    const { start } = passage.targets[0].selector[1];
    const { end } = passage.targets.at(-1).selector[1];
    Object.assign(passage, { start, end });
  }

  /** Put a button after a passage, for the keyboard, and for passages that are links themselves. */
  function mark(passages, { pieces }) {
    const { end } = passages[0];
    const piece = pieces.findLast((candidate) => candidate.start < end);
    const count = passages.reduce((sum, passage) => sum + passage.count, 0);
    const label = `${count} ${count === 1 ? "comment" : "comments"} on this passage`;
    const button = make("button", { class: "review-mark not-annotatable", type: "button", "aria-label": label, title: label }, String(count));
    button.addEventListener("click", () => openThread(passages));
    passages.forEach((passage) => { passage.button = button; });
    const link = piece.node.parentElement.closest("a, summary");
    if (link) link.after(button);
    else piece.node.splitText(end - piece.start).before(button);
  }

  /* ---- the annotator ---- */

  const annotator = RecogitoJS.createTextAnnotator(article, {
    adapter: RecogitoJS.W3CTextFormat(page, article),
    selectionMode: "all",
    style: { fill: "#f4b400", fillOpacity: 0.3, underlineThickness: 2, underlineColor: "#8a6100", underlineStyle: "solid", underlineOffset: 0 },
  });
  let passages = [];
  let selected = null;
  let origin = article; // where in the chapter the dialog was opened

  /** Read the passages that have comments and highlight them. */
  async function showPassages() {
    passages = await ask(`passages?${inPage}`);
    article.querySelectorAll(".review-mark").forEach((button) => button.remove());
    article.normalize();
    const places = chapterText();
    passages.forEach((passage) => anchor(passage, places.text));
    const groups = new Map();
    for (const passage of passages.filter((candidate) => !candidate.orphaned)) {
      const place = `${passage.start}-${passage.end}`;
      groups.set(place, [...(groups.get(place) || []), passage]);
    }
    [...groups.values()].sort((a, b) => b[0].end - a[0].end).forEach((group) => mark(group, places));
    annotator.setAnnotations([...groups.values()].map(([passage]) => ({
      "@context": "http://www.w3.org/ns/anno.jsonld",
      id: `passage-${passage.id}`,
      type: "Annotation",
      body: [],
      target: passage.targets,
    })));
    decorate();
  }

  /** Forget a selection that was not commented on. */
  function dropSelection() {
    offer.hidden = true;
    if (selected) annotator.removeAnnotation(selected.id);
    selected = null;
  }

  annotator.on("selectionChanged", (annotations) => {
    const fresh = annotations.find((annotation) => !annotation.id.startsWith("passage-"));
    if (selected && selected.id !== fresh?.id && !dialog.open) dropSelection();
    if (fresh) {
      selected = fresh;
      const place = document.getSelection().rangeCount ? document.getSelection().getRangeAt(0).getBoundingClientRect() : article.getBoundingClientRect();
      offer.style.left = `${Math.max(8, Math.min(place.left + window.scrollX, document.documentElement.clientWidth - 170))}px`;
      offer.style.top = `${Math.max(8, place.bottom + window.scrollY + 6)}px`;
      offer.hidden = false;
      if (annotator.state.selection.event?.type === "keyup") offer.focus();
    } else if (annotations.length) {
      const ids = annotations.map((annotation) => annotation.id);
      const chosen = passages.filter((passage) => !passage.orphaned && ids.includes(`passage-${passage.id}`));
      const same = (passage) => chosen.some((other) => other.start === passage.start && other.end === passage.end);
      if (!event?.target?.closest?.("a")) openThread(passages.filter((passage) => !passage.orphaned && same(passage)));
    }
  });

  /* ---- writing and reading on a passage ---- */

  /** Return the heading that a place in the chapter stands under. */
  function sectionOf(node) {
    const headings = [...article.querySelectorAll("h1, h2, h3, h4")];
    const above = headings.filter((heading) => heading.contains(node) || heading.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING);
    const heading = (above.at(-1) || headings[0])?.cloneNode(true);
    heading?.querySelectorAll(".not-annotatable").forEach((element) => element.remove());
    return heading?.textContent.trim().replace(/\s+/g, " ").slice(0, 300) || "";
  }

  /** Return a form that posts a comment and resolves what follows. */
  function commentForm(extra, done) {
    const name = make("input", { id: "review-name", autocomplete: "name", maxlength: "100" });
    name.value = remembered();
    const text = make("textarea", { id: "review-text", rows: "5", maxlength: "10000", required: "", minlength: "3" });
    const fault = make("p", { class: "review-fault", role: "alert" });
    const button = make("button", { type: "submit" }, "Save comment");
    const form = make("form", {},
      make("label", { for: "review-text" }, "Your comment"), text,
      make("label", { for: "review-name" }, "Your name (may be left empty)"), name,
      fault, button);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (button.ariaDisabled) return;
      button.ariaDisabled = "true"; // and not disabled, which would lose the focus
      fault.textContent = "";
      try {
        localStorage.setItem("isso-author", JSON.stringify(name.value || null));
        const body = JSON.stringify({ author: name.value, text: text.value, ...extra() });
        const saved = await ask(`new?${inPage}`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
        done(saved);
      } catch (problem) {
        fault.textContent = problem.message;
        button.ariaDisabled = null;
      }
    });
    return form;
  }

  function openDialog(heading, quote, ...content) {
    const close = make("button", { type: "button", class: "review-close" }, "Close");
    close.addEventListener("click", () => dialog.close());
    const words = make("blockquote", {}, quote);
    dialog.replaceChildren(make("h2", { id: "review-heading" }, heading), close, words, ...content);
    if (!dialog.open) dialog.showModal();
    if (words.scrollHeight > words.clientHeight) words.tabIndex = 0; // a long one scrolls, by keyboard too
  }

  // Sphinx's script takes every Escape for its own
  dialog.addEventListener("keydown", (event) => { if (event.key === "Escape") event.stopPropagation(); });
  dialog.addEventListener("close", () => {
    dropSelection();
    annotator.cancelSelected();
    const { activeElement } = document; // none of the page's, if what had the focus before is gone
    if (activeElement === document.body || dialog.contains(activeElement)) focusOn(origin);
  });

  /** Let the keyboard go on from a place that takes no focus of its own. */
  function focusOn(element) {
    if (element.tabIndex < 0) {
      element.tabIndex = -1;
      element.addEventListener("blur", () => element.removeAttribute("tabindex"), { once: true });
    }
    element.focus({ preventScroll: true });
  }

  /** After saving: show the comment in the text and at the foot. */
  async function saved(comment) {
    dialog.close();
    say(comment.mode === 2 ? "Saved. Others see your comment once it is approved." : "Your comment is saved. You can change it at the foot of the page for 15 minutes.");
    window.Isso.fetchComments();
    await showPassages();
    const passage = passages.find(({ id }) => id === comment.id || id === comment.parent);
    if (passage?.button) passage.button.focus({ preventScroll: true });
  }

  offer.addEventListener("click", () => {
    offer.hidden = true;
    const target = [selected.target].flat().map(({ selector }) => ({ selector })).filter(({ selector }) => selector[0].exact.trim());
    const quote = target.map(({ selector }) => selector[0].exact.replace(/\s+/g, " ").trim()).join(" … ");
    const range = annotator.state.store.getAnnotation(selected.id).target.selector[0].range;
    origin = range.startContainer.parentElement;
    const section = sectionOf(range.startContainer);
    openDialog("Comment on this passage", quote, commentForm(() => ({ passage: { section, targets: target } }), saved));
    dialog.querySelector("textarea").focus();
  });

  /** Return a comment as the dialog shows it. Its text was made safe by the server. */
  function shown(comment) {
    const text = make("div", { class: "review-text" });
    text.innerHTML = comment.mode === 4 ? "<p>(deleted by its author)</p>" : comment.text;
    const when = new Date(comment.created * 1000).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
    const link = make("a", { href: `#isso-${comment.id}` }, when);
    link.addEventListener("click", () => dialog.close());
    return make("li", {}, make("p", { class: "review-author" }, plain(comment.author) || "Anonymous", ", ", link), text,
      ...(comment.replies?.length ? [make("ul", {}, ...comment.replies.map(shown))] : []));
  }

  /** Open the comments on one place, with a form to reply. */
  async function openThread(group) {
    try {
      const ids = group.map((passage) => passage.id);
      const all = await ask(`?${inPage}`);
      const roots = all.replies.filter((comment) => ids.includes(comment.id));
      const choice = make("select", { id: "review-parent" }, ...roots.map((comment) => make("option", { value: comment.id }, plain(comment.author) || "Anonymous")));
      const reply = commentForm(() => ({ parent: Number(choice.value) }), saved);
      if (roots.length > 1) reply.prepend(make("label", { for: "review-parent" }, "Reply to"), choice);
      const changed = group[0].orphaned ? [make("p", { class: "review-orphan" }, "The text has changed since this was written; this is the passage as it was.")] : [];
      openDialog("Comments on this passage", group[0].quote, ...changed, make("ul", { class: "review-thread" }, ...roots.map(shown)), reply);
      reply.querySelector("[for=review-text]").textContent = "Your reply";
      reply.querySelector("[type=submit]").textContent = "Save reply";
    } catch (problem) {
      say(problem.message, true);
    }
  }

  /** Go to a passage and open its comments. */
  function goTo(passage) {
    if (!passage.orphaned) {
      passage.button.closest("details")?.setAttribute("open", "");
      passage.button.scrollIntoView({ block: "center" });
    }
    openThread(passage.orphaned ? [passage] : passages.filter((other) => other.button === passage.button));
  }

  /* ---- isso's thread: each comment shows and links to its passage, and has what a screen reader needs ---- */

  function decorate() {
    for (const passage of passages) {
      const comment = document.getElementById(`isso-${passage.id}`);
      if (!comment) continue;
      comment.querySelector(":scope > .isso-text-wrapper > .review-quote")?.remove();
      const link = make("a", { href: `#passage-${passage.id}` }, passage.quote);
      const about = passage.orphaned ? "The text has changed since this comment. It was on: " : "On: ";
      const quote = make("blockquote", { class: `review-quote${passage.orphaned ? " review-orphan" : ""}` }, about, link);
      comment.querySelector(":scope > .isso-text-wrapper > .isso-text, :scope > .isso-text-wrapper > .isso-textarea-wrapper").before(quote);
    }
    foot.querySelectorAll("textarea:not([aria-label])").forEach((area) => area.setAttribute("aria-label", "Comment"));
    foot.querySelectorAll("[name=email], [name=website]").forEach((field) => { field.closest("p").hidden = true; });
    foot.querySelectorAll(".isso-notification-section").forEach((part) => { part.hidden = true; });
    foot.querySelectorAll("[name=author]:not([aria-label])").forEach((field) => {
      field.setAttribute("aria-label", "Name (optional)");
      field.placeholder = "";
    });
    const heading = foot.querySelector(".isso-thread-heading:not([aria-level])");
    heading?.setAttribute("role", "heading");
    heading?.setAttribute("aria-level", "3");
  }

  new MutationObserver((changes) => {
    if (changes.some(({ addedNodes }) => [...addedNodes].some((node) => node.matches?.(".isso-comment, .isso-postbox, .isso-thread-heading")))) decorate();
  }).observe(foot, { childList: true, subtree: true });

  function followAddress() {
    const id = Number(location.hash.match(/^#passage-(\d+)$/)?.[1]);
    const passage = passages.find((candidate) => candidate.id === id);
    if (passage) goTo(passage);
  }
  foot.addEventListener("click", (event) => {
    const id = Number(event.target.closest(".review-quote a")?.hash.slice("#passage-".length));
    const passage = passages.find((candidate) => candidate.id === id);
    if (!passage) return;
    event.preventDefault();
    history.replaceState(null, "", `#passage-${id}`);
    goTo(passage);
  });
  window.addEventListener("hashchange", followAddress);
  // Once the theme's scripts have put their buttons into the text
  window.addEventListener("load", () => showPassages().then(followAddress, (problem) => say(problem.message, true)));
})();
