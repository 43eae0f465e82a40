// The logger of an engine thread: its lines go to the one that the host was given.

import { inspect } from 'node:util'
import { consoleLogger, type Logger } from '../options/index.js'
import type { LocalThread } from './local.js'
import { AGENT_LOG, type LogLine } from './requests.js'

/** local: the thread, which is made after its logger. */
export function hostLogger(local: () => LocalThread): Logger {
  const at = (level: keyof Logger) => (fields: object, message: string) => {
    const { thread } = local()
    const send = (line: LogLine) =>
      thread.askSystem(local().agentOf(0), AGENT_LOG, line, Number.POSITIVE_INFINITY)
    send({ level, fields, message })
      .catch((error) => {
        if (thread.stopped) throw error
        // A field that can't be carried: the line goes as text.
        return send({ level, fields: textOf(fields), message })
      })
      .catch(() => consoleLogger[level](fields, message))
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

function textOf(fields: object): object {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, inspect(value)]))
}
