// The same with types: `npx tsx examples/02-hello/hello.ts`, or compiled: `node dist/examples/02-hello/hello.js`.
import * as pul from 'pulsing'

const Counter = pul.remote(
  import.meta.url,
  class Counter {
    value: number
    constructor(value = 0) {
      this.value = value
    }
    incr(): number {
      return ++this.value
    }
  },
)

await pul.init()
const counter = await Counter.spawn(5) // its arguments are those of the constructor
const value: number = await counter.incr() // its methods are those of the class, each giving a promise
console.log(value)
await pul.shutdown()
