import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { getAsset, isSea } from 'node:sea'
import type { Hono } from 'hono'
import { html } from 'hono/html'
import type { Env } from '../protocols/protocol.ts'
import { docsAssets } from './docs-assets.ts'
import { openApiDocument } from './openapi.ts'
import type { ApiContext, Route } from './route.ts'

/** The viewer sets styles of its own and asks this server alone. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Adds `/openapi.json`, made from the routes, and `/docs`, which shows it. */
export function docsRoutes(r: Hono<Env>, routes: readonly Route[], version: string): void {
  const documents = new Map<string, string>()

  r.get('/openapi.json', (c) => {
    const base = `${c.var.external.origin}${c.var.external.prefix}/api/v1`
    const document = documents.get(base) ?? JSON.stringify(openApiDocument(routes, { version, base }))
    // The address comes from the client: one is remembered, not whatever anybody sends.
    if (!documents.has(base)) documents.clear()
    documents.set(base, document)
    return c.body(document, 200, { 'content-type': 'application/json', 'cache-control': 'no-cache' })
  })
  r.get('/docs', (c) => {
    c.header('content-security-policy', policy)
    c.header('cache-control', 'no-cache')
    return c.html(page(`${c.var.external.prefix}/api/v1`))
  })
  r.get('/docs/viewer.js', viewer)
}

async function viewer(c: ApiContext) {
  const headers = { 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'public, max-age=86400' }
  return c.body(await viewerSource(), 200, headers)
}

let source: Promise<string> | undefined

/** From the package, in the executable from the asset that it was put into. */
function viewerSource(): Promise<string> {
  const [name, path] = docsAssets.viewer
  source ??= isSea()
    ? Promise.resolve(getAsset(name, 'utf8'))
    : readFile(createRequire(import.meta.url).resolve(path), 'utf8')
  return source
}

function page(base: string) {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API · Stowage</title>
<script type="module" src="${base}/docs/viewer.js"></script>
</head>
<body style="margin:0">
<openapi-explorer spec-url="${base}/openapi.json" hide-console></openapi-explorer>
<noscript>This page needs scripts; the description itself is at <a href="${base}/openapi.json">openapi.json</a>.</noscript>
</body>
</html>`
}
