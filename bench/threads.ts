import { availableParallelism } from 'node:os'

/** Engine threads of a system: as many as by default, but two at least, since the cross rows need them. */
export const THREADS: number = Math.max(2, availableParallelism())
