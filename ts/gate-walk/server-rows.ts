import { aUser, nothing, type Row } from './row.ts'

type ServerLine = Pick<Row, 'needs' | 'done'> & {
  readonly line: string
  readonly path?: string
  readonly method?: string
} & ({ readonly form?: undefined } | { readonly form: Readonly<Record<string, string>> })

const isSomebody = '303'

/** The server's own paths and the pages. A form that does not come from here is refused whoever sends it. */
const lines: readonly ServerLine[] = [
  { line: 'GET /health', needs: nothing, done: '200' },
  { line: 'GET /healthz', needs: nothing, done: '200' },
  // From no address of this machine, and with no METRICS_TOKEN.
  { line: 'GET /metrics', needs: nothing, done: '404' },
  { line: 'GET /', needs: nothing, done: '200' },

  { line: 'GET /ui/style.css', needs: nothing, done: '200' },
  { line: 'GET /ui/logo.svg', needs: nothing, done: '200' },
  { line: 'GET /ui', needs: nothing, done: '308' },
  { line: 'GET /ui/', needs: nothing, done: '200' },
  { line: 'ALL /ui/*', method: 'GET', path: '/ui/nothing', needs: nothing, done: '404' },
  { line: 'GET /ui/setup', needs: nothing, done: '403' },
  { line: 'POST /ui/setup', needs: nothing, done: '403', form: {} },
  { line: 'GET /ui/sign-in', needs: nothing, done: ({ is }) => (is === 'nobody' ? '200' : isSomebody) },
  { line: 'POST /ui/sign-in', needs: nothing, done: '403', form: { csrf: 'of another site' } },
  { line: 'POST /ui/sign-out', needs: nothing, done: '403', form: { csrf: 'of another site' } },
  { line: 'GET /ui/login/:code', path: '/ui/login/none', needs: aUser, done: '404' },
  { line: 'POST /ui/login/:code', path: '/ui/login/none', needs: aUser, done: '412', form: { answer: 'approve' } },
  { line: 'GET /ui/tokens/new', needs: aUser, done: '200' },
  { line: 'POST /ui/tokens/new', needs: aUser, done: '400', form: { name: '' } },
]

/** Every line of them. */
export function serverRows(): Row[] {
  return lines.map(({ line, path, method, form, ...row }) => {
    const [registered = '', pattern = ''] = line.split(' ')
    return {
      ...row,
      surface: pattern.startsWith('/ui') ? 'pages' : 'server',
      route: line,
      request: () => ({ method: method ?? registered, path: path ?? pattern, ...(form && { form }) }),
    }
  })
}
