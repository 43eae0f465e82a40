// A line chart of the last minutes.

import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import UPlot from 'uplot'

export interface Line {
  readonly label: string
  readonly values: readonly (number | null)[]
}

interface ChartProps {
  readonly title: string
  readonly at: readonly number[]
  readonly lines: readonly Line[]
  readonly format: (value: number) => string
  /** The top of the scale, where it does not follow the values. */
  readonly most?: number
}

const HEIGHT = 150

/** A colour of the page's, which differs in the light and in the dark. */
function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

function make(host: HTMLElement, { at, lines, format, most }: ChartProps): UPlot {
  const axis = {
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  }
  return new UPlot(
    {
      width: host.clientWidth,
      height: HEIGHT,
      cursor: { y: false },
      legend: { show: true, live: true },
      scales: {
        y: { range: (_, low, high) => [Math.min(0, low ?? 0), most ?? Math.max(1e-3, (high ?? 1) * 1.1)] },
      },
      axes: [
        {
          ...axis,
          values: (_, ticks) => ticks.map((tick) => new Date(tick * 1000).toLocaleTimeString('en-GB')),
          space: 90,
        },
        { ...axis, size: 70, values: (_, ticks) => ticks.map((tick) => format(tick)) },
      ],
      series: [
        {
          label: 'time',
          value: (_, tick) => (tick === null ? '' : new Date(tick * 1000).toLocaleTimeString('en-GB')),
        },
        ...lines.map(({ label }, i) => ({
          label,
          stroke: colour(`--series-${(i % 6) + 1}`),
          width: 1.5,
          points: { show: false },
          value: (_: UPlot, value: number | null) => (value === null ? '-' : format(value)),
        })),
      ],
    },
    dataOf(at, lines),
    host,
  )
}

function dataOf(at: readonly number[], lines: readonly Line[]): UPlot.AlignedData {
  return [at as number[], ...lines.map(({ values }) => values as (number | null)[])]
}

export function Chart(props: ChartProps): JSX.Element {
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot | undefined>(undefined)
  const { at, lines, title } = props
  const labels = lines.map(({ label }) => label).join()

  useEffect(() => {
    const element = host.current as HTMLDivElement
    const remake = () => {
      plot.current?.destroy()
      plot.current = make(element, props)
    }
    remake()
    const dark = matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', remake)
    const size = new ResizeObserver(() =>
      plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }),
    )
    size.observe(element)
    return () => {
      dark.removeEventListener('change', remake)
      size.disconnect()
      plot.current?.destroy()
    }
  }, [labels])

  useEffect(() => plot.current?.setData(dataOf(at, lines)), [at, at.length, at.at(-1)])

  return (
    <section class="panel chart" aria-label={title}>
      <h2>{title}</h2>
      <div ref={host} />
    </section>
  )
}
