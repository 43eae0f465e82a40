import { bullmqRows } from './bullmq-rows.js'

export const peer = 'bullmq'

export const scenarios = bullmqRows('', false)
