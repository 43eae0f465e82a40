// On a Redis server that appends each change to a file.

import { bullmqRows } from './bullmq-rows.js'

export const peer = 'bullmq-aof'

export const scenarios = bullmqRows('-lmdb', true)
