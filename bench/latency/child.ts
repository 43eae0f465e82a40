// node child.js <case> <seconds>: measures one case and prints it as a line of JSON.

import { cases } from './cases.js'

const [name, seconds] = process.argv.slice(2)
const found = cases.find((one) => one.name === name)
if (found === undefined) throw new Error(`There is no case ${name}.`)
console.log(JSON.stringify(await found.measure(Number(seconds))))
