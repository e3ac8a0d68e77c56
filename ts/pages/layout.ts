import { html, raw } from 'hono/html'
import { logo } from './style.ts'
import type { Visit } from './visit.ts'

/** Escaped HTML, perhaps not finished yet. */
export type Html = ReturnType<typeof html>

export interface PageContent {
  readonly title: string
  readonly body: Html
  /** More room, for lines to copy. */
  readonly isWide?: boolean
  /** The form was sent back: said first, also in the title. */
  readonly hasErrors?: boolean
}

/** A whole page: the bar with who is signed in, the content, nothing that needs a script. */
export function layout(visit: Visit, { title, body, isWide = false, hasErrors = false }: PageContent): Html {
  const { path } = visit
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${hasErrors ? 'Error: ' : ''}${title} · Stowage</title>
<link rel="stylesheet" href="${path('/ui/style.css')}">
<link rel="icon" type="image/svg+xml" href="${path('/ui/logo.svg')}">
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="bar">
<a class="brand" href="${path('/ui/')}">${raw(logo)}<span>Stowage</span></a>
${account(visit)}
</header>
${announcement(visit)}
<main id="content"${raw(isWide ? ' class="wide"' : '')}>
${body}
</main>
<footer>Stowage, a package registry of your own</footer>
</body>
</html>`
}

/** The text is what an administrator typed: escaped like any other. */
function announcement({ banner }: Visit): Html | '' {
  if (!banner) return ''
  return html`<p class="banner ${banner.level}" role="${banner.level === 'critical' ? 'alert' : 'status'}">${banner.text}</p>`
}

function account({ user, csrf, path }: Visit): Html | '' {
  if (!user) return ''
  return html`<span class="who"><span>Signed in as </span><strong>${user.value.username}</strong></span>
<form method="post" action="${path('/ui/sign-out')}">
<input type="hidden" name="csrf" value="${csrf}">
<button class="button plain small">Sign out</button>
</form>`
}
