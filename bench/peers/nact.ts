// Actors on one thread. Their messages are not copied.

import { dispatch, query, type Ref, spawn, start, stop } from 'nact'
import { askInSequence } from '../messages.js'
import { check, perSecond, type Running, type Scenario } from '../scenario.js'

export const peer = 'nact'

type System = ReturnType<typeof start>

function withSystem(prepare: (system: System) => Running['run']): Promise<Running> {
  const system = start()
  return Promise.resolve({
    run: prepare(system),
    close: async () => {
      stop(system)
    },
  })
}

interface Tell {
  id: number
  op: string
  n: number
}

interface Query extends Tell {
  sender: Ref<number>
}

interface Ball {
  left: number
  from: Ref<Ball>
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'pingpong-local',
    unit: 'ops/s',
    operation: 'a round trip of two actors that dispatch to each other in turn',
    sizes: { quick: 100_000, full: 200_000 },
    open: () =>
      withSystem((system) => {
        let done = () => {}
        let seen = 0
        const pong = spawn(system, (state: undefined, ball: Ball, context) => {
          seen++
          dispatch(ball.from, { left: ball.left - 1, from: context.self })
          return state
        })
        const ping = spawn(system, (state: undefined, ball: Ball, context) => {
          if (ball.left === 0) done()
          else dispatch(pong, { left: ball.left, from: context.self })
          return state
        })
        return async (count) => {
          seen = 0
          const begun = performance.now()
          await new Promise<void>((resolve) => {
            done = resolve
            dispatch(pong, { left: count, from: ping })
          })
          check('the number of balls that came', seen, count)
          return perSecond(count, performance.now() - begun)
        }
      }),
  },
  {
    name: 'ask-local',
    unit: 'ops/s',
    operation: 'one awaited query { id, op, n }, in sequence',
    sizes: { quick: 50_000, full: 200_000 },
    open: () =>
      withSystem((system) => {
        const echo = spawn(system, (state: undefined, message: Query) => {
          dispatch(message.sender, message.n + 1)
          return state
        })
        return async (count) => {
          const ask = (message: Tell) => query(echo, (sender) => ({ ...message, sender }), 1000)
          return perSecond(count, await askInSequence(ask, count))
        }
      }),
  },
  {
    name: 'tell-local',
    unit: 'ops/s',
    operation: 'one message { id, op, n } to a counter, not copied',
    sizes: { quick: 300_000, full: 1_000_000 },
    open: () =>
      withSystem((system) => {
        let done = () => {}
        let [seen, sum, expected] = [0, 0, 0]
        const counter = spawn(system, (state: undefined, message: Tell) => {
          sum += message.n
          if (++seen === expected) done()
          return state
        })
        return async (count) => {
          ;[seen, sum, expected] = [0, 0, count]
          const begun = performance.now()
          await new Promise<void>((resolve) => {
            done = resolve
            for (let i = 0; i < count; i++) dispatch(counter, { id: i, op: 'add', n: 1 })
          })
          check('the sum', sum, count)
          return perSecond(count, performance.now() - begun)
        }
      }),
  },
  {
    name: 'spawn',
    unit: 'ops/s',
    operation: 'an actor made; it is sent nothing',
    sizes: { quick: 50_000, full: 50_000 },
    open: async () => ({
      run: async (count) => {
        const system = start()
        const begun = performance.now()
        const answer = (state: undefined, { n, sender }: Query) => {
          dispatch(sender, n)
          return state
        }
        let last = spawn(system, answer)
        for (let i = 1; i < count; i++) last = spawn(system, answer, `a${i}`)
        const elapsedMs = performance.now() - begun
        check(
          'the answer of the last',
          await query(last, (sender) => ({ id: 0, op: 'get', n: count, sender }), 1000),
          count,
        )
        stop(system)
        return perSecond(count, elapsedMs)
      },
      close: async () => {},
    }),
  },
]
