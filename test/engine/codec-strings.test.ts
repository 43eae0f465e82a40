import test from 'ava'
import { copyValue } from '../../lib/engine/codec/index.js'
import { Bed } from './codec-bed.js'

const alphabets = ['a', 'é', '€', '\0', 'a€', '\ud800', '\udc00x', '😀', '\xff', '\u0100']

test('contract 3.9: strings of every length and width arrive as they were, lone surrogates too', (t) => {
  const bed = new Bed()
  for (const letters of alphabets) {
    for (const length of [
      0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 15, 16, 17, 31, 32, 33, 63, 64, 65, 255, 4095, 4096, 70_000,
    ]) {
      const text = letters.repeat(length).slice(0, length)
      for (const value of [text, { text }, [text, `${text}€`, `€${text}`], new Map([[text, text]])]) {
        t.deepEqual(bed.send(value), value as never)
      }
    }
  }
})

test('a string that repeats goes by its id from the second time on', (t) => {
  const bed = new Bed()
  const sizes = Array.from({ length: 5 }, () => {
    bed.send({ op: 'subscribe to all of it' })
    return bed.encoder.pos
  })
  t.true((sizes[0] as number) > (sizes[4] as number))
  t.is(sizes[4], 4)
})

test('a field with ever new strings stops trying, and leaves the table alone', (t) => {
  const bed = new Bed()
  for (let i = 0; i < 3000; i++) {
    const value = { id: `request-${i}`, op: 'get' }
    t.deepEqual(bed.send(value), value)
    t.deepEqual(bed.send(value), value)
  }
  t.true(bed.shared.texts.length < 200, `${bed.shared.texts.length} entries`)
})

test('a field that rested finds out that its strings repeat now', (t) => {
  const bed = new Bed()
  for (let i = 0; i < 100; i++) bed.send({ op: `new ${i}` })
  for (let i = 0; i < 3000; i++) bed.send({ op: 'always this' })
  t.is(bed.encoder.pos, 4)
})

test('the strings of a field that alternates between two, or among long ones, go by their ids', (t) => {
  const bed = new Bed()
  for (let i = 0; i < 1000; i++) {
    const value = { op: i % 2 === 0 ? 'add' : 'sub', by: `${i % 5}`, from: `a longer name ${i % 7}` }
    t.deepEqual(bed.send(value), value)
    t.deepEqual(copyValue(bed.sender, value, 'message'), value)
  }
  for (const op of ['add', 'sub']) {
    bed.send({ op, from: 'a longer name 3' })
    bed.send({ op, from: 'a longer name 3' })
    t.is(bed.encoder.pos, 6)
  }
})

test('two systems of one process do not take each other’s strings for their own', (t) => {
  const [one, other] = [new Bed(), new Bed()]
  // A key that no shape can have.
  const value = { '\0': 'a text that is seen again and again' }
  for (let i = 0; i < 20; i++) t.deepEqual(one.send(value), value)
  for (let i = 0; i < 20; i++) t.deepEqual(other.send(value), value)
})

test('a short slice of a long text does not keep the text alive', (t) => {
  const bed = new Bed()
  const gc = (globalThis as { gc?: () => void }).gc
  if (gc === undefined) return t.pass('needs --expose-gc')
  gc()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 40; i++) {
    const text = `${i} `.padEnd(1_000_000, 'abcdefghijklm')
    for (let k = 0; k < 3; k++) bed.send({ word: text.slice(0, 20), again: text.slice(5, 30) })
  }
  gc()
  t.true(process.memoryUsage().heapUsed - before < 10_000_000)
})
