// What is loaded when the queue is first used.

export { findTopic } from './finder.js'
export { QueueManager } from './manager.js'
export { QueueReader } from './reader.js'
export { QueueWriter } from './writer.js'
