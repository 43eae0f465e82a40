// The live page, in a real browser, of a real system under load.

import test, { type ExecutionContext } from 'ava'
import type { Browser, Page } from 'playwright-core'
import { type ActorSystem, actorSystem } from 'pulsing'
import { keepingLogger, rejection, start } from '../bed.js'
import { begin, fixture } from '../cli/bed.js'
import { Observed } from '../fixtures/observed.js'
import { type Busy, openBrowser, openPage, startBusy } from './browser.js'

let browser: Browser
test.before(async () => {
  browser = await openBrowser()
})
test.after.always(() => browser?.close())

async function busy(t: ExecutionContext, actors?: number): Promise<Busy> {
  const running = await startBusy(actors)
  t.teardown(() => running.child.kill('SIGKILL'))
  return running
}

async function observed(t: ExecutionContext, options = {}): Promise<ActorSystem> {
  const system = await start({ observe: { port: 0 }, ...options })
  t.teardown(() => system.shutdown())
  return system
}

/** Resolves when a part of the page says so. */
const says = (page: Page, part: string, wanted: RegExp) =>
  page.locator(part).filter({ hasText: wanted }).first().waitFor()

test.serial('it shows threads, methods, queues and actors under load, as they change', async (t) => {
  const { observeUrl } = await busy(t)
  const { page, faults } = await openPage(browser, observeUrl)
  await says(page, '[aria-label="Slowest methods"] tr', /Resizer\.resize/)
  await says(page, '[aria-label="Longest queues"] tr', /photos/)
  await says(page, '[aria-label="Threads"] tr', /^2\d+ %/)
  t.is(await page.locator('[aria-label="Threads"] tbody tr').count(), 3)
  t.is(await page.locator('.chart canvas').count(), 3)
  await says(page, '[aria-label="Actors"] output', /^20 of 1\d\d$/)
  await page.click('th button:has-text("Time of calls")')
  await says(page, '[aria-label="Actors"] tbody tr:first-child', /^resizer-\d/)
  await page.waitForFunction("document.querySelectorAll('.chart .u-series').length >= 8")
  t.deepEqual(faults, [])
  await page.close()
})

test.serial(
  'a thread that is killed while one watches stands on the time line, and its page says so',
  async (t) => {
    const { observeUrl, child } = await busy(t)
    const { page, faults } = await openPage(browser, observeUrl)
    await says(page, '.facts', /threads died0/)
    child.send('die')
    await says(page, '.events li', /threadDied.*thread 1 died/)
    await says(page, '.events li', /restart.*is made again/)
    await says(page, '.facts', /threads died1/)
    t.true((await page.locator('.timeline rect.bad').count()) > 0)
    // Who comes later is told as well.
    const later = await openPage(browser, observeUrl)
    await says(later.page, '.events li', /threadDied.*thread 1 died/)
    t.deepEqual([...faults, ...later.faults], [])
    await page.close()
    await later.page.close()
  },
)

test.serial('a node that is lost is shown to be', async (t) => {
  const { observeUrl, addr } = await busy(t)
  const { page, faults } = await openPage(browser, observeUrl)
  const other = await begin(t, ['actor', `${fixture}#Counter`, '--seeds', addr, '--node-id', 'other'])
  await says(page, '[aria-label="Cluster"] tr', /^other.*alive/)
  other.child.kill('SIGKILL')
  await says(page, '[aria-label="Cluster"] tr', /^other.*dead/)
  await says(page, '.events li', /member.*node other.*-> dead/)
  t.deepEqual(faults, [])
  await page.close()
})

test.serial('a system that is gone is said to be, and is followed again when it is back', async (t) => {
  const system = await observed(t)
  const url = system.observeUrl as string
  const { page } = await openPage(browser, url)
  await says(page, '.facts', /actors/)
  await system.shutdown()
  await says(page, '[role="alert"]', /No answer since/)
  const again = await actorSystem({
    threads: 0,
    logger: keepingLogger(),
    observe: { port: Number(new URL(url).port) },
    nodeId: 'again',
  })
  t.teardown(() => again.shutdown())
  await says(page, '.node', /^again$/)
  await page.locator('[role="alert"]').waitFor({ state: 'detached' })
  t.pass()
  await page.close()
})

test.serial('nothing of the users’ own is taken for HTML', async (t) => {
  const system = await observed(t)
  const hostile = '<img src=x onerror="document.title=1">'
  class Hostile {
    fail(): void {
      throw new Error(hostile)
    }
  }
  Object.defineProperty(Hostile, 'name', { value: hostile })
  const ref = await system.spawn(new Hostile(), { name: 'hostile' })
  await rejection(ref.asAny().fail?.())
  void ref.tell('no receive')
  const { page, faults } = await openPage(browser, system.observeUrl as string)
  await says(page, '[aria-label="Actors"] td', /<img src=x/)
  await page.fill('#search', '<script>document.title=1</script>')
  await says(page, '[aria-label="Actors"]', /There is no such actor/)
  await page.goto(`${system.observeUrl}/#/actor/${encodeURIComponent(hostile)}`)
  await says(page, 'h2', /<img/)
  t.is(await page.locator('img, .panel script').count(), 0)
  t.is(await page.title(), 'pulsing')
  t.deepEqual(faults, [])
  await page.close()
})

test.serial('it works by keyboard: search, an actor, its children, back, pause', async (t) => {
  const { observeUrl } = await busy(t, 0)
  const { page, faults } = await openPage(browser, observeUrl)
  await says(page, '[aria-label="Actors"] td', /gallery/)
  await page.keyboard.press('/')
  await page.keyboard.type('room-7')
  await says(page, '[aria-label="Actors"] output', /^1 of 1$/)
  // Two boxes and five heads of columns on the way.
  for (let i = 0; i < 8; i++) await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await says(page, 'h2', /^gallery\/room-7$/)
  await page.locator('dd a').focus()
  await page.keyboard.press('Enter')
  await says(page, 'h2', /^gallery$/)
  await says(page, '[aria-label="Children"] tr', /room-11/)
  await page.goBack()
  await says(page, 'h2', /^gallery\/room-7$/)
  await page.keyboard.press('p')
  await says(page, 'button[aria-pressed="true"]', /Go on/)
  await page.goto(`${observeUrl}/#/`)
  await page.check('text=as a tree')
  await page.click('[aria-label="children of gallery"]')
  await says(page, '.tree .tree li, .tree ul li', /room-3/)
  t.deepEqual(faults, [])
  await page.close()
})

test.serial('it is light or dark as its reader’s system is, and fits a narrow window', async (t) => {
  const system = await observed(t)
  const backs: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page } = await openPage(browser, system.observeUrl as string, {
      colorScheme,
      viewport: { width: 400, height: 800 },
    })
    await says(page, '.facts', /actors/)
    backs.push(await page.evaluate<string>('getComputedStyle(document.body).backgroundColor'))
    t.true(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth'))
    await page.close()
  }
  t.deepEqual(backs, ['rgb(246, 247, 249)', 'rgb(15, 19, 24)'])
})

test.serial('with a token a browser asks for it, and a wrong one shows nothing', async (t) => {
  const token = 'a-token-of-some-length'
  const system = await observed(t, { observe: { port: 0, token } })
  const url = system.observeUrl as string
  const { page } = await openPage(browser, url, { httpCredentials: { username: 'me', password: token } })
  await says(page, '.facts', /actors/)
  await page.close()
  const wrong = await browser.newPage({ httpCredentials: { username: 'me', password: 'wrong' } })
  const response = await wrong.goto(url)
  t.is(response?.status(), 401)
  await wrong.close()
})

test.serial('of a million actors it asks for the first, and the threads go on meanwhile', async (t) => {
  const system = await observed(t, { threads: 2 })
  for (let i = 0; i < 1000; i++)
    await Promise.all(Array.from({ length: 1000 }, () => system.spawn(Observed, { placement: 'spread' })))
  const probe = (await system.spawn(Observed, { name: 'probe', placement: { slot: 1 } })).asType(Observed)
  const { page, faults } = await openPage(browser, system.observeUrl as string)
  await says(page, '[aria-label="Actors"] output', /^20 of 1M$/)
  await page.keyboard.press('/')
  await page.keyboard.type('probe')
  await says(page, '[aria-label="Actors"] output', /^1 of 1$/)
  // While it is looked for, others are answered between the looks.
  const waits: number[] = []
  const until = performance.now() + 3000
  while (performance.now() < until) {
    const begun = performance.now()
    await probe.quick()
    waits.push(performance.now() - begun)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  waits.sort((a, b) => a - b)
  t.log(`p99 ${waits[Math.floor(waits.length * 0.99)]} ms, max ${waits.at(-1)} ms of ${waits.length}`)
  t.true((waits[Math.floor(waits.length * 0.99)] as number) < 100)
  t.deepEqual(faults, [])
  await page.close()
})
