// What a worker of a pool computes for the service.

import { solutions } from '../../queens.js'
import { HEAVY } from '../../service.js'

const { size, first, second } = HEAVY

// biome-ignore lint/style/noDefaultExport: that is what piscina calls
export default (): number => solutions(size, first, second)
