/** What the codec needs of its thread, once for each system on it. */
export interface CodecHost {
  /** Engine-wide id of a string, the same on all threads for good; -1 when the table is full. */
  internString(text: string): number
  stringOf(id: number): string
  /** Engine-wide id of an object's keys, joined by '\0'; -1 when the table is full. */
  internShape(keys: string): number
  shapeKeys(id: number): string
  /** Copies bytes to memory outside the frame. An id above 0. */
  makeBlock(bytes: Uint8Array): number
  /** Moves a buffer's memory; the buffer is detached. */
  moveBlock(buffer: ArrayBuffer): number
  /** Throws a coded error where memory can't be shared. */
  shareBlock(buffer: SharedArrayBuffer): number
  /** The receiver's: gives the memory of an id, once. */
  takeBlock(id: number): ArrayBuffer | SharedArrayBuffer
  /** A reference or proxy as 4 words. */
  refToWords(ref: object, out: Int32Array, at: number): void
  refFromWords(i32: Int32Array, at: number): object
}
