import * as pul from 'pulsing'

const Counter = pul.remote(
  import.meta.url,
  class Counter {
    constructor(value = 0) {
      this.value = value
    }
    incr() {
      return ++this.value
    }
  },
)

await pul.init()
const counter = await Counter.spawn(5) // on another core
console.log(await counter.incr()) // 6
await pul.shutdown()
