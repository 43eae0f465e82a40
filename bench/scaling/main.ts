// npm run bench:scaling -- [--quick] [--only actors,payload]
// Measures the curves, each point in a process of its own, and writes docs/scaling.md and its pictures.

import { given, refuse } from '../command.js'
import { measureInChild } from '../launch.js'
import type { Mode } from '../measure.js'
import { machine, pageOf, write, writePicture } from '../pages.js'
import { lines, type Point } from '../plot.js'
import { shown, spreadOf } from '../report.js'
import type { Curve, CurveModule } from './curve.js'

const MODULES = ['actors', 'senders', 'payload', 'threads']

const options = given({ quick: { type: 'boolean' }, only: { type: 'string' } })
const mode: Mode = options.quick === true ? 'quick' : 'full'
const only = options.only?.split(',')
const unknown = only?.find((name) => !MODULES.includes(name))
if (unknown !== undefined) refuse(`There is no curve ${unknown}: there are ${MODULES.join(', ')}.`)

async function measured(url: string, curve: Curve): Promise<string> {
  const points: Point[] = []
  const rows = new Map<number, string[]>()
  const program = { peer: 'pulsing', url, scenarios: [] }
  for (const { series, x, scenario } of curve.points) {
    const result = await measureInChild(program, scenario, mode)
    console.error(`${scenario.name}: ${shown(result.value, result.unit)}`)
    points.push({ series, x, y: result.value })
    const cells = rows.get(x) ?? []
    cells.push(`${shown(result.value, result.unit)} (${spreadOf(result)})`)
    rows.set(x, cells)
  }
  const picture = writePicture(`scaling-${curve.name}`, await lines(curve.x, curve.y, points))
  const series = [...new Set(curve.points.map((point) => point.series))]
  const table = [
    `| ${curve.x.title} | ${series.join(' | ')} |`,
    `|---|${series.map(() => '---|').join('')}`,
    ...[...rows].map(([x, cells]) => `| ${x.toLocaleString('en')} | ${cells.join(' | ')} |`),
  ].join('\n')
  return [`## ${curve.title}`, curve.text, `![${curve.title}](${picture})`, table].join('\n\n')
}

const sections: string[] = []
for (const name of MODULES) {
  if (only?.includes(name) === false) continue
  const { href } = new URL(`${name}.js`, import.meta.url)
  const { curves } = (await import(href)) as CurveModule
  for (const curve of curves) sections.push(await measured(href, curve))
}
if (only === undefined) {
  write(
    'scaling.md',
    pageOf('Cost as it grows', `npm run bench:scaling${mode === 'quick' ? ' -- --quick' : ''}`, [
      machine(),
      'Each point is the median of three runs in a process of its own, with the least and the most of them. What bends a curve is said in [performance.md](performance.md#cost-as-it-grows).',
      ...sections,
    ]),
  )
  console.error('wrote docs/scaling.md')
} else console.log(sections.join('\n\n'))
