// The records of the queue rows, and how they are put, the same for the engine and its peers.

export interface Entry {
  readonly id: string
  readonly n: number
  readonly text: string
}

/** So that a record has about 200 bytes. */
export const TEXT: string = Buffer.alloc(160, 'abcdefghij').toString('latin1')
/** Batches under way at a time. */
const UNDER_WAY = 16

export function recordsOf(batch: number): Entry[] {
  return Array.from({ length: batch }, (_, n) => ({ id: `customer-${n % 1000}`, n, text: TEXT }))
}

/** Puts at least `count` records in batches, and waits for the last. */
export async function putAll(count: number, batch: number, put: () => PromiseLike<unknown>): Promise<void> {
  const puts: PromiseLike<unknown>[] = []
  for (let n = 0; n < count; n += batch) {
    puts.push(put())
    if (puts.length >= UNDER_WAY) await puts.shift()
  }
  await Promise.all(puts)
}
