// Figures as people read them.

const count = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 })

/** 1234 -> 1,234; 1234567 -> 1.23M */
export function number(value: number): string {
  return value < 100_000 ? count.format(value) : short.format(value)
}

/** Milliseconds: 0.012 -> 12 us, 1500 -> 1.5 s. */
export function duration(ms: number): string {
  if (ms === 0) return '0'
  if (ms < 1) return `${Number((ms * 1000).toPrecision(2))} \u00b5s`
  if (ms < 1000) return `${Number(ms.toPrecision(3))} ms`
  if (ms < 60_000) return `${Number((ms / 1000).toPrecision(3))} s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.floor((ms / 1000) % 60)} s`
  const hours = Math.floor(ms / 3_600_000)
  return hours < 48 ? `${hours} h ${Math.floor((ms / 60_000) % 60)} min` : `${Math.floor(hours / 24)} days`
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let unit = 0
  let left = value
  for (; left >= 1024 && unit < units.length - 1; unit++) left /= 1024
  return `${left < 10 && unit > 0 ? left.toFixed(1) : Math.round(left)} ${units[unit]}`
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

export function time(at: number): string {
  return new Date(at).toLocaleTimeString('en-GB')
}
