// npm run bench [-- option...]

import { parseOptions, UsageError } from './options.js'
import { ourPrograms } from './programs.js'
import { run } from './runner.js'

// So that the processes started are ended as well.
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))

const args = process.argv.slice(2)
try {
  const options = parseOptions(args)
  process.exitCode = await run(options, await ourPrograms(), args)
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(error.message)
  process.exitCode = 2
}
