"use strict";
(() => {
  const table = document.getElementById("all");
  const tools = document.getElementById("tools");
  if (!table || !tools) return;
  const bodies = Array.from(table.tBodies);
  const size = Number(table.dataset.rows);
  const text = document.getElementById("search");
  const outcome = document.getElementById("outcome");
  const shown = document.getElementById("shown");
  const at = Number(table.dataset.outcome);
  const rows = bodies.flatMap((body) => Array.from(body.rows));
  const total = rows.length.toLocaleString("en-US");
  const FEW = 500;
  let known = null;
  const read = () => known ??= rows.map((row) => ({
    row, text: row.textContent.toLowerCase(), outcome: row.cells[at].textContent,
  }));
  const filter = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const line of read()) {
      const fits = (!outcome.value || line.outcome === outcome.value)
        && words.every((word) => line.text.includes(word));
      if (line.row.hidden === fits) line.row.hidden = !fits;
      if (fits) count += 1;
    }
    // Heights of parts that are not laid out are estimates; of few rows all are laid out.
    table.classList.toggle("few", count <= FEW);
    for (const body of bodies) body.hidden = !Array.from(body.rows).some((row) => !row.hidden);
    shown.textContent = count.toLocaleString("en-US") + " of " + total + " tasks";
  };
  let timer = 0;
  text.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(filter, 150); });
  outcome.addEventListener("change", filter);
  const hint = document.getElementById("hint");
  const frame = table.parentElement;
  const tell = () => { hint.hidden = table.scrollWidth <= frame.clientWidth; };
  new ResizeObserver(tell).observe(frame);
  const heads = Array.from(table.tHead.rows[0].cells);
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const order = new Intl.Collator("en", { numeric: true });
      const lines = rows.map((row) => [row.cells[column].textContent, row]);
      lines.sort((one, other) => (down ? -1 : 1) * order.compare(one[0], other[0]));
      bodies.forEach((body, part) => {
        body.replaceChildren(...lines.slice(part * size, (part + 1) * size).map((line) => line[1]));
      });
      lines.forEach((line, at) => { rows[at] = line[1]; });
      known = null;
      if (text.value || outcome.value) filter();
    });
  });
  tools.hidden = false;
  shown.textContent = total + " tasks";
})();
