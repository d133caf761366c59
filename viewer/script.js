"use strict";
// Enhances a page that reads well without it: seeking, following the playback, opening what is linked to.
(() => {
  const video = document.getElementById("video");
  const stage = document.querySelector(".stage");
  const box = document.getElementById("only-conflicts");
  const status = document.getElementById("status");
  const playhead = document.getElementById("playhead");
  const cards = [...document.querySelectorAll(".card")];
  const blocks = new Map([...document.querySelectorAll("a[data-u]")].map((a) => [a.dataset.u, a]));

  const announce = () => {
    const shown = box.checked ? cards.filter((c) => c.classList.contains("has-conflict")).length : cards.length;
    status.textContent = `${shown} of ${cards.length} utterances shown`;
  };

  // Cards out of sight have a guessed height until they are drawn, so the way is measured again on arrival.
  const bring = (target, block, tries) => {
    target.scrollIntoView({ block, behavior: "instant" });
    if (tries > 1) requestAnimationFrame(() => bring(target, block, tries - 1));
  };

  const reveal = () => {
    const target = document.getElementById(location.hash.slice(1));
    const card = target && target.closest(".card");
    if (!card) return;
    if (box && box.checked && !card.classList.contains("has-conflict")) {
      box.checked = false;
      announce();
    }
    const details = target.closest("details");
    if (details) details.open = true;
    target.tabIndex = -1;
    target.focus({ preventScroll: true });
    bring(target, details ? "center" : "start", 4);
    target.classList.remove("flash");
    void target.offsetWidth; // starts the animation anew when the same link is clicked twice
    target.classList.add("flash");
  };

  const seek = (seconds) => {
    video.currentTime = seconds;
    const playing = video.play();
    if (playing) playing.catch(() => undefined); // a browser may insist on a click of its own: the place is right
  };

  const follow = () => {
    const now = video.currentTime;
    if (playhead && video.duration) {
      const x = `${(100 * now) / video.duration}%`;
      playhead.setAttribute("x1", x);
      playhead.setAttribute("x2", x);
      playhead.setAttribute("visibility", "visible");
    }
    for (const card of cards) {
      const on = now >= Number(card.dataset.start) && now < Number(card.dataset.end);
      card.classList.toggle("now", on);
      const block = blocks.get(card.id);
      if (block) block.classList.toggle("now", on);
    }
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    if (video && link.hash.startsWith("#t=")) {
      event.preventDefault();
      seek(Number(link.hash.slice(3)));
    } else if (link.hash && link.hash === location.hash && link.getAttribute("href").startsWith("#")) {
      event.preventDefault();
      reveal();
    }
  });
  document.addEventListener("pointerover", (event) => {
    const chip = event.target.closest("a.chip");
    const cited = chip && document.getElementById(chip.hash.slice(1));
    const finding = cited && cited.querySelector("td bdi, blockquote");
    if (finding) chip.title = finding.textContent;
  });
  window.addEventListener("hashchange", reveal);
  if (box) box.addEventListener("change", announce);
  if (video) {
    let away = false;
    const float = () => stage.classList.toggle("floating", away && video.played.length > 0);
    video.addEventListener("timeupdate", follow);
    video.addEventListener("timeupdate", float);
    new IntersectionObserver(([entry]) => {
      away = !entry.isIntersecting;
      float();
    }).observe(stage);
  }
  reveal();
})();
