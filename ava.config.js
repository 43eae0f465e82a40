// Those that take long begin first, so that no core waits for one of them at the end.
const LONG = [
  'examples/pages',
  'system/many',
  'system/faults',
  'chaos',
  'examples/index',
  'system/programs',
  'actor/calls',
  'system/stop',
]

const place = (file) => {
  const at = LONG.findIndex((name) => file.replaceAll('\\', '/').endsWith(`/${name}.test.js`))
  return at < 0 ? LONG.length : at
}

// biome-ignore lint/style/noDefaultExport: that is where ava looks
export default {
  files: ['dist/test/**/*.test.js'],
  workerThreads: false,
  concurrency: 2,
  timeout: '2m',
  nodeArguments: ['--expose-gc'],
  sortTestFiles: (one, other) => place(one) - place(other) || one.localeCompare(other),
}
