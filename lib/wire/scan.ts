// Looks at the bytes of a value before anything is made of them: every length and count is there, extensions are known, keys
// are text, and what is announced is no more than what has come, so that a message costs memory in proportion to its bytes.

import { WireError } from './error.js'
import { MOST_LEVELS, SIZES } from './tags.js'

/** Values still to come at each level, and whether they are keys and values of a map. */
const left = new Uint32Array(MOST_LEVELS + 1)
const isMap = new Uint8Array(MOST_LEVELS + 1)

/** The place behind the value at `from`. Throws a WireError. */
export function scan(bytes: Uint8Array, from: number): number {
  const { length } = bytes
  let at = from
  let level = 0
  /** Values announced that have not come: each takes a byte at least. */
  let owed = 1
  left[0] = 1
  isMap[0] = 0
  while (level >= 0) {
    if (left[level] === 0) {
      level--
      continue
    }
    if (at >= length) throw new WireError('it ends in the middle of a value')
    const isKey = isMap[level] === 1 && ((left[level] as number) & 1) === 0
    left[level] = (left[level] as number) - 1
    owed--
    const head = bytes[at++] as number
    let size = 0
    let count = -1
    let map = false
    let text = false
    if (head < 0x80 || head >= 0xe0) size = 0
    else if (head < 0x90) {
      count = head & 15
      map = true
    } else if (head < 0xa0) count = head & 15
    else if (head < 0xc0) {
      size = head & 31
      text = true
    } else {
      switch (head) {
        case 0xc0:
        case 0xc2:
        case 0xc3:
          break
        case 0xc4:
          size = word(bytes, at, 1)
          at += 1
          break
        case 0xc5:
          size = word(bytes, at, 2)
          at += 2
          break
        case 0xc6:
          size = word(bytes, at, 4)
          at += 4
          break
        case 0xc7:
          size = extension(bytes, at, word(bytes, at, 1), 1)
          at += 2
          break
        case 0xc8:
          size = extension(bytes, at, word(bytes, at, 2), 2)
          at += 3
          break
        case 0xc9:
          size = extension(bytes, at, word(bytes, at, 4), 4)
          at += 5
          break
        case 0xcb:
        case 0xcf:
        case 0xd3:
          size = 8
          break
        case 0xca:
        case 0xce:
        case 0xd2:
          size = 4
          break
        case 0xcd:
        case 0xd1:
          size = 2
          break
        case 0xcc:
        case 0xd0:
          size = 1
          break
        case 0xd4:
        case 0xd5:
        case 0xd6:
        case 0xd7:
        case 0xd8:
          size = extension(bytes, at, 1 << (head - 0xd4), 0)
          at += 1
          break
        case 0xd9:
          size = word(bytes, at, 1)
          at += 1
          text = true
          break
        case 0xda:
          size = word(bytes, at, 2)
          at += 2
          text = true
          break
        case 0xdb:
          size = word(bytes, at, 4)
          at += 4
          text = true
          break
        case 0xdc:
          count = word(bytes, at, 2)
          at += 2
          break
        case 0xdd:
          count = word(bytes, at, 4)
          at += 4
          break
        case 0xde:
          count = word(bytes, at, 2)
          at += 2
          map = true
          break
        case 0xdf:
          count = word(bytes, at, 4)
          at += 4
          map = true
          break
        default:
          throw new WireError(`a byte ${head} begins no value`)
      }
    }
    if (isKey && !text) throw new WireError('a key is no text')
    at += size
    if (at > length) throw new WireError('a length is greater than what has come')
    if (count < 0) continue
    const values = map ? count * 2 : count
    owed += values
    if (owed > length - at) throw new WireError('more values are announced than have come')
    if (++level > MOST_LEVELS) throw new WireError('it is nested too deeply')
    left[level] = values
    isMap[level] = map ? 1 : 0
  }
  return at
}

function word(bytes: Uint8Array, at: number, size: number): number {
  if (at + size > bytes.length) throw new WireError('it ends in the middle of a length')
  let value = 0
  for (let i = 0; i < size; i++) value = value * 256 + (bytes[at + i] as number)
  return value
}

/** The size of an extension whose type is one of ours. before: bytes of its length. */
function extension(bytes: Uint8Array, at: number, size: number, before: number): number {
  const type = bytes[at + before] as number
  const sizes = SIZES[type]
  if (sizes === undefined) throw new WireError(`there is no extension ${type}`)
  if (size < sizes[0] || size > sizes[1]) throw new WireError(`an extension ${type} of ${size} bytes`)
  return size
}
