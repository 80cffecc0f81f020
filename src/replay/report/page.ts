/** The report's own style: light and dark, readable on a phone. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --line: #8884; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 72rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; } h2 { font-size: 1.1rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .8rem; text-align: right; white-space: nowrap; }
th[scope=row] { font-weight: 400; text-align: left; }
.bad { color: light-dark(#b3261e, #ff8a80); font-weight: 600; }
.warning { border: 2px solid #c60; padding: .5rem 1rem; }
#charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1rem; margin-top: 1.5rem; }
.chart { min-width: 0; } .u-legend { font-size: 12px; } .u-title { font-size: 14px; }
`;

/**
 * The report's own script: one chart per figure, one line per policy, over the same axis. Each policy has its own
 * sample times, so uPlot joins them. Runs in the browser; `uPlot` is the inlined library.
 */
export const PAGE_SCRIPT = `
const COLOURS = ['#d1495b', '#2b7bba', '#3a9d5d', '#b07d12', '#8355b5', '#0f8b8d'];
const ink = getComputedStyle(document.body).color;
const holder = document.getElementById('charts');
for (const { title, isShare, series } of JSON.parse(document.getElementById('data').textContent)) {
  const box = holder.appendChild(Object.assign(document.createElement('div'), { className: 'chart' }));
  const data = uPlot.join(series.map(({ hours, values }) => [hours, values]));
  const axis = { stroke: ink, grid: { stroke: '#8883' }, ticks: { stroke: '#8883' } };
  const show = (value) => value == null ? '' : isShare ? +(100 * value).toFixed(1) + ' %' : String(value);
  const plot = new uPlot({
    title, width: box.clientWidth, height: 240,
    scales: { x: { time: false }, y: { range: (_, low, high) => [0, isShare ? Math.max(.05, Math.min(1, high * 1.05)) : Math.max(1, high * 1.05)] } },
    axes: [{ ...axis, values: (_, ticks) => ticks.map((tick) => tick + ' h') }, { ...axis, size: 62, values: (_, ticks) => ticks.map(show) }],
    series: [{ label: 'hours', value: (_, value) => value == null ? '' : value.toFixed(2) },
      ...series.map(({ policy }, i) => ({ label: policy, stroke: COLOURS[i % COLOURS.length], width: 1.5, spanGaps: true, points: { show: false }, value: (_, value) => show(value) }))],
  }, data, box);
  new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: 240 })).observe(box);
}
`;
