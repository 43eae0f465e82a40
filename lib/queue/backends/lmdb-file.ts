// Looks at a file of LMDB before LMDB maps it: what is none, or is cut short, would end the process when it is read.

import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'

/** Of the page that each of the two headers is on. */
const MAGIC_AT = 24
const PAGE_BYTES_AT = 48
const LAST_PAGE_AT = 144
const TRANSACTION_AT = 152
const HEADER_BYTES = 160

const MAGIC = 0xbeefc0de

/** Throws where there is a file, and it is not whole. Nothing is written. */
export function checkFile(path: string): void {
  if (!existsSync(path)) return
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    // It was made, and nothing was committed.
    if (size === 0) return
    const first = headerAt(file, 0)
    const headers = [first, headerAt(file, first.pageBytes)]
    const newest = headers.sort((a, b) => Number(b.transaction - a.transaction))[0] as Header
    const bytes = (newest.lastPage + 1n) * BigInt(newest.pageBytes)
    if (bytes > BigInt(size)) throw new Error(`${path} has ${size} bytes of ${bytes}: it was cut short`)
  } catch (error) {
    throw error instanceof RangeError ? new Error(`${path} is no file of LMDB`) : error
  } finally {
    closeSync(file)
  }
}

interface Header {
  readonly pageBytes: number
  readonly lastPage: bigint
  readonly transaction: bigint
}

/** Throws a RangeError where there is none. */
function headerAt(file: number, at: number): Header {
  const bytes = Buffer.alloc(HEADER_BYTES)
  const read = readSync(file, bytes, 0, HEADER_BYTES, at)
  const pageBytes = bytes.readUInt32LE(PAGE_BYTES_AT)
  const isOne = read === HEADER_BYTES && bytes.readUInt32LE(MAGIC_AT) === MAGIC
  if (!isOne || pageBytes < 256 || pageBytes > 65_536) throw new RangeError('no header')
  return {
    pageBytes,
    lastPage: bytes.readBigUInt64LE(LAST_PAGE_AT),
    transaction: bytes.readBigUInt64LE(TRANSACTION_AT),
  }
}
