import { html } from 'hono/html'
import type { Access } from '../access/access.ts'
import { goTo, refusedForm, showPage } from './answers.ts'
import { emptyForm, type FormState, field, form } from './form.ts'
import { endSession, type PageContext, safeNext, startSession } from './visit.ts'

/** Signing in with username or e-mail address and password, and signing out. */
export function signInPage(access: Access) {
  return {
    async show(c: PageContext) {
      if (c.var.visit.user) return goTo(c, safeNext(c.var.visit, c.req.query('next')))
      return showForm(c, emptyForm())
    },

    async submit(c: PageContext) {
      const { form: sent, visit } = c.var
      try {
        const login = (sent.get('login') ?? '').trim()
        const address = c.var.external.clientAddress
        const user = await access.signIn({ login, password: sent.get('password') ?? '', address })
        await startSession(c, access, user)
        return goTo(c, safeNext(visit, c.req.query('next')))
      } catch (err) {
        const { state, status } = refusedForm(c, err, [])
        return showForm(c, state, status)
      }
    },

    async signOut(c: PageContext) {
      await endSession(c, access)
      return goTo(c, c.var.visit.path('/ui/sign-in'))
    },
  }
}

function showForm(c: PageContext, state: FormState, status: 200 | ReturnType<typeof refusedForm>['status'] = 200) {
  const next = c.req.query('next')
  const action = next === undefined ? '/ui/sign-in' : `/ui/sign-in?next=${encodeURIComponent(next)}`
  const title = 'Sign in'
  const body = html`<h1>${title}</h1>
${form(
  c.var.visit,
  action,
  state,
  html`${field(state, { name: 'login', label: 'Username or e-mail address', autocomplete: 'username', isFirst: true })}
${field(state, { name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password' })}
<div class="actions"><button class="button">Sign in</button></div>`,
)}`
  return showPage(c, { title, body, hasErrors: state.errors.size > 0 }, status)
}
