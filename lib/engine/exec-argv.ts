// Options of Node's command line for the threads that this package starts.

/** Those that say what a module is and how it is found; they may take a value of their own. */
const MODULES =
  /^(--import|--require|-r|--loader|--experimental-loader|--conditions|-C|--enable-source-maps)(=|$)/
const WITHOUT_VALUE = /^--enable-source-maps$/

/**
 * undefined: those of the process, which a thread takes over by itself. With `--input-type` that can't be: it speaks of the
 * text of --eval, and no thread begins with it. Then those that threads need; what V8 was told holds for the process anyway.
 */
export function execArgvOfThreads(given: readonly string[] = process.execArgv): string[] | undefined {
  if (!given.some((argument) => argument.startsWith('--input-type'))) return undefined
  return given.filter((argument, i) => {
    const before = given[i - 1] ?? ''
    const isValue = MODULES.test(before) && !before.includes('=') && !WITHOUT_VALUE.test(before)
    return isValue || MODULES.test(argument)
  })
}
