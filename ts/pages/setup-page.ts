import { html } from 'hono/html'
import type { Access } from '../access/access.ts'
import { checkEmail, checkNewUsername } from '../access/names.ts'
import { checkNewPassword, minPasswordLength } from '../access/passwords.ts'
import { hasCode, RegistryError } from '../errors.ts'
import { goTo, refusedForm, showMessage, showPage } from './answers.ts'
import { emptyForm, type FormState, field, form } from './form.ts'
import { type PageContext, startSession } from './visit.ts'

const fields = ['username', 'email', 'password', 'again']

/** The page behind the one-time link: makes the first administrator and signs that one in. */
export function setupPage(access: Access) {
  async function show(c: PageContext) {
    return guarded(c, c.req.query('token') ?? '', () => showForm(c, emptyForm({ username: 'admin' })))
  }

  async function submit(c: PageContext) {
    return guarded(c, c.req.query('token') ?? '', async () => {
      const typed = readUser(c.var.form)
      const errors = mistakesIn(typed)
      if (errors.size > 0) return showForm(c, { values: c.var.form, errors }, 400)
      try {
        const user = await access.setup.createFirstAdministrator(typed)
        await startSession(c, access, user)
        return goTo(c, c.var.visit.path('/ui/'))
      } catch (err) {
        if (hasCode(err, 'precondition_failed')) return showDone(c)
        const { state, status } = refusedForm(c, err, fields)
        return showForm(c, state, status)
      }
    })
  }

  /** Goes on with a valid link alone. */
  async function guarded(c: PageContext, secret: string, goOn: () => Response | Promise<Response>): Promise<Response> {
    const link = await access.setup.checkLink(secret)
    if (link === 'valid') return goOn()
    return link === 'done' ? showDone(c) : showUnknown(c)
  }

  return { show, submit }
}

function readUser(sent: URLSearchParams) {
  const text = (name: string) => sent.get(name) ?? ''
  return { username: text('username').trim(), email: text('email'), password: text('password'), again: text('again') }
}

/** What is wrong with each field, all at once; what only the store knows is not among it. */
function mistakesIn({ username, email, password, again }: ReturnType<typeof readUser>): Map<string, string> {
  const errors = new Map<string, string>()
  const checks: [field: string, check: () => unknown][] = [
    ['username', () => checkNewUsername(username)],
    ['email', () => checkEmail(email)],
    ['password', () => checkNewPassword(password, { username, email })],
    ['again', () => requireSame(password, again)],
  ]
  for (const [field, check] of checks) {
    try {
      check()
    } catch (err) {
      if (!hasCode(err, 'payload_invalid')) throw err
      errors.set(field, err.message)
    }
  }
  return errors
}

function requireSame(password: string, again: string): void {
  if (password === again) return
  throw new RegistryError('payload_invalid', 'The two passwords differ. Type both again.')
}

function showForm(c: PageContext, state: FormState, status: 200 | ReturnType<typeof refusedForm>['status'] = 200) {
  const action = `/ui/setup?token=${encodeURIComponent(c.req.query('token') ?? '')}`
  const title = 'Set up Stowage'
  const body = html`<h1>${title}</h1>
<p class="lead">Make the first account. It administers this server and owns its default organization.</p>
${form(
  c.var.visit,
  action,
  state,
  html`${field(state, { name: 'username', label: 'Username', autocomplete: 'username', isFirst: true })}
${field(state, { name: 'email', label: 'E-mail address', type: 'email', autocomplete: 'email' })}
${field(state, {
  name: 'password',
  label: 'Password',
  type: 'password',
  autocomplete: 'new-password',
  hint: `At least ${minPasswordLength} characters. A few words in a row are good and easy to keep.`,
})}
${field(state, { name: 'again', label: 'Password again', type: 'password', autocomplete: 'new-password' })}
<div class="actions"><button class="button">Create account</button></div>`,
)}`
  return showPage(c, { title, body, hasErrors: state.errors.size > 0 }, status)
}

function showDone(c: PageContext) {
  return showMessage(c, 410, {
    title: 'This server is set up already',
    message: 'It has an administrator, so the setup link no longer works.',
    next: html`<div class="actions"><a class="button" href="${c.var.visit.path('/ui/sign-in')}">Sign in</a></div>`,
  })
}

function showUnknown(c: PageContext) {
  return showMessage(c, 403, {
    title: 'This setup link is not valid',
    message: 'Every start of the server makes a new link; the earlier ones stop working.',
    next: html`<div class="card">
<h2>What to do</h2>
<p>Use the link that the server printed at its last start. If you do not have it, restart the server, or make the
account on the machine that the server runs on:</p>
<pre><code>stowage admin create</code></pre>
</div>`,
  })
}
