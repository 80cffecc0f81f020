import { PROBES } from './charts/plot.ts';
import { GROUND, PALETTE_STYLE } from './palette.ts';

/** The report's style sheet: light and dark, from a phone to a wide screen, without a script. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --ground: light-dark(${GROUND.join()}); --ink: light-dark(#1d2127, #e4e6ea);
  --soft: light-dark(#5a6270, #a3a9b4); --rule: light-dark(#e3e5e9, #2f333a); --tint: light-dark(#e6f3ec, #1d3a2e); }
* { box-sizing: border-box; }
body { background: var(--ground); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 76rem;
  padding: 1.2rem 1.2rem 3rem; }
h1 { font-size: 1.3rem; line-height: 1.2; margin: 0; overflow-wrap: anywhere; }
h2 { border-top: 1px solid var(--rule); font-size: 1.1rem; margin: 2.2rem 0 .6rem; padding-top: 1rem; }
h3 { font-size: .95rem; margin: 1.4rem 0 .3rem; }
header p, .axes { color: var(--soft); font-size: .82rem; margin: .3rem 0; overflow-wrap: anywhere; }
.verdict { border-left: 4px solid light-dark(#188d6d, #5fd0a0); margin: .8rem 0; padding: .1rem 0 .1rem 1.6rem; }
.verdict li { margin: .2rem 0; overflow-wrap: anywhere; } .verdict li:last-child { color: var(--soft); }
.warning { border: 2px solid #c60; padding: .5rem 1rem; }
.scroll { margin: .4rem 0; overflow-x: auto;
  background: linear-gradient(to left, var(--ground) 30%, transparent) right / 40px 100% no-repeat local,
    linear-gradient(to left, color-mix(in srgb, var(--ink) 22%, transparent), transparent) right / 14px 100% no-repeat; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--rule); padding: .22rem .7rem; text-align: right; vertical-align: top; white-space: nowrap; }
thead th { border-bottom: 3px solid var(--c); max-width: 11rem; overflow-wrap: anywhere; vertical-align: bottom; white-space: normal; }
th[scope=row], thead td { background: var(--ground); left: 0; position: sticky; z-index: 1; }
th[scope=row] { font-weight: 400; max-width: 22rem; padding-left: 0; text-align: left; white-space: normal; }
.short { display: none; }
td small { color: var(--soft); display: block; font-size: .75rem; }
.best { font-weight: 700; } td.alone { background: var(--tint); }
details { margin: .4rem 0; } summary { color: var(--soft); cursor: pointer; font-size: .88rem; overflow-wrap: anywhere; }
pre { background: light-dark(#f4f5f7, #1f2228); font-size: .8rem; margin: .4rem 0; max-height: 22rem; overflow: auto; padding: .6rem; }
li { overflow-wrap: anywhere; }
.legend { background: var(--ground); border-bottom: 1px solid var(--rule); font-size: .82rem; margin-top: 1.4rem; padding: .4rem 0; z-index: 3; }
.legend div { display: flex; flex-wrap: wrap; gap: .1rem 1rem; }
.key { align-items: center; display: inline-flex; gap: .4rem; min-width: 0; overflow-wrap: anywhere; }
.key[tabindex] { cursor: pointer; } .key svg { flex: none; height: 12px; width: 36px; }
.key i { background: var(--c); border: 1px solid color-mix(in srgb, var(--ink) 25%, transparent); flex: none; height: .8rem; width: .8rem; }
.panels { display: grid; gap: .6rem 1.6rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); }
.pair { display: grid; gap: .6rem 1.6rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 30rem), 1fr)); }
.plot { margin: .6rem 0 0; min-width: 0; } figcaption { font-size: .85rem; overflow-wrap: anywhere; } figcaption span { color: var(--soft); }
.frame { margin: .5rem 0 1.5rem 2.9rem; position: relative; } .frame > svg:not(.mark) { height: 100%; inset: 0; position: absolute; width: 100%; }
.gx, .gy { background: var(--rule); position: absolute; } .gx { bottom: 0; top: 0; width: 1px; } .gy { height: 1px; left: 0; right: 0; }
.tx, .ty { color: var(--soft); font-size: .72rem; position: absolute; white-space: nowrap; }
.tx { top: 100%; transform: translateX(-50%); } .tx.first { transform: none; } .tx.last { transform: translateX(-100%); }
.ty { right: 100%; padding-right: .35rem; transform: translateY(-50%); }
path { vector-effect: non-scaling-stroke; } .line { fill: none; stroke: var(--c); stroke-width: 2; } .dot { fill: var(--c); }
.room { fill: var(--c); }
.mark { fill: var(--c); height: 13px; overflow: visible; position: absolute; stroke: var(--ground); stroke-width: 1; transform: translate(-50%, -50%); width: 13px; }
.label { color: var(--c); font-size: .75rem; font-weight: 600; line-height: 1.2; pointer-events: none; position: absolute;
  text-shadow: 0 0 2px var(--ground), 0 0 2px var(--ground), 0 0 3px var(--ground), 0 0 4px var(--ground); white-space: nowrap; }
.label.right { transform: translate(8px, -50%); } .label.left { transform: translate(calc(-100% - 8px), -50%); }
.tail { background: repeating-linear-gradient(-45deg, transparent 0 5px, color-mix(in srgb, var(--ink) 7%, transparent) 5px 6px);
  border-left: 1px dashed var(--soft); bottom: 0; position: absolute; right: 0; top: 0; }
.tail span { color: var(--soft); font-size: .7rem; font-style: normal; left: 3px; position: absolute; top: 1px; }
.probe { bottom: 0; position: absolute; top: 0; width: calc(100% / ${PROBES}); z-index: 2; }
.probe:hover::before { background: var(--soft); bottom: 0; content: ''; left: 50%; position: absolute; top: 0; width: 1px; }
.probe:hover::after { background: var(--ground); border: 1px solid var(--soft); color: var(--ink); content: attr(data-at); font: .75rem/1.4 system-ui, sans-serif;
  left: calc(50% + 6px); padding: .3rem .5rem; pointer-events: none; position: absolute; top: 2px; white-space: pre; }
.probe.left:hover::after { left: auto; right: calc(50% + 6px); }
.occupancy { margin: 0 0 1rem 2.9rem; } .occupancy img { border: 1px solid var(--rule); display: block; height: 96px; image-rendering: pixelated; width: 100%; }
.occupancy span { color: var(--soft); font-size: .72rem; }
.row { align-items: center; display: grid; font-size: .75rem; gap: .5rem; grid-template-columns: 11em minmax(0, 1fr) 4.6em; height: 1.35rem; }
.row .name { overflow: hidden; text-align: right; text-overflow: ellipsis; white-space: nowrap; } .row .value { font-variant-numeric: tabular-nums; white-space: nowrap; }
.track { height: 100%; position: relative; } .range { background: var(--c); border-radius: 3px; height: 5px; margin: -2.5px 0; min-width: 2px; opacity: .55; position: absolute; top: 50%; }
.track .mark { top: 50%; } i.dot { background: var(--c); border-radius: 50%; height: 5px; margin: -2.5px; opacity: .7; position: absolute; top: 50%; width: 5px; }
.ticks .tx { top: 0; }
@media (min-width: 800px) { .legend { position: sticky; top: 0; }
  .panels:has(> :nth-child(4):last-child) { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
@media (max-width: 500px) {
  .long { display: none; } .short { display: inline; } .verdict { font-size: .82rem; }
  body { font-size: 14px; padding: .8rem .8rem 2rem; } th, td { padding: .2rem .4rem; }
  th[scope=row] { font-size: .8rem; max-width: 36vw; min-width: 36vw; } thead th { font-size: .78rem; max-width: 6rem; } td { font-size: .8rem; }
}
${PALETTE_STYLE}
`;
