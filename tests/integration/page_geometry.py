"""Where texts and results of a page lie, as a browser draws them."""

#: Cells with results that are not wholly inside the window.
OUTSIDE = """
const shown = [...document.querySelectorAll(".result")].map((cell) => cell.getBoundingClientRect());
return shown.filter((box) => box.width && (box.left < 0 || box.right > innerWidth)).length;
"""
SHOWN = 'return [...document.querySelectorAll(".result")].filter((cell) => cell.getBoundingClientRect().width).length'
#: Pairs of texts of which neither is inside the other, and which share more than a pixel each way.
OVERLAPS = """
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const boxes = [];
while (texts.nextNode()) {
  const node = texts.currentNode;
  const hidden = !node.parentElement.checkVisibility() || node.parentElement.closest("svg, script, style");
  if (hidden || !node.data.trim()) continue;
  const range = document.createRange();
  range.selectNodeContents(node);
  for (const box of range.getClientRects()) boxes.push([box, node.data.trim()]);
}
const found = [];
boxes.forEach(([a, said], place) => boxes.slice(place + 1).forEach(([b, other]) => {
  const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  if (wide > 1 && high > 3) found.push([said, other]);
}));
return found;
"""


def resize(browser, width: int) -> None:
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
