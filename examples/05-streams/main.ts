// node dist/examples/05-streams/main.js <word> <file> [most]        10 lines unless given
//
// Prints the first lines of a file that contain a word. Another core reads the file, never more than 32 matches ahead of
// what was printed, and stops reading as soon as there are enough.
import * as pul from 'pulsing'
import { Grep } from './grep.js'

const [word, path, most = '10'] = process.argv.slice(2)
if (word === undefined || path === undefined || !(Number(most) >= 1)) {
  console.error('Give a word, a file, and if you like how many lines at most: main.js import README.md 5')
  process.exit(2)
}

await pul.init()
const grep = await Grep.spawn()
try {
  let left = Number(most)
  for await (const { line, text } of grep.lines(path, word)) {
    console.log(`${line}: ${text}`)
    if (--left === 0) break // the generator returns, and its file is closed
  }
  // Awaited without a loop, the same call gives what the generator returns.
  if (left > 0) console.log(`${await grep.lines(path, word)} lines, and no more of them with "${word}"`)
} catch (error) {
  console.error(`${path} can't be read: ${(error as Error).message}`)
  process.exitCode = 2
}
await pul.shutdown()
