// Plots, as SVG that shows in light and dark.

import { parse, View } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'

export interface Point {
  readonly series: string
  readonly x: number
  readonly y: number
}

export interface Axis {
  readonly title: string
  readonly isLog?: boolean
  /** How numbers are shown, by d3-format; '~s' unless set. */
  readonly format?: string
  /** Where there are marks; chosen where undefined. */
  readonly values?: readonly number[]
}

const WIDTH = 640
const HEIGHT = 280

/** A grey that is read on white and on black. */
const INK = '#808080'
const CONFIG = {
  background: 'transparent',
  font: 'system-ui, sans-serif',
  view: { stroke: 'transparent' },
  axis: {
    labelColor: INK,
    titleColor: INK,
    gridColor: INK,
    gridOpacity: 0.25,
    domainColor: INK,
    tickColor: INK,
  },
  legend: { labelColor: INK, titleColor: INK, orient: 'bottom', title: null, columns: 3, labelLimit: 400 },
  title: { color: INK },
  text: { fill: INK },
  range: { category: ['#3b82f6', '#f97316', '#22c55e', '#a855f7', '#eab308', '#ec4899'] },
} as const

async function svgOf(spec: object): Promise<string> {
  const { spec: made } = compile({ ...spec, config: CONFIG } as unknown as TopLevelSpec)
  const view = new View(parse(made), { renderer: 'none' })
  try {
    return `${await view.toSVG()}\n`
  } finally {
    view.finalize()
  }
}

function axisOf({ title, isLog = false, format = '~s', values }: Axis): object {
  return {
    title,
    type: 'quantitative',
    scale: isLog ? { type: 'log' } : { zero: true },
    axis: { title, format, ...(values === undefined ? { tickCount: 6 } : { values }), labelOverlap: true },
  }
}

/** A line a series. */
export function lines(x: Axis, y: Axis, points: readonly Point[]): Promise<string> {
  const series = [...new Set(points.map((point) => point.series))]
  return svgOf({
    width: WIDTH,
    height: HEIGHT,
    data: { values: points },
    mark: { type: 'line', point: true },
    encoding: {
      x: { field: 'x', ...axisOf(x) },
      y: { field: 'y', ...axisOf(y) },
      color: {
        field: 'series',
        type: 'nominal',
        sort: series,
        ...(series.length === 1 ? { legend: null } : {}),
      },
    },
  })
}

export interface Bar {
  readonly row: string
  readonly peer: string
  /** Greater is better, 1 is as good. */
  readonly ratio: number
}

/** A mark for each peer of each row, on a logarithmic scale, and a line where both are the same. */
export function ratios(title: string, bars: readonly Bar[]): Promise<string> {
  const rows = [...new Set(bars.map(({ row }) => row))]
  return svgOf({
    width: WIDTH,
    height: { step: 22 },
    layer: [
      {
        data: { values: [{ one: 1 }] },
        mark: { type: 'rule', color: INK, strokeWidth: 2 },
        encoding: { x: { field: 'one', type: 'quantitative', scale: { type: 'log' } } },
      },
      {
        data: { values: bars },
        mark: { type: 'point', filled: true, size: 90, opacity: 0.9 },
        encoding: {
          x: {
            field: 'ratio',
            type: 'quantitative',
            scale: { type: 'log' },
            axis: { title, format: '~g', values: [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] },
          },
          y: { field: 'row', type: 'nominal', sort: rows, axis: { title: null, grid: true } },
          color: { field: 'peer', type: 'nominal' },
        },
      },
    ],
  })
}
