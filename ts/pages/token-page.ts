import { html } from 'hono/html'
import type { Access } from '../access/access.ts'
import { allActions, type NewToken } from '../access/tokens.ts'
import { RegistryError } from '../errors.ts'
import type { Action } from '../metadata/access-schema.ts'
import { goToSignIn, refusedForm, showPage } from './answers.ts'
import { area, choices, emptyForm, type FormState, field, form, type Option, select } from './form.ts'
import type { PageContext } from './visit.ts'

/** How a client is told of a token; a protocol's own words. */
export interface ClientSetup {
  readonly label: string
  /** The commands or lines of a file; `base`: scheme, host and proxy prefix, no slash at the end. */
  linesOf(of: { base: string; token: string }): string
}

const fields = ['name', 'actions', 'expiry', 'cidrs']
const dayMs = 24 * 3600 * 1000

const actionsOf: ReadonlyMap<string, readonly Action[]> = new Map([
  ['read', ['read']],
  ['publish', ['read', 'write']],
  ['all', allActions],
])
const rights: readonly Option[] = [
  { value: 'read', label: 'Read', hint: 'Install packages' },
  { value: 'publish', label: 'Read and publish', hint: 'What a build needs that publishes' },
  { value: 'all', label: 'All that you may', hint: 'Also delete packages and change settings' },
]
const expiries: readonly Option[] = [
  { value: '7', label: 'In 7 days' },
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
  { value: 'never', label: 'Never' },
]

/** Making a token of one's own, shown once. */
export function tokenPage(access: Access, clientSetups: readonly ClientSetup[]) {
  return {
    async show(c: PageContext) {
      if (!c.var.visit.user) return goToSignIn(c)
      return showForm(c, emptyForm({ actions: 'read', expiry: '90' }))
    },

    async submit(c: PageContext) {
      const { visit, form: sent } = c.var
      if (!visit.user) return goToSignIn(c)
      try {
        const { text } = await access.tokens.create(readToken(visit.user.id, sent))
        return showToken(c, text, clientSetups)
      } catch (err) {
        const { state, status } = refusedForm(c, err, fields)
        return showForm(c, state, status)
      }
    },
  }
}

function readToken(userId: string, sent: URLSearchParams): NewToken {
  const actions = actionsOf.get(sent.get('actions') ?? '')
  if (!actions) throw invalid('actions', 'Choose what the token may do.')
  const expiry = sent.get('expiry') ?? ''
  if (!expiries.some(({ value }) => value === expiry)) throw invalid('expiry', 'Choose when the token expires.')
  return {
    userId,
    name: sent.get('name') ?? '',
    actions,
    cidrs: (sent.get('cidrs') ?? '').split(/[\s,]+/).filter((cidr) => cidr !== ''),
    ...(expiry !== 'never' && { expiresAt: Date.now() + Number(expiry) * dayMs }),
  }
}

function showForm(c: PageContext, state: FormState, status: 200 | ReturnType<typeof refusedForm>['status'] = 200) {
  const title = 'Make a token'
  const body = html`<h1>${title}</h1>
<p class="lead">A token stands for you where a program cannot type your password. It never has more rights than you.</p>
${form(
  c.var.visit,
  '/ui/tokens/new',
  state,
  html`${field(state, {
    name: 'name',
    label: 'Name',
    hint: 'Where it is used, such as "ci of acme/website".',
    autocomplete: 'off',
    isFirst: true,
  })}
${choices(state, { name: 'actions', label: 'What it may do' }, rights)}
${select(state, { name: 'expiry', label: 'Expires' }, expiries)}
${area(
  state,
  {
    name: 'cidrs',
    label: 'Only from these addresses (optional)',
    hint: 'Ranges or single addresses, one a line: 192.0.2.0/24, 2001:db8::/32. Empty: from everywhere.',
  },
  3,
)}
<div class="actions"><button class="button">Make token</button></div>`,
)}`
  return showPage(c, { title, body, hasErrors: state.errors.size > 0 }, status)
}

function showToken(c: PageContext, token: string, clientSetups: readonly ClientSetup[]) {
  const { visit } = c.var
  const title = 'Your new token'
  const body = html`<h1>${title}</h1>
<div class="notice good" role="status"><p>Copy it now: it is not shown again.</p></div>
<div class="card">
<pre><code>${token}</code></pre>
</div>
${clientSetups.map(
  (setup) => html`<section class="card">
<h2>${setup.label}</h2>
<pre><code>${setup.linesOf({ base: visit.base, token })}</code></pre>
</section>`,
)}
<div class="actions"><a class="button plain" href="${visit.path('/ui/tokens/new')}">Make another</a></div>`
  return showPage(c, { title, body, isWide: true })
}

function invalid(field: string, message: string): RegistryError {
  return new RegistryError('payload_invalid', message, { field })
}
