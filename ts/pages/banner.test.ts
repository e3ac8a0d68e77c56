import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestApp } from '../testing/app.ts'

const pages = ['/ui/', '/ui/sign-in', '/ui/setup', '/ui/nothing']

test('the banner is on every page as text, whatever it holds, until it is taken away', async () => {
  await using t = await openTestApp()
  const shown = async (path: string) => /<p class="banner.*<\/p>/.exec(await (await t.request('GET', path)).text())?.[0]
  const set = (banner: { text: string; level: 'warning' | 'critical' } | null) =>
    t.access.platformSettings.change({ banner })
  for (const path of pages) assert.equal(await shown(path), undefined, path)
  await set({ text: 'Sunday <script>alert(1)</script> & "so on"', level: 'warning' })
  const text = 'Sunday &lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;so on&quot;'
  for (const path of pages) assert.equal(await shown(path), `<p class="banner warning" role="status">${text}</p>`, path)
  await set({ text: 'Now', level: 'critical' })
  assert.equal(await shown('/ui/'), '<p class="banner critical" role="alert">Now</p>')
  await set(null)
  assert.equal(await shown('/ui/'), undefined)
})
