// Which node a key belongs to (contract 7.3): the one whose hash with the key is the greatest. Two nodes that agree on who is
// there agree on every owner; when one comes or goes, only its own share of the keys moves.

/** The owner of a key among nodes; undefined where there is none. */
export function ownerOf(key: string, nodeIds: readonly string[]): string | undefined {
  let owner: string | undefined
  let high = -1
  let low = -1
  for (const nodeId of nodeIds) {
    const text = `${nodeId}\0${key}`
    const a = hash(text, 0x9e3779b1)
    const b = hash(text, 0x85ebca77)
    if (a < high || (a === high && (b < low || (b === low && nodeId > (owner as string))))) continue
    owner = nodeId
    high = a
    low = b
  }
  return owner
}

/** FNV-1a over UTF-16 units from a seed, then a finish that lets every unit change every bit. 32 bits. */
function hash(text: string, seed: number): number {
  let h = 0x811c9dc5 ^ seed
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
