/**
 * The one style sheet: the tokens and parts that every page is made of, light and dark by the reader's choice.
 * Text has a contrast of at least 4.5:1 on its ground, borders of fields and the focus ring at least 3:1.
 */
export const styleSheet = `:root {
  color-scheme: light dark;
  --ground: #f4f6f8;
  --surface: #ffffff;
  --text: #17212e;
  --quiet: #525f70;
  --line: #d9dfe7;
  --field-line: #7e8a9a;
  --accent: #0c6a75;
  --accent-strong: #084f58;
  --on-accent: #ffffff;
  --bad: #b3261e;
  --bad-ground: #fdf0ef;
  --good: #1c6b3c;
  --good-ground: #edf7f0;
  --warn: #754b00;
  --warn-ground: #fdf4e3;
  --code-ground: #eef1f5;
  --radius: 8px;
  --shadow: 0 1px 2px rgb(23 33 46 / 8%), 0 8px 24px rgb(23 33 46 / 6%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10151c;
    --surface: #19212b;
    --text: #e6ebf2;
    --quiet: #a4b0c0;
    --line: #2d3846;
    --field-line: #74839a;
    --accent: #56c4cd;
    --accent-strong: #86dbe2;
    --on-accent: #06252a;
    --bad: #ff9d94;
    --bad-ground: #34191a;
    --good: #7fd6a0;
    --good-ground: #15291e;
    --warn: #f0c674;
    --warn-ground: #2e2510;
    --code-ground: #0f151d;
    --shadow: none;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
body {
  margin: 0; min-height: 100vh; display: flex; flex-direction: column;
  background: var(--ground); color: var(--text); overflow-wrap: anywhere;
}
a { color: var(--accent); text-underline-offset: 0.15em; }
a:hover { color: var(--accent-strong); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 1rem; top: 0.5rem; }
.bar {
  display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; padding: 0.75rem 1.25rem;
  background: var(--surface); border-bottom: 1px solid var(--line);
}
.brand {
  display: inline-flex; gap: 0.6rem; align-items: center; margin-right: auto;
  color: var(--text); font-weight: 650; font-size: 1.1rem; letter-spacing: -0.01em; text-decoration: none;
}
.brand:hover { color: var(--text); }
.brand svg { display: block; width: 1.75rem; height: 1.75rem; }
.bar form { display: inline; }
.who { color: var(--quiet); font-size: 0.925rem; }
.who strong { color: var(--text); font-weight: 600; }
main { width: 100%; max-width: 32rem; margin: 0 auto; padding: 2.5rem 1.25rem 3rem; flex: 1; }
main.wide { max-width: 44rem; }
footer { padding: 1.25rem; color: var(--quiet); font-size: 0.85rem; text-align: center; }
h1 { margin: 0 0 0.5rem; font-size: 1.6rem; line-height: 1.25; letter-spacing: -0.015em; }
h2 { margin: 0 0 0.5rem; font-size: 1.1rem; }
p { margin: 0 0 1rem; }
.lead { color: var(--quiet); margin-bottom: 1.5rem; }
.card {
  background: var(--surface); border: 1px solid var(--line); border-radius: calc(var(--radius) + 4px);
  box-shadow: var(--shadow); padding: 1.5rem; margin-bottom: 1.25rem;
}
.card > :last-child:not(.links), .notice > :last-child { margin-bottom: 0; }
h1 + .notice, h1 + .card, h1 + form { margin-top: 1.25rem; }
.field { margin: 0 0 1.25rem; border: 0; padding: 0; min-width: 0; }
label, legend { display: block; padding: 0; margin-bottom: 0.3rem; font-weight: 600; }
.hint, .error { margin: 0.35rem 0 0; font-size: 0.9rem; }
.hint { color: var(--quiet); }
.error { color: var(--bad); font-weight: 600; }
input[type=text], input[type=email], input[type=password], select, textarea {
  display: block; width: 100%; min-height: 2.75rem; padding: 0.5rem 0.75rem; font: inherit; color: var(--text);
  background: var(--surface); border: 1px solid var(--field-line); border-radius: var(--radius);
}
textarea { resize: vertical; font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: 0.95rem; }
input:focus-visible, select:focus-visible, textarea:focus-visible {
  outline-offset: 0; border-color: var(--accent); border-radius: var(--radius);
}
[aria-invalid=true] { border-color: var(--bad) !important; border-width: 2px !important; }
.choice { display: flex; gap: 0.65rem; align-items: flex-start; padding: 0.4rem 0; font-weight: 400; margin: 0; }
.choice input { width: 1.15rem; height: 1.15rem; margin: 0.2rem 0 0; flex: none; accent-color: var(--accent); }
.choice small { display: block; color: var(--quiet); font-size: 0.9rem; }
.button {
  display: inline-block; min-height: 2.75rem; padding: 0.55rem 1.2rem; font: inherit; font-weight: 600;
  line-height: 1.5; text-align: center; text-decoration: none; cursor: pointer;
  color: var(--on-accent); background: var(--accent); border: 1px solid transparent; border-radius: var(--radius);
}
.button:hover { background: var(--accent-strong); color: var(--on-accent); }
.button:focus-visible { border-radius: var(--radius); }
.button.plain { color: var(--text); background: transparent; border-color: var(--field-line); }
.button.plain:hover { background: var(--code-ground); color: var(--text); }
.button.small { min-height: 2.25rem; padding: 0.3rem 0.8rem; font-size: 0.925rem; }
.actions { display: flex; flex-wrap: wrap; gap: 0.75rem; margin-top: 1.5rem; }
.notice { padding: 0.85rem 1rem; margin-bottom: 1.25rem; border-radius: var(--radius); border: 1px solid; }
.notice.bad { color: var(--bad); background: var(--bad-ground); }
.notice.good { color: var(--good); background: var(--good-ground); }
.banner { margin: 0; padding: 0.7rem 1.25rem; text-align: center; border-bottom: 1px solid; }
.banner.info { background: var(--code-ground); border-color: var(--line); }
.banner.warning { color: var(--warn); background: var(--warn-ground); }
.banner.critical { color: var(--bad); background: var(--bad-ground); font-weight: 600; }
code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: 0.9em; }
code { padding: 0.1em 0.35em; background: var(--code-ground); border-radius: 4px; }
pre {
  margin: 0 0 1rem; padding: 0.85rem 1rem; background: var(--code-ground); border: 1px solid var(--line);
  border-radius: var(--radius); white-space: pre-wrap; overflow-wrap: anywhere; user-select: all;
}
pre code { padding: 0; background: none; font-size: 1em; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.5rem 1.25rem; margin: 0 0 1rem; }
dt { color: var(--quiet); }
dd { margin: 0; min-width: 0; font-weight: 600; }
.links { list-style: none; margin: -0.85rem 0; padding: 0; }
.links li + li { border-top: 1px solid var(--line); }
.links a { display: block; padding: 0.85rem 0; font-weight: 600; text-decoration: none; }
.links a:hover span { text-decoration: underline; }
.links small { display: block; color: var(--quiet); font-weight: 400; font-size: 0.9rem; }
@media (max-width: 30rem) {
  .bar { padding: 0.75rem 1rem; }
  .who span { position: absolute; left: -999px; }
  main { padding: 1.5rem 1rem 2rem; }
  .card { padding: 1.1rem; }
  .actions .button { flex: 1; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 0.6rem; }
}
@media (forced-colors: active) { .button { border-color: ButtonText; } }
`

/** The mark: boxes stowed in a hold. Colours that hold on light and dark. */
export const logo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true"><rect width="32" height="32" rx="7" fill="#0c6a75"/><path d="M12.5 4.5h7v7h-7z" fill="#ffd27d"/><path d="M8.5 12.5h7v7h-7z" fill="#fff"/><path d="M16.5 12.5h7v7h-7z" fill="#a9e3e8"/><path d="M4.5 21h23a10.5 10.5 0 0 1-6 6h-11a10.5 10.5 0 0 1-6-6z" fill="#fff"/></svg>`
