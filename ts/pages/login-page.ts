import { html } from 'hono/html'
import type { Access } from '../access/access.ts'
import type { Stored } from '../metadata/engine.ts'
import type { LoginRequestDocument } from '../metadata/sign-in-schema.ts'
import { goTo, goToSignIn, showMessage, showPage } from './answers.ts'
import { emptyForm, form } from './form.ts'
import type { PageContext } from './visit.ts'

/** Where a command-line client sends its user: approve or deny what it asks for. */
export function loginPage(access: Access) {
  return {
    async show(c: PageContext) {
      if (!c.var.visit.user) return goToSignIn(c)
      const request = await access.loginRequests.find(c.req.param('code') ?? '')
      return request ? showRequest(c, request) : showGone(c)
    },

    async submit(c: PageContext) {
      const { user, path } = c.var.visit
      const code = c.req.param('code') ?? ''
      if (!user) return goToSignIn(c)
      if (c.var.form.get('answer') === 'approve') await access.loginRequests.approve(code, user.id)
      else await access.loginRequests.deny(code, user.id)
      return goTo(c, path(`/ui/login/${encodeURIComponent(code)}`))
    },
  }
}

function showRequest(c: PageContext, request: Stored<LoginRequestDocument>) {
  const { state } = request.value
  if (state === 'pending') return showQuestion(c, request.value)
  if (state === 'denied') {
    return showMessage(c, 200, { title: 'Login denied', message: 'The command line got no access. Close this page.' })
  }
  return showMessage(c, 200, {
    title: 'Login approved',
    message: 'The command line is signed in. Close this page and go back to your terminal.',
  })
}

function showQuestion(c: PageContext, { client, address, code }: LoginRequestDocument) {
  const { visit } = c.var
  const title = 'Approve this login?'
  const body = html`<h1>${title}</h1>
<p class="lead">A command-line client asks to act as you, with all your rights. Approve only if you started it just now.</p>
${form(
  visit,
  `/ui/login/${encodeURIComponent(code)}`,
  emptyForm(),
  html`<dl>
<dt>Client</dt><dd>${client}</dd>
<dt>From</dt><dd>${address || 'unknown address'}</dd>
<dt>Account</dt><dd>${visit.user?.value.username ?? ''}</dd>
</dl>
<div class="actions">
<button class="button" name="answer" value="approve">Approve</button>
<button class="button plain" name="answer" value="deny">Deny</button>
</div>`,
)}`
  return showPage(c, { title, body })
}

function showGone(c: PageContext) {
  return showMessage(c, 404, {
    title: 'This login has expired',
    message: 'A login waits five minutes for its approval. Start it again on the command line.',
  })
}
