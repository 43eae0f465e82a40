// A system that is observed (init's option `observe`), asked by HTTP. Asking joins no cluster and changes nothing.

import { readFileSync } from 'node:fs'
import type { Happened } from '../observe/index.js'
import { EXIT, Failure, usage } from './failure.js'

export const DEFAULT_URL = 'http://127.0.0.1:9464'
const ANSWER_MS = 5000

export interface ObservedOptions {
  readonly url?: string
  readonly tokenFile?: string
}

export class Observed {
  readonly url: string
  readonly #headers: Readonly<Record<string, string>>

  constructor({ url = process.env.PULSING_URL ?? DEFAULT_URL, tokenFile }: ObservedOptions) {
    const full = /^[a-z]+:\/\//i.test(url) ? url : `http://${url}`
    if (!URL.canParse(full) || !/^https?:/.test(full))
      throw usage(`${url} is no address of a system: use http://host:port.`)
    this.url = full.replace(/\/+$/, '')
    const token = tokenFile === undefined ? process.env.PULSING_TOKEN : secretIn(tokenFile)
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  }

  async json<T>(path: string, query: Readonly<Record<string, string>> = {}): Promise<T> {
    const text = await this.text(path, query)
    try {
      return JSON.parse(text) as T
    } catch {
      throw new Failure(EXIT.unreachable, 'foreign', `What answers at ${this.url} is no system of this kind.`)
    }
  }

  async text(path: string, query: Readonly<Record<string, string>> = {}): Promise<string> {
    const search = new URLSearchParams(query).toString()
    const response = await this.#ask(
      search === '' ? path : `${path}?${search}`,
      AbortSignal.timeout(ANSWER_MS),
    )
    return response.text().catch((error: unknown) => this.#unreachable(error))
  }

  /** What happens from now on, until the signal ends it, or the system does. */
  async *events(signal: AbortSignal): AsyncGenerator<Happened> {
    const { body } = await this.#ask('/api/events', signal)
    let text = ''
    const decoder = new TextDecoder()
    try {
      for await (const piece of body ?? []) {
        text += decoder.decode(piece as Uint8Array, { stream: true })
        const blocks = text.split('\n\n')
        text = blocks.pop() as string
        for (const block of blocks) {
          const data = /^data: (.*)$/m.exec(block)?.[1]
          if (data !== undefined) yield JSON.parse(data) as Happened
        }
      }
    } catch (error) {
      if (!signal.aborted) this.#unreachable(error)
    }
  }

  async #ask(path: string, signal: AbortSignal): Promise<Response> {
    let response: Response
    try {
      response = await fetch(this.url + path, { headers: this.#headers, signal, redirect: 'error' })
    } catch (error) {
      return this.#unreachable(error)
    }
    if (response.ok) return response
    const { status } = response
    const said = await response.text().catch(() => '')
    const message = reasonIn(said) ?? `It answered with status ${status}.`
    if (status === 401)
      throw new Failure(
        EXIT.unreachable,
        'unauthorized',
        `${this.url} wants a token: give the file that has it with --token-file, or set PULSING_TOKEN.`,
      )
    throw new Failure(
      status === 400 ? EXIT.usage : EXIT.unreachable,
      'refused',
      `${this.url}${path}: ${message}`,
    )
  }

  #unreachable(error: unknown): never {
    const { cause, name, message } = error as Error & { cause?: { code?: string; message?: string } }
    const why = name === 'TimeoutError' ? 'no answer in time' : (cause?.code ?? cause?.message ?? message)
    throw new Failure(
      EXIT.unreachable,
      'unreachable',
      `No system answers at ${this.url} (${why}). It shows itself where init was given observe: { port }; say where with --url.`,
      { cause: error },
    )
  }
}

function reasonIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { error?: { message?: string } }).error?.message
  } catch {
    return undefined
  }
}

/** The first line of a file that holds a passphrase or a token. */
export function secretIn(file: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw usage(`${file} can not be read: ${(error as Error).message}.`)
  }
  const [line = ''] = text.split(/\r?\n/)
  if (line === '') throw usage(`${file} has nothing in its first line.`)
  return line
}
