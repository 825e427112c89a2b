(() => {
  const faults = [];
  const named = (node) => node.tagName.toLowerCase() + (node.id ? "#" + node.id : "") + ": "
    + node.textContent.trim().slice(0, 30);
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    faults.push(`the page scrolls sideways: ${root.scrollWidth} of ${root.clientWidth}`);
  }
  if (!root.lang) faults.push("the page has no language");
  const rgb = (text) => {
    const parts = text.match(/[\d.]+/g).map(Number);
    return { r: parts[0], g: parts[1], b: parts[2], a: parts[3] ?? 1 };
  };
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const color = rgb(getComputedStyle(at).backgroundColor);
      if (color.a === 1) return color;
    }
    return { r: 255, g: 255, b: 255, a: 1 };
  };
  const light = ({ r, g, b }) => [r, g, b].map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }).reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const contrast = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((left, right) => left - right);
    return (high + 0.05) / (low + 0.05);
  };
  for (const node of document.body.querySelectorAll("*")) {
    const says = [...node.childNodes].some((part) => part.nodeType === 3 && part.data.trim());
    if (!says || node.closest("svg, script, [hidden]") || node.getClientRects().length === 0) continue;
    const found = contrast(rgb(getComputedStyle(node).color), behind(node));
    if (found < 4.5) faults.push(`contrast ${found.toFixed(2)} of ${named(node)}`);
  }
  let level = 0;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) faults.push(`heading ${named(heading)} leaves out a level`);
    level = own;
  }
  if (document.querySelectorAll("h1").length !== 1) faults.push("there is not one heading of level 1");
  for (const head of document.querySelectorAll("th")) {
    if (!head.scope) faults.push(`no scope of ${named(head)}`);
  }
  for (const node of document.querySelectorAll("[role=img], [role=region]")) {
    const by = document.getElementById(node.getAttribute("aria-labelledby") ?? "");
    if (!node.getAttribute("aria-label") && !by) faults.push(`no name of ${named(node)}`);
  }
  for (const node of document.querySelectorAll("input, select")) {
    if (!node.labels?.length) faults.push(`no name of ${named(node)}`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  if (new Set(ids).size !== ids.length) faults.push("an id occurs twice");
  return faults;
})()
