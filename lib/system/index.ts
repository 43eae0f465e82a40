// What the layers above may use of the system layer.

export type { DeadLetter, SystemEvents, ThreadDied, UnobservedError } from './events.js'
export { actorSystem, getSystem, init, isHost, resolve, shutdown, spawn } from './global.js'
export { ActorSystem, type Member, type SystemStats, type ThreadStats } from './system.js'
