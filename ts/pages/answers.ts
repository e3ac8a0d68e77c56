import { html } from 'hono/html'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { hasCode, statusOf, toRegistryError } from '../errors.ts'
import { pagePolicy } from '../http/security-headers.ts'
import type { FormState } from './form.ts'
import { type Html, layout, type PageContent } from './layout.ts'
import type { PageContext } from './visit.ts'

/** Answers with a page. */
export function showPage(c: PageContext, content: PageContent, status: ContentfulStatusCode = 200) {
  c.header('content-security-policy', pagePolicy())
  return c.html(layout(c.var.visit, content), status)
}

/** A page that says one thing. `next`: what to do next, if it is more than a sentence. */
export function showMessage(
  c: PageContext,
  status: ContentfulStatusCode,
  { title, message, next = '' }: { title: string; message: string; next?: Html | '' },
) {
  const body = html`<h1>${title}</h1>
<p class="lead">${message}</p>
${next}`
  return showPage(c, { title, body }, status)
}

/** Sends the browser elsewhere after a form was taken, or to sign in. The path is as the browser sees it. */
export function goTo(c: PageContext, path: string) {
  return c.redirect(path, 303)
}

/** To the sign-in page, and from there back to this one. */
export function goToSignIn(c: PageContext) {
  const { visit } = c.var
  const here = visit.path(new URL(c.req.url).pathname)
  return goTo(c, `${visit.path('/ui/sign-in')}?next=${encodeURIComponent(here)}`)
}

/**
 * Turns a refusal of what was typed into the form's state and a status. Throws on what is no fault of the form.
 * `fields` are those of the form; a refusal of any other is about the whole.
 */
export function refusedForm(
  c: PageContext,
  err: unknown,
  fields: readonly string[],
): { state: FormState; status: ContentfulStatusCode } {
  if (!hasCode(err, 'payload_invalid', 'name_taken', 'too_many_requests', 'credentials_invalid')) throw err
  const { field = '', retryAfterSeconds } = err.details
  if (retryAfterSeconds !== undefined) c.header('retry-after', String(retryAfterSeconds))
  const errors = new Map([[fields.includes(field) ? field : '', err.message]])
  return { state: { values: c.var.form, errors }, status: statusOf[err.code] }
}

/** What went wrong, as a page; the unexpected is logged and not shown. */
export function showError(err: unknown, c: PageContext) {
  const error = toRegistryError(err)
  if (error.code === 'internal') c.var.log.error({ err: error.cause ?? error }, 'a page failed')
  const title = error.code === 'internal' ? 'Something went wrong' : 'This did not work'
  if (c.var.visit === undefined) return c.text(`${title}: ${error.message}\n`, statusOf[error.code])
  return showMessage(c, statusOf[error.code], { title, message: error.message })
}
