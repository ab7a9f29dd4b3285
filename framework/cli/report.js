// The page of a run: fills the template from the data in it. Texts become text nodes only.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f3c8d", "#5b6470"];
const rowsAtOnce = 300;

const $ = (id) => document.getElementById(id);
const unpack = (text) => (text === "" ? [] : text.split(" ").map(Number));
const colour = (k) => colours[k % colours.length];
const short = (value) => (Number.isFinite(value) ? Number(value.toPrecision(4)).toString() : String(value));

function element(tag, text = "", kind = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = kind;
  return made;
}

function fillSelect(select, names) {
  select.replaceChildren(...names.map((name, k) => new Option(name, k)));
}

// ---- charts ----

Chart.defaults.animation = false;
Chart.defaults.maintainAspectRatio = false;
Chart.defaults.parsing = false;  // data come as {x, y}, in the order of their axis
Chart.defaults.normalized = false;
Chart.defaults.font.family = 'system-ui, "DejaVu Sans", sans-serif';

// Intervals of points that have `low` and `high`.
Chart.register({
  id: "intervals",
  beforeDatasetsDraw(chart) {
    const {ctx, chartArea: area, scales} = chart;
    ctx.save();
    ctx.beginPath();
    ctx.rect(area.left, area.top, area.width, area.height);
    ctx.clip();
    chart.data.datasets.forEach((set, k) => {
      if (!chart.isDatasetVisible(k)) return;
      ctx.strokeStyle = set.borderColor;
      ctx.lineWidth = 1.5;
      for (const point of set.data) {
        if (!(point && point.low <= point.high)) continue;
        const across = chart.options.indexAxis === "y";
        const at = (across ? scales.y : scales.x).getPixelForValue(across ? point.y : point.x);
        const ends = [point.low, point.high].map((v) => (across ? scales.x : scales.y).getPixelForValue(v));
        ctx.beginPath();
        if (across) ctx.moveTo(ends[0], at), ctx.lineTo(ends[1], at);
        else ctx.moveTo(at, ends[0]), ctx.lineTo(at, ends[1]);
        ctx.stroke();
      }
    });
    ctx.restore();
  },
});

function frame(parent, title, full = false) {
  const box = element("div", "", full ? "plot full" : "plot");
  const controls = element("div", "", "controls"), inner = element("div", "", "frame");
  const canvas = document.createElement("canvas");
  box.dataset.title = title;
  inner.append(canvas);
  box.append(element("h3", title), controls, inner);
  parent.append(box);
  let chart = null;
  return {
    box, controls, inner,
    draw(config) {
      if (chart) chart.destroy();
      chart = new Chart(canvas, config);
    },
  };
}

// Of logarithmic ticks those at 1, 2 and 5 have a number.
function axis(title, more = {}) {
  if (more.type === "logarithmic")
    more.ticks = {callback: (v) => (/^[125]/.test(v.toExponential(3)) && /^.\.000/.test(v.toExponential(3)) ? short(v) : "")};
  return {type: "linear", title: {display: title !== "", text: title}, grid: {color: "#eceff2"}, ...more};
}

function options(x, y, many, more = {}) {
  const legend = {display: many, position: "bottom", labels: {boxWidth: 10, boxHeight: 10}};
  return {interaction: {mode: "nearest", intersect: false}, scales: {x, y}, plugins: {legend, tooltip: {callbacks: {}}, ...more.plugins}, ...more.rest};
}

function lines(x, y, sets, tooltip) {
  const config = {
    type: "line",
    data: {datasets: sets.map(([label, points, more], k) => ({
      label, data: points, borderColor: colour(k), backgroundColor: colour(k), borderWidth: 1.2,
      pointRadius: 0, pointHitRadius: 6, tension: 0, ...more}))},
    options: options(x, y, sets.length > 1),
  };
  if (tooltip) config.options.plugins.tooltip.callbacks.title = tooltip;
  return config;
}

// ---- the table ----

const width = data.head.length, byCount = data.by.length;
const table = data.lines.map((line, index) => ({
  index, words: line.split("\n"), marks: data.marks[index].split(" "), search: line.toLowerCase()}));
let chosen = table, order = null, everything = false;

function rowName(row) {
  const words = row.words.slice(0, byCount);
  return words.length === 0 ? "all cells" : words.join(" · ");
}

function sortBy(column) {
  const down = order && order.column === column && !order.down;
  order = {column, down};
  const value = (row) => parseFloat(row.words[column]);
  chosen = [...chosen].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    const by = column >= byCount && !(isNaN(x) && isNaN(y))
      ? (isNaN(x) ? Infinity : x) - (isNaN(y) ? Infinity : y)
      : a.words[column].localeCompare(b.words[column], undefined, {numeric: true});
    return down ? -by : by;
  });
  showTable();
}

function showTable() {
  const head = element("tr"), body = document.createDocumentFragment();
  data.head.forEach((name, k) => {
    const cell = element("th", name, k < byCount ? "by" : "");
    cell.title = "sort";
    cell.onclick = () => sortBy(k);
    head.append(cell);
  });
  const some = everything ? chosen : chosen.slice(0, rowsAtOnce);
  for (const row of some) {
    const line = element("tr");
    row.words.forEach((word, k) => {
      const none = word === "-" && k >= byCount, incomplete = k === byCount && word.includes(" of ");
      const mark = k > byCount ? row.marks[k - byCount - 1] : "";
      line.append(element("td", none ? "—" : word.replace(/ [*~]$/, ""),
        k < byCount ? "by" : none ? "none" : incomplete ? "bad" : mark));
    });
    body.append(line);
  }
  $("table").replaceChildren(head, body);
  $("shown").textContent = some.length < table.length
    ? `${some.length} of ${table.length} rows` + (some.length < chosen.length ? ` (${chosen.length} have the words)` : "")
    : `${table.length} rows`;
  $("all").hidden = some.length === chosen.length;
}

function filterRows() {
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  chosen = table.filter((row) => words.every((word) => row.search.includes(word)));
  if (order) order.down = !order.down, sortBy(order.column);
  else showTable();
  comparisons.forEach((draw) => draw());
}

// ---- rows compared ----

const metrics = data.metrics.map((metric) => ({
  name: metric.name, mean: unpack(metric.mean), low: unpack(metric.low), high: unpack(metric.high)}));
const rowAxis = {path: "row", values: table.map((row) => row.index), isRow: true};
const axes = [rowAxis, ...data.axes.map((one) => ({path: one.path, values: unpack(one.values)}))];
// The first axis on which every row has its place; else the rows themselves.
const wholeAxis = Math.max(0, axes.findIndex((one) => !one.isRow && one.values.every((v) => !isNaN(v))));
const comparisons = [];
const exactLabels = new Set(data.details.flatMap((cell) => cell.exact));

function spread(values) {
  const positive = values.filter((v) => v > 0 && Number.isFinite(v));
  return positive.length === values.length && Math.max(...values) > 50 * Math.min(...values);
}

// Rows as categories keep the order of the table.
function comparisonChart(place, shownMetrics, x, path, sideways) {
  const groups = new Map(), places = new Map(chosen.map((row, k) => [row.index, k]));
  const groupOf = (row) => (path < 0 ? "" : row.words[path]);
  for (const metric of shownMetrics)
    for (const row of chosen) {
      const value = metric.mean[row.index], at = x.isRow ? places.get(row.index) : x.values[row.index];
      if (!Number.isFinite(value) || !Number.isFinite(at)) continue;
      const name = [shownMetrics.length > 1 ? metric.name : "", groupOf(row)].filter(Boolean).join(" · ") || metric.name;
      if (!groups.has(name)) groups.set(name, []);
      const point = {low: metric.low[row.index], high: metric.high[row.index], row, value};
      groups.get(name).push(sideways ? {...point, x: value, y: at} : {...point, x: at, y: value});
    }
  const names = [...groups.keys()];
  const step = x.isRow && names.length > 1 && path < 0 ? Math.min(0.12, 0.6 / names.length) : 0;
  const sets = names.map((name, k) => {
    const exact = [...exactLabels].some((label) => name.startsWith(label + ".") || name.startsWith(`estimates/${label}/`));
    const shift = step * (k - (names.length - 1) / 2);
    return {label: name, borderColor: exact ? "#1b1f24" : colour(k), backgroundColor: exact ? "#1b1f24" : colour(k),
      pointRadius: exact ? 11 : sideways ? 0 : 4, pointStyle: exact ? "line" : "circle", borderWidth: exact ? 2.5 : 1,
      barPercentage: 0.9, categoryPercentage: 0.9, grouped: false,
      data: groups.get(name).map((p) => (sideways ? p : {...p, x: p.x + shift}))
        .sort((a, b) => (sideways ? a.y - b.y : a.x - b.x))};
  });
  const title = shownMetrics.length === 1 ? shownMetrics[0].name : "";
  const label = (value) => {
    const row = Number.isInteger(value) ? chosen[value] : undefined;
    const name = row ? rowName(row) : "";
    return name.length > 40 ? name.slice(0, 39) + "…" : name;
  };
  const rows = {min: -0.6, max: chosen.length - 0.4, afterBuildTicks(scale) {
    const every = Math.max(1, Math.ceil(chosen.length / 30));
    scale.ticks = chosen.map((row, k) => ({value: k})).filter((tick) => tick.value % every === 0);
  }, ticks: {callback: label, autoSkip: false, maxRotation: 50, minRotation: 0}};
  const values = sets.flatMap((set) => set.data.map((p) => p.value));
  const ends = sets.flatMap((set) => set.data.flatMap((p) => [p.low, p.high])).filter(Number.isFinite);
  const own = axis(title, {type: spread([...values, ...ends]) ? "logarithmic" : "linear", grace: "5%"});
  if (ends.length > 0) own.suggestedMin = Math.min(...ends), own.suggestedMax = Math.max(...ends);
  const other = x.isRow ? axis("", rows)
    : axis(x.path, {type: spread(x.values.filter((v) => !isNaN(v))) ? "logarithmic" : "linear", grace: "4%"});
  if (sideways) other.reverse = true, own.beginAtZero = own.type === "linear";
  place.inner.style.height = sideways ? `${Math.min(900, 90 + 24 * Math.max(4, chosen.length))}px` : "330px";
  const config = {
    type: sideways ? "bar" : "scatter", data: {datasets: sets},
    options: options(sideways ? own : other, sideways ? other : own, sets.length > 1 && sets.length <= 24,
      {rest: {indexAxis: sideways ? "y" : "x"}}),
  };
  config.options.plugins.tooltip.callbacks = {
    title: (items) => (items.length ? rowName(items[0].raw.row) : ""),
    label: ({dataset, raw}) => `${dataset.label}: ${short(raw.value)}` +
      (raw.low <= raw.high ? ` [${short(raw.low)}, ${short(raw.high)}]` : "") + (x.isRow ? "" : ` at ${x.path} ${short(raw.x)}`),
  };
  place.draw(config);
}

function chooser(place, name, names, chosenIndex, act) {
  const label = element("label", name + " "), select = document.createElement("select");
  fillSelect(select, names);
  select.value = chosenIndex;
  select.onchange = act;
  label.append(select);
  place.controls.append(label);
  return select;
}

// A comparison of some metrics, all at once (`together`) or one by choice.
function addComparison(title, some, {together = false, sideways = false, x = 0, full = false, first = 0} = {}) {
  if (some.length === 0 || table.length === 0) return;
  const place = frame($("comparisons"), title, full);
  const draw = () => comparisonChart(place, together ? some : [some[which ? which.value : 0]],
    axes[across ? across.value : 0], (paths ? Number(paths.value) : 0) - 1, sideways);
  const which = !together && some.length > 1 ? chooser(place, "shown", some.map((m) => m.name), first, draw) : null;
  const across = !sideways && axes.length > 1 ? chooser(place, "against", axes.map((a) => a.path), x, draw) : null;
  const paths = !sideways && byCount > 0 && !together ? chooser(place, "coloured by", ["nothing", ...data.head.slice(0, byCount)], byCount > 1 || x > 0 ? 1 : 0, draw) : null;
  comparisons.push(draw);
  draw();
}

function addComparisons() {
  const named = (pattern) => metrics.filter((metric) => pattern.test(metric.name));
  const stepAxis = Math.max(0, axes.findIndex((one) => /(^|[._])(steps|k|runs|temperatures)$/.test(one.path)));
  addComparison("Any number against what varies", metrics,
    {full: true, x: wholeAxis, first: Math.max(0, metrics.findIndex((m) => /log_likelihood_test|ess_bulk$/.test(m.name)))});
  addComparison("log Z: estimates and exact values", named(/[./]log_partition$/), {together: true, full: true});
  addComparison("log Z: estimate less the exact value", named(/log_partition\/error$/), {together: true, full: true});
  addComparison("Effective sample size per cost", named(/\/per_(evaluation|update|second)$/), {sideways: true, full: true});
  addComparison("Bias of the gradient", named(/relative_bias|bias_norm/).concat(named(/cosine/)), {x: stepAxis, full: true});
  $("comparison").hidden = comparisons.length === 0;
}

// ---- single cells ----

const points = (ys, x = (k) => k) => ys.map((y, k) => ({x: x(k), y}));

// A histogram as steps: bin centres, with the ends of the bin in the tooltip.
function histogram(xTitle, range, sets, what = "draws") {
  const [low, high] = unpack(range);
  const made = sets.map(([label, text]) => {
    const counts = unpack(text), size = (high - low) / counts.length;
    return [label, points(counts, (k) => low + (k + 0.5) * size), {stepped: "middle", fill: "origin", pointHitRadius: 12}];
  });
  const config = lines(axis(xTitle), axis(what, {beginAtZero: true}), made);
  config.data.datasets.forEach((set, k) => (set.backgroundColor = colour(k) + "30"));
  return config;
}

function chainNames(list) {
  return list.map((text, m) => [`chain ${m}`, text]);
}

function drawQuantity(place, one) {
  const from = one.draws - 1, draw = (n) => (k) => from - (n - 1 - k) * one.every;
  const trace = (text) => { const ys = unpack(text); return points(ys, draw(ys.length)); };
  frame(place, `Traces of ${one.name}` + (one.every > 1 ? ` (every ${one.every}th draw)` : ""))
    .draw(lines(axis("draw"), axis(""), chainNames(one.traces).map(([n, t]) => [n, trace(t)])));
  if (one.ranks.length > 0)
    frame(place, `Ranks of ${one.name}: even where chains agree`).draw(lines(axis("rank, in twentieths"), axis("draws", {beginAtZero: true}),
      chainNames(one.ranks).map(([n, t]) => [n, points(unpack(t), (k) => k + 1), {stepped: "middle", pointHitRadius: 12}])));
  frame(place, `Autocorrelation of ${one.name}`).draw(lines(axis("lag in draws"), axis("", {suggestedMin: 0, suggestedMax: 1}),
    chainNames(one.autocorrelation).map(([n, t]) => [n, points(unpack(t))])));
  frame(place, `Marginal of ${one.name}`).draw(histogram(one.name, one.range, chainNames(one.marginals)));
  const [rhat, bulk, tail, mcse] = unpack(one.numbers);
  place.append(element("p", `${one.name}: R-hat ${short(rhat)}, bulk ESS ${short(bulk)}, tail ESS ${short(tail)}, ` +
    `standard error of the mean ${short(mcse)}`, "soft plot full"));
}

function drawSwaps(place, swaps) {
  if (!swaps.rates) return;
  const trips = swaps.round_trips ? `; round trips per chain: ${unpack(swaps.round_trips).join(", ")}` : "";
  const rates = frame(place, `Swaps between neighbouring temperatures${trips}`);
  const config = lines(axis("pair, from the coldest", {ticks: {stepSize: 1}}), axis("mean acceptance", {min: 0, max: 1}),
    [["acceptance", points(unpack(swaps.rates), (k) => k + 1), {barThickness: 18}]]);
  config.type = "bar";
  rates.draw(config);
  if (!swaps.replicas) return;
  const x = (n) => (k) => swaps.draws - 1 - (n - 1 - k) * swaps.every;
  frame(place, "Replica at the lowest temperature").draw(lines(axis("draw"), axis("replica", {ticks: {precision: 0}}),
    chainNames(swaps.replicas).map(([n, t]) => { const ys = unpack(t); return [n, points(ys, x(ys.length)), {stepped: true}]; })));
}

function drawTraining(place, training) {
  if (training.length === 0) return;
  const plot = frame(place, "Training", true);
  const telling = [/log_likelihood/, /objective/, /energy_gap/].map((word) => training.findIndex((one) => word.test(one.name)));
  const first = telling.find((k) => k >= 0) ?? 0;
  const draw = () => {
    const one = training[select.value], xs = unpack(one.x);
    plot.draw(lines(axis("update"), axis(one.name), [[one.name, points(unpack(one.y), (k) => xs[k])]]));
  };
  const select = chooser(plot, "column", training.map((one) => one.name), first, draw);
  draw();
}

function drawWeights(place, weights) {
  for (const one of weights) {
    const [count, ess, lost] = unpack(one.numbers);
    frame(place, `Log weights of ${one.label}: ${count}, worth ${short(ess)}` + (lost > 0 ? `, ${lost} not finite` : ""))
      .draw(histogram("log weight", one.range, [["weights", one.counts]], "weights"));
  }
}

// Grey from low to high; weights blue below zero and red above.
function pixel(level, signed) {
  if (isNaN(level)) return [233, 196, 140];
  if (!signed) return [level, level, level];
  const share = level / 127.5 - 1, rest = Math.round(255 * (1 - Math.abs(share)));
  return share < 0 ? [rest, rest, 255] : [255, rest, rest];
}

function drawImages(place, sheets) {
  for (const sheet of sheets) {
    const {width: w, height: h} = sheet, count = sheet.levels.length / 2 / (w * h);
    const across = Math.ceil(Math.sqrt(count)), down = Math.ceil(count / across);
    const canvas = element("canvas", "", "images"), context = canvas.getContext("2d");
    canvas.width = across * (w + 1) + 1;
    canvas.height = down * (h + 1) + 1;
    context.fillStyle = "#9fb3c8";
    context.fillRect(0, 0, canvas.width, canvas.height);
    for (let n = 0; n < count; ++n) {
      const image = context.createImageData(w, h);
      for (let k = 0; k < w * h; ++k) {
        const at = 2 * (n * w * h + k), level = parseInt(sheet.levels.slice(at, at + 2), 16);
        image.data.set([...pixel(level, sheet.signed), 255], 4 * k);
      }
      context.putImageData(image, 1 + (n % across) * (w + 1), 1 + Math.floor(n / across) * (h + 1));
    }
    canvas.style.width = `${Math.min(520, canvas.width * Math.max(1, Math.floor(420 / canvas.width)))}px`;
    const box = element("div", "", "plot"), [low, high] = unpack(sheet.range);
    box.dataset.title = sheet.title;
    box.append(element("h3", `${sheet.title}: ${count}, from ${short(low)} ` +
      (sheet.signed ? `(blue) to ${short(high)} (red)` : `(black) to ${short(high)} (white)`)), canvas);
    place.append(box);
  }
}

function drawCell() {
  const cell = data.details[$("cell").value], place = $("details");
  place.querySelectorAll("canvas").forEach((canvas) => { const chart = Chart.getChart(canvas); if (chart) chart.destroy(); });
  place.replaceChildren();
  $("state").textContent = `${cell.id}: ${cell.state}` + (cell.findings.length ? "; what diagnose finds:" : "; diagnose finds nothing wrong");
  $("state").className = cell.findings.length ? "bad" : "soft";
  $("findings").replaceChildren(...cell.findings.map((one) => element("li", `${one.part}: ${one.what} (try: ${one.advice})`)));
  $("quantity_label").hidden = cell.quantities.length === 0;
  if (cell.quantities.length > 0) drawQuantity(place, cell.quantities[$("quantity").value] || cell.quantities[0]);
  if (cell.energies)
    frame(place, "Energies about their mean, and their changes from draw to draw")
      .draw(histogram("energy", cell.energies.range, [["energy − mean", cell.energies.levels], ["change", cell.energies.changes]]));
  drawSwaps(place, cell.swaps);
  drawImages(place, cell.images);
  drawWeights(place, cell.weights);
  drawTraining(place, cell.training);
  if (place.childElementCount === 0) place.append(element("p", "No draws, training or weights were recorded.", "soft"));
  $("spec").textContent = cell.spec;
}

function chooseCell() {
  const names = data.details[$("cell").value].quantities.map((one) => one.name);
  const before = $("quantity").selectedOptions[0]?.textContent;
  fillSelect($("quantity"), names);
  $("quantity").value = Math.max(0, names.indexOf(before));
  drawCell();
}

// ---- the rest ----

function showFailures() {
  const list = data.unfinished;
  if (list.length === 0) {
    $("unfinished").append(element("p", `All ${data.count} cells are complete.`, "soft"));
    return;
  }
  const rows = document.createElement("table"), head = element("tr");
  for (const name of ["cell", "state", "what varies", "why"]) head.append(element("th", name, "by"));
  rows.append(head, ...list.slice(0, 1000).map((one) => {
    const line = element("tr");
    for (const word of [one.id, one.state, one.varying, one.error]) line.append(element("td", word || "—", "by"));
    line.children[1].classList.toggle("bad", one.state === "failed" || one.state === "diverged");
    return line;
  }));
  const wide = element("div", "", "wide");
  wide.append(rows);
  $("unfinished").append(element("p", `${list.length} of ${data.count} cells are not complete` +
    (list.length > 1000 ? "; the first 1000:" : ":")), wide);
}

function showFacts() {
  for (const [name, values] of Object.entries(data.provenance)) {
    const line = element("tr");
    line.append(element("td", name), element("td", values.join("\n")));
    $("facts").append(line);
  }
}

$("name").textContent = data.name;
$("question").textContent = data.question || "(the spec asks no question in a first comment)";
$("counts").textContent = `${data.count} cells, ${data.finished} with a result, ${data.unfinished.length} not complete · ${data.made}`;
$("notes").replaceChildren(...data.notes.map((note) => element("li", note)));
$("filter").oninput = filterRows;
$("all").onclick = () => { everything = true; showTable(); };
showTable();
addComparisons();
$("cells").hidden = data.details.length === 0;
if (data.details.length > 0) {
  fillSelect($("cell"), data.details.map((one) => one.varying || one.id));
  $("cell").onchange = chooseCell;
  $("quantity").onchange = drawCell;
  chooseCell();
}
showFailures();
showFacts();
document.documentElement.dataset.ready = "true";
