// The live page, as the build has packed it: a frame, a script and a style. Read when somebody asks for it first.

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'

/** All of it comes from here, and none of it is written into the frame. */
export const PAGE_POLICY: string = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const FILES: Readonly<Record<string, { readonly name: string; readonly type: string }>> = {
  '/': { name: 'index.html', type: 'text/html; charset=utf-8' },
  '/page.js': { name: 'page.js', type: 'text/javascript; charset=utf-8' },
  '/page.css': { name: 'page.css', type: 'text/css; charset=utf-8' },
}

interface Sent {
  readonly type: string
  readonly encoding: 'gzip' | 'identity'
  readonly body: Uint8Array
}

class PageFile {
  readonly #type: string
  readonly #packed: Uint8Array
  readonly #plain: Uint8Array

  constructor(type: string, packed: Uint8Array, plain: Uint8Array) {
    this.#type = type
    this.#packed = packed
    this.#plain = plain
  }

  /** accepted: what the browser says that it can unpack. */
  sentTo(accepted: string | string[] | undefined): Sent {
    const isPacked = /\bgzip\b/.test(String(accepted ?? ''))
    return {
      type: this.#type,
      encoding: isPacked ? 'gzip' : 'identity',
      body: isPacked ? this.#packed : this.#plain,
    }
  }
}

const read = new Map<string, Promise<PageFile>>()

/** Undefined for a path that is none of the page's. */
export function pageFile(path: string): Promise<PageFile> | undefined {
  const file = Object.hasOwn(FILES, path) ? FILES[path] : undefined
  if (file === undefined) return undefined
  let found = read.get(path)
  if (found === undefined) {
    found = load(file.name, file.type)
    read.set(path, found)
  }
  return found
}

async function load(name: string, type: string): Promise<PageFile> {
  const packed = await readFile(join(folder(), `${name}.gz`))
  return new PageFile(type, packed, await promisify(gunzip)(packed))
}

/** Beside the bundle. Where this file was not bundled, the bundle is in another folder. */
function folder(): string {
  const own = dirname(fileURLToPath(import.meta.url))
  const beside = join(own, 'page')
  return existsSync(join(beside, 'index.html.gz')) ? beside : join(own, '..', '..', 'bundle', 'page')
}
