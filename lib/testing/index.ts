// `pulsing/testing`: what tests of actors need.

import { TestSystem, type TestSystemOptions } from './test-system.js'

export { ManualClock } from './clock.js'
export type { Heard } from './double.js'
export { Link } from './link.js'
export { cutNodes, healNodes } from './nodes.js'
export { type Answer, Probe, type Wanted } from './probe.js'
export { type Leftover, TestSystem, type TestSystemOptions } from './test-system.js'

/**
 * A system for one test, on the calling thread, whose clock the test moves.
 * @param options as for init, but without engine threads unless set; and `allow`, what may be left over at its end
 * @throws as actorSystem
 */
export function testSystem(options?: TestSystemOptions): Promise<TestSystem> {
  return TestSystem.start(options)
}
