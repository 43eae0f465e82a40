import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, test } from 'node:test'
import * as pul from 'pulsing'
import { serviceOf } from '../src/service.js'
import { Words } from '../src/words.js'

const system = await pul.actorSystem({ threads: 1 })
const words = (await system.spawn(Words)).asType(Words)
const service = serviceOf(words).listen(0, '127.0.0.1')
await once(service, 'listening')
const url = `http://127.0.0.1:${service.address().port}`
after(async () => {
  service.close()
  await system.shutdown()
})

test('words are counted on another thread', async () => {
  const response = await fetch(`${url}/texts`, { method: 'POST', body: 'the cat and the dog' })
  assert.deepEqual(await response.json(), { words: 5 })
  const top = await (await fetch(`${url}/words`)).json()
  assert.deepEqual(top[0], ['the', 2])
})

test('what is not there is a 404', async () => {
  assert.equal((await fetch(`${url}/nothing`)).status, 404)
})
