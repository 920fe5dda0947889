// The style sheet of an evaluation's page: plain, with system fonts, light and dark, from phones upwards. Its colours
// have the same names as those of the training page.

/** CSS for the page's head. */
export const REPORT_STYLE: string = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1a2130; --faint-ink: #5b6474; --rule: #e1e5ea;
  --border: #c9d0d9; --accent: #0b5fae; --other: #98a2b1; --loss-d: #0068a8; --loss-g: #d1540a;
  --d-real: #00805e; --d-fake: #b04a8b; --alarm: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12151b; --card: #1b2029; --ink: #e7eaf0; --faint-ink: #a0a9b8; --rule: #2c3440;
    --border: #465162; --accent: #6cb3f5; --other: #77839a; --loss-d: #5db4f0; --loss-g: #ff9a57;
    --d-real: #4cc9a0; --d-fake: #e08cc4; --alarm: #ff8a80;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif;
}
main { max-width: 1120px; margin: 0 auto; padding: 24px 16px 56px; display: grid; gap: 32px; }
main > *, section > * { min-width: 0; }
h1, h2, h3, p, dl, dd, dt, figure, ul { margin: 0; padding: 0; }
h1 { font-size: 26px; line-height: 1.2; }
h2 { font-size: 20px; line-height: 1.3; }
h3 { font-size: 15px; line-height: 1.3; }
section { display: grid; gap: 14px; }
p { max-width: 74ch; }
.faint { color: var(--faint-ink); font-size: 14px; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 10px 20px; }
.facts dt { color: var(--faint-ink); font-size: 13px; }
.facts dd { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)); gap: 14px; }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 14px; display: grid; gap: 8px; align-content: start; }
.card .figure { font-size: 26px; font-weight: 650; line-height: 1.1; font-variant-numeric: tabular-nums; }
.card .better { color: var(--faint-ink); font-size: 13px; }
.card p { font-size: 14px; color: var(--faint-ink); }
.head { display: flex; justify-content: space-between; gap: 10px; align-items: baseline; flex-wrap: wrap; }
svg { display: block; width: 100%; height: auto; max-width: 460px; font-family: inherit; font-variant-numeric: tabular-nums; }
img { image-rendering: pixelated; display: block; background: #000; }
.overview { width: 100%; max-width: 640px; height: auto; border-radius: 6px; }
.samples { display: grid; grid-template-columns: repeat(auto-fill, minmax(132px, 1fr)); gap: 12px; }
.sample { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 8px; font-size: 12px; line-height: 1.4; }
.sample .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 4px; margin-bottom: 6px; }
.sample img { width: 100%; height: auto; border-radius: 3px; }
.sample .who { font-size: 10px; color: var(--faint-ink); }
.sample b { font-size: 14px; }
.key { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 13px; color: var(--faint-ink); }
.key i { display: inline-block; width: 14px; height: 4px; border-radius: 2px; margin-right: 6px; vertical-align: middle; }
dl.terms { display: grid; gap: 8px; font-size: 14px; }
dl.terms dt { font-weight: 600; }
dl.terms dd { color: var(--faint-ink); max-width: 90ch; }
code { overflow-wrap: anywhere; font-size: 0.92em; }
`;
