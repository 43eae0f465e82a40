// What plain msgpack carries as it is, for those who write it and those who look whether it does.

/** Objects of a value that are looked at; a value of more is looked at the thorough way. */
export const MOST_OBJECTS = 32
export const MOST_LEVELS = 16

/** A decoder may take the mark of byte order off the front of a long text. */
export const BYTE_ORDER_MARK = 0xfeff

/** It has its buffer to itself, which is all there is of it. */
export function isWhole({ buffer, byteLength }: Uint8Array): boolean {
  const { byteLength: whole, resizable } = buffer as ArrayBuffer & { resizable?: boolean }
  return whole === byteLength && resizable !== true && buffer instanceof ArrayBuffer
}
