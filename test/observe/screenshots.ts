// Makes the pictures of docs/images: node dist/test/observe/screenshots.js. They are looked at before they are committed.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../bed.js'
import { openBrowser, openPage, startBusy } from './browser.js'

/** So that charts have something to show. */
const WATCHED_MS = 45_000

const folder = join(root, 'docs', 'images')
mkdirSync(folder, { recursive: true })
const browser = await openBrowser()
const busy = await startBusy(100)
try {
  const light = await openPage(browser, busy.observeUrl, {
    colorScheme: 'light',
    viewport: { width: 1280, height: 1000 },
  })
  const dark = await openPage(browser, busy.observeUrl, {
    colorScheme: 'dark',
    viewport: { width: 1280, height: 1000 },
  })
  await light.page.waitForTimeout(WATCHED_MS / 2)
  busy.child.send('die')
  await light.page.waitForTimeout(WATCHED_MS / 2)
  await light.page.screenshot({ path: join(folder, 'page-light.png') })
  await dark.page.screenshot({ path: join(folder, 'page-dark.png') })
  await dark.page.locator('[aria-label="What happened"]').scrollIntoViewIfNeeded()
  await dark.page.screenshot({ path: join(folder, 'page-events.png') })
  await light.page.click('a:has-text("resizer-0")')
  await light.page.waitForTimeout(1500)
  await light.page.screenshot({
    path: join(folder, 'page-actor.png'),
    clip: { x: 0, y: 0, width: 1280, height: 420 },
  })
} finally {
  await browser.close()
  busy.child.kill()
}
