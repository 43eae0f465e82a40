import ordinary, { LONG } from './ava.config.js'

// One file at a time: each of them loads the machine, and some of what they look at is time.
// biome-ignore lint/style/noDefaultExport: that is where ava looks
export default { ...ordinary, files: LONG, concurrency: 1 }
