import { html } from 'hono/html'
import { showPage } from './answers.ts'
import type { PageContext } from './visit.ts'

/** What people see first: who is signed in and where to go. */
export async function showHome(c: PageContext) {
  const { user, path, base } = c.var.visit
  const title = user ? `Hello, ${user.value.displayName}` : 'Welcome to Stowage'
  const body = html`<h1>${title}</h1>
<p class="lead">This is the package registry at <code>${base}</code>.</p>
<nav class="card" aria-label="Pages">
<ul class="links">
${
  user
    ? html`<li><a href="${path('/ui/tokens/new')}"><span>Make a token</span><small>For a build, or a client that cannot open a browser</small></a></li>`
    : html`<li><a href="${path('/ui/sign-in')}"><span>Sign in</span><small>With your username or e-mail address</small></a></li>`
}
</ul>
</nav>`
  return showPage(c, { title, body })
}
