// What a reader without this misses: reading a picture point by point, and a filter. Nothing is fetched.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const open = (from) => { for (let at = from; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true; };
  const reveal = () => open(document.getElementById(decodeURIComponent(location.hash.slice(1))));
  addEventListener("hashchange", reveal);
  reveal();
  addEventListener("beforeprint", () => all("details").forEach((each) => { each.open = true; }));

  for (const part of all(".wide")) {
    const hint = document.createElement("p");
    hint.className = "hint";
    hint.setAttribute("aria-hidden", "true");
    hint.textContent = "Wider than the screen: scroll it sideways →";
    part.before(hint);
    const look = () => { hint.hidden = part.scrollWidth <= part.clientWidth + 1; };
    look();
    new ResizeObserver(look).observe(part);
  }

  const said = (shape) => shape.querySelector(":scope > title").textContent;
  const shapes = (svg) => all("rect, circle", svg).filter((each) => each.querySelector(":scope > title"));
  for (const svg of all("svg")) {
    const marks = shapes(svg);
    if (marks.length < 2) continue;
    const line = document.createElement("p");
    line.className = "readout";
    line.setAttribute("role", "status");
    line.textContent = matchMedia("(pointer: coarse)").matches
      ? "Touch the picture to read it."
      : "Point at the picture, or press ← and → in it, to read it.";
    (svg.closest(".wide") || svg).after(line);
    svg.tabIndex = 0;
    let now = -1;
    const show = (number) => {
      if (marks[now]) marks[now].style.stroke = "";
      now = number;
      marks[now].style.stroke = "#000";
      line.textContent = said(marks[now]);
    };
    const distance = (mark, at) => {
      const box = mark.getBBox();
      return Math.hypot(Math.max(box.x - at.x, 0, at.x - box.x - box.width), Math.max(box.y - at.y, 0, at.y - box.y - box.height));
    };
    const point = (event) => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      const far = marks.map((mark) => distance(mark, at));
      show(far.indexOf(Math.min(...far)));
    };
    svg.addEventListener("pointermove", point);
    svg.addEventListener("pointerdown", point);
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      show((now + step + marks.length) % marks.length);
    });
  }

  for (const part of all("[data-filter]")) {
    const label = document.createElement("label");
    label.className = "filter";
    const field = document.createElement("input");
    field.type = "search";
    const count = document.createElement("span");
    count.setAttribute("role", "status");
    label.append(`Show only ${part.dataset.filter}: `, field, " ", count);
    part.prepend(label);
    const marks = all("svg", part).flatMap(shapes);
    const rows = all("tbody tr", part);
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      const fits = (text) => text.toLowerCase().includes(wanted);
      marks.forEach((mark) => { mark.style.opacity = fits(said(mark)) ? "" : ".12"; });
      rows.forEach((row) => { row.hidden = !fits(row.textContent); });
      const found = new Set(marks.map(said).filter(fits)).size;
      count.textContent = wanted ? `${found} found` : "";
    });
  }
})();
