// The live page in a real browser: Chromium, driven by playwright-core.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { compiled } from '../bed.js'

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

export function openBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? PROGRAMS.find((file) => existsSync(file))
  if (executablePath === undefined)
    throw new Error('These tests need Chromium: apt-get install chromium, or name it by CHROMIUM.')
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

export interface Watched {
  readonly page: Page
  /** What went wrong in the page, and what it asked of other hosts. */
  readonly faults: string[]
}

export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const page = await browser.newPage(options)
  const faults: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text())
  })
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:')) faults.push(request.url())
  })
  await page.goto(url)
  return { page, faults }
}

/** test/fixtures/busy.ts as a process of its own. */
export interface Busy {
  readonly child: ChildProcess
  readonly observeUrl: string
  readonly addr: string
}

export async function startBusy(actors = 100): Promise<Busy> {
  const child = fork(compiled('busy.js'), [String(actors)], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  const [line] = (await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`busy.js has ended with code ${code}`)
    }),
  ])) as [string]
  return { child, ...(JSON.parse(line) as { observeUrl: string; addr: string }) }
}
