import test from 'ava'
import fc from 'fast-check'
import { RestartHistory, type RestartSpec } from '../../lib/supervision/policy.js'

const spec: RestartSpec = {
  policy: 'on-failure',
  maxRestarts: 3,
  restartWindowMs: 1000,
  minBackoffMs: 100,
  maxBackoffMs: 500,
  strategy: undefined,
  group: undefined,
}

test('5.1: each wait is twice the one before, with jitter, up to the longest', (t) => {
  const least = new RestartHistory({ ...spec, maxRestarts: Number.POSITIVE_INFINITY })
  t.deepEqual(
    [0, 1, 2, 3, 4].map((now) => least.next(now, 0)),
    [100, 200, 400, 500, 500],
  )
  const most = new RestartHistory(spec)
  t.deepEqual(
    [0, 1, 2].map((now) => most.next(now, 1)),
    [125, 250, 500],
  )
})

test('5.1: more than maxRestarts within the window is one too many, and what is past it does not count', (t) => {
  const history = new RestartHistory(spec)
  for (const now of [0, 400, 800]) t.not(history.next(now, 0), undefined)
  t.is(history.next(900, 0), undefined)
  t.is(history.next(1001, 0), 400)
  t.is(history.next(1002, 0), undefined)
  t.is(new RestartHistory({ ...spec, maxRestarts: 0 }).next(0, 0), undefined)
})

test('5.1: restarts of a life that ended with its thread count', (t) => {
  const history = new RestartHistory(spec, [0, 400])
  t.is(history.next(500, 0), 400)
  t.is(history.next(600, 0), undefined)
  t.deepEqual(history.times, [0, 400, 500])
})

test('of any restarts no more than maxRestarts fall into any window, and the history stays short', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 400 }), { maxLength: 200 }),
      fc.oneof(fc.nat({ max: 6 }), fc.constant(Number.POSITIVE_INFINITY)),
      (steps, maxRestarts) => {
        const history = new RestartHistory({ ...spec, maxRestarts })
        const allowed: number[] = []
        let now = 0
        for (const step of steps) {
          now += step
          const within = allowed.filter((at) => now - at <= spec.restartWindowMs).length
          const wait = history.next(now, 0)
          if (wait === undefined) {
            if (within < maxRestarts) return false
          } else {
            if (within >= maxRestarts || wait < 100 || wait > 500) return false
            allowed.push(now)
          }
          if (history.times.length > 31) return false
        }
        return true
      },
    ),
  )
  t.pass()
})
