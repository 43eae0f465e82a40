// What shows a system to its people: by HTTP, for Prometheus, for programs, and as a page. Loaded where a system is observed.

import { setObserving } from '../system/index.js'

setObserving(async () => (await import('./server.js')).openServer)

export type { Happened } from './event-stream.js'
export type { ActorsView, MethodView, SystemView, ThreadView } from './view.js'
