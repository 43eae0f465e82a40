// What a word is, for the pipeline: a run of these bytes, whole, of 2 to 64 of them, ASCII letters in lower case.

export const SHORTEST = 2
export const LONGEST = 64

/** Of each byte: the byte it counts as, or 0 where it is part of no word. */
export const FOLDED: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte)
  if (byte >= 0x80 || /[a-z0-9_]/.test(char)) return byte
  return /[A-Z]/.test(char) ? byte + 32 : 0
})
