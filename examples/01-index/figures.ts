// Figures and names as they are shown.

export function count(n: number): string {
  return n.toLocaleString('en')
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toLocaleString('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 })} MB`
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}

export function plural(n: number, one: string, many: string = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Text from outside, a character a byte, on one line of a terminal. Line breaks, control characters, what turns the
 * direction of writing, and bytes that are no UTF-8 are escaped.
 */
export function shown(latin1: string): string {
  let text: string
  try {
    text = utf8.decode(Buffer.from(latin1, 'latin1'))
  } catch {
    text = latin1.replace(/[\x80-\xff]/g, escaped)
  }
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped)
}

function escaped(char: string): string {
  if (char === '\n') return '\\n'
  if (char === '\r') return '\\r'
  if (char === '\t') return '\\t'
  const code = char.codePointAt(0)!
  return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
}
