// What takes longest of the others begins first, so that no core waits for one of them at the end.
const FIRST = ['cluster/nodes', 'examples/index', 'system/programs', 'actor/calls', 'system/stop']

const place = (file) => {
  const at = FIRST.findIndex((name) => file.replaceAll('\\', '/').endsWith(`/${name}.test.js`))
  return at < 0 ? FIRST.length : at
}

// What takes half a minute by itself, starts many processes, or looks at the tools and not at the engine has a command of its own:
// npm run test:long.
export const LONG = [
  'dist/test/chaos.test.js',
  'dist/test/bench/{curves,measuring,run}.test.js',
  'dist/test/cli/{commands,init}.test.js',
  'dist/test/cluster/{attack,namespaces,processes,seeds}.test.js',
  'dist/test/examples/{chat,cluster,ingest,pages}.test.js',
  'dist/test/observe/page.test.js',
  'dist/test/queue/{jetstream,lmdb,processes}.test.js',
  'dist/test/scripts/layers.test.js',
  'dist/test/system/{faults,many}.test.js',
  'dist/test/testing/runners.test.js',
]

// Packs the package and installs it: npm run test:package.
export const PACKAGE = ['dist/test/package/install.test.js']

// biome-ignore lint/style/noDefaultExport: that is where ava looks
export default {
  files: ['dist/test/**/*.test.js', ...[...LONG, ...PACKAGE].map((file) => `!${file}`)],
  workerThreads: false,
  concurrency: 2,
  timeout: '2m',
  nodeArguments: ['--expose-gc'],
  sortTestFiles: (one, other) => place(one) - place(other) || one.localeCompare(other),
}
