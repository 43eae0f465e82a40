import ordinary, { PACKAGE } from './ava.config.js'

// What is packed and installed, as a user would: needs the npm registry, and a minute.
// biome-ignore lint/style/noDefaultExport: that is where ava looks
export default { ...ordinary, files: PACKAGE, concurrency: 1, timeout: '5m' }
